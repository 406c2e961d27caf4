"""The watcher misses nothing, does nothing twice (P30), and publishes nothing that changes while it is read (P19)."""

import errno
import os
import pty
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import catalog, cli, lookout, unchanged, watch
from pipeline.cli.board import Plain
from pipeline.cli.settings import Settings
from pipeline.cli.watch import _Publishing, _Showing
from pipeline.errors import Problem, StoreError
from pipeline.lookout import Decision, Kind, Manner
from pipeline.model import Key, Object, Version
from pipeline.serve.live import Live, Turn
from pipeline.store import ANYTHING, Anything, Found, Store
from pipeline.store.folder import FolderStore
from pipeline.store.memory import MemoryStore
from pipeline.watch import Came, Outcome
from tests import faulty, scoreboard
from tests.shows import write_episode, write_show, write_tone
from tests.tools import require

UNIT = Path(__file__).parent.parent / "docs" / "omroep-watch.service"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
QUICK = Manner(settle_s=0.2, look_s=0.3)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A show whose files nobody reads."""
    for name in ("episodes/01", "feed"):
        (tmp_path / "show" / name).mkdir(parents=True)
    (tmp_path / "show/feed/show.yaml").write_text("title: x")
    (tmp_path / "show/episodes/01/episode.md").write_text("een")
    return tmp_path / "show"


@dataclass
class Fake:
    """Hands that note what they are asked, and do what the test says; when that is at its end, it is stopped."""

    script: Iterator[Outcome]
    reasons: list[str] = field(default_factory=list)
    taken: list[tuple[str, ...]] = field(default_factory=list)
    unmoved: list[bool] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    before: Callable[[], object] = lambda: None
    at_rest: Callable[[], object] = lambda: None
    until: float = field(default_factory=lambda: time.monotonic() + 20)

    def now(self) -> datetime:
        return NOW

    def take_in(self, names: tuple[str, ...]) -> None:
        self.taken.append(names)

    def make(self, decision: Decision, unmoved: Callable[[], bool]) -> Outcome:
        self.reasons.append(decision.make)
        self.before()
        self.unmoved.append(unmoved())
        outcome = next(self.script, None)
        if outcome is None:
            raise KeyboardInterrupt
        return outcome

    def rest(self, decision: Decision) -> None:
        self.at_rest()
        if time.monotonic() > self.until:
            raise KeyboardInterrupt

    def deaf(self, why: str) -> None:
        self.told.append(why)


def kept(root: Path, hands: Fake, *, poll: bool = False) -> Fake:
    with pytest.raises(KeyboardInterrupt):
        watch.keep(root, hands, QUICK, poll=poll)
    return hands


def test_what_lay_there_before_is_not_called_changing(bare: Path) -> None:
    """On the first look only what is younger than the settling time is; what is copied with its old date is young."""
    for path in bare.rglob("*.*"):
        os.utime(path, (0, 0))
    fresh = watch.scene(bare)
    now = datetime.now(UTC)
    calm = lookout.decide(lookout.begun(fresh, 0, now + timedelta(minutes=1)), Manner(), 0, now)
    young = lookout.decide(lookout.begun(fresh, 0, now), Manner(), 0, now)
    assert (calm.make, calm.moving) == ("to begin with", ())
    assert (young.make, young.moving) == ("", ("episodes/01", "feed"))


def once(*acts: Callable[[], object]) -> Callable[[], object]:
    """Does the next of these each time, then nothing."""
    left = list(acts)
    return lambda: left.pop(0)() if left else None


def test_what_moves_while_it_is_made_is_made_again(bare: Path) -> None:
    """The attempt is told that something changed under it; when that has come to rest there is another."""
    notes = bare / "episodes/01/episode.md"
    moved, done = Outcome(came=Came.MOVED), Outcome(came=Came.DONE)
    hands = Fake(script=iter([moved, done]), before=once(lambda: notes.write_text("anders")))
    hands.at_rest = lambda: setattr(hands, "until", 0.0) if len(hands.reasons) == 2 else None
    kept(bare, hands)
    assert hands.unmoved == [False, True]
    assert hands.reasons == ["to begin with", "to begin with"]


def test_every_way_of_saving_is_heard_once(bare: Path) -> None:
    """Written over, renamed over, moved aside first, touched: one attempt for each, and none after."""
    notes = bare / "episodes/01/episode.md"

    def renamed_over() -> None:
        new = notes.with_name(".new")
        new.write_text("twee")
        new.replace(notes)

    def aside() -> None:
        notes.rename(notes.with_name("episode.md~"))
        notes.write_text("drie")
        notes.with_name("episode.md~").unlink()

    acts = [lambda: notes.write_text("een!"), renamed_over, aside, notes.touch]
    hands = Fake(script=iter([Outcome(came=Came.DONE)] * 9))

    def at_rest() -> None:
        if len(hands.reasons) == 5 - len(acts) and acts:
            acts.pop(0)()
        elif not acts and len(hands.reasons) == 5:
            hands.until = min(hands.until, time.monotonic() + 0.8)

    hands.at_rest = at_rest
    kept(bare, hands)
    assert hands.reasons == ["to begin with", *["episodes/01 has changed"] * 4]


@pytest.mark.parametrize("deaf", [False, True], ids=["asked for", "the system has no watches left"])
def test_it_looks_by_itself_where_it_is_not_told(bare: Path, monkeypatch: pytest.MonkeyPatch, deaf: bool) -> None:
    """On disks that tell nothing, and where the system refuses; then it says so."""

    def refused(*places: Path, **settings: object) -> Iterator[set[object]]:
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(watch, "_POLL_S", 0.1)
    monkeypatch.setattr(watch, "hear", refused)
    notes = bare / "episodes/01/episode.md"
    hands = Fake(script=iter([Outcome(came=Came.DONE)]))
    hands.at_rest = once_after(hands, 1, lambda: notes.write_text("twee"))
    kept(bare, hands, poll=not deaf)
    assert hands.reasons == ["to begin with", "episodes/01 has changed"]
    assert hands.told == (["OS file watch limit reached"] if deaf else [])


def once_after(hands: Fake, attempts: int, act: Callable[[], object]) -> Callable[[], object]:
    left = [act]
    return lambda: left.pop()() if left and len(hands.reasons) == attempts else None


def test_the_destinations_clock_wakes_it(bare: Path) -> None:
    """An hour ahead of this machine's: what is due in an hour here is due there."""
    due = Outcome(came=Came.DONE, due=NOW + timedelta(hours=1), ahead=timedelta(hours=1))
    assert kept(bare, Fake(script=iter([due]))).reasons == ["to begin with", "an episode is due"]


