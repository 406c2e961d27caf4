"""A life of a show, as a state machine: whatever producers do in whatever order, every write leaves listeners whole."""

import io
import os
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pipeline import cli
from pipeline.cli import settings as cli_settings
from pipeline.model import Key, Object, Version
from pipeline.store import ANYTHING, Anything, Contents, Found, Listed, Store
from pipeline.store.folder import FolderStore
from pipeline.store.memory import MemoryStore
from tests.crash.reader import FEED, Seen, Watcher, feed_of
from tests.shows import write_episode, write_show, write_tone

NUMBERS = range(1, 5)
TONES = (300, 340, 380, 460, 500)
BEGIN = datetime(2040, 1, 1, 12, tzinfo=UTC)
SHARED = ("masters", "media", "waveforms")
"""What mastering leaves in a cache; the rest is a machine's memory of what it published."""


class KilledError(BaseException):
    """The publisher is no more."""


class WatchedStore:
    """A store that looks on after every change, and stops its publisher for good when told to."""

    def __init__(self, inner: Store, watcher: Watcher) -> None:
        self.inner, self.watcher = inner, watcher
        self.left: int | None = None
        """Changes until the publisher dies; None: it lives."""
        self.applied = False
        """Whether the last change still happens."""
        self.changes = 0
        self._dead = False
        self._turn = threading.Lock()

    def arm(self, left: int | None, *, applied: bool = False) -> None:
        self.left, self.applied, self._dead = left, applied, False
        self.changes = 0

    @property
    def killed(self) -> bool:
        return self._dead

    @property
    def name(self) -> str:
        return self.inner.name

    def __getattr__(self, name: str) -> Any:
        """What else a store has."""
        return getattr(self.inner, name)

    def read(self, key: Key, *, most: int | None = None) -> Contents | None:
        self._alive()
        return self.inner.read(key, most=most)

    def stat(self, key: Key) -> Found | None:
        self._alive()
        return self.inner.stat(key)

    def list(self, prefix: str = "") -> Iterator[Listed]:
        self._alive()
        return self.inner.list(prefix)

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
        with self._change(item.key):
            return self.inner.put(item, expected=expected)

    def delete(self, key: Key) -> None:
        with self._change(key):
            self.inner.delete(key)

    @contextmanager
    def _change(self, key: Key) -> Iterator[None]:
        with self._turn:
            self._alive()
            last = self.left is not None and self.changes + 1 >= self.left
            if last and not self.applied:
                self._dead = True
                raise KilledError
            yield
            self.changes += 1
            self.watcher.look(key, f"after {key}")
            if last:
                self._dead = True
                raise KilledError

    def _alive(self) -> None:
        if self._dead:
            raise KilledError


@dataclass(frozen=True, kw_only=True)
class Tale:
    """An episode as its producer has it."""

    number: int
    folder: str
    tone: int
    date: str = "2030-01-01"
    words: int = 0
    status: str = "live"

    @property
    def guid(self) -> str:
        return f"guid-of-{self.number}"

    @property
    def secret(self) -> str:
        """In its title, and nowhere else."""
        return f"woord{self.number}x"

    @property
    def slug(self) -> str:
        return self.folder.partition("-")[2]

    def write(self, show: Path) -> None:
        place = show / "episodes" / self.folder
        place.mkdir(parents=True, exist_ok=True)
        write_tone(place / "audio.wav", seconds=1.0, hz=self.tone)
        status = None if self.status == "live" else self.status
        title = f"{self.secret.capitalize()}{self.words}"
        keys: dict[str, Any] = {"title": title, "guid": self.guid, "date": self.date, "number": self.number}
        write_episode(show, self.folder, notes=f"Versie {self.words}.", status=status, topics=["werk"], **keys)


Tales = dict[int, Tale]


class Machine:
    """A checkout with a memory; `tales` is what its files say."""

    def __init__(self, root: Path, shared: Path) -> None:
        self.show, self.cache, self.tales = write_show(root / "show"), root / "cache", Tales()
        self._shared = shared
        self.wipe()

    def wipe(self) -> None:
        """Forget everything but mastered audio."""
        shutil.rmtree(self.cache, ignore_errors=True)
        self.cache.mkdir()
        for name in SHARED:
            (self._shared / name).mkdir(exist_ok=True)
            (self.cache / name).symlink_to(self._shared / name)

    def check_out(self, tales: Tales) -> None:
        """Make the files what `tales` says, touching no others."""
        for number in self.tales.keys() | tales.keys():
            old, new = self.tales.get(number), tales.get(number)
            if old == new:
                continue
            if old and (not new or new.folder != old.folder):
                shutil.rmtree(self.show / "episodes" / old.folder)
            if new:
                new.write(self.show)
        self.tales = dict(tales)

    def due(self, now: datetime) -> set[str]:
        moment = f"{now:%Y-%m-%d}"
        return {tale.guid for tale in self.tales.values() if tale.status == "live" and tale.date < moment}


