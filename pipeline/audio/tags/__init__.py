"""What a delivered file says about itself, whatever its container; each of them has a module here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mutagen import MutagenError

from pipeline.errors import AudioError, Problem
from pipeline.model import Chapter, Digest


@dataclass(frozen=True, kw_only=True, slots=True)
class Tags:
    """What a delivered file says about itself."""

    title: str
    artist: str
    album: str
    year: str
    page: str
    """Address of the episode's page."""
    comment: str
    number: int | None
    season: int | None
    chapters: tuple[Chapter, ...]
    """In delivered time."""
    duration_s: float
    cover: bytes = field(repr=False, compare=False, metadata={"local": True})
    """A JPEG of at most 800 px (PRX: larger art makes players give up)."""
    cover_sha256: Digest


@contextmanager
def kept(path: Path) -> Iterator[None]:
    """While tags are written to `path`: what goes wrong is an AudioError."""
    try:
        yield
    except (MutagenError, OSError) as error:
        mend = "Make room on the disk if it is full, then run again."
        raise AudioError(Problem(what=f"The tag could not be written: {error}.", file=path.name, mend=mend)) from error
