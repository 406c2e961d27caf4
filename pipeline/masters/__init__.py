"""Recordings that are kept outside the repository: put away, and fetched when they are needed, by their SHA-256."""

import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.audio import memory
from pipeline.audio.deliver import fetched_to
from pipeline.download import Courier, Failure, OnPart
from pipeline.errors import AudioError, Problem, ShowError
from pipeline.masters import lfs
from pipeline.model import MASTERS, Cache, Key, Kind, Object, Source
from pipeline.remembered import drafts, files
from pipeline.text import megabytes

if TYPE_CHECKING:  # boto3 takes 0.4 s to import, and only a bucket needs it
    from pipeline.store.s3 import S3Store

_LARGEST = 20_000_000_000
"""Bytes, where nobody has said how many there are: a day of stereo WAV."""
_LENT_S = 12 * 3600
_HEAD = 64
_PAGE = (b"<!doctype", b"<html", b"<?xml")
"""How what is no recording begins, in lower case: a server's page that tells so."""

Way = Callable[[Path], Failure | None]
"""Puts a recording at a path, whole and checked."""


@dataclass(frozen=True, kw_only=True)
class Masters:
    """Where recordings of a show are kept, and what was fetched of them."""

    root: Path
    cache: Path
    place: str | None
    """`s3://bucket/prefix`."""
    environ: Mapping[str, str]

    def bring(self, source: Source, on_part: OnPart) -> None:
        """Fetch `source` to where `deliver.recorded` finds it, unless it is there; two at once fetch it once.

        AudioError where it cannot be had, or is another file than the show names.
        """
        target = fetched_to(self.cache, source)
        with memory.kept_in(target.parent, "Recordings"), _alone(target):
            if target.is_file() and files.sha256_of(target) == source.sha256:
                return
            target.unlink(missing_ok=True)
            failure = self._way(source, on_part)(target)
        if failure:
            what = f"The recording could not be fetched from {_called(source)}: {failure.told}."
            raise AudioError(Problem(what=what, file=source.path, mend=_mend(source, failure)))

    def put(self, recording: Path) -> Source:
        """Put a recording away under its SHA-256, unless it is there already; StoreError where that fails."""
        source = Source(sha256=files.sha256_of(recording), size=recording.stat().st_size, kept=MASTERS)
        store, key = self._store(), Key(source.sha256)
        held = store.stat(key)
        if held is None or held.size != source.size:
            store.put(_object(key, source, recording))
        self._remember(source, recording)
        return source

    def _remember(self, source: Source, recording: Path) -> None:
        target = fetched_to(self.cache, source)
        with suppress(OSError), _alone(target), drafts.file(target) as draft:  # it can be fetched
            shutil.copyfile(recording, draft)
            draft.replace(target)

    def _way(self, source: Source, on_part: OnPart) -> Way:
        most = source.size or _LARGEST

        def fit(path: Path) -> str | None:
            return _unlike(path, source)

        def loaned(target: Path) -> Failure | None:
            store = self._store()
            address, called = store.lent(Key(source.sha256), _LENT_S), f"{store.name}/{source.sha256}"
            return Courier(address).save(address, target, most=most, called=called, fit=fit, on_part=on_part)

        def fetched(target: Path) -> Failure | None:
            courier = Courier(source.kept if source.kept.startswith("http:") else None)
            return courier.save(source.kept, target, most=most, fit=fit, on_part=on_part)

        def smudged(target: Path) -> Failure | None:
            return lfs.fetch(self.root, source.path, target, self.environ, fit)

        return {MASTERS: loaned, "": smudged}.get(source.kept, fetched)

    def _store(self) -> "S3Store":
        if not self.place:
            what = "The show does not say where its masters are kept."
            mend = "Add `masters: s3://bucket/prefix` to feed/show.yaml, or set OMROEP_MASTERS."
            raise ShowError(Problem(what=what, file="feed/show.yaml", mend=mend))
        from pipeline.store import s3

        return s3.connect(self.place)


def _object(key: Key, source: Source, recording: Path) -> Object:
    return Object(
        key=key,
        kind=Kind.AUDIO,
        type="application/octet-stream",
        cache=Cache.NONE,
        sha256=source.sha256,
        size=source.size,
        body=recording,
    )


def _unlike(path: Path, source: Source) -> str | None:
    """In what way a file is not the one that the show names."""
    size = path.stat().st_size
    if files.sha256_of(path) == source.sha256:
        return None
    with path.open("rb") as file:
        head = file.read(_HEAD).lstrip().lower()
    if head.startswith(_PAGE):
        return "a web page came in its place"
    if source.size and size != source.size:
        return f"another file came, of {megabytes(size)} and not {megabytes(source.size)}"
    return "another file came, for its SHA-256 is not the one that is named"


def _called(source: Source) -> str:
    """Without an address: there may be a key in it."""
    return {MASTERS: "the masters", "": "git-LFS"}.get(source.kept, "its web address")


def _mend(source: Source, failure: Failure) -> str:
    if failure.passing:
        return "Publish again later; it goes on where it was."
    if not source.kept:
        return "Install git-lfs, or see what `git lfs pull` says."
    if source.kept == MASTERS:
        return "Check `masters` and the credentials, or put it there again: omroep stage FILE."
    return "Check `url`, and `sha256` when the file was replaced on purpose."


# --- files in the cache: whole or absent, and made by one at a time ---------------------------------------------------


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """One thread of one process at a time; the operating system lets go of it when its holder dies."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{target.name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
