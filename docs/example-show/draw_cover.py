#!/usr/bin/env python3
"""Draw feed/cover.jpg: five doors, every one of them open.

    python draw_cover.py

Builds a page of SVG, has headless Chromium take its picture and saves that as
JPEG. Needs chromium, the font League Spartan (Debian: fonts-league-spartan)
and Pillow.
"""

# ruff: noqa: S603, S607 (the programs are the ones found on the PATH)

import math
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

COVER = Path(__file__).resolve().parent.parent.parent / "feed" / "cover.jpg"
SIZE = 3000
WALL, FLOOR = "#2a1a5e", "#1a0d40"
LIGHT, WARM = "#ffe08a", "#fff6dc"

BASE = 2330  # where the wall meets the floor
EYE_X, EYE_Y, FAR = 1500, 1750, 2600  # the onlooker: eye height and distance
STEP = 46  # height of a doorstep


def see(x, y, near=0):
    """A point on the wall, or `near` in front of it, as it is seen."""
    s = FAR / (FAR - near)
    return EYE_X + (x - EYE_X) * s, EYE_Y + (y - EYE_Y) * s


def path(points, **style):
    """A closed shape through these points."""
    d = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"
    return f'<path d="{d}" ' + " ".join(f'{k}="{v}"' for k, v in style.items()) + "/>"


def outline(shape, width, height):
    """A door's outline from its foot (0, 0), up and over, to (width, 0)."""
    arc = [math.pi * (1 - i / 40) for i in range(41)]
    r = width / 2
    if shape == "arch":
        top = [(r + r * math.cos(a), -height + r - r * math.sin(a)) for a in arc]
    elif shape == "pointed":
        half = [math.pi * (1 - i / 60) for i in range(21)]
        left = [(width + width * math.cos(a), -width * math.sin(a)) for a in half]
        rise = height + left[-1][1]
        top = [(x, y - rise) for x, y in left]
        top += [(width - x, y) for x, y in reversed(top)]
    elif shape == "segment":
        top = [(r + r * math.cos(a), -height + 0.28 * r * (1 - math.sin(a))) for a in arc]
    elif shape == "slant":
        top = [(0, -height), (width, -height + width * 0.42)]
    else:
        top = [(0, -height), (width, -height)]
    return [(0, 0), *top, (width, 0)]


def leaf(shape, x, width, height, angle, colour, dark, hinge, part=1.0):
    """A door leaf turned towards the onlooker around its hinge."""
    points = outline(shape, width, height)
    if part < 1:  # one half of a double door
        points = [(u, v) for u, v in points if u <= width * part + 0.1]
        points.append((points[-1][0], 0))
    turn = math.radians(angle)

    def swing(u, v, thick=0.0):
        across = u * math.cos(turn) + thick * math.sin(turn)
        near = u * math.sin(turn) - thick * math.cos(turn)
        at = x + across if hinge == "left" else x + width - across
        return see(at, BASE - STEP + v, near)

    if hinge == "right" and part == 1:
        points = [(width - u, v) for u, v in reversed(points)]
    end = max(u for u, v in points)
    thick = 26 if angle < 90 else -26
    depth = [path([swing(*p, thick * i / 26) for p in points], fill=dark) for i in range(26, 0, -1)]
    knob = swing(end - (48 if angle < 90 else 120), -height * 0.43)
    return (
        "".join(depth)
        + path([swing(*p) for p in points], fill=colour)
        + f'<circle cx="{knob[0]:.0f}" cy="{knob[1]:.0f}" r="21" fill="{WARM}"/>'
    )


def beam(x, width, spread):
    """Light falling through a doorway on to the floor, out of the picture."""
    return path(
        [see(x, BASE), see(x + width, BASE), see(x + width + spread, BASE, 1400), see(x - spread, BASE, 1400)],
        fill="url(#beam)",
    )


def doorway(shape, x, width, height, frame):
    """The opening, full of light, in its frame."""
    points = [(x + u, BASE - STEP + v) for u, v in outline(shape, width, height)]
    return path(points, fill="none", stroke=frame, **{"stroke-width": 52}) + path(points, fill="url(#glow)")


def step(x, width):
    """A doorstep."""
    left, right, near, top = x - 26, x + width + 26, 90, BASE - STEP
    inner = right if right < EYE_X else left
    return (
        path([see(inner, top), see(inner, top, near), see(inner, BASE, near), see(inner, BASE)], fill="#b9652f")
        + path(
            [see(left, top, near), see(right, top, near), see(right, BASE, near), see(left, BASE, near)], fill="#ef9f45"
        )
        + path([see(left, top), see(right, top), see(right, top, near), see(left, top, near)], fill=WARM)
    )


