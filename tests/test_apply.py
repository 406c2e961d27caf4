"""A plan is carried out in order, and when something fails listeners have something whole."""

import signal
import threading
import time
from collections.abc import Mapping

import pytest

from pipeline import apply, digest
from pipeline.errors import Conflict, Exit, Problem, StoreError
from pipeline.history import Event, History, Turn, entry
from pipeline.model import (
    Action,
    Cache,
    Category,
    Digest,
    Edition,
    Key,
    Kind,
    Object,
    Plan,
    Release,
    Show,
    Source,
    Stage,
    Version,
)
from pipeline.store import ANYTHING, Anything
from pipeline.store.memory import MemoryStore

KINDS: Mapping[Stage, tuple[Kind, Cache]] = {
    Stage.UNSEEN: (Kind.AUDIO, Cache.IMMUTABLE),
    Stage.NEW_PAGES: (Kind.PAGE, Cache.SHORT),
    Stage.RECORD: (Kind.RECORD, Cache.IMMUTABLE),
    Stage.SWITCH: (Kind.FEED, Cache.SHORT),
    Stage.LAGGING_PAGES: (Kind.PAGE, Cache.SHORT),
    Stage.LOG: (Kind.LOG, Cache.IMMUTABLE),
}
SHOW = Show(
    title="Proef",
    description="",
    language="nl",
    author="",
    base_url="https://proef.example.org/",
    guid="",
    cover=Source(sha256=digest.of_bytes(b""), size=0),
    categories=(Category(main="News"),),
)
RELEASE = Release(format=1, id=Digest("0" * 64), edition=Edition(show=SHOW, entries=(), pictures=()), objects=())


def action(stage: Stage, key: str, body: bytes = b"new") -> Action:
    """A put of the kind of object that belongs to a stage."""
    kind, cache = KINDS[stage]
    item = Object(
        key=Key(key), kind=kind, type="x/y", cache=cache, sha256=digest.of_bytes(body), size=len(body), body=body
    )
    return Action(stage=stage, object=item, reason="for the test")


EVENT = Event(number=1, turn=Turn.PUBLISHED, release=RELEASE.id)
LOGGED = Action(stage=Stage.LOG, object=entry(EVENT), reason="for the test")
FEED = action(Stage.SWITCH, "feed.xml")
PUBLISH = (
    action(Stage.UNSEEN, "audio/een.mp3"),
    action(Stage.UNSEEN, "audio/twee.mp3"),
    action(Stage.NEW_PAGES, "episodes/twee.html"),
    action(Stage.RECORD, "releases/0.json"),
    FEED,
    action(Stage.LAGGING_PAGES, "index.html"),
    LOGGED,
)
BEFORE_THE_FEED = [act.object.key for act in PUBLISH[:4]]


def plan(*actions: Action, feed_expected: Version | None = None, kept: int = 0) -> Plan:
    """A plan of these actions."""
    return Plan(
        release=RELEASE, actions=actions, feed_expected=feed_expected, log_seen=frozenset(), kept=kept, changes=()
    )


class Troubled(MemoryStore):
    """A store in which puts of some keys go wrong: an error, a wait, or whatever `trouble` does."""

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
        """As in memory, after the trouble."""
        self.trouble(item)
        return super().put(item, expected=expected)

    def trouble(self, item: Object) -> None:
        """What happens before a put."""


