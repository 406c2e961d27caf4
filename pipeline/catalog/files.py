"""Finding and reading the files that producers name: only plain files, only inside the show."""

import hashlib
import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import BinaryIO

from pipeline.catalog.ledger import Ledger
from pipeline.errors import Problem
from pipeline.model import Digest, Source
from pipeline.text import printable

AUDIO_SUFFIXES = (
    *(".wav", ".bwf", ".rf64", ".w64", ".flac", ".aif", ".aiff", ".aifc", ".caf"),
    *(".mp3", ".mp2", ".m4a", ".m4b", ".mp4", ".mov", ".aac", ".ogg", ".oga", ".opus", ".spx"),
    *(".mka", ".mkv", ".webm", ".weba", ".wma", ".3gp", ".amr"),
)
"""What a recording is called when no `audio` says which file it is; `audio.ffmpeg` knows what it is by its content."""
ABSENT = "is not there"
EPISODE = "episode.md"
NEARLY_EPISODE = ("episode.md", "episode.md.txt", "episode.txt", "episode.markdown")
"""What it is called where endings are hidden, or case does not count; in lower case."""
LARGEST_TEXT = 20_000_000
"""Bytes of a text file: a transcript of a whole day takes two million."""
HALF_COPIED = (".part", ".tmp", ".crdownload", ".partial", "~")
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
_LONGEST_POINTER = 1024
"""Bytes (git-LFS specification, pointer file)."""
_CHUNK = 1 << 20


def trouble(path: Path, root: Path) -> str | None:
    """Why `path` may not be opened (missing, a link, a device, outside `root`), or None where it may."""
    try:
        steps = path.relative_to(root).parts
    except ValueError:
        return "lies outside the show"
    if any(printable(step) != step or "\n" in step for step in steps):
        return "has a name with control characters"
    here = root
    for step in steps:
        here = here / step
        try:
            mode = here.lstat().st_mode
        except FileNotFoundError:
            return ABSENT
        except OSError as error:
            return f"cannot be read ({error.strerror})"
        if stat.S_ISLNK(mode):
            return "is a link to somewhere else"
    return None if stat.S_ISREG(mode) else "is not a file"


def ending(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """The files of a folder with one of these endings, in any case; hidden ones (macOS writes `._name`) left out."""
    return [path for path in sorted(folder.glob("[!.]*")) if path.suffix.lower() in suffixes]


def nearly_episode(folder: Path) -> Path | None:
    """The file in an episode's folder that was meant to be its `episode.md`, where that is not there."""
    if (folder / EPISODE).exists():
        return None
    return next((path for path in sorted(folder.iterdir()) if path.name.lower() in NEARLY_EPISODE), None)


def spelled(folder: Path, name: str) -> Path:
    """The file that `name` means, also where the disk spells its accents in another way (NFD, as macOS does)."""
    path = folder / name
    if path.parent.is_dir() and not path.exists():
        wanted = unicodedata.normalize("NFC", path.name)
        return next((each for each in path.parent.iterdir() if unicodedata.normalize("NFC", each.name) == wanted), path)
    return path


def text(path: Path, root: Path) -> str | Problem:
    """The text of a UTF-8 file."""
    name = path.relative_to(root).as_posix()
    if why := trouble(path, root):
        return Problem(what=f"`{path.name}` {why}.", file=name, mend="Put a real file there, that can be read.")
    try:
        if path.stat().st_size > LARGEST_TEXT:
            what = f"`{path.name}` is far too large to be text."
            return Problem(what=what, file=name, mend="Put the right file there.")
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return Problem(what="The file is not UTF-8 text.", file=name, line=line, mend="Save it again as UTF-8.")
    except OSError as error:
        what = f"`{path.name}` cannot be read ({error.strerror})."
        return Problem(what=what, file=name, mend="Let it be read by the user that runs omroep.")


def is_pointer(path: Path) -> bool:
    """Whether a file only stands for one that git-LFS keeps elsewhere."""
    with path.open("rb") as file:
        return _POINTER.fullmatch(file.read(_LONGEST_POINTER)) is not None


def source(path: Path, root: Path, ledger: Ledger) -> Source:
    """The identity of a file that `trouble` passed; of a git-LFS pointer, that of the file it stands for."""
    name = path.relative_to(root).as_posix()
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        if known := ledger.known(name, before):
            return known
        found = _read(file, name)
        ledger.learn(found, before, os.fstat(file.fileno()))
        return found


def sha256(path: Path) -> Digest:
    """The identity of a file anywhere."""
    with path.open("rb") as file:
        return _read(file, path.name).sha256


def _read(file: BinaryIO, name: str) -> Source:
    digest = hashlib.sha256()
    first = file.read(_CHUNK)
    if pointer := _POINTER.fullmatch(first):
        return Source(sha256=Digest(pointer[1].decode()), size=int(pointer[2]), path=name)
    digest.update(first)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return Source(sha256=Digest(digest.hexdigest()), size=file.tell(), path=name)
