"""Guests' photos: judged, turned upright, cut square, and re-encoded with nothing of their camera left in them."""

import io
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image, ImageOps

from pipeline import digest
from pipeline.errors import Problem, ShowError
from pipeline.model import Catalog, Key, Picture, Source

SIDE = 600
"""Pixels, as of podcast:person and the page."""
_SMALLEST = 200
_FORMATS = ("JPEG", "PNG")
_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "I;16"})
_EDITION = 1
_QUALITY = 85
_HEADS = (0.5, 0.35)
"""Where the middle of what is kept lies: heads are above the middle of a photo."""


def problems(root: Path, catalog: Catalog) -> Iterator[Problem]:
    """What is wrong with the guests' photos."""
    for episode in catalog.episodes:
        for place, person in enumerate(episode.guests):
            if person.image and (what := _unfit(root / person.image.path)):
                file, line = catalog.origins[episode.slug].place("guests", place, "image")
                mend = f"Export it as JPEG or PNG in RGB, at least {_SMALLEST} pixels on each side."
                yield Problem(what=f"`{person.image.path}` {what}.", file=file, line=line, mend=mend)


def _unfit(path: Path) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as photo:  # reads the header only
                size, mode = photo.size, photo.mode
    except (OSError, ValueError, Image.DecompressionBombWarning, Image.DecompressionBombError):
        return "is not a JPEG or PNG picture that can be opened"
    if min(size) < _SMALLEST:
        return f"is {size[0]} × {size[1]} pixels; it should be at least {_SMALLEST} on each side"
    return None if mode in _MODES else f"is in {mode}, not in RGB"


def render(root: Path, source: Source, published: Mapping[Key, Picture]) -> Picture:
    """A photo as it is published; one that is there already is taken as it is, without bytes.

    Its key tells its source and no name: who is on it may want to be forgotten.
    """
    key = Key(f"images/guest.{digest.of_record([source.sha256, SIDE, _EDITION, _QUALITY])[:16]}.jpg")
    if key in published:
        return published[key]
    body = _jpeg(root / source.path)
    return Picture(
        key=key,
        sha256=digest.of_bytes(body),
        size=len(body),
        type="image/jpeg",
        width=SIDE,
        height=SIDE,
        source_sha256=source.sha256,
        body=body,
    )


def _jpeg(path: Path) -> bytes:
    try:
        with Image.open(path, formats=_FORMATS) as photo:
            upright = ImageOps.exif_transpose(photo).convert("RGBA")
    except OSError as error:
        raise ShowError(Problem(what=f"`{path.name}` cannot be opened: {error}.", mend="Export it again.")) from error
    flat = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("RGB")
    square = ImageOps.fit(flat, (SIDE, SIDE), Image.Resampling.LANCZOS, centering=_HEADS)
    out = io.BytesIO()  # of the pixels only: no place, no device, no name, no colour profile
    Image.frombytes("RGB", square.size, square.tobytes()).save(
        out, "JPEG", quality=_QUALITY, optimize=True, progressive=True
    )
    return out.getvalue()