class Life(RuleBasedStateMachine):
    """What two producers, their machines, their clocks and a killer do to one show."""

    tried: ClassVar[Counter[str]] = Counter()
    """What happened over all lives, for the score."""
    looks = 0
    in_folder = False
    """Publish to a folder instead of memory."""

    @initialize()
    def begin(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="life-"))
        self.shared = Path(tempfile.gettempdir()) / f"life-audio-{os.getuid()}"
        self.shared.mkdir(exist_ok=True)
        self.now = BEGIN
        self.watcher = Watcher(read=self._read, known=frozenset(f"guid-of-{number}" for number in NUMBERS))
        self.held = FolderStore(self.home / "site") if self.in_folder else MemoryStore()
        self.store = WatchedStore(cast(Store, self.held), self.watcher)
        self.ours = Machine(self.home / "ours", self.shared)
        self.theirs = Machine(self.home / "theirs", self.shared)
        self.tales: Tales = {
            number: Tale(number=number, folder=f"0{number}-begin-{number}", tone=TONES[number]) for number in (1, 2)
        }
        self.ever: set[str] = set()
        self.off: set[str] = set()
        self.blurred = False
        """After a rollback or an old checkout: which of those taken off are on again is theirs to say."""
        self.theirs.check_out(self.tales)

    def teardown(self) -> None:
        type(self).looks += self.watcher.looks
        shutil.rmtree(self.home, ignore_errors=True)

    def _read(self, key: str) -> Seen | None:
        if isinstance(self.held, MemoryStore):
            held = self.held.objects.get(Key(key))
            return Seen.of(cast(bytes, held.body), held.type) if held else None
        path = self.held.path(Key(key))
        return Seen.of(path.read_bytes()) if path else None

    # --- what producers write

    numbers = st.sampled_from(NUMBERS)

    def _change(self, number: int, **changes: Any) -> None:
        if number in self.tales:
            self.tales[number] = replace(self.tales[number], **changes)

    @rule(number=numbers, tone=st.sampled_from(TONES), ahead=st.sampled_from((0, 0, 20)))
    def add(self, number: int, tone: int, ahead: int) -> None:
        """An episode, out now or scheduled."""
        if number not in self.tales:
            date = f"{self.now + timedelta(days=ahead):%Y-%m-%d}" if ahead else "2030-01-01"
            self.tales[number] = Tale(number=number, folder=f"0{number}-nieuw-{number}", tone=tone, date=date)

    @rule(number=numbers, words=st.integers(0, 9))
    def edit(self, number: int, words: int) -> None:
        self._change(number, words=words)

    @rule(number=numbers, tone=st.sampled_from(TONES))
    def replace_audio(self, number: int, tone: int) -> None:
        self._change(number, tone=tone)

    @rule(number=numbers, name=st.sampled_from(("een", "ander", "derde")))
    def rename(self, number: int, name: str) -> None:
        self._change(number, folder=f"0{number}-{name}-{number}")

    @rule(number=numbers, status=st.sampled_from(("withdrawn", "live")))
    def withdraw_or_restore(self, number: int, status: str) -> None:
        if number in self.tales and self.tales[number].guid in self.ever:
            self._change(number, status=status)

    # --- machines

    @rule()
    def wipe(self) -> None:
        """A new disk."""
        self.ours.wipe()

    @rule(days=st.integers(1, 30))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def pull(self) -> None:
        self.theirs.check_out(self.tales)

    # --- publishing

    @rule()
    def publish(self) -> None:
        """It must succeed, and listeners then have just what the files say."""
        self.ours.check_out(self.tales)
        status, told = self._run(self.ours, "publish")
        if status == 6 and "--allow older" in told:  # word for word what listeners had before
            status, told = self._run(self.ours, "publish", "--allow", "older")
        assert status == 0, told
        self._as_wanted()
        status, told = self._run(self.ours, "publish")
        assert (status, self.store.changes) == (0, 0), f"the second publish wrote: {told}"

    def _as_wanted(self) -> None:
        wanted, there = self.ours.due(self.now), set(feed_of(self.watcher.view[FEED]).guids)
        least = wanted - self.off
        assert least <= there <= wanted, (sorted(there), sorted(wanted), sorted(self.off))
        assert self.blurred or there == least, (sorted(there), sorted(least))
        self.off, self.blurred = (self.off | (wanted - there)) - there, False
        self.ever |= there

    @rule(left=st.integers(1, 30), applied=st.booleans())
    def publish_and_die(self, left: int, applied: bool) -> None:
        """kill −9 at a change; the next `publish` must go on from there."""
        self.ours.check_out(self.tales)
        status, told = self._run(self.ours, "publish", left=left, applied=applied)
        assert status in (0, 6, KILLED), told
        self._seen()

    @rule()
    def publish_old_checkout(self) -> None:
        """From where nobody pulled: nothing is lost, or it is refused."""
        status, told = self._run(self.theirs, "publish")
        assert status in (0, 6), told
        self.blurred = True
        self._seen()

    @rule()
    def publish_by_a_wrong_clock(self) -> None:
        """A year behind: what is live does not become a secret again."""
        self.ours.check_out(self.tales)
        status, told = self._run(self.ours, "publish", now=self.now - timedelta(days=365))
        assert status in (0, 6), told
        self._seen()

    @precondition(lambda self: FEED in self.watcher.view)
    @rule(number=numbers, word=st.sampled_from(("--withdraw", "--restore")))
    def by_flag(self, number: int, word: str) -> None:
        """Taken off, or back, in so many words."""
        self.ours.check_out(self.tales)
        tale = self.tales.get(number)
        if not tale:
            return
        before = set(feed_of(self.watcher.view[FEED]).guids)
        status, told = self._run(self.ours, "publish", word, tale.slug, flagged=tale.guid)
        assert status in (0, 6), told
        self._seen()
        if status == 0:
            there = set(feed_of(self.watcher.view[FEED]).guids)
            assert (tale.guid in there) <= (word == "--restore"), told
            self.off = (self.off | {tale.guid} if word == "--withdraw" else self.off - {tale.guid}) & (
                self.ever | before
            )

    @precondition(lambda self: FEED in self.watcher.view)
    @rule()
    def roll_back(self) -> None:
        self.ours.check_out(self.tales)
        status, told = self._run(self.ours, "rollback", free=True)
        assert status in (0, 6), told
        self.blurred = True
        self._seen()

    @precondition(lambda self: FEED in self.watcher.view)
    @rule()
    def prune(self) -> None:
        self.ours.check_out(self.tales)
        self.watcher.pruned = True
        status, told = self._run(self.ours, "prune", "--older-than", "0", "--yes")
        assert status in (0, 6), told
        self._seen()

    def _seen(self) -> None:
        if FEED in self.watcher.view:
            self.ever |= set(feed_of(self.watcher.view[FEED]).guids)

    def _run(
        self,
        machine: Machine,
        *arguments: str,
        left: int | None = None,
        applied: bool = False,
        now: datetime | None = None,
        flagged: str = "",
        free: bool = False,
    ) -> tuple[int, str]:
        """The command line in this process, on the watched store; its status and what it said."""
        self.store.arm(left, applied=applied)
        self.watcher.hidden = tuple(
            tale.secret
            for tale in self.tales.values()
            if tale.guid not in self.ever and tale.guid not in machine.due(self.now)
        )
        gone = {tale.guid for tale in machine.tales.values() if tale.status == "withdrawn"}
        self.watcher.leaving = self.watcher.known or frozenset() if free else frozenset(gone | self.off | {flagged})
        type(self).tried[arguments[0]] += 1
        told = io.StringIO()
        with _world(self.store, machine.cache, now or self.now), redirect_stdout(told), redirect_stderr(told):
            try:
                status = cli.run(["--show", str(machine.show), *arguments])
            except KilledError:
                status = KILLED
        if self.store.killed:
            type(self).tried["killed"] += 1
            status = KILLED
        return status, told.getvalue()

    @invariant()
    def listeners_are_whole(self) -> None:
        """After every write so far."""
        if hasattr(self, "watcher"):
            assert self.watcher.violations == []


KILLED = -9


@contextmanager
def _world(store: WatchedStore, cache: Path, now: datetime) -> Iterator[None]:
    """The command line's surroundings: this store, this memory, this moment."""

    class Moved(datetime):
        """It is `now`."""

        @classmethod
        def now(cls, tz: Any = None) -> "Moved":
            return cls.fromtimestamp(now.timestamp(), tz)

    patched: Any = cli_settings
    kept = patched.Settings.connect, patched.datetime, os.environ.get("OMROEP_CACHE")
    patched.Settings.connect = lambda self, to: lambda own: store
    patched.datetime = Moved
    os.environ["OMROEP_CACHE"] = str(cache)
    try:
        yield
    finally:
        patched.Settings.connect, patched.datetime, _ = kept
        os.environ.pop("OMROEP_CACHE")
        if kept[2]:
            os.environ["OMROEP_CACHE"] = kept[2]


class LifeInAFolder(Life):
    """The same on disk."""

    in_folder = True
