"""Work that is spread over processes: what comes of it is what one process makes, whatever happens to the others."""

import gc
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import boto3
import pytest

from pipeline import catalog, cli, composing, digest, pages, spread, theme
from pipeline.errors import ShowError
from pipeline.model import Object
from pipeline.pages.parts import Run, in_turn
from pipeline.store.memory import MemoryStore
from tests import large, seaweed, thousand
from tests.test_looks import write
from tests.test_pages import ROOT
from tests.tools import require

LOOK = theme.load(ROOT, "nl")
MINE = os.getpid()
"""What this module is imported by first: copies of it have another."""
AN_HOUR_S = 3600
NO_HANG_S = 120


def program(asked: str, cores: Iterable[int] = (), screen: int = subprocess.PIPE) -> "subprocess.Popen[str]":
    """A process of one thread, which those that run tests are not, that does what is `asked` of this module."""
    return subprocess.Popen(
        [sys.executable, "-c", f"from tests.test_spread import *\n{asked}"],
        preexec_fn=partial(os.sched_setaffinity, 0, cores or two_cores()),
        stdout=screen,
        stderr=screen,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )


def said(asked: str, cores: Iterable[int] = ()) -> str:
    out, errors = (process := program(asked, cores)).communicate(timeout=NO_HANG_S)
    assert (process.returncode, errors) == (0, "")
    return out.strip()


def two_cores() -> list[int]:
    require(hasattr(os, "sched_setaffinity"), "a process cannot be kept to some of the cores here")
    two = sorted(os.sched_getaffinity(0))[:2]
    require(len(two) == 2, "there is one core")
    return two


def told(made: Iterable[Object]) -> str:
    """All there is to tell objects by, their order and bytes among it."""
    return digest.of_record([(item.key, digest.of_bytes(bytes(item.body or b"")), item) for item in made])


def nobody_is_left() -> bool:
    """Whether this process has no other below it, not even one that has ended and was not asked for."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def who() -> int:
    """The process that does it, after a moment in which another can begin."""
    time.sleep(0.01)
    return os.getpid()


def large_site(run: Run) -> str:
    site = pages.site(large.edition(catalog.load(ROOT), 130), LOOK, {}, "this", run)
    return f"{told(site.objects)} {digest.of_record(sorted(site.made.items()))}"


def test_many_pages_are_those_of_one_process() -> None:
    """Blocks of words, transcripts, lists and episodes: the same bytes in the same order, and as much is remembered."""
    assert said("print(large_site(spread.over_cores))") == large_site(in_turn)


def test_all_cores_work() -> None:
    """Two processes on two cores, one on one; nobody is left, and the order is kept."""
    script = "print(len(set(spread.over_cores([who] * 64))), nobody_is_left())"
    assert said(script) == "2 True"
    assert said(script, two_cores()[:1]) == "1 True"
    assert said("print(spread.over_cores([partial(int, n) for n in range(300)]) == list(range(300)))") == "True"


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
    assert said("print(set(spread.over_cores([who] * 8)) == {MINE})") == "True"
    beside = "import threading\nthreading.Thread(target=partial(time.sleep, AN_HOUR_S), daemon=True).start()\n"
    assert said(f"{beside}print(set(spread.over_cores([who] * 64)) == {{MINE}})") == "True"


def fails_at(*places: int) -> list[Callable[[], int]]:
    def job(place: int) -> int:
        if place in places:
            raise ValueError(f"at {place}")
        return who()

    return [partial(job, place) for place in range(64)]


def failure(jobs: list[Callable[[], int]]) -> str:
    with pytest.raises(ValueError, match="at") as raised:
        spread.over_cores(jobs)
    return str(raised.value)


def test_the_first_that_fails_is_told() -> None:
    """As it would be of one that is done after the other, whoever came upon which of them."""
    script = "print(*(failure(fails_at(*range(first, 64))) for first in range(8, 16)), nobody_is_left())"
    assert said(script) == " ".join([*(f"at {first}" for first in range(8, 16)), "True"])


def broken(run: Run, root: Path) -> str:
    """What is told of templates that cannot be rendered."""
    with pytest.raises(ShowError) as raised:
        pages.compose(large.edition(catalog.load(ROOT), 40), theme.load(root, "nl"), run)
    return f"{raised.value.problems} {raised.value.__cause__!r}"


def test_a_broken_template_is_told_as_ever(tmp_path: Path) -> None:
    """With its file, its line and the reason."""
    write(tmp_path, episode_html="{{ nothing.here }}", topic_html="{{ nor_here }}")
    assert said(f"print(broken(spread.over_cores, Path({str(tmp_path)!r})))") == broken(in_turn, tmp_path)


def dies_elsewhere(place: int) -> int:
    if who() != MINE:
        os.kill(os.getpid(), signal.SIGKILL)
    return place


def test_what_a_killed_process_owes_is_made() -> None:
    """Nobody waits for it, and nothing is lost."""
    script = "print(spread.over_cores([partial(dies_elsewhere, n) for n in range(64)]) == list(range(64)))"
    assert said(f"{script}\nprint(nobody_is_left())").split() == ["True", "True"]


@pytest.mark.parametrize("asked", ["of all, as Ctrl-C does", "of the first alone, as a service's stop does"])
def test_stopping_ends_all(asked: str) -> None:
    """At once, though each has an hour to go; only the first has something to say, and nobody is left."""
    script = """
