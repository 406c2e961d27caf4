"""Putting files into a show so that nothing of the producer's is written over, whenever it is stopped."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from pipeline.errors import Problem, ShowError

_DRAFT = ".omroep-"
_UNFINISHED = ".part"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Waits until no other omroep places files below `folder`; the system drops the lock when its holder dies."""
    with told(folder):
        here = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a disk without locks: names are claimed one at a time all the same
            fcntl.flock(here, fcntl.LOCK_EX)
        yield
    finally:
        os.close(here)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """While something is done to `path`: what goes wrong is a ShowError that names it."""
    try:
        yield
    except OSError as error:
        what = f"`{path}` cannot be written or read ({error.strerror})."
        mend = "Make room if the disk is full, or give this user the right to write there; then run it again."
        raise ShowError(Problem(what=what, mend=mend)) from error


def write(path: Path, body: bytes) -> bool:
    """Make a new file, whole or not at all; False where there is one of that name already."""
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _draft(path.parent) as draft:
            draft.write_bytes(body)
            _settle(draft)
            return _claimed(draft, path)


def copy(source: Path, path: Path) -> bool:
    """Make `path` a copy of `source`, with its times, whole or not at all; False where there is one already."""
    with told(path), _draft(path.parent) as draft:
        shutil.copy2(source, draft)
        _settle(draft)
        return _claimed(draft, path)


def change(path: Path, before: bytes, after: bytes) -> bool:
    """Give a file that holds `before` other contents, in one step; False where it holds something else by now."""
    with told(path), _draft(path.parent) as draft:
        draft.write_bytes(after)
        shutil.copymode(path, draft)
        _settle(draft)
        if path.read_bytes() != before:
            return False
        draft.replace(path)
        return True


def move(source: Path, path: Path) -> bool:
    """Give a file another name on the same disk; False where that name is taken or the file is gone."""
    with told(path), suppress(FileNotFoundError):  # somebody else has moved it
        if not _claimed(source, path):
            return False
        if source.exists() and _one(source, path):  # and nobody put another in its place meanwhile
            source.unlink()
        return True
    return False


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A file that is nobody's, gone afterwards; a name as short as this fits everywhere."""
    draft = folder / f"{_DRAFT}{uuid4().hex[:12]}{_UNFINISHED}"
    draft.touch(exist_ok=False)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _claimed(file: Path, path: Path) -> bool:
    """Whether `file` has got the further name `path`: a link is refused where that name is taken, a rename is not."""
    try:
        os.link(file, path, follow_symlinks=False)
    except FileExistsError:
        return _one(file, path)  # it had both names already: stopped half-way, or two at once
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _renamed(file, path)
    return True


def _renamed(file: Path, path: Path) -> bool:
    """The same on a disk that knows no links."""
    if os.path.lexists(path):
        return False
    file.rename(path)
    return True


_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


def _one(file: Path, path: Path) -> bool:
    """Whether both are names of one file; a link to it is none."""
    return os.path.samestat(file.lstat(), path.lstat())


def _settle(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