def test_what_lies_there_by_kind(bare: Path) -> None:
    """A recording, what may belong to it, a new folder, an episode, the show; nothing of what is half copied."""
    (bare / "episodes/02").mkdir()
    for name in ("03.wav", "03.vtt", "04.wav.part", ".05.wav", "06.mp3.crdownload"):
        (bare / "episodes" / name).write_bytes(b"")
    assert {name: unit.kind for name, unit in watch.scene(bare).items()} == {
        "episodes/01": Kind.EPISODE,
        "episodes/02": Kind.NEW,
        "episodes/03.wav": Kind.RECORDING,
        "episodes/03.vtt": Kind.BESIDE,
        "feed": Kind.SHOW,
    }


# --- with real sound --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show of one short episode."""
    root = write_show(tmp_path_factory.mktemp("watch") / "show")
    write_episode(root, "01-een", audio=write_tone(root / "toon.wav", seconds=1.2).read_bytes(), transcript=None)
    (root / "toon.wav").unlink()
    return root


class Meddling(Plain):
    """A board that does something to the show when an episode has come so far."""

    def __init__(self, at: str, act: Callable[[], object]) -> None:
        super().__init__()
        self.at, self.act, self.lines = at, act, list[str]()

    def step(self, title: str, what: str, part: float) -> None:
        if what == self.at:
            self.act()
            self.at = ""

    def line(self, text: str) -> None:
        self.lines.append(text)


def attempted(root: Path, store: Store, board: Plain, moving: tuple[str, ...] = ()) -> Outcome:
    hands = _Publishing(Settings(root=root, environ={"PATH": ""}, now=NOW), lambda own: store, None, board)
    there = watch.scene(root)
    decision = Decision(make="to begin with", moving=moving, look_in_s=1)
    return hands.make(decision, lambda: watch.scene(root) == there)