signal.signal(signal.SIGTERM, signal.default_int_handler)
def job():
    os.write(1, b"begun ")
    time.sleep(AN_HOUR_S)
try:
    spread.over_cores([job] * 64)
except KeyboardInterrupt:
    print("stopped", nobody_is_left())
"""
    process = program(script)
    assert process.stdout
    assert os.read(process.stdout.fileno(), 6) + os.read(process.stdout.fileno(), 6) == b"begun begun "
    if asked.startswith("of all"):
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=NO_HANG_S) == ("stopped True\n", "")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def published(root: Path) -> str:
    """What a store holds after a publish, and whether a process was begun for it: thirty episodes are many here."""
    composing._MANY = 30
    begun = list[int]()
    os.register_at_fork(before=lambda: begun.append(1))
    store = MemoryStore()
    thousand.put(root, store)
    return f"{told(store.objects[key] for key in sorted(store.objects) if 'log' not in key)} {bool(begun)}"


def test_a_publish_puts_the_same(tmp_path: Path) -> None:
    """A show of many episodes, from one core and from two."""
    root = thousand.write(tmp_path / "show", 30)
    script = f"print(published(Path({str(root)!r})))"
    one = said(script, two_cores()[:1]).split()
    (root / ".omroep" / "pages.json").unlink()
    two = said(script).split()
    assert one[0] == two[0]
    assert (one[1], two[1]) == ("False", "True")


def publishes(root: Path, place: str) -> None:
    """The real program publishes a show of many episodes; beside it is told whether a process was begun for it."""
    composing._MANY = 30
    begun = list[int]()
    os.register_at_fork(before=lambda: begun.append(1))
    with thousand.mastered(root / ".omroep"):
        status = cli.run(["--show", str(root), "publish", "--to", place])
    root.with_suffix(".told").write_text(f"{status} {bool(begun)}")


def in_memory(root: Path) -> dict[str, bytes]:
    """What a store holds of that show, made by this process alone."""
    thousand.put(root, store := MemoryStore())
    return unlogged({key: bytes(item.body or b"") for key, item in store.objects.items()})


def unlogged(held: Mapping[str, bytes]) -> dict[str, bytes]:
    """All but the log, whose names tell when it was."""
    return {key: body for key, body in held.items() if not key.startswith(("feed.log/", "."))}


def test_a_bucket_is_given_the_same(tmp_path: Path, s3_server: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """By all cores, though what was asked of it had a deadline, which a thread looks after."""
    root = thousand.write(tmp_path / "show", 30)
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    process = program(f"publishes(Path({str(root)!r}), 's3://{s3_server.bucket}/{tmp_path.name}')")
    process.communicate(timeout=NO_HANG_S)
    assert root.with_suffix(".told").read_text() == "0 True"
    bucket = boto3.resource("s3").Bucket(s3_server.bucket)
    held = {each.key: each.get()["Body"].read() for each in bucket.objects.filter(Prefix=f"{tmp_path.name}/")}
    assert unlogged({key.split("/", 1)[1]: body for key, body in held.items()}) == in_memory(root)


def test_a_terminal_is_shown_the_same(tmp_path: Path) -> None:
    """By all cores, though bars are drawn."""
    root = thousand.write(tmp_path / "show", 30)
    mine, theirs = pty.openpty()
    process = program(f"publishes(Path({str(root)!r}), {str(tmp_path / 'site')!r})", screen=theirs)
    os.close(theirs)
    assert re.search("Aflevering 1 .*━.*encoding MP3", "".join(shown_on(mine)))
    assert process.wait(NO_HANG_S) == 0
    assert root.with_suffix(".told").read_text() == "0 True"
    site = tmp_path / "site"
    files = {file.relative_to(site).as_posix(): file.read_bytes() for file in site.rglob("*") if file.is_file()}
    assert unlogged(files) == in_memory(root)


def shown_on(screen: int) -> Iterator[str]:
    """What comes to a terminal until nobody writes to it any more."""
    with suppress(OSError), os.fdopen(screen, encoding="utf-8", errors="replace") as shown:
        yield from shown