class Refusing(Troubled):
    """Refuses one key for ever."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key

    def trouble(self, item: Object) -> None:
        """An error without the key in it, to see that `apply` adds it."""
        if item.key == self.key:
            raise StoreError(Problem(what="The server refused.", mend="Ask its owner."))


def holding(store: MemoryStore, *actions: Action) -> Version:
    """The version of the last of what `store` now holds; its log is empty again."""
    versions = [store.put(act.object) for act in actions]
    store.log.clear()
    return versions[-1]


def puts(store: MemoryStore) -> list[str]:
    """Keys in the order in which they were first put; a new store is asked twice more whether it refuses its record."""
    return list(dict.fromkeys(key for verb, key in store.log if verb == "put"))


def test_writes_by_stage_whatever_the_order_of_the_plan() -> None:
    """No put of a later stage comes before one of an earlier stage."""
    store = MemoryStore()
    receipt = apply.run(plan(*reversed(PUBLISH), kept=3), store)
    assert sorted(puts(store)[:2]) == ["audio/een.mp3", "audio/twee.mp3"]
    assert puts(store)[2:] == [act.object.key for act in PUBLISH[2:]]
    assert (receipt.release, receipt.kept, len(receipt.written)) == (RELEASE.id, 3, len(PUBLISH))


def test_the_feed_waits_for_the_slowest() -> None:
    """The feed is not written while something that it names is still on its way."""

    class Slow(Troubled):
        def trouble(self, item: Object) -> None:
            if item.key == "audio/een.mp3":
                time.sleep(0.1)

    store = Slow()
    apply.run(plan(*PUBLISH), store)
    assert puts(store).index("audio/een.mp3") == 1
    assert puts(store)[2:] == [act.object.key for act in PUBLISH[2:]]


@pytest.mark.parametrize("stage", [Stage.UNSEEN, Stage.NEW_PAGES, Stage.LAGGING_PAGES])
def test_writes_eight_at_a_time(stage: Stage) -> None:
    """Within a stage where order does not matter eight puts run together."""
    together = threading.Barrier(8, timeout=10)

    class Meeting(Troubled):
        def trouble(self, item: Object) -> None:
            together.wait()

    store = Meeting()
    apply.run(plan(*(action(stage, f"{number}") for number in range(16))), store)
    assert sorted(map(int, puts(store))) == list(range(16))


def test_tells_of_each_write() -> None:
    """Progress hears of everything that was written, and of nothing that was there."""
    store = MemoryStore()
    holding(store, PUBLISH[0])
    told: list[Action] = []
    receipt = apply.run(plan(*PUBLISH, kept=10), store, progress=told.append)
    assert told == list(PUBLISH[1:])
    assert receipt.written == tuple(act.object for act in PUBLISH[1:])
    assert receipt.kept == 11


@pytest.mark.parametrize("key", BEFORE_THE_FEED)
def test_a_failure_before_the_feed_leaves_the_feed(key: str) -> None:
    """An object that cannot be stored is named, and listeners keep the feed that they had."""
    store = Refusing(key)
    old = action(Stage.SWITCH, "feed.xml", b"old")
    version = holding(store, old)
    with pytest.raises(StoreError) as raised:
        apply.run(plan(*PUBLISH, feed_expected=version), store)
    assert store.objects[Key("feed.xml")] == old.object
    assert not {"feed.xml", "index.html", EVENT.key} & set(puts(store))
    assert str(raised.value) == (
        f"The server refused. Ask its owner.\nPublishing stopped at {key}. "
        "The feed was not touched: listeners notice nothing. Run publish again when this is mended."
    )
    assert raised.value.status is Exit.STORE


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("feed.xml", "either as it was, or the new one"),
        ("index.html", "The new feed is live"),
        (EVENT.key, "The new feed is live"),
    ],
)
def test_a_later_failure_says_what_listeners_have(key: str, said: str) -> None:
    """From the switch on it is not claimed that nothing was touched."""
    with pytest.raises(StoreError, match=said) as raised:
        apply.run(plan(*PUBLISH), Refusing(key))
    assert f"stopped at {key}" in str(raised.value)


def test_the_first_failure_stops_what_has_not_begun() -> None:
    """What runs is let finish, what waits is never begun."""

    class First(Refusing):
        def trouble(self, item: Object) -> None:
            super().trouble(item)
            time.sleep(0.05)

    store = First("0")
    with pytest.raises(StoreError, match="stopped at 0"):
        apply.run(plan(*(action(Stage.UNSEEN, f"{number}") for number in range(100))), store)
    assert 7 <= len(puts(store)) < 20
    assert len(store.objects) == len(puts(store))


@pytest.mark.parametrize("expected", [None, Version("an older one")], ids=["first publish", "next publish"])
def test_somebody_else_published(expected: Version | None) -> None:
    """A feed that is not what the plan was made for is left alone, and so is everything after it."""
    store = MemoryStore()
    theirs = action(Stage.SWITCH, "feed.xml", b"theirs")
    holding(store, theirs)
    with pytest.raises(Conflict, match=r"Somebody else published .* Run publish again") as raised:
        apply.run(plan(*PUBLISH, feed_expected=expected), store)
    assert store.objects[Key("feed.xml")] == theirs.object
    assert sorted(store.objects) == sorted([*BEFORE_THE_FEED, "feed.xml"])
    assert raised.value.status is Exit.REFUSED


def test_replaces_the_feed_that_it_knows() -> None:
    """With the version that the plan saw the switch succeeds."""
    store = MemoryStore()
    version = holding(store, action(Stage.SWITCH, "feed.xml", b"old"))
    apply.run(plan(FEED, feed_expected=version), store)
    assert store.objects[Key("feed.xml")] == FEED.object


@pytest.mark.parametrize("index", [0, 3], ids=["audio", "record"])
def test_what_never_changes_is_not_written_over(index: int) -> None:
    """Under such a name something of another size is an error; it stays as it is and the feed is not touched."""
    key = PUBLISH[index].object.key
    foreign = action(PUBLISH[index].stage, key, b"something else")
    store = MemoryStore()
    holding(store, foreign)
    with pytest.raises(StoreError, match=rf"{key} is in memory already, but with other contents.*") as raised:
        apply.run(plan(*PUBLISH), store)
    assert "The feed was not touched" in str(raised.value)
    assert not isinstance(raised.value, Conflict)
    assert store.objects[key] == foreign.object
    assert "feed.xml" not in store.objects


def test_an_interrupted_run_is_finished_by_the_next() -> None:
    """What an earlier run stored is kept; in the end everything is there."""
    store = Refusing("audio/twee.mp3")
    with pytest.raises(StoreError):
        apply.run(plan(*PUBLISH), store)
    store.key = "none"
    receipt = apply.run(plan(*PUBLISH), store)
    assert [item.key for item in receipt.written] == [act.object.key for act in PUBLISH[1:]]
    assert set(store.objects) == {act.object.key for act in PUBLISH}


@pytest.mark.parametrize("to_main", [True, False], ids=["to the main thread", "to another"])
def test_an_interrupt_does_not_wait(to_main: bool) -> None:
    """Ctrl-C passes at once, though a put hangs, and nothing more is begun."""
    released = threading.Event()

    class Hanging(Troubled):
        def trouble(self, item: Object) -> None:
            if item.key == "0":
                time.sleep(0.1)  # until all have been handed out
                thread = threading.main_thread() if to_main else threading.current_thread()
                signal.pthread_kill(thread.ident or 0, signal.SIGINT)
            released.wait(10)

    store = Hanging()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        apply.run(plan(*(action(Stage.UNSEEN, f"{number}") for number in range(100)), FEED), store)
    assert time.monotonic() - begun < 2
    released.set()
    time.sleep(0.2)
    assert len(store.objects) <= 8
    assert "feed.xml" not in store.objects


def test_an_empty_plan_asks_nothing() -> None:
    """Where nothing is to be done the store is not bothered."""
    store = MemoryStore()
    assert apply.run(plan(kept=12), store).kept == 12
    assert store.log == []


class Careless(MemoryStore):
    """Ignores what a put expects, as some servers do."""

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
        """Whatever is there."""
        return super().put(item)


def test_a_store_that_ignores_conditions_is_said() -> None:
    """On the first publish, before anybody relies on it; a good one is not accused."""
    assert apply.run(plan(*PUBLISH), MemoryStore()).guarded
    assert not apply.run(plan(*PUBLISH), Careless()).guarded


def test_a_store_that_ignores_conditions_notices_a_loss() -> None:
    """Somebody's feed lies over ours when we end: it is told, and the log says that nothing is certain."""

    class Overtaken(Careless):
        def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
            version = super().put(item, expected=expected)
            if item.key == "index.html":
                super().put(action(Stage.SWITCH, "feed.xml", b"theirs").object)
            return version

    store = Overtaken()
    with pytest.raises(Conflict, match="Run publish again"):
        apply.run(plan(*PUBLISH), store)
    log = History.of((key, None) for key in store.objects)
    assert [event.turn for event in log.events] == [Turn.UNSETTLED]


def test_a_page_that_is_refused_but_not_there_stops_the_publish() -> None:
    """A server that says falsely that a new page exists: the feed must not lead to nothing."""

    class Lying(Troubled):
        def trouble(self, item: Object) -> None:
            if item.key == "episodes/twee.html":
                raise Conflict(Problem(what="It is there already."))

    store = Lying()
    with pytest.raises(Conflict, match="Run publish again"):
        apply.run(plan(*PUBLISH), store)
    assert "feed.xml" not in store.objects
