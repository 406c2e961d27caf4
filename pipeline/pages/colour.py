"""The site's colours: one colour of the show made into a palette that can be read by day and by night."""

import re
from collections.abc import Mapping
from colorsys import hls_to_rgb, rgb_to_hls

READABLE = 4.5
"""Contrast between text and what is behind it (WCAG 2.2, success criterion 1.4.3)."""
_COMFORTABLE = 5.5
_WHITE = "#ffffff"
_STEPS = 100


def palette(colour: str) -> Mapping[str, Mapping[str, str]]:
    """From `#rrggbb` the colours of `light` and `dark`, each `#rrggbb`.

    `paper`, `wash` and `line` are backgrounds and borders; `ink`, `soft` and `link` are text that is readable on paper
    and wash; `bold` is the masthead, `onbold` and `softbold` text on it. Raises ValueError for any other spelling.
    """
    bold = _readable(_shade(colour), _WHITE, towards=0.0, ratio=7.0)
    return {
        "light": _scheme(colour, paper=0.987, wash=0.945, line=0.86, ink=0.09, towards=0.0) | _on(bold),
        "dark": _scheme(colour, paper=0.075, wash=0.145, line=0.27, ink=0.92, towards=1.0)
        | _on(_shade(bold, lightness=min(_lightness(bold), 0.24))),
    }


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    dim, bright = sorted((_luminance(one), _luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


def _scheme(colour: str, *, paper: float, wash: float, line: float, ink: float, towards: float) -> dict[str, str]:
    """Backgrounds and texts of one hue by their lightness (0 black to 1 white); text is moved `towards` an end."""
    behind = _shade(colour, lightness=wash, dulled=0.55)
    return {
        "paper": _shade(colour, lightness=paper, dulled=0.45),
        "wash": behind,
        "line": _shade(colour, lightness=line, dulled=0.4),
        "ink": _shade(colour, lightness=ink, dulled=0.4),
        "soft": _readable(_shade(colour, lightness=0.5, dulled=0.25), behind, towards=towards, ratio=_COMFORTABLE),
        "link": _readable(_shade(colour), behind, towards=towards, ratio=_COMFORTABLE),
    }


def _on(bold: str) -> dict[str, str]:
    softbold = _readable(_shade(bold, lightness=0.72, dulled=0.8), bold, towards=1.0, ratio=_COMFORTABLE)
    return {"bold": bold, "onbold": _WHITE, "softbold": softbold}


def _readable(colour: str, behind: str, *, towards: float, ratio: float) -> str:
    """The shade of `colour` nearest to it, on its way to black (0) or white (1), with at least this contrast."""
    start = _lightness(colour)
    shades = (_shade(colour, lightness=start + (towards - start) * step / _STEPS) for step in range(_STEPS))
    end = _shade(colour, lightness=towards)
    return next((shade for shade in shades if contrast(shade, behind) >= ratio), end)


def _shade(colour: str, *, lightness: float | None = None, dulled: float = 1.0) -> str:
    """A colour of the same hue, at another lightness, with this share of its saturation."""
    hue, own_lightness, saturation = rgb_to_hls(*_parts(colour))
    parts = hls_to_rgb(hue, own_lightness if lightness is None else lightness, saturation * dulled)
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _lightness(colour: str) -> float:
    return rgb_to_hls(*_parts(colour))[1]


def _parts(colour: str) -> tuple[float, float, float]:
    """Red, green and blue, 0 to 1."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ValueError(f"The colour {colour!r} is not written as #rrggbb.")
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
