"""Work that is spread over processes: what comes of it is what one process makes, whatever happens to the others."""

import gc
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import boto3
import pytest

from pipeline import spread
from pipeline.pages.parts import in_turn
from pipeline.store.memory import MemoryStore
from tests import seaweed, spread_shows, thousand
from tests.spread_shows import ROOT
from tests.test_looks import write
from tests.tools import require

NO_HANG_S = 120
JOBS = "from tests.spreading import *"
SHOWS = "from pipeline.spread import over_cores; from tests.spread_shows import *"


def program(
    known: str, asked: str, cores: Iterable[int] = (), screen: int = subprocess.PIPE
) -> "subprocess.Popen[str]":
    """A process of one thread, which those that run tests are not, that knows some names and does what is `asked`."""
    return subprocess.Popen(
        [sys.executable, "-c", f"{known}\n{asked}"],
        preexec_fn=partial(os.sched_setaffinity, 0, cores or two_cores()),
        stdout=screen,
        stderr=screen,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )


def said(known: str, asked: str, cores: Iterable[int] = ()) -> str:
    out, errors = (process := program(known, asked, cores)).communicate(timeout=NO_HANG_S)
    assert (process.returncode, errors) == (0, "")
    return out.strip()


def two_cores() -> list[int]:
    require(hasattr(os, "sched_setaffinity"), "a process cannot be kept to some of the cores here")
    two = sorted(os.sched_getaffinity(0))[:2]
    require(len(two) == 2, "there is one core")
    return two


def test_many_pages_are_those_of_one_process() -> None:
    """Blocks of words, transcripts, lists and episodes: the same bytes in the same order, and as much is remembered."""
    assert said(SHOWS, "print(large_site(over_cores))") == spread_shows.large_site(in_turn)


def test_all_cores_work() -> None:
    """Two processes on two cores, one on one; nobody is left, and the order is kept."""
    script = "print(len(set(spread.over_cores([who] * 64))), nobody_is_left())"
    assert said(JOBS, script) == "2 True"
    assert said(JOBS, script, two_cores()[:1]) == "1 True"
    assert said(JOBS, "print(spread.over_cores([partial(int, n) for n in range(300)]) == list(range(300)))") == "True"


def test_nothing_is_collected_meanwhile() -> None:
    """Not by a part of it that has ended either; afterwards all is as it was, whoever had it so."""
    with spread.uncollected():
        with spread.uncollected():
            pass
        assert not gc.isenabled()
        with pytest.raises(ValueError, match="broken"), spread.uncollected():
            raise ValueError("broken")
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_few_are_not_worth_a_process() -> None:
    """Nor are those of a process that has another thread, which may hold a lock."""
    assert said(JOBS, "print(set(spread.over_cores([who] * 8)) == {MINE})") == "True"
    beside = "import threading\nthreading.Thread(target=partial(time.sleep, AN_HOUR_S), daemon=True).start()\n"
    assert said(JOBS, f"{beside}print(set(spread.over_cores([who] * 64)) == {{MINE}})") == "True"


def test_the_first_that_fails_is_told() -> None:
    """As it would be of one that is done after the other, whoever came upon which of them."""
    script = "print(*(failure(fails_at(*range(first, 64))) for first in range(8, 16)), nobody_is_left())"
    assert said(JOBS, script) == " ".join([*(f"at {first}" for first in range(8, 16)), "True"])


def test_a_broken_template_is_told_as_ever(tmp_path: Path) -> None:
    """With its file, its line and the reason."""
    write(tmp_path, episode_html="{{ nothing.here }}", topic_html="{{ nor_here }}")
    told = said(SHOWS, f"print(broken(over_cores, Path({str(tmp_path)!r})))")
    assert "is undefined" in told
    assert told == spread_shows.broken(in_turn, tmp_path)


def test_what_a_killed_process_owes_is_made() -> None:
    """Nobody waits for it, and nothing is lost."""
    script = "print(spread.over_cores([partial(dies_elsewhere, n) for n in range(64)]) == list(range(64)))"
    assert said(JOBS, f"{script}\nprint(nobody_is_left())").split() == ["True", "True"]


@pytest.mark.parametrize("asked", ["of all, as Ctrl-C does", "of the first alone, as a service's stop does"])
def test_stopping_ends_all(asked: str) -> None:
    """At once, though each has an hour to go; only the first has something to say, and nobody is left."""
    script = """
signal.signal(signal.SIGTERM, signal.default_int_handler)
try:
    spread.over_cores([an_hour] * 64)
except KeyboardInterrupt:
    print("stopped", nobody_is_left())
"""
    process = program(JOBS, script)
    assert process.stdout
    assert os.read(process.stdout.fileno(), 6) + os.read(process.stdout.fileno(), 6) == b"begun begun "
    if asked.startswith("of all"):
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=NO_HANG_S) == ("stopped True\n", "")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_publish_puts_the_same(tmp_path: Path) -> None:
    """A show of many episodes, from one core and from two."""
    root = thousand.write(tmp_path / "show", 30)
    script = f"print(published(Path({str(root)!r})))"
    one = said(SHOWS, script, two_cores()[:1]).split()
    (root / ".omroep" / "pages.json").unlink()
    two = said(SHOWS, script).split()
    assert one[0] == two[0]
    assert (one[1], two[1]) == ("False", "True")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a store holds of a show of thirty episodes, made by this process alone."""
    thousand.put(thousand.write(tmp_path_factory.mktemp("alone") / "show", 30), store := MemoryStore())
    return unlogged({key: bytes(item.body or b"") for key, item in store.objects.items()})


def unlogged(held: Mapping[str, bytes]) -> dict[str, bytes]:
    """All but the log, whose names tell when it was."""
    return {key: body for key, body in held.items() if not key.startswith(("feed.log/", "."))}


def test_a_bucket_is_given_the_same(
    tmp_path: Path, alone: dict[str, bytes], s3_server: seaweed.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By all cores, though what was asked of it had a deadline, which a thread looks after."""
    root = thousand.write(tmp_path / "show", 30)
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    process = program(SHOWS, f"publishes(Path({str(root)!r}), 's3://{s3_server.bucket}/{tmp_path.name}')")
    process.communicate(timeout=NO_HANG_S)
    assert root.with_suffix(".told").read_text() == "0 True"
    bucket = boto3.resource("s3").Bucket(s3_server.bucket)
    held = {each.key: each.get()["Body"].read() for each in bucket.objects.filter(Prefix=f"{tmp_path.name}/")}
    assert unlogged({key.split("/", 1)[1]: body for key, body in held.items()}) == alone


def test_a_terminal_is_shown_the_same(tmp_path: Path, alone: dict[str, bytes]) -> None:
    """By all cores, though bars are drawn."""
    root = thousand.write(tmp_path / "show", 30)
    mine, theirs = pty.openpty()
    process = program(SHOWS, f"publishes(Path({str(root)!r}), {str(tmp_path / 'site')!r})", screen=theirs)
    os.close(theirs)
    assert re.search("Aflevering 1 .*━.*encoding MP3", "".join(shown_on(mine)))
    assert process.wait(NO_HANG_S) == 0
    assert root.with_suffix(".told").read_text() == "0 True"
    site = tmp_path / "site"
    files = {file.relative_to(site).as_posix(): file.read_bytes() for file in site.rglob("*") if file.is_file()}
    assert unlogged(files) == alone


def shown_on(screen: int) -> Iterator[str]:
    """What comes to a terminal until nobody writes to it any more."""
    with suppress(OSError), os.fdopen(screen, encoding="utf-8", errors="replace") as shown:
        yield from shown