def ramp(x, width, reach):
    """A slope instead of a doorstep, with kerbs, and studs to feel at its foot."""

    def spot(across, part):
        return see(across, BASE - STEP * (1 - part), reach * part)

    def band(inset, fill):
        left, right = x - 26 + inset, x + width + 26 - inset
        return path([spot(left, 0), spot(right, 0), spot(right, 1), spot(left, 1)], fill=fill)

    studs = [spot(x + width * (i + 0.5) / 15, part) for i in range(15) for part in (0.83, 0.93)]
    return (
        band(0, "#ef9f45")
        + band(36, "url(#slope)")
        + "".join(f'<ellipse cx="{cx:.0f}" cy="{cy:.0f}" rx="15" ry="7" fill="#ef9f45"/>' for cx, cy in studs)
    )


#        shape      x     width height angle colour     dark       hinge
DOORS = [
    ("arch", 180, 310, 900, 38, "#ff6b57", "#c9402f", "left"),
    ("square", 585, 280, 740, 44, "#23b5a6", "#13837a", "left"),
    ("pointed", 2140, 280, 960, 40, "#ff9fc0", "#d96a93", "right"),
    ("slant", 2515, 310, 790, 36, "#4aa8ff", "#2277cc", "right"),
]
WIDE = ("segment", 1130, 740, 1060)


def picture():
    """The whole cover as SVG."""
    out = [
        path([(0, 0), (SIZE, 0), (SIZE, SIZE), (0, SIZE)], fill=WALL),
        path([(0, BASE), (SIZE, BASE), (SIZE, SIZE), (0, SIZE)], fill=FLOOR),
    ]
    shape, x, width, height = WIDE
    out += [beam(x, width, 60)] + [beam(door[1], door[2], 20) for door in DOORS]
    for dshape, dx, dw, dh, angle, colour, dark, hinge in DOORS:
        out += [doorway(dshape, dx, dw, dh, dark), step(dx, dw), leaf(dshape, dx, dw, dh, angle, colour, dark, hinge)]
    out += [doorway(shape, x, width, height, "#d98a10"), ramp(x, width, 700)]
    for hinge in ("left", "right"):
        out.append(leaf(shape, x, width, height, 100, "#ffb52e", "#d98a10", hinge, 0.5))
    text = (
        '<text x="{}" y="{}" fill="#fff" font-family="League Spartan" font-weight="700" '
        'font-size="{}" letter-spacing="-14" textLength="2600">{}</text>'
    )
    out.append(text.format(200, 560, 470, "Open Deuren"))
    out.append(text.format(200, 985, 492, "voor Inclusie"))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">
<defs>
<linearGradient id="glow" x1="0" y1="0" x2="0" y2="1">
<stop offset="0" stop-color="{LIGHT}"/><stop offset="1" stop-color="{WARM}"/></linearGradient>
<linearGradient id="slope" x1="0" y1="0" x2="0" y2="1">
<stop offset="0" stop-color="{WARM}"/><stop offset="1" stop-color="#ffd98c"/></linearGradient>
<linearGradient id="beam" gradientUnits="userSpaceOnUse" x1="0" y1="{BASE}" x2="0" y2="{SIZE}">
<stop offset="0" stop-color="{LIGHT}"/><stop offset=".3" stop-color="#ffa95e"/>
<stop offset=".65" stop-color="#b8488a"/><stop offset="1" stop-color="#3a1a6e"/>
</linearGradient>
</defs>
{"".join(out)}</svg>"""


def main():
    """Take the picture and save it."""
    with TemporaryDirectory() as scratch:
        page, shot = Path(scratch, "cover.html"), Path(scratch, "cover.png")
        page.write_text(f"<style>body{{margin:0}}svg{{display:block}}</style>{picture()}", "utf-8")
        subprocess.run(
            [
                "chromium",
                "--headless",
                "--no-sandbox",
                "--hide-scrollbars",
                "--force-device-scale-factor=1",
                f"--window-size={SIZE},{SIZE}",
                f"--screenshot={shot}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
        image = Image.open(shot).convert("RGB")
    COVER.parent.mkdir(exist_ok=True)
    image.save(COVER, quality=90, optimize=True, progressive=True)


if __name__ == "__main__":
    main()
