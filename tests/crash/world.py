"""The world around a publisher: clocks that are wrong, zones, disks that are full."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.crash import stage
from tests.crash.campaign import Rig
from tests.crash.folder import WORKSHOP
from tests.crash.publisher import OMROEP, Clone, Nursery, cloned
from tests.crash.reader import Seen, judged
from tests.crash.score import Score
from tests.crash.stage import Shows

CLOCKS: Mapping[str, tuple[str, str]] = {
    "a day ago": ("2025-12-31T12:00:00+00:00", "UTC"),
    "tomorrow": ("2026-01-02T12:00:00+00:00", "UTC"),
    "ten years ago": ("2016-01-01T12:00:00+00:00", "UTC"),
    "in ten years": ("2036-01-01T12:00:00+00:00", "UTC"),
    "in Kiritimati": (stage.NOW, "Pacific/Kiritimati"),
    "in St. John's": (stage.NOW, "America/St_Johns"),
    "in the hour that is skipped": ("2026-03-29T01:30:00+00:00", "Europe/Amsterdam"),
    "in the hour that comes twice": ("2026-10-25T00:30:00+00:00", "Europe/Amsterdam"),
}
"""Moment and zone; the show's episodes are older than all of them."""
OUTPUT_KB = (16, 48, 96, 144, 192)
_FULL = ("full", "No space left")
CACHE_KB = (64, 128)


def ancient(shows: Shows, scratch: Path) -> Path:
    """The show without what waits, long published."""
    show = scratch / "ancient"
    shutil.rmtree(show, ignore_errors=True)
    shutil.copytree(shows.base, show)
    shutil.rmtree(show / "episodes/80-straks")
    for path in (show / "episodes").glob("*/episode.md"):
        path.write_text(re.sub(r'"2020-', '"2010-', path.read_text("utf-8")), "utf-8")
    return show


def clocks(shows: Shows, scratch: Path, nursery: Nursery, *, every: int = 1) -> Score:
    """Whatever the clock and the zone, the same bytes; and a publish at another time writes nothing."""
    tried = [*CLOCKS.items()][::every]
    score, show, site = Score(), ancient(shows, scratch), scratch / "clock-site"
    shutil.rmtree(site, ignore_errors=True)
    first = _published(nursery, cloned(show, shows.cache, scratch / "clock", now=stage.NOW), site, "UTC")
    score.left_out = len(CLOCKS) - len(tried)
    for name, (now, zone) in tried:
        score.points += 1
        score.fired["another clock"] += 1
        other = scratch / "clock-other"
        shutil.rmtree(other, ignore_errors=True)
        clone = cloned(show, shows.cache, scratch / "clock", now=now)
        made = _published(nursery, clone, other, zone)
        again = _published(nursery, clone, site, zone)
        score.blame(f"clock / {name}", [f"P17: {key} differs" for key in _different(first, made)])
        score.blame(f"clock / {name}", [f"P17: {key} is written anew" for key in _different(first, again)])
    return score


def _published(nursery: Nursery, clone: Clone, site: Path, zone: str) -> dict[str, tuple[str, int]]:
    """Key to hash and inode, so that a file that was written anew with the same bytes is seen too."""
    nursery.begin(clone, "publish", "--to", str(site), environ={"TZ": zone})
    end = nursery.end()
    if end.status:
        raise RuntimeError(f"{clone.now} in {zone}: {end.said}")
    files = [path for path in site.rglob("*") if path.is_file() and WORKSHOP not in path.parts]
    return {
        path.relative_to(site).as_posix(): (Seen.of(path.read_bytes()).sha256, path.stat().st_ino) for path in files
    }


def _different(one: Mapping[str, tuple[str, int]], other: Mapping[str, tuple[str, int]]) -> list[str]:
    return sorted(key for key in one.keys() | other.keys() if one.get(key, ("", 0))[0] != other.get(key, ("", 1))[0])


