"""Pictures: judged before they are decoded, then re-encoded in the sizes that feed, site and players ask for."""

import io
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image

from pipeline import digest
from pipeline.checks.shows import ARTWORK
from pipeline.errors import Problem, ShowError
from pipeline.model import Catalog, Digest, Key, Picture, Source

SMALLEST, LARGEST = 1400, 3000
"""Sides of artwork in pixels (Apple-guide)."""
WIDTHS = (1200, 600, 300)
"""What the site shows; the widest is the original's own size, for directories."""
SLEEVE_WIDTH = 600
"""Art inside audio files: at most 800 px, or players give up (PRX)."""
ICONS = (512, 192, 180, 48)
"""Home screens of Android (512, 192) and Apple (180), tabs and search results (48)."""
_EDITION = 1
_QUALITIES: Mapping[str, int | str] = {"JPEG": 85, "WEBP": "webp 82", "PNG": "png 256"}
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "JPEG": {"quality": 85, "optimize": True, "progressive": True},
    "WEBP": {"quality": 82, "method": 2},
    "PNG": {"optimize": True},
}
_ENDINGS: Mapping[str, str] = {"JPEG": "jpg", "WEBP": "webp", "PNG": "png"}
_FORMATS = ("JPEG", "PNG")


def problems(root: Path, catalog: Catalog) -> Iterator[Problem]:
    """What is wrong with the show's cover and the episodes' own art."""
    origins = catalog.origins
    arts = [(None, ("cover",), catalog.show.cover)]
    arts += [(episode.slug, ("image",), episode.image) for episode in catalog.episodes if episode.image]  # type: ignore[misc]
    for slug, key, art in arts:
        if what := unfit(root / art.path):
            origin = origins[slug]
            yield ARTWORK.problem(f"`{art.path}` {what}.", file=origin.file, line=origin.line(*key))


def unfit(path: Path) -> str | None:
    """Why a picture cannot be a cover or an episode's art, behind its name; None where it can."""
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
    """`source` as JPEG in all sizes, widest first; a size that is published already is taken as it is, without bytes.

    Its key names the source and the recipe, not the bytes: another machine's JPEG library makes no new picture.
    """
    return _made(root, source, [_Recipe(name=name, width=width) for width in (None, *WIDTHS)], published)


def modern(root: Path, source: Source, *, name: str, published: Mapping[Key, Picture]) -> tuple[Picture, ...]:
    """`source` as WebP in the sizes that the site shows, for browsers, as `render`: half the bytes of a JPEG."""
    return _made(root, source, [_Recipe(name=name, width=width, format="WEBP") for width in WIDTHS], published)


def icons(root: Path, source: Source, *, published: Mapping[Key, Picture]) -> tuple[Picture, ...]:
    """`source` as PNG in the sizes of browsers and home screens, as `render`."""
    return _made(root, source, [_Recipe(name="icon", width=width, format="PNG") for width in ICONS], published)


def sleeve(root: Path, source: Source) -> bytes:
    """`source` as the small JPEG that goes inside audio files."""
    return encoded(at_width(root / source.path, source.sha256, SLEEVE_WIDTH))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Recipe:
    """What is to be made of a source."""

    name: str
    width: int | None
    """None: as wide as the source."""
    format: str = "JPEG"

    def shown(self, root: Path, source: Source) -> Image.Image:
        """The source in that size."""
        return at_width(root / source.path, source.sha256, self.width)

    def key(self, source: Source) -> Key:
        """Named by source and recipe."""
        made = digest.of_record([source.sha256, self.width, _EDITION, _QUALITIES[self.format]])
        size = f"-{self.width}" if self.width else ""
        return Key(f"images/{self.name}{size}.{made[:16]}.{_ENDINGS[self.format]}")


def _made(
    root: Path, source: Source, recipes: Iterable[_Recipe], published: Mapping[Key, Picture]
) -> tuple[Picture, ...]:
    wanted = {recipe.key(source): recipe for recipe in recipes}
    return tuple(
        published[key] if key in published else picture(key, recipe.shown(root, source), source, recipe.format)
        for key, recipe in wanted.items()
    )


def picture(key: Key, shown: Image.Image, source: Source, format: str = "JPEG") -> Picture:
    """What is `shown` as an object of a release."""
    body = encoded(shown, format)
    return Picture(
        key=key,
        sha256=digest.of_bytes(body),
        size=len(body),
        type=f"image/{format.lower()}",
        width=shown.width,
        height=shown.height,
        source_sha256=source.sha256,
        body=body,
    )


@lru_cache(maxsize=6)
def at_width(path: Path, sha256: Digest, width: int | None) -> Image.Image:
    """A square JPEG or PNG in RGB, on white where one sees through it; ShowError where it cannot be read.

    ShowError, too, where its digest is another by now. Kept for a while, as several formats are made of each size.
    """
    if width is not None:
        larger = at_width(path, sha256, None if width >= WIDTHS[-1] else SLEEVE_WIDTH)
        return larger.resize((width, width), Image.Resampling.LANCZOS)
    try:
        body = path.read_bytes()
        if digest.of_bytes(body) != sha256:
            what = f"`{path.name}` has changed since it was read."
            raise ShowError(Problem(what=what, mend="Run it again when it is as you want it."))
        with Image.open(io.BytesIO(body), formats=_FORMATS) as found:
            if found.mode in ("RGBA", "P", "LA"):
                clear = found.convert("RGBA")
                white = Image.new("RGBA", clear.size, "white")
                return Image.alpha_composite(white, clear).convert("RGB")
            return found.convert("RGB")
    except OSError as error:
        raise ShowError(Problem(what=f"`{path.name}` cannot be opened: {error}.", mend="Export it again.")) from error


def encoded(shown: Image.Image, format: str = "JPEG") -> bytes:
    """A picture as a file, with nothing else in it: no place, no device, no name."""
    out = io.BytesIO()
    fresh = Image.frombytes("RGB", shown.size, shown.tobytes())
    if format == "PNG":
        fresh = fresh.quantize(256)
    fresh.save(out, format, **_OPTIONS[format])
    return out.getvalue()
