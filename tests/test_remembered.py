"""What is remembered between runs comes back as it was or not at all, whatever became of its file."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import TypeAdapter

from pipeline.audio import memory
from pipeline.errors import AudioError
from pipeline.remembered import drafts, files, records, stamps


@dataclass(frozen=True, kw_only=True, slots=True)
class Take:
    """Something dear to find out."""

    name: str
    loudness_lufs: float
    marks: tuple[float, ...]
    note: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Older:
    """The same, as an earlier version wrote it."""

    name: str
    loudness_lufs: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Newer:
    """The same, as a later version writes it."""

    name: str
    loudness_lufs: float
    marks: tuple[float, ...]
    note: str | None = None
    room: str = "studio"


TAKE = Take(name="één \udce9", loudness_lufs=float("-inf"), marks=(0.0, 1.5))
"""With what JSON has no words for: half a character of a file's name, and the loudness of silence."""
read = TypeAdapter(Take).validate_python


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a record is kept."""
    path = tmp_path / "cache" / "takes" / "een.json"
    records.keep(path, TAKE)
    return path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    disk = ["mount", "-t", "tmpfs", "-o", "size=64k", "omroep-test", str(place)]
    if subprocess.run(disk, capture_output=True, check=False).returncode:  # in CI too this may be forbidden
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


# --- records ----------------------------------------------------------------------------------------------------------


def test_a_record_comes_back(path: Path) -> None:
    """The same, and in a file that other readers of JSON take for JSON."""
    assert records.recalled(path, read) == TAKE
    assert json.loads(path.read_text("ascii"))["record"]["name"] == TAKE.name
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_cut_anywhere_it_is_gone(path: Path) -> None:
    """Also where nothing is left of it."""
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert records.recalled(path, read) is None, end


@pytest.mark.parametrize("bits", [1, 0x20, 0x80, 0xFF])
def test_a_flipped_byte_is_never_believed(path: Path, bits: int) -> None:
    """Anywhere in it; but `\\u00E9` says what `\\u00e9` says."""
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ bits]) + whole[place + 1 :])
        assert records.recalled(path, read) in (None, TAKE), place
        if whole[place] not in b"abcdef":
            assert records.recalled(path, read) is None, place


def test_zeros_in_it_are_noticed(path: Path) -> None:
    """What a power cut leaves: the length is right, a part was never written."""
    whole = path.read_bytes()
    for begin in range(0, len(whole), 8):
        path.write_bytes(whole[:begin] + bytes(len(whole[begin : begin + 8])) + whole[begin + 8 :])
        assert records.recalled(path, read) is None, begin


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def flattened(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_bytes(b"x")


ODD: dict[str, Callable[[Path], object]] = {
    "lost": Path.unlink,
    "its folder lost": lambda path: shutil.rmtree(path.parent),
    "a folder in its place": directory,
    "a link to nothing": dangling,
    "a file where its folder was": lambda path: flattened(path.parent),
    "a list": lambda path: path.write_bytes(b"[1, 2]"),
    "a number": lambda path: path.write_bytes(b"1"),
    "nothing": lambda path: path.write_bytes(b"null"),
    "a record that is none": lambda path: path.write_bytes(records.written(None)),
    "a record of another kind": lambda path: records.keep(path, ("x", 1)),
    "without end": lambda path: path.write_bytes(b'{"record":' + b"[" * 100_000),
    "a number without end": lambda path: path.write_bytes(b'{"record":' + b"9" * 100_000 + b"}"),
    "no UTF-8": lambda path: path.write_bytes(b'{"record": "\xff"}'),
    "of an earlier version": lambda path: records.keep(path, Older(name="x", loudness_lufs=-16.0)),
    "of a later version": lambda path: records.keep(
        path, Newer(name="x", loudness_lufs=-16.0, marks=(1.0,), room="hall")
    ),
}


@pytest.mark.parametrize("how", ODD)
def test_whatever_is_there_instead_is_no_record(path: Path, how: str) -> None:
    """It is as if there were nothing, and where that can be, the next is kept over it."""
    ODD[how](path)
    assert records.recalled(path, read) is None
    if "folder in" in how or "file where" in how:
        with pytest.raises(OSError, match=r"directory|exists"):
            records.keep(path, TAKE)
        assert not list(path.parent.parent.rglob(".making-*"))
    else:
        records.keep(path, TAKE)
        assert records.recalled(path, read) == TAKE


UNPRIVILEGED = """
import os, sys
from pathlib import Path
from pipeline.remembered import records
os.setuid(65534)
print(records.recalled(Path(sys.argv[1]), lambda told: told))
try:
    records.keep(Path(sys.argv[1]), "x")
