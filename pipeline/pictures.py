"""Pictures: judged before they are decoded, then re-encoded in the sizes that feed, site and players ask for."""

import io
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image

from pipeline import digest
from pipeline.checks.shows import ARTWORK
from pipeline.errors import Problem, ShowError
from pipeline.model import Catalog, Key, Picture, Source

SMALLEST, LARGEST = 1400, 3000
"""Sides of artwork in pixels (Apple-guide)."""
WIDTHS = (1200, 600, 300)
"""What the site shows; the widest is the original's own size, for directories."""
SLEEVE_WIDTH = 600
"""Art inside audio files: at most 800 px, or players give up (PRX)."""
_EDITION = 1
_QUALITY = 85
_FORMATS = ("JPEG", "PNG")


def problems(root: Path, catalog: Catalog) -> Iterator[Problem]:
    """What is wrong with the show's cover and the episodes' own art."""
    origins = catalog.origins
    arts = [(None, ("cover",), catalog.show.cover)]
    arts += [(episode.slug, ("image",), episode.image) for episode in catalog.episodes if episode.image]  # type: ignore[misc]
    for slug, key, art in arts:
        if what := _unfit(root / art.path):
            origin = origins[slug]
            yield ARTWORK.problem(f"`{art.path}` {what}.", file=origin.file, line=origin.line(*key))


def _unfit(path: Path) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as picture:  # reads the header only
                width, height = picture.size
                mode = picture.mode
    except (OSError, ValueError, Image.DecompressionBombWarning, Image.DecompressionBombError):
        return "is not a JPEG or PNG picture that can be opened"
    if width != height:
        return f"is {width} × {height} pixels, not square"
    if not SMALLEST <= width <= LARGEST:
        return f"is {width} × {height} pixels; it should be {SMALLEST} to {LARGEST} on each side"
    return None if mode in ("RGB", "RGBA", "L", "P") else f"is in {mode}, not in RGB"


def render(root: Path, source: Source, *, name: str, published: Mapping[Key, Picture]) -> tuple[Picture, ...]:
    """`source` in all sizes, widest first; a size that is published already is taken as it is, without bytes.

    Its key names the source and the recipe, not the bytes: another machine's JPEG library makes no new picture.
    """
    body: Image.Image | None = None
    rendered: list[Picture] = []
    for width in (None, *WIDTHS):
        key = _key(source, name, width)
        if key not in published:
            body = body or _opened(root / source.path)
            rendered.append(_picture(body, source, key, width))
        else:
            rendered.append(published[key])
    return tuple(rendered)


def sleeve(root: Path, source: Source) -> bytes:
    """`source` as the small JPEG that goes inside audio files."""
    return _jpeg(_opened(root / source.path), SLEEVE_WIDTH)


def _key(source: Source, name: str, width: int | None) -> Key:
    made = digest.of_record([source.sha256, width, _EDITION, _QUALITY])
    return Key(f"images/{name}{f'-{width}' if width else ''}.{made[:16]}.jpg")


def _picture(body: Image.Image, source: Source, key: Key, width: int | None) -> Picture:
    side = width or body.width
    jpeg = _jpeg(body, side)
    return Picture(
        key=key,
        sha256=digest.of_bytes(jpeg),
        size=len(jpeg),
        type="image/jpeg",
        width=side,
        height=side,
        source_sha256=source.sha256,
        body=jpeg,
    )


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            if picture.mode in ("RGBA", "P", "LA"):
                clear = picture.convert("RGBA")
                white = Image.new("RGBA", clear.size, "white")
                return Image.alpha_composite(white, clear).convert("RGB")
            return picture.convert("RGB")
    except OSError as error:
        raise ShowError(Problem(what=f"`{path.name}` cannot be opened: {error}.", mend="Export it again.")) from error


def _jpeg(picture: Image.Image, side: int) -> bytes:
    sized = picture if picture.width == side else picture.resize((side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()  # a new image carries no EXIF: no place, no device, no name
    Image.frombytes("RGB", sized.size, sized.tobytes()).save(
        out, "JPEG", quality=_QUALITY, optimize=True, progressive=True
    )
    return out.getvalue()
