"""A cover for a show that has none yet: its title in its colour, over waves that go out."""

import io
from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from pipeline.pages.colour import palette

SIDE = 3000
"""Pixels; the most that directories take (Apple-guide)."""
_MARGIN = 260
_SIZES = (520, 460, 400, 350, 300, 260, 220, 180, 150)
"""Of the title's letters, in pixels: the first in which it fits."""
_LEADING = 1.08
_ROOM = 1350
"""Height that the title may take."""
_AUTHOR = 110
_SOURCE = (SIDE * 0.84, SIDE * 0.86)
_RINGS = tuple(range(340, 3400, 300))
_RING = 110


def draw(title: str, author: str, colour: str, font: bytes) -> bytes:
    """A cover as PNG, in the letters of `font` (TrueType or OpenType); the same arguments give the same picture.

    `colour` is `#rrggbb`; the site's masthead has the same shades of it.
    """
    inks = palette(colour)["light"]
    cover = Image.new("RGB", (SIDE, SIDE), inks["bold"])
    cover.paste(inks["softbold"], mask=_waves())
    pen = ImageDraw.Draw(cover)
    letters, lines = _fitted(title, font)
    top = _MARGIN
    for line in lines:
        pen.text((_MARGIN, top), line, font=letters, fill=inks["onbold"])
        top += round(letters.size * _LEADING)
    small = ImageFont.truetype(io.BytesIO(font), _AUTHOR)
    for line in tuple(_lines(author, small))[:2]:
        pen.text((_MARGIN, top + _AUTHOR), line, font=small, fill=inks["softbold"])
        top += round(_AUTHOR * _LEADING)
    out = io.BytesIO()
    cover.save(out, "PNG")
    return out.getvalue()


def _waves() -> Image.Image:
    """Rings around a point, fainter the farther they are."""
    mask = Image.new("L", (SIDE, SIDE), 0)
    pen = ImageDraw.Draw(mask)
    for place, radius in reversed(tuple(enumerate(_RINGS))):
        pen.ellipse(_around(radius), outline=max(14, 120 - 16 * place), width=_RING)
    pen.ellipse(_around(190), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(1.5))  # its edges would be stairs


def _around(radius: int) -> tuple[float, float, float, float]:
    return _SOURCE[0] - radius, _SOURCE[1] - radius, _SOURCE[0] + radius, _SOURCE[1] + radius


def _fitted(title: str, font: bytes) -> tuple[ImageFont.FreeTypeFont, Sequence[str]]:
    """The largest letters in which all of the title has room; the smallest where none has, and then as much as has."""
    for size in _SIZES:
        letters = ImageFont.truetype(io.BytesIO(font), size)
        lines = tuple(_lines(title, letters))
        most = int(_ROOM / (size * _LEADING))
        if len(lines) <= most and all(_fits(line, letters) for line in lines):
            return letters, lines
    return letters, lines[:most]


def _fits(line: str, letters: ImageFont.FreeTypeFont) -> bool:
    return letters.getlength(line) <= SIDE - 2 * _MARGIN


def _parts(word: str, letters: ImageFont.FreeTypeFont) -> Iterator[str]:
    """A word, cut where it is wider than the cover, but only in the smallest letters."""
    while letters.size == _SIZES[-1] and not _fits(word, letters):
        most = next(length for length in range(len(word), 0, -1) if _fits(word[:length], letters))
        yield word[:most]
        word = word[most:]
    yield word


def _lines(text: str, letters: ImageFont.FreeTypeFont) -> Iterator[str]:
    line = ""
    for word in (part for whole in text.split() for part in _parts(whole, letters)):
        longer = f"{line} {word}".strip()
        if line and not _fits(longer, letters):
            yield line
            longer = word
        line = longer
    yield line