except PermissionError as error:
    print(error.strerror)
"""


def test_somebody_elses_is_no_record(tmp_path: Path) -> None:
    """Kept so that this user may not read it: as if there were nothing; nor may it be replaced."""
    if os.getuid():
        pytest.skip("only root can be somebody else")
    path = Path("/tmp").resolve() / f"omroep-test-{os.getpid()}" / "een.json"  # where everybody may come
    try:
        records.keep(path, "een")
        path.chmod(0o600)
        run = [sys.executable, "-c", UNPRIVILEGED, str(path)]
        told = subprocess.run(run, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
        assert told.stdout.splitlines() == ["None", "Permission denied"]
    finally:
        shutil.rmtree(path.parent)


@given(some.recursive(some.none() | some.booleans() | some.integers() | some.text(), some.lists))
def test_every_text_and_number_comes_back(value: object) -> None:
    """Whatever they are, they are written down as they are read."""
    body = records.written(value)
    assert json.loads(body)["record"] == value
    assert records.written(json.loads(body)["record"]) == body


def test_of_two_writers_at_once_one_wins_whole(tmp_path: Path) -> None:
    """Readers meanwhile see the one or the other."""
    path, takes = tmp_path / "een.json", [Take(name=str(n) * 50_000, loudness_lufs=n, marks=()) for n in range(4)]
    records.keep(path, takes[0])

    def keep(take: Take) -> None:
        for _ in range(40):
            records.keep(path, take)

    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(keep, take) for take in takes]
        seen = 0
        while not all(writer.done() for writer in writers):
            assert records.recalled(path, read) in takes
            seen += 1
    for writer in writers:
        writer.result()
    assert seen
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_full_disk_takes_nothing_away(small_disk: Path) -> None:
    """What was kept stays, nothing half is left, and once there is room the next is kept."""
    path = small_disk / "een.json"
    records.keep(path, TAKE)
    big = Take(name="x" * 200_000, loudness_lufs=-16.0, marks=())
    with pytest.raises(OSError, match="No space left") as error:
        records.keep(path, big)
    assert error.value.errno == errno.ENOSPC
    assert records.recalled(path, read) == TAKE
    assert [each.name for each in small_disk.iterdir()] == [path.name]
    with pytest.raises(AudioError, match=r"What was measured cannot be kept in .*: No space left .* Make room there"):
        memory.keep(path, big)
    assert [each.name for each in small_disk.iterdir()] == [path.name]


def test_it_is_as_readable_as_other_files(path: Path) -> None:
    """A cache may be shared by a group: the rights are those that this user's files have."""
    path.with_name("ordinary").touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(path.with_name("ordinary").stat().st_mode)


# --- files with a note beside them ------------------------------------------------------------------------------------


def keep(path: Path, body: bytes, facts: object = None) -> str:
    with drafts.file(path) as draft:
        draft.write_bytes(body)
        return files.keep(draft, path, facts)


def test_a_file_is_believed_while_it_is_what_was_kept(tmp_path: Path) -> None:
    """With its facts; by another's digest it is the same file."""
    path = tmp_path / "masters" / "een.mp3"
    sha256 = keep(path, b"sound", TAKE)
    shown = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]
    assert sha256 == shown
    assert files.kept(path, read) == files.Noted(sha256=files.sha256_of(path), facts=TAKE)
    assert sorted(each.name for each in path.parent.iterdir()) == ["een.json", "een.mp3"]
    assert files.kept(path, files.bare) is None  # facts where there should be none