CHANGES: dict[str, Callable[[Path], object]] = {
    "the recording": lambda folder: write_tone(folder / "audio.wav", seconds=1.2, hz=999),
    "the recording, at its end": lambda folder: (folder / "audio.wav").open("ab").write(bytes(4000)),
    "the words": lambda folder: (folder / "episode.md").write_text("---\ntitle: Anders\ndate: 2020-10-01\n---\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_published_that_changes_while_it_is_read(small: Path, tmp_path: Path, change: str) -> None:
    """Old words never come with new sound, nor the other way: not a byte is written, and the next attempt is whole."""
    root = Path(shutil.copytree(small, tmp_path / "show"))
    store = MemoryStore()
    board = Meddling("encoding MP3", lambda: CHANGES[change](root / "episodes/01-een"))
    outcome = attempted(root, store, board)
    assert board.at == ""
    assert outcome.came is not Came.DONE or not [key for key in store.objects if "een" in key]
    assert not [key for key in store.objects if "een" in key or key.startswith("audio/")]


def test_what_is_still_changing_is_not_to_be_mended(small: Path, tmp_path: Path) -> None:
    """A recording that is being dropped has no episode yet, and is nobody's problem; nor are words being typed."""
    root = Path(shutil.copytree(small, tmp_path / "show"))
    store, board = MemoryStore(), Meddling("", lambda: None)
    assert attempted(root, store, board).came is Came.DONE
    write_tone(root / "episodes/02 Twee.wav", seconds=1.2)
    (root / "episodes/01-een/episode.md").write_text("---\nsumary: half getypt\n---\n", "utf-8")
    moving = ("episodes/01-een", "episodes/02 Twee.wav")
    said = len(board.lines)
    assert attempted(root, store, board, moving).came is Came.DONE
    assert board.lines[said:] == []
    assert attempted(root, store, board).came is Came.DONE
    told = "\n".join(board.lines[said:])
    assert "`sumary` is not a key" in told
    assert "omroep ingest" not in told


def test_advice_is_told_once(small: Path, tmp_path: Path) -> None:
    """Of a recording, of a clock that is off, of a store that ignores conditions: at the first round alone."""

    class Careless(MemoryStore):
        clock = datetime(2030, 1, 1, tzinfo=UTC)

        def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
            return super().put(item, expected=ANYTHING)

    root = Path(shutil.copytree(small, tmp_path / "show"))
    shutil.copy(faulty.make("clipped", tmp_path), root / "episodes/01-een/audio.wav")
    store, board = Careless(), Meddling("", lambda: None)
    for _ in range(3):
        assert attempted(root, store, board).came is Came.DONE
        notes = root / "episodes/01-een/episode.md"
        notes.write_text(notes.read_text("utf-8") + "\nMeer.\n", "utf-8")
    told = [line for line in board.lines if line.startswith("advice: ")]
    assert len(told) == len(set(told))
    for word in ("is clipped at", "clock is not that of memory", "ignores conditions on writes"):
        assert len([line for line in told if word in line]) == 1
    assert not [line for line in board.lines if line.startswith("problem: ")]


@contextmanager
def ordinary() -> Iterator[None]:
    """As a user to whom the system can refuse something: tests may run as root, who is refused nothing."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


_NOBODY = 65534


@pytest.fixture
def open_to_all(small: Path) -> Iterator[Path]:
    """A show of two episodes in which anybody may write, but into the second."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(shutil.copytree(small, Path(place) / "show"))
        write_episode(root, "02-dicht", transcript=None)
        assert attempted(root, MemoryStore(), Plain()).came is Came.DONE  # all is imported, and mastered
        for path in (Path(place), root, *root.rglob("*")):
            path.chmod(0o777)
        (root / "episodes/02-dicht").chmod(0)
        yield root
        (root / "episodes/02-dicht").chmod(0o777)


def test_a_folder_that_cannot_be_read_is_named(open_to_all: Path) -> None:
    """It stops nobody and is told with a way out; that it can be read again is a change."""
    locked, store, board = open_to_all / "episodes/02-dicht", MemoryStore(), Meddling("", lambda: None)
    with ordinary():
        before = unchanged.look(open_to_all).fingerprint
        assert watch.scene(open_to_all)["episodes/02-dicht"].kind is Kind.EPISODE
        (told,) = catalog.read(open_to_all).problems
        assert (told.file, "Permission denied" in told.what, bool(told.mend)) == (
            "episodes/02-dicht/episode.md",
            True,
            True,
        )
        assert attempted(open_to_all, store, board).came is Came.DONE
    assert any("02-dicht" in line and "Permission denied" in line for line in board.lines)
    assert [key for key in store.objects if key.startswith("episodes/een")]
    locked.chmod(0o777)
    assert unchanged.look(open_to_all).fingerprint != before


def test_what_the_system_refuses_does_not_end_a_watcher(small: Path, tmp_path: Path) -> None:
    """Told with a way out, and tried again; nor does it end a live preview, which shows it."""
    root = Path(shutil.copytree(small, tmp_path / "show"))
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "episodes/01-een")

    class Full(MemoryStore):
        def list(self, prefix: str = "") -> Iterator[Found]:
            raise full

    board = Meddling("", lambda: None)
    assert attempted(root, Full(), board).came is Came.PASSING
    assert len(board.lines) == 1
    assert "`episodes/01-een` cannot be read or written: No space left on device." in board.lines[0]

    def build() -> tuple[Object, ...]:
        raise full

    turns: list[Turn] = []
    Live(build, turns.append, lambda line: None).refresh()
    assert [problem.what for problem in turns[0].problems] == [
        "`episodes/01-een` cannot be read or written: No space left on device."
    ]


def test_trouble_at_the_destination_passes(small: Path, tmp_path: Path) -> None:
    """It is told once, however often it is tried, and the watcher goes on."""

    class Away(MemoryStore):
        def list(self, prefix: str = "") -> Iterator[Found]:
            raise StoreError(Problem(what="memory does not answer."))

    root = Path(shutil.copytree(small, tmp_path / "show"))
    board = Meddling("", lambda: None)
    for _ in range(2):
        assert attempted(root, Away(), board).came is Came.PASSING
    assert board.lines == ["problem: memory does not answer."]
    store = MemoryStore()
    assert attempted(root, store, board).came is Came.DONE
    assert Key("feed.xml") in store.objects
    before = len(store.log)
    assert attempted(root, store, board).came is Came.DONE
    assert [verb for verb, _ in store.log[before:] if verb == "put"] == []


def test_without_publishing_it_is_shown_here(small: Path, tmp_path: Path) -> None:
    """The real program serves the show on this machine, anew after a change, and writes nothing anywhere else."""
    root = Path(shutil.copytree(small, tmp_path / "show"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    watcher = scoreboard.Watcher(root, tmp_path / "site")
    watcher.stop()
    watcher.command = [scoreboard.OMROEP, "--show", root, "watch", "--settle", "1", "--port", str(port)]
    watcher.start()
    try:
        notes = root / "episodes/01-een/episode.md"
        for title in ("Aflevering over 01-een", "Een andere titel"):
            text = notes.read_text("utf-8").replace("Aflevering over 01-een", title)
            notes.write_text(text, "utf-8")
            assert title in awaited(f"http://127.0.0.1:{port}/feed.xml", title)
        rebound = urllib.request.Request(f"http://127.0.0.1:{port}/feed.xml", headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="421"):
            urllib.request.urlopen(rebound)
    finally:
        assert watcher.stop() == 130
    assert not (root / "public").exists()
    assert not (tmp_path / "site").exists()
    assert any("The show is at" in line for line in watcher.said)
    assert watcher.said[-1].startswith("Stopped.")


def shown(root: Path, to: str | None) -> list[str]:
    """What is said of its episodes without --publish."""
    board = Meddling("", lambda: None)
    hands = _Showing(Settings(root=root, environ={"PATH": ""}, now=NOW), to, None, board, 0)
    try:
        assert hands.make(Decision(make="to begin with", look_in_s=1), lambda: True).came is Came.DONE
    finally:
        hands.listening.shutdown()
        hands.listening.server_close()
    return [line for line in board.lines if line.startswith(("“", "Live:", "In order:"))]


def test_what_is_only_shown_is_compared_with_the_folder_that_is_named(small: Path, tmp_path: Path) -> None:
    """By a flag or by the show; where none is, or a bucket, nobody knows what listeners have, and nothing is said."""
    root = Path(shutil.copytree(small, tmp_path / "show"))
    attempted(root, FolderStore(tmp_path / "site", called="site/"), Plain())
    write_episode(root, "02-twee", title="Twee", transcript=None)
    waits = ["“Twee” is not yet published: waits for the next publish", "Live: 1 episode. Watching."]
    unknown = ["In order: 2 episodes. Watching."]
    assert shown(root, str(tmp_path / "site")) == waits
    assert shown(root, "s3://nergens/show") == unknown
    assert shown(root, None) == unknown
    settings = root / "feed/show.yaml"
    settings.write_text(settings.read_text("utf-8") + "destination: ../site\n", "utf-8")
    assert shown(root, None) == waits


def test_on_a_terminal_there_is_a_table(small: Path, tmp_path: Path) -> None:
    """It stays where it is and says how every episode stands; markup in a title is only text."""
    root = Path(shutil.copytree(small, tmp_path / "show"))
    write_episode(root, "02-twee", title="[red]Twee[/red]", status="draft", audio=b"")
    ours, theirs = pty.openpty()
    command = [scoreboard.OMROEP, "--show", root, "watch", "--settle", "1", "--port", "0"]
    environ = os.environ | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    process = subprocess.Popen(list(map(str, command)), stdout=theirs, stderr=theirs, env=environ)
    os.close(theirs)
    written, deadline = "", time.monotonic() + 60
    while not all(word in written for word in ("how it stands", "[red]Twee[/red]", "draft: waits for `status: live`")):
        assert time.monotonic() < deadline, written
        written += os.read(ours, 65536).decode("utf-8", "replace")
    process.terminate()
    with suppress(OSError):  # the other end is closed
        while chunk := os.read(ours, 65536):
            written += chunk.decode("utf-8", "replace")
    os.close(ours)
    assert process.wait(timeout=30) == 130
    assert "Traceback" not in written
    assert "in order" in written


def awaited(address: str, word: str) -> str:
    text, deadline = "", time.monotonic() + 60
    while word not in text and time.monotonic() < deadline:
        time.sleep(0.3)
        try:
            text = urllib.request.urlopen(address, timeout=5).read().decode()
        except OSError:
            continue
    return text


def test_the_scoreboard(tmp_path: Path) -> None:
    """Dropped in every rude way, two watchers, each stopped in the middle: every recording published, none twice."""
    score = scoreboard.play(tmp_path, 7)
    assert (score.missed, score.doubled, score.stopped) == ([], [], 3), score
    assert score.published.total() == score.enclosures == 7
    assert sorted(score.episodes.elements()) == sorted(score.dropped)


@pytest.mark.parametrize("user", [True, False], ids=["of a user", "of the machine"])
def test_systemd_takes_the_unit(tmp_path: Path, user: bool) -> None:
    """Without a word; and it does speak up of a wrong key."""
    require(shutil.which("systemd-analyze"), "systemd-analyze is not installed (Debian: systemd)")
    wrong = tmp_path / "wrong.service"
    wrong.write_text(UNIT.read_text("utf-8").replace("SuccessExitStatus", "SuccesExitStatus"), "utf-8")
    assert verified(UNIT, tmp_path, user=user) == ""
    assert "SuccesExitStatus" in verified(wrong, tmp_path, user=user)


def verified(unit: Path, runtime: Path, *, user: bool) -> str:
    command = ["systemd-analyze", "verify", "--man=no", *(["--user"] if user else []), str(unit)]
    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(runtime), "HOME": str(runtime)},
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


def test_the_unit_runs_a_command_that_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Its words are the program's own, and its status for being stopped is the program's."""
    (line,) = [line for line in UNIT.read_text("utf-8").splitlines() if line.startswith("ExecStart=")]
    assert line == "ExecStart=/usr/bin/env omroep watch --publish"
    assert cli.run(["watch", "--help"]) == 0
    assert "--publish" in capsys.readouterr().out
    assert "SuccessExitStatus=130" in UNIT.read_text("utf-8")
