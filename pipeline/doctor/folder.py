"""Questions to a folder: can it be published to safely?"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from pipeline.doctor import Outcome, Probe, broken, ok, weak

SCARCE = 2_000_000_000
"""Bytes: less than this is told."""
TOO_LITTLE = 100_000_000
"""Bytes: with less than this an episode hardly fits."""


def existing(path: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def room(*paths: Path) -> Outcome:
    """Whether there is enough room on the disks of `paths`."""
    least = min((shutil.disk_usage(existing(path)).free, str(path)) for path in paths)
    told = f"{least[0] / 1e9:.1f} GB free for {least[1]}."
    return ok(told) if least[0] >= SCARCE else weak(told) if least[0] >= TOO_LITTLE else broken(told)


def _writable(path: Path) -> Outcome:
    if not existing(path).is_dir():
        return broken(f"{existing(path)} is a file.")
    try:
        with tempfile.TemporaryDirectory(prefix=".omroep-doctor-", dir=existing(path)):
            return ok(f"Files can be made in {existing(path)}.")
    except OSError as error:
        return broken(f"Nothing can be made in {existing(path)}: {error.strerror}.")


def _renames(path: Path) -> Outcome:
    here = existing(path)
    apart = [
        each for each in sorted(here.iterdir()) if here == path and each.is_dir() and _device(each) != _device(here)
    ]
    if apart:
        return broken(f"{apart[0]} is another disk than {here}.")
    with tempfile.TemporaryDirectory(prefix=".omroep-doctor-", dir=here) as folder:
        before, after = Path(folder) / "before", Path(folder) / "after"
        after.write_bytes(b"old")
        before.write_bytes(b"new")
        before.replace(after)
        whole = after.read_bytes() == b"new" and not before.exists()
    return ok("A file is replaced in one step.") if whole else broken("A file is not replaced in one step.")


def _device(path: Path) -> int:
    return path.stat().st_dev


def _locks(path: Path) -> Outcome:
    with tempfile.NamedTemporaryFile(prefix=".omroep-doctor-", dir=existing(path)) as first:
        try:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return broken(f"Files cannot be locked: {os.strerror(error.errno or 0)}.")
        with open(first.name, "rb") as second:  # noqa: PTH123 -- the very file, opened a second time
            try:
                fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return ok("Of two that want to write, one waits.")
    return weak("Locks are ignored on that disk.")


PROBES: tuple[Probe[Path], ...] = (
    Probe(
        id="writable",
        question="Can files be made there?",
        means="Nothing can be published.",
        mend="Give this user the right to write there, or choose another folder with --to.",
        ask=_writable,
        gate=True,
    ),
    Probe(
        id="renames",
        question="Is a file replaced in one step?",
        means="A listener could get half a file.",
        mend="Keep the whole folder on one local disk.",
        ask=_renames,
    ),
    Probe(
        id="locks",
        question="Are two publishers kept apart?",
        means="Not promised here: that two publishers at once cannot lose each other's episode.",
        mend="Publish to a local disk, or from one place at a time.",
        ask=_locks,
    ),
    Probe(
        id="folder-room",
        question="Is there room?",
        means="A publish stops when the disk is full; what listeners have stays whole.",
        mend="Make room.",
        ask=lambda path: room(path),
    ),
)
"""In the order in which they are asked."""