DAMAGES: dict[str, Callable[[Path], object]] = {
    "the file lost": Path.unlink,
    "the file cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "the file flipped": lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]),
    "a folder in its place": directory,
    "the note lost": lambda path: path.with_suffix(".json").unlink(),
    "the note emptied": lambda path: path.with_suffix(".json").write_bytes(b""),
    "a folder in the note's place": lambda path: directory(path.with_suffix(".json")),
    "the note of another file": lambda path: records.keep(
        path.with_suffix(".json"), files.Noted(sha256=files.sha256_of(Path(__file__)), facts=None)
    ),
    "a note of the version before": lambda path: path.with_suffix(".json").write_text(
        json.dumps({"sha256": files.sha256_of(path)})
    ),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_file_or_note_is_not_believed(tmp_path: Path, how: str) -> None:
    """It is made again, over what is there where that can be."""
    path = tmp_path / "een.mp3"
    keep(path, b"sound")
    DAMAGES[how](path)
    assert files.kept(path, files.bare) is None
    if "folder" not in how:
        keep(path, b"sound")
        assert files.kept(path, files.bare)


def test_a_file_that_is_not_finished_is_nowhere(tmp_path: Path) -> None:
    """Stopped while it is made, nothing is left of it."""

    def stopped() -> None:
        with drafts.file(tmp_path / "een.mp3") as draft:
            draft.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert not list(tmp_path.iterdir())


MAKING = """
import sys
from pathlib import Path
from pipeline.remembered import drafts
with drafts.file(Path(sys.argv[1], "een.mp3")) as file, drafts.folder(Path(sys.argv[1])) as folder:
    (folder / "part").touch()
    print(file, folder, flush=True)
    sys.stdin.read()
"""


def making(place: Path) -> "tuple[subprocess.Popen[str], list[Path]]":
    """A process that makes a file and a folder until it is killed, and both, as if they were begun two days ago."""
    command = [sys.executable, "-c", MAKING, str(place)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    made = [Path(name) for name in process.stdout.readline().split()]
    for each in made:
        aged(each)
    return process, made


def aged(path: Path) -> None:
    long_ago = path.stat().st_mtime - 2 * 24 * 3600
    os.utime(path, (long_ago, long_ago))


def test_what_a_killed_run_was_making_is_cleared_away(tmp_path: Path) -> None:
    """Once it is a day old and nobody holds it: what another run is making, and what is kept, stays."""
    cache = tmp_path / "cache"
    keep(cache / "masters" / "kept.mp3", b"sound")
    aged(cache / "masters" / "kept.mp3")
    killed, orphans = making(cache / "masters")
    alive, theirs = making(cache / "masters")
    recent, begun = making(cache / "masters")
    for each in begun:
        os.utime(each)
    for process in (killed, recent):
        process.kill()
        process.communicate()
    assert all(each.exists() for each in (*orphans, *theirs, *begun))
    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(drafts.sweep, [cache] * 8)] == [None] * 8
    left = {*cache.rglob(".making-*")}
    assert left == {*theirs, *begun}
    assert files.kept(cache / "masters" / "kept.mp3", files.bare)
    alive.kill()
    alive.communicate()
    drafts.sweep(cache)
    assert {*cache.rglob(".making-*")} == {*begun}


def test_a_full_disk_keeps_no_file_without_its_note(small_disk: Path) -> None:
    """The file fits and its note does not: neither is there."""
    path = small_disk / "een.mp3"
    with pytest.raises(OSError, match="No space left"):
        keep(path, b"x" * 40_000, "x" * 40_000)
    assert not list(small_disk.iterdir())


# --- what the file system tells ---------------------------------------------------------------------------------------


def rewritten(path: Path) -> None:
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "appended": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "of the same size and time": rewritten,
    "rights": lambda path: path.chmod(0o600),
    "replaced by a copy": lambda path: Path(shutil.copy2(path, path.with_name("copy"))).replace(path),
    "a folder in its place": directory,
}


@pytest.mark.parametrize("how", CHANGES)
def test_every_change_of_a_file_shows(tmp_path: Path, how: str) -> None:
    """Without reading it."""
    path = tmp_path / "een.md"
    path.write_bytes(b"abc")
    before = stamps.of(path.stat())
    assert stamps.of(path.stat()) == before
    CHANGES[how](path)
    assert stamps.of(path.stat()) != before


def test_a_file_settles_in_two_seconds(tmp_path: Path) -> None:
    """What was looked at earlier may have changed within one tick of the file system's clock."""
    then = tmp_path.stat().st_ctime
    assert not stamps.settled(then, datetime.fromtimestamp(then + 1.9, UTC))
    assert stamps.settled(then, datetime.fromtimestamp(then + 2.1, UTC))
