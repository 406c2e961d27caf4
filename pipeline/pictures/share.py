"""What stands beside a link in messages and on social networks: a title on the show's art, in its colour."""

import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, features

from pipeline import digest
from pipeline.model import Digest, Key, Picture, Source
from pipeline.pages.colour import palette
from pipeline.pictures import at_width, picture

WIDTH, HEIGHT = 1200, 630
"""What OpenGraph's readers show without cutting (1.91 to 1)."""
_EDITION = 1
_ART, _MARGIN, _ROUND = 430, 64, 28
_TITLE_SIZES = (76, 66, 57, 49, 42, 36)
_TITLE_LINES, _BELOW_LINES = 4, 2
_SMALL = 30
_TINT = 0.9
"""How much of what is behind the words is the show's colour; the rest is its art, out of focus."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """What is to be drawn; the same card is the same picture."""

    name: str
    """In its key."""
    art: Source
    title: str
    above: str
    """The show, or nothing on the card of the show itself."""
    below: str
    """Who is heard."""
    colour: str
    """The show's, `#rrggbb`."""


def render(root: Path, card: Card, font: bytes, published: Mapping[Key, Picture]) -> Picture:
    """`card` as a JPEG in the letters of `font` (TrueType or OpenType); one that is published is taken without bytes.

    Its key names what is on it, not the bytes, as those of all pictures. Where the font lacks a letter of the title,
    or it is written from right to left and this machine cannot, the art stands alone: better than boxes.
    """
    facts = [card.art.sha256, card.title, card.above, card.below, card.colour, digest.of_bytes(font), _EDITION]
    key = Key(f"images/{card.name}-share.{digest.of_record(facts)[:16]}.jpg")
    if key in published:
        return published[key]
    return picture(key, _drawn(root, card, font), card.art)


def _drawn(root: Path, card: Card, font: bytes) -> Image.Image:
    art, behind = _layers(root / card.art.path, card.art.sha256, card.colour)
    sheet = behind.copy()
    written = _writable(_straight(card.title), font)
    leftwards = written and _leftwards(card.title)
    place = (WIDTH - _ART) // 2 if not written else WIDTH - _MARGIN - _ART if leftwards else _MARGIN
    sheet.paste(art, (place, (HEIGHT - _ART) // 2), _corners())
    if written:
        _write(sheet, card, font, leftwards)
    return sheet


@lru_cache(maxsize=2)
def _layers(path: Path, sha256: Digest, colour: str) -> tuple[Image.Image, Image.Image]:
    """The art in focus, and out of focus as what is behind; kept, as most episodes have the show's."""
    art = at_width(path, sha256, 600).resize((_ART, _ART), Image.Resampling.LANCZOS)
    small = art.resize((WIDTH // 20, WIDTH // 20), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(3))
    top = (WIDTH - HEIGHT) // 2
    wide = small.resize((WIDTH, WIDTH), Image.Resampling.BICUBIC).crop((0, top, WIDTH, top + HEIGHT))
    return art, Image.blend(wide, Image.new("RGB", wide.size, palette(colour)["light"]["bold"]), _TINT)


@lru_cache(maxsize=1)
def _corners() -> Image.Image:
    """Where the art is seen: not in its corners, which are round."""
    large = Image.new("L", (_ART * 4, _ART * 4))
    ImageDraw.Draw(large).rounded_rectangle((0, 0, _ART * 4 - 1, _ART * 4 - 1), _ROUND * 4, fill=255)
    return large.resize((_ART, _ART), Image.Resampling.LANCZOS)


# --- words ------------------------------------------------------------------------------------------------------------


def _write(sheet: Image.Image, card: Card, font: bytes, leftwards: bool) -> None:
    """The three texts beside the art, one below the other, centred together."""
    room = WIDTH - 3 * _MARGIN - _ART
    colours = palette(card.colour)["light"]
    small = _letters(font, _SMALL)
    title, lines = _fitted(_straight(card.title), font, room)
    rows = [(line, small, colours["softbold"], 1.3) for line in _cut(_wrapped(_straight(card.above), small, room), 1)]
    rows += [(line, title, colours["onbold"], 1.14) for line in lines]
    rows += [
        (line, small, colours["softbold"], 1.35)
        for line in _cut(_wrapped(_straight(card.below), small, room), _BELOW_LINES)
    ]
    rows = [row for row in rows if _writable(row[0], font)]
    gaps = [_SMALL * 0.5 if above[1] is not below[1] else 0 for above, below in pairwise(rows)]
    top = (HEIGHT - sum(letters.size * leading for _, letters, _, leading in rows) - sum(gaps)) / 2
    pen = ImageDraw.Draw(sheet)
    x, anchor = (WIDTH - 2 * _MARGIN - _ART, "rs") if leftwards else (2 * _MARGIN + _ART, "ls")
    for (line, letters, colour, leading), gap in zip(rows, [0, *gaps], strict=True):
        top += letters.size * leading + gap
        pen.text((x, top), line, font=letters, fill=colour, anchor=anchor)


def _fitted(title: str, font: bytes, room: int) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """The largest letters in which a title fits, and its lines; the smallest, cut off, where it fits in none."""
    for size in _TITLE_SIZES:
        letters = _letters(font, size)
        lines = _wrapped(title, letters, room)
        if len(lines) <= _TITLE_LINES and all(letters.getlength(line) <= room for line in lines):
            return letters, lines
    return letters, _cut([part for line in lines for part in _broken(line, letters, room)], _TITLE_LINES + 1)


def _wrapped(text: str, letters: ImageFont.FreeTypeFont, room: int) -> list[str]:
    """Lines of whole words; a word that is wider than the room stands alone."""
    lines: list[str] = []
    for word in text.split():
        if lines and letters.getlength(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _broken(line: str, letters: ImageFont.FreeTypeFont, room: int) -> Iterator[str]:
    """A line that is too wide, in pieces that are not."""
    while letters.getlength(line) > room:
        fits = max(1, next(end for end in range(1, len(line) + 1) if letters.getlength(f"{line[:end]}-") > room) - 1)
        yield f"{line[:fits]}-"
        line = line[fits:]
    yield line


def _cut(lines: list[str], most: int) -> list[str]:
    """At most so many lines, with an ellipsis where something was left out."""
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1].rstrip(' ,.:;-')}…"]


@lru_cache(maxsize=16)
def _letters(font: bytes, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(io.BytesIO(font), size)


def _straight(text: str) -> str:
    """Without what turns the direction of the text around it (Unicode Bidirectional Algorithm, section 2)."""
    return re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text)


def _leftwards(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)


def _writable(text: str, font: bytes) -> bool:
    """Whether every letter can be drawn as it should be."""
    able = features.check("raqm") and features.check("fribidi")
    return (able or not _leftwards(text)) and all(_drawable(font, char) for char in set(text) if not char.isspace())


@lru_cache(maxsize=1024)
def _drawable(font: bytes, char: str) -> bool:
    """Whether the font has a letter of its own for it, not the box that stands for what it lacks."""
    letters = _letters(font, 40)
    one, box = (Image.new("L", (80, 80)) for _ in range(2))
    for sheet, shown in ((one, char), (box, "\uffff")):
        ImageDraw.Draw(sheet).text((10, 10), shown, font=letters, fill=255)
    return ImageChops.difference(one, box).getbbox() is not None
