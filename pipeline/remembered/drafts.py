"""What is being made: nobody else's while it is, and cleared away when whoever made it was killed."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NAMED = ".making-"
_OLD_S = 24 * 3600
"""From this age on a draft without a maker is cleared away; one that is just being begun is no moment old."""


@contextmanager
def file(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, nobody else's, to be renamed to it when it is whole; removed where it was not.

    It is not waited for until it is on the disk: what a power cut damages is noticed when it is read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    made = _name(path.parent, path.suffix)
    try:
        made.touch(exist_ok=False)
        with _held(made):
            yield made
    finally:
        made.unlink(missing_ok=True)


@contextmanager
def folder(place: Path) -> Iterator[Path]:
    """An empty folder in `place`, nobody else's; removed afterwards with all that is in it."""
    made = _name(place)
    made.mkdir(mode=0o700)
    try:
        with _held(made):
            yield made
    finally:
        shutil.rmtree(made)


def sweep(cache: Path) -> None:
    """Clear away all drafts below `cache` that are a day old, by the disk's own clock, and that no process holds.

    Two may sweep at once. Where the disk knows no locks, or will not have it, they stay.
    """
    with suppress(OSError), file(cache / "swept") as new:
        old = new.stat().st_mtime - _OLD_S
        for place, folders, files in os.walk(cache):
            for name in (*folders, *files):
                if name.startswith(_NAMED):
                    _clear(Path(place) / name, old)


def _clear(made: Path, old: float) -> None:
    with suppress(OSError):  # gone by now, or held: nobody waits for a lock here
        if made.lstat().st_mtime < old:
            with _opened(made) as here:
                fcntl.flock(here, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(made) if made.is_dir() else made.unlink()


def _name(place: Path, ending: str = "") -> Path:
    return place / f"{_NAMED}{os.urandom(8).hex()}{ending}"


@contextmanager
def _held(made: Path) -> Iterator[None]:
    """Locked: the system drops the lock when its holder dies, however it dies."""
    with _opened(made) as here:
        with suppress(OSError):  # a disk without locks: there nothing is swept
            fcntl.flock(here, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


@contextmanager
def _opened(made: Path) -> Iterator[int]:
    here = os.open(made, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        yield here
    finally:
        os.close(here)
