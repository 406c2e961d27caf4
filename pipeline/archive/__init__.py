"""The story of moving out: all that is published, and what it is made from, kept in one folder with checksums."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline import digest, feed, release
from pipeline.archive import bag
from pipeline.archive.bag import Kept
from pipeline.archive.reach import Reach
from pipeline.catalog import files
from pipeline.errors import Problem, ShowError, StoreError
from pipeline.model import Digest, Key, Kind, Release
from pipeline.remembered.files import sha256_of

PUBLISHED = "published"
SHOW = "show"
"""Folders of the archive: what listeners get, and what the producers wrote."""
_OWN = ("episodes", "feed", "templates")
_PART = ".part"

OnStep = Callable[[str, str, float], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """A whole one."""

    folder: Path
    release: Digest
    kept: tuple[Kept, ...]
    pointers: tuple[str, ...]
    """Files of the show that are only pointers to git-LFS."""
    left: tuple[str, ...]
    """Files of the show that were left out: links and devices."""


def export(root: Path, reach: Reach, target: Path, on_step: OnStep) -> Archive:
    """Keep the show in `root`, and what is published of it within `reach`, in the folder `target`, as a bag.

    It is made beside it and gets its name when it is whole; what a run that was stopped had brought is not brought
    again. StoreError with every file that is missing or is not what its release says, ShowError where `target` cannot
    be made.
    """
    _free(root, target)
    live, body = _live(reach)
    draft = target.with_name(target.name + _PART)
    published = tuple(_published(live, body, reach, draft, on_step))
    own, left = _own(root, draft)
    kept = (*published, *own)
    _clear(draft, {each.name for each in kept})
    bag.close(draft, kept, _about(live))
    draft.rename(target)
    return Archive(
        folder=target,
        release=live.id,
        kept=kept,
        pointers=tuple(each.name for each in own if files.is_pointer(target / bag.DATA / each.name)),
        left=left,
    )


def _free(root: Path, target: Path) -> None:
    if target.exists():
        what = f"{target} is there already."
        raise ShowError(
            Problem(what=what, mend="Name a folder that is not there yet; an archive is never written over.")
        )
    if any(target.is_relative_to(root / name) for name in _OWN):
        what = f"{target} lies in what it is to hold."
        raise ShowError(Problem(what=what, mend="Name a folder outside the show, such as ../archive."))
    if site := next(filter(_is_published, target.parents), None):
        what, why = f"{target} lies in what is published ({site}).", "Everybody could read drafts and what guests said."
        raise ShowError(Problem(what=what, why=why, mend="Name a folder outside it, such as ../archive."))


def _is_published(folder: Path) -> bool:
    """Whether omroep published a show to a folder."""
    try:
        with (folder / feed.KEY).open("rb") as file:
            return feed.release_named_in(file.read(feed.STAMP_WITHIN)) is not None
    except OSError:
        return False


def _about(live: Release) -> dict[str, str]:
    show = live.edition.show
    return {
        "Source-Organization": show.author,
        "External-Description": show.title,
        "External-Identifier": show.guid,
        "Internal-Sender-Identifier": f"release {live.id}",
        "Bag-Software-Agent": "omroep",
    }


# --- what is published ------------------------------------------------------------------------------------------------


def _live(reach: Reach) -> tuple[Release, bytes]:
    """The release that listeners have, and the feed as they get it; StoreError where they are not one and whole."""
    body = reach.read(feed.KEY)
    named = feed.release_named_in(body[: feed.STAMP_WITHIN]) if body else None
    if body is None or named is None:
        what = f"Nothing that omroep published is at {reach.name}."
        raise StoreError(Problem(what=what, mend="Publish first, or say where it is with --to or --url."))
    record = reach.read(release.key(named))
    if record is None:
        what = f"{release.key(named)} is missing from {reach.name}: the record of what is published."
        raise StoreError(Problem(what=what, mend="Publish with --repair, and try again."))
    live = release.parse(record, named=named)
    if release.feed_of(live).body != body:
        what = f"The feed at {reach.name} is not the one that its release holds."
        raise StoreError(Problem(what=what, mend="Publish with --repair, and try again."))
    return live, body


def _published(live: Release, body: bytes, reach: Reach, draft: Path, on_step: OnStep) -> Iterator[Kept]:
    """Every object of the release, with the release itself and what came before; all that is wrong is told at once."""
    wanted = [item for item in live.objects if item.kind is not Kind.FEED]
    problems: list[Problem] = []
    yield _written(f"{PUBLISHED}/{feed.KEY}", body, draft)
    for place, item in enumerate(wanted):
        on_step(reach.name, "copying", place / len(wanted))
        name = f"{PUBLISHED}/{_safe(item.key)}"
        path = draft / bag.DATA / name
        if not path.is_file() or sha256_of(path) != item.sha256:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            reach.bring(item.key, path, item.size)
        if wrong := _wrong(path, item.sha256):
            problems.append(Problem(what=f"{item.key} {wrong}.", mend="Publish with --repair, and try again."))
        yield Kept(name=name, sha256=item.sha256, size=item.size)
    if problems:
        raise StoreError(*problems)
    for key in sorted({release.key(live.id), *reach.memory()} - {feed.KEY}):
        if (remembered := reach.read(key)) is not None:
            yield _written(f"{PUBLISHED}/{_safe(key)}", remembered, draft)


def _wrong(path: Path, sha256: Digest) -> str:
    if not path.is_file():
        return "is missing"
    return "" if sha256_of(path) == sha256 else "is not what its release says"


def _safe(key: Key) -> Key:
    """A key that is a path inside a folder; StoreError for one that a record should never hold."""
    if not key.isprintable() or "\\" in key or {"", ".", ".."} & set(key.split("/")):
        raise StoreError(Problem(what=f"“{key}” cannot be a file in an archive.", mend="Look at the release's record."))
    return key


def _written(name: str, body: bytes, draft: Path) -> Kept:
    path = draft / bag.DATA / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return Kept(name=name, sha256=digest.of_bytes(body), size=len(body))


# --- what the producers wrote -----------------------------------------------------------------------------------------


def _own(root: Path, draft: Path) -> tuple[tuple[Kept, ...], tuple[str, ...]]:
    """The show's own files, copied; and those that are none, such as links."""
    kept, left = [], []
    for path in sorted(each for name in _OWN for each in (root / name).rglob("*")):
        name = path.relative_to(root).as_posix()
        if _passing(path.relative_to(root)) or (path.is_dir() and not path.is_symlink()):
            continue
        if files.trouble(path, root):
            left.append(name)
        else:
            kept.append(_copied(path, f"{SHOW}/{name}", draft))
    return tuple(kept), tuple(left)


def _passing(path: Path) -> bool:
    """Whether a file is hidden, or on its way."""
    return any(part.startswith(".") or part.endswith(files.HALF_COPIED) for part in path.parts)


def _copied(path: Path, name: str, draft: Path) -> Kept:
    target = draft / bag.DATA / name
    if not target.is_file() or target.stat().st_size != path.stat().st_size or sha256_of(target) != sha256_of(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return Kept(name=name, sha256=sha256_of(target), size=target.stat().st_size)


def _clear(draft: Path, kept: set[str]) -> None:
    """Remove what an earlier run had brought that is no longer published, and empty folders."""
    data = draft / bag.DATA
    for path in sorted(data.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(data).as_posix() not in kept:
            path.unlink()
