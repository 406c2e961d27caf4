"""A folder as a static web site: every change of it is one rename, whole and durable."""

import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from pipeline.errors import Conflict, Problem, StoreError
from pipeline.model import Digest, Key, Object, Version
from pipeline.store import ANYTHING, Anything, Contents, Found, Listed, Unfinished

WORKSHOP = ".omroep-tmp"
"""Where files are made before they are renamed to their place: in the folder itself, so on the same file system."""

_CHUNK = 1 << 20
_FULL = ("the disk is full", "Make room and try again.")
_FORBIDDEN = ("this user may not write or read there", "Give this user the right to, or choose another folder.")
_REASONS: Mapping[int | None, tuple[str, str]] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: ("that disk can only be read", "Choose another folder."),
    errno.ENOTDIR: ("a part of its path is a file, not a folder", "Move that file away or choose another folder."),
    errno.EISDIR: ("a folder is in its place", "Move that folder away."),
    errno.ENOENT: ("a file that it needs is not there", "See whether it was moved, and try again."),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Lying:
    """See `Listed`: a file whose bytes are read when its version is asked for."""

    key: Key
    size: int
    modified: datetime
    tell: Callable[[Key], Version]

    @property
    def version(self) -> Version:
        return self.tell(self.key)


class FolderStore:
    """Objects as files beneath `root`, which is made by the first `put`; a version is the SHA-256 of the contents.

    All changes are made under one lock, which the operating system drops when its holder dies: nothing is ever to be
    unlocked or cleaned by hand. Nothing is written or read through a symbolic link beneath `root`. `stat` reads the
    file it reports, to say its version; `list` only those whose version is asked for.
    """

    writers = 8

    def __init__(self, root: Path, *, called: str = "") -> None:
        self._root = root
        self._called = called or str(root)
        self._workshop = root / WORKSHOP

    @property
    def name(self) -> str:
        """As the producer called it, else the folder's path."""
        return self._called

    @property
    def clock(self) -> datetime | None:
        """See `Store.clock`: a folder has none."""
        return None

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    def read(self, key: Key, *, most: int | None = None) -> Contents | None:
        """See `Store.read`."""
        with self._in_words(key, "read"):
            file = _opened(self._place(key))
            if file is None:
                return None
            with file:
                body = file.read(-1 if most is None else most)
                return Contents(body=body, version=_version(file, begun_with=body))

    def stat(self, key: Key) -> Found | None:
        """See `Store.stat`."""
        with self._in_words(key, "read"):
            return _found(key, self._place(key))

    def path(self, key: Key) -> Path | None:
        """Where the bytes under `key` lie, for who wants to read them a piece at a time; None when there are none."""
        place = self._place(key)
        return place if _is_file(place) else None

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
        """See `Store.put`."""
        with self._in_words(item.key, "stored"):
            target = self._place(item.key)
            with self._draft() as (draft, file):
                _copy(item, file)
                with self._locked():
                    if not isinstance(expected, Anything):
                        _check_expected(item.key, target, expected)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    self._place(item.key)  # again: what was just made or found must not lead out of the root
                    draft.replace(target)
                    self._sync_folders(target)
        return Version(item.sha256)

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """See `Store.list`."""
        with self._in_words(self.name, "listed"):
            for key in sorted(self._keys(prefix)):
                if status := _status(self._root / key):  # else it was deleted since, or is no file
                    yield _Lying(key=key, size=status.st_size, modified=_modified(status), tell=self._told)

    def _told(self, key: Key) -> Version:
        found = self.stat(key)
        if found is None:
            what = f"{key} in {self.name} was removed while it was being looked at."
            raise StoreError(Problem(what=what, mend="Try again."))
        return found.version

    def delete(self, key: Key) -> None:
        """See `Store.delete`."""
        with self._in_words(key, "deleted"):
            path = self._place(key)
            if _is_file(path):
                with self._locked():
                    path.unlink(missing_ok=True)
                    self._sync_folders(path)

    def unfinished(self, older_than: datetime) -> Iterator[Unfinished]:
        """See `Store.unfinished`: drafts of runs that were killed; the next put clears them by itself."""
        with self._in_words(self.name, "listed"):
            for draft in sorted(self._dead()):
                begun = datetime.fromtimestamp(draft.stat().st_mtime, UTC)
                if begun < older_than:
                    yield Unfinished(key=Key(f"{WORKSHOP}/{draft.name}"), id=draft.name, begun=begun)

    def abandon(self, upload: Unfinished) -> None:
        """See `Store.abandon`."""
        with self._in_words(upload.key, "deleted"):
            for draft in self._dead():
                if draft.name == upload.id:
                    draft.unlink(missing_ok=True)

    def _keys(self, prefix: str) -> Iterator[Key]:
        """Of files that begin so; a folder whose files cannot is not entered."""
        if not self._root.exists():
            return
        for folder, folders, files in os.walk(self._root, onerror=_raise):
            here = Path(folder).relative_to(self._root).as_posix()
            begin = "" if here == "." else f"{here}/"
            folders[:] = [name for name in folders if _meet(f"{begin}{name}/", prefix) and begin + name != WORKSHOP]
            yield from (Key(begin + name) for name in files if (begin + name).startswith(prefix))

    @contextmanager
    def _in_words(self, subject: str, verb: str) -> Iterator[None]:
        """OSError as a StoreError that says which file and why."""
        try:
            yield
        except OSError as error:
            what, mend = _REASONS.get(error.errno, (error.strerror or type(error).__name__, "Mend that and try again."))
            where = error.filename or self._root  # a write that fails does not say where
            raise StoreError(Problem(what=f"{subject} could not be {verb} ({where}): {what}.", mend=mend)) from error

    def _place(self, key: Key) -> Path:
        """Where `key` is kept; StoreError when that could be outside the root."""
        parts = key.split("/")
        if {"", ".", ".."} & set(parts) or "\\" in key or not key.isprintable() or parts[0] == WORKSHOP:
            raise StoreError(Problem(what=f"“{key}” cannot be a file in {self.name}.", mend="Choose another name."))
        path = self._root
        for part in parts:
            path = path / part
            if path.is_symlink():
                what = f"{key} could lie outside {self.name}: {path} is a symbolic link."
                raise StoreError(Problem(what=what, mend="Remove the link."))
        return path

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._workshop / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:  # and not by closing alone: a child process that was forked meanwhile has the file open too
                fcntl.flock(lock, fcntl.LOCK_UN)

    @contextmanager
    def _draft(self) -> Iterator[tuple[Path, BinaryIO]]:
        """A new file in the workshop, gone afterwards unless it was renamed to its place."""
        if self._workshop.is_symlink():
            raise StoreError(Problem(what=f"{self._workshop} is a symbolic link.", mend="Remove it."))
        self._workshop.mkdir(parents=True, exist_ok=True)
        path = self._workshop / uuid4().hex
        with self._locked():
            self._sweep()
            file = path.open("xb")
            fcntl.flock(file, fcntl.LOCK_EX)  # held as long as its writer lives: see `_sweep`
        try:
            with file:
                yield path, file
        finally:
            path.unlink(missing_ok=True)

    def _sweep(self) -> None:
        for path in self._dead():
            path.unlink(missing_ok=True)

    def _dead(self) -> Iterator[Path]:
        """The drafts of runs that were killed: those whose lock nobody holds."""
        if self._workshop.is_symlink() or not self._workshop.is_dir():
            return
        for path in self._workshop.iterdir():
            if path.name == "lock":
                continue
            with suppress(BlockingIOError, FileNotFoundError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield path

    def _sync_folders(self, path: Path) -> None:
        """Make the names that lead from the root to `path` survive a power cut."""
        for folder in path.parents:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if folder == self._root:
                return


def _copy(item: Object, file: BinaryIO) -> None:
    """Write the body to `file`, durably; StoreError when it is not what the record says."""
    with item.body.open("rb") if isinstance(item.body, Path) else BytesIO(item.body or b"") as body:
        hashing = hashlib.sha256()
        while chunk := body.read(_CHUNK):
            hashing.update(chunk)
            file.write(chunk)
    if hashing.hexdigest() != item.sha256:
        raise StoreError(Problem(what=f"{item.key} changed while it was being stored.", mend="Publish again."))
    file.flush()
    os.fsync(file.fileno())


def _meet(folder: str, prefix: str) -> bool:
    """Whether something in the folder (its path ends in "/") can begin with the prefix."""
    return folder.startswith(prefix) or prefix.startswith(folder)


def _check_expected(key: Key, target: Path, expected: Version | None) -> None:
    found = _found(key, target)
    if expected != (found.version if found else None):
        raise Conflict(Problem(what=f"{key} was written by somebody else in the meantime.", mend="Publish again."))


def _is_file(path: Path) -> bool:
    return _status(path) is not None


def _status(path: Path) -> os.stat_result | None:
    """Of a regular file; None where there is none: a folder, a device or a pipe is no object."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _modified(status: os.stat_result) -> datetime:
    return datetime.fromtimestamp(status.st_mtime, UTC)


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb") if _is_file(path) else None
    except FileNotFoundError:  # deleted since
        return None


def _found(key: Key, path: Path) -> Found | None:
    file = _opened(path)
    if file is None:
        return None
    with file:
        version, status = _version(file), os.fstat(file.fileno())
        sha256, modified = Digest(version), _modified(status)
        return Found(key=key, size=status.st_size, version=version, sha256=sha256, modified=modified)


def _version(file: BinaryIO, *, begun_with: bytes = b"") -> Version:
    """Of the whole file, of which `begun_with` has been read."""
    hashing = hashlib.sha256(begun_with)
    while chunk := file.read(_CHUNK):
        hashing.update(chunk)
    return Version(hashing.hexdigest())


def _raise(error: OSError) -> None:
    raise error