def faked(rig: Rig) -> Score:
    """The real executable under `faketime`, ten years off, to a real bucket: the server's refusal is named."""
    score = Score()
    if not shutil.which("faketime"):
        score.notes.append("`faketime` is not installed: a clock that the server refuses was only played by the wire")
        return score
    rig.bucket.become({})
    for moment in ("2016-01-01 12:00:00", "2036-01-01 12:00:00"):
        clone = rig.clone(ancient(rig.shows, rig.scratch), stage.NOW)
        environ = {"PATH": os.environ["PATH"], "OMROEP_CACHE": str(clone.cache), **rig.server.environment()}
        command = ["faketime", moment, OMROEP, "--show", clone.show, "publish", "--to", rig.bucket.place]
        ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environ, timeout=120)
        score.points += 1
        score.fired["faketime"] += 1
        where = f"clock / {moment}"
        if ended.returncode != 5 or "clock" not in ended.stderr:
            score.blame(where, [f"P17: ended with {ended.returncode}: {ended.stderr[-300:]}"])
        if there := rig.bucket.etags():
            score.blame(where, [f"wrote {', '.join(there)}"])
    return score


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A disk that is too small, for what."""

    kb: int
    role: str
    """`output` or `cache`."""

    def __str__(self) -> str:
        return f"{self.role} on {self.kb} kB"


DISKS = (*(Disk(kb=kb, role="output") for kb in OUTPUT_KB), *(Disk(kb=kb, role="cache") for kb in CACHE_KB))
_IN_A_NAMESPACE = """
mount -t tmpfs -o size="$KB"k tmpfs "$SMALL" || exit 77
"$@" 2>"$TOLD"; status=$?
mkdir "$KEPT" && cp -a "$SMALL/." "$KEPT"
mount -o remount,size=100000k "$SMALL"
"$@" 2>"$TOLD.again" || exit 78
[ "$ROLE" = cache ] || { mkdir "$KEPT.again" && cp -a "$SMALL/." "$KEPT.again"; }
exit $status
"""


def full_disks(shows: Shows, scratch: Path, *, every: int = 1) -> Score:
    """Too small a disk for the site or for the memory: said so, nothing half, and done once there is room."""
    score = Score()
    show = ancient(shows, scratch)
    whole = _tree(_published_to(show, shows.cache, scratch / "roomy"))
    score.left_out = len(DISKS) - len(DISKS[::every])
    for disk in DISKS[::every]:
        place = scratch / f"{disk.role}-{disk.kb}"
        shutil.rmtree(place, ignore_errors=True)
        (place / "small").mkdir(parents=True)
        score.points += 1
        status, told = _cramped(disk, show, shows.cache, place)
        if status == 77:
            score.notes.append("no small disk can be mounted here: full disks were not tried")
            return score
        score.fired["disk full"] += status not in (0, 78)
        score.blame(f"disk / {disk}", _boring(disk, place, status, told, whole))
    return score


def _published_to(show: Path, cache: Path, site: Path) -> Path:
    shutil.rmtree(site, ignore_errors=True)
    environ = {"PATH": os.environ["PATH"], "OMROEP_CACHE": str(cache)}
    subprocess.run([OMROEP, "--show", show, "publish", "--to", site], check=True, capture_output=True, env=environ)
    return site


def _cramped(disk: Disk, show: Path, cache: Path, place: Path) -> tuple[int, str]:
    small = place / "small"
    site, memory = (small, cache) if disk.role == "output" else (place / "site", small)
    environ = {
        "PATH": os.environ["PATH"],
        "KB": str(disk.kb),
        "SMALL": str(small),
        "KEPT": str(place / "kept"),
        "TOLD": str(place / "told"),
        "ROLE": disk.role,
        "OMROEP_CACHE": str(memory),
    }
    inside = ["sh", "-c", _IN_A_NAMESPACE, "sh", OMROEP, "--show", show, "publish", "--to", site]
    command = list(map(str, ["unshare", "-m", *([] if os.geteuid() == 0 else ["-r"]), *inside]))
    ended = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=240)
    told = "".join(path.read_text("utf-8") for path in [place / "told"] if path.exists())
    return ended.returncode, told


def _boring(disk: Disk, place: Path, status: int, told: str, whole: Mapping[str, Seen]) -> Iterator[str]:
    if status == 0 and disk.role == "cache" and _tree(place / "site") == whole:
        return  # only what it would have remembered found no room
    if status in (0, 78) or "Traceback" in told:
        again = place / "told.again"
        yield f"P22: ended with {status}: {(again if status == 78 else place / 'told').read_text('utf-8')[-600:]}"
        return
    if str(place) not in told or not any(word in told for word in _FULL):
        yield f"P22: neither the path nor the reason is told: {told[-400:]}"
    if disk.role != "output":
        if _tree(place / "site") != whole:
            yield "P22: with room again it ends in other bytes"
        return
    half = _tree(place / "kept")
    yield from (f"P22: {key} is not whole" for key, seen in half.items() if seen != whole.get(key))
    if "feed.xml" in half:
        yield from judged(half)
    if _tree(place / "kept.again") != whole:
        yield "P22: with room again it ends in other bytes"


def _tree(site: Path) -> dict[str, Seen]:
    files = [path for path in site.rglob("*") if path.is_file() and WORKSHOP not in path.parts]
    return {path.relative_to(site).as_posix(): Seen.of(path.read_bytes()) for path in files}
