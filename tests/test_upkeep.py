"""Going back, forward again, withdrawing and clearing away: what listeners had is never lost by accident."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest

from pipeline import cli, prune, publish, upkeep
from pipeline.cli.publish import publish as publish_command
from pipeline.errors import Conflict, OmroepError, Refused, StoreError
from pipeline.guard import ALLOWED, Asked
from pipeline.history import Turn
from pipeline.model import Key, Kind, Object, Slug, Stage, Version
from pipeline.prune import Lying
from pipeline.store import ANYTHING, Anything
from pipeline.store.memory import MemoryStore
from tests.shell import Run
from tests.shows import write_episode
from tests.test_publish import (
    Live,
    copied,
    edit,
    filled,
    live,
    once_live,
    prepared,
    published,
    puts,
    refused,
    room,
    root,
    seen,
    three,
)

__all__ = ["live", "once_live", "root", "three"]

releases_command = import_module("pipeline.cli.releases")
DAY = timedelta(days=1)
START = datetime(2021, 1, 1, tzinfo=UTC)


Five = tuple[Path, MemoryStore, list[bytes]]
"""A show, a store that it was published to five times, and the feeds that listeners got."""
Replaced = tuple[Path, "Shared", Key]
"""A show, a store that holds three releases of it, and the key of audio that only the first of them needs."""


@pytest.fixture(scope="module")
def five_once(three: Path, tmp_path_factory: pytest.TempPathFactory) -> Five:
    """Five publishes a day apart, each with something else; only for copying."""
    root = Path(shutil.copytree(three, tmp_path_factory.mktemp("five") / "show"))
    changes: list[Callable[[], object]] = [
        lambda: None,
        lambda: edit(root, "01-een", "Aflevering over", "Alles over"),
        lambda: write_episode(root, "04-vier", topics=["nieuw"]),
        lambda: edit(root, "03-drie", "Notities.", "Heel andere notities."),
        lambda: write_episode(root, "05-vijf", guests=["Nieuwe gast"]),
    ]
    store, feeds = MemoryStore(), list[bytes]()
    for day, change in enumerate(changes):
        change()
        store.now = START + day * DAY
        published(root, store)
        feeds.append(fed(store))
    return root, store, feeds


@pytest.fixture
def five(five_once: Five, tmp_path: Path) -> Five:
    """A copy of them that a test may change."""
    root, store, feeds = five_once
    return Path(shutil.copytree(root, tmp_path / "show")), copied(store), feeds


def fed(store: MemoryStore) -> bytes:
    body = store.objects[Key("feed.xml")].body
    assert isinstance(body, bytes)
    return body


def went_back(root: Path, store: MemoryStore, asked: str | None = None) -> None:
    upkeep.go(upkeep.back(room(root), store, asked), store, lambda action: None)


def test_back_to_any_release_and_forward_again(five: Five) -> None:
    """The same feed, byte for byte, and the same pages; the next publish brings the newest back and renders nothing."""
    root, store, feeds = five
    assert len(set(feeds)) == 5
    newest = {key: item.body for key, item in store.objects.items()}
    audio = {key for key in store.objects if key.endswith(".mp3")}
    went_back(root, store, "3")
    assert fed(store) == feeds[2]
    assert seen(store) == []
    assert b"Heel andere notities" not in store.objects[Key("episodes/drie.html")].body  # type: ignore[operator]
    shutil.rmtree(root / ".omroep")
    for folder in ("04-vier", "05-vijf"):
        audio_file = root / "episodes" / folder / "audio.wav"
        source = next(each for each in prepared(root, store).edition.entries if each.episode.folder == folder)
        audio_file.write_text(
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{source.media.source_sha256}\n"
            f"size {source.episode.audio.size}\n"
        )
    published(root, store)
    assert fed(store) == feeds[4]
    assert {key for key in store.objects if key.endswith(".mp3")} == audio
    for key, body in newest.items():
        assert store.objects[key].body == body, key
    assert prepared(root, store).plan.actions == ()


@pytest.mark.parametrize("damage", [b"\xff", b"niets", b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nIets anders.\n"])
def test_a_damaged_transcript_does_not_keep_anybody_from_going_back(five: Five, damage: bytes) -> None:
    """The feed comes back; the page of that episode is without its words, and the log says that it is not as it was."""
    root, store, feeds = five
    key = next(key for key in store.objects if key.startswith("transcripts/drie."))
    whole = store.objects[key]
    assert isinstance(whole.body, bytes)
    store.objects[key] = replace(whole, body=damage.ljust(len(whole.body), b"\xff")[: len(whole.body)])
    went_back(root, store, "3")
    assert fed(store) == feeds[2]
    page = store.objects[Key("episodes/drie.html")].body
    assert isinstance(page, bytes)
    assert b"Heel andere notities" not in page
    assert b"Dit is een proef." not in page
    assert b"Iets anders." not in page
    assert any("unsettled" in key for key in store.objects)


def test_without_a_number_it_is_the_one_before(five: Five) -> None:
    """Twice back is not back and forth by accident: the second goes to what was live before the first."""
    root, store, feeds = five
    went_back(root, store)
    assert fed(store) == feeds[3]
    went_back(root, store)
    assert fed(store) == feeds[4]


def test_what_went_live_and_was_never_logged_counts(five: Five) -> None:
    """A publisher stopped after its switch: going back leaves what it brought, and the list says that that is live."""
    root, store, feeds = five
    last = max(key for key in store.objects if key.startswith("feed.log/"))
    del store.objects[last]
    told = upkeep.releases(store, None)
    assert [(each.event.number, each.live) for each in told] == [(number, number == 5) for number in (5, 4, 3, 2, 1)]
    with pytest.raises(Refused, match="live already"):
        upkeep.back(room(root), store, "5")
    went_back(root, store)
    assert fed(store) == feeds[3]
    assert [each.event.turn for each in upkeep.releases(store, 2)] == [Turn.RETURNED, Turn.PUBLISHED]


@pytest.mark.parametrize("asked", [None, "4"])
def test_going_back_that_was_stopped_is_ended_by_going_back(five: Five, asked: str | None) -> None:
    """After its switch and before its log: the same once more, and not there and back again."""
    root, store, feeds = five
    plan = upkeep.back(room(root), store, asked)
    stopped, whole = copied(store), copied(store)
    switch = [action.stage for action in plan.actions].index(Stage.SWITCH)
    for place, action in enumerate(plan.actions):
        whole.put(action.object)
        if place <= switch:
            stopped.put(action.object)
    went_back(root, stopped, asked)
    assert fed(stopped) == feeds[3]
    assert stopped.objects.keys() == whole.objects.keys()


def test_every_moment_of_going_back_is_whole(five: Five) -> None:
    """Stopped after every third write, all links lead somewhere, and going back once more or publishing ends it."""
    root, base, feeds = five
    plan = upkeep.back(room(root), base, "2")
    assert len(plan.actions) > 4
    for stop in range(0, len(plan.actions), 3):
        store = copied(base)
        for action in plan.actions[:stop]:
            store.put(action.object)
            assert seen(store) == [], action.object.key
        forward = copied(store)
        published(root, forward)
        assert fed(forward) == feeds[4]
        assert prepared(root, forward).plan.actions == ()
        finished(root, store)
        assert fed(store) == feeds[1]


def finished(root: Path, store: MemoryStore) -> None:
    try:
        went_back(root, store, "2")
    except Refused as said:  # it is live already, and the next publish or rollback settles its pages
        assert "live already" in str(said)  # noqa: PT017


@pytest.mark.parametrize(("asked", "said"), [("9", "no release 9"), ("5", "live already"), ("abcdef", "no release")])
def test_a_release_that_cannot_be_meant(five: Five, asked: str, said: str) -> None:
    """It is said which, and nothing is written."""
    root, store, _ = five
    store.log.clear()
    with pytest.raises(Refused, match=said):
        went_back(root, store, asked)
    assert puts(store) == []


def test_nothing_to_go_back_to(live: Live) -> None:
    """After one publish there is no earlier one."""
    root, store = live
    with pytest.raises(Refused, match="no earlier release"):
        went_back(root, store)


def test_what_was_pruned_cannot_come_back_half(five: Five) -> None:
    """A release whose audio is gone is refused, with what is missing named."""
    root, store, _ = five
    gone = next(key for key in store.objects if key.startswith("audio/een."))
    store.delete(gone)
    before = fed(store)
    with pytest.raises(Refused, match=rf"{gone} of that release is gone"):
        went_back(root, store, "1")
    assert fed(store) == before


# --- an old checkout --------------------------------------------------------------------------------------------------


def test_an_old_checkout_cannot_roll_the_show_back(live: Live, tmp_path: Path) -> None:
    """Where it lacks an episode, and where it lacks no more than a corrected title."""
    root, store = live
    old = Path(shutil.copytree(root, tmp_path / "old"))
    edit(root, "01-een", "Aflevering over", "Alles over")
    published(root, store)
    assert "This is exactly what release 1 was" in refused(old, store)
    write_episode(root, "04-vier")
    published(root, store)
    assert "“Aflevering over 04-vier” is published, but is missing" in refused(old, store)


def test_going_back_by_publishing_can_be_asked_for(live: Live) -> None:
    """A correction that is taken back is no accident when it says so."""
    root, store = live
    first = fed(store)
    edit(root, "01-een", "Aflevering over", "Alles over")
    published(root, store)
    edit(root, "01-een", "Alles over", "Aflevering over")
    assert "omroep publish --allow older" in refused(root, store)
    published(root, store, asked=Asked(allow=frozenset(["older"])))
    assert fed(store) == first


# --- the show's identity ----------------------------------------------------------------------------------------------

IDENTITIES = {
    "owner": (
        '"proef@example.org"',
        '"iemand@anders.example"',
        "owner changes from proef@example.org to iemand@anders",
    ),
    "address": ("https://proef.example.org/", "https://nieuw.example.org/", "address changes from https://proef"),
    "guid": ("d24cc7e1", "d24cc7e2", "holds another show, “Proefshow”"),
    "new-feed-url": (
        "title: ",
        'new_feed_url: "https://elders.example.org/feed.xml"\ntitle: ',
        "sent from this feed to https://elders",
    ),
}


@pytest.mark.parametrize("word", IDENTITIES)
def test_who_the_show_is_does_not_change_by_a_file_alone(live: Live, word: str) -> None:
    """Refused until it is allowed by its own word; no other word lets it through."""
    root, store = live
    old, new, said = IDENTITIES[word]
    show = root / "feed" / "show.yaml"
    text = show.read_text("utf-8")
    assert old in text
    show.write_text(text.replace(old, new, 1), "utf-8")
    assert said in (told := refused(root, store))
    assert f"--allow {word}" in told
    others = frozenset(IDENTITIES) - {word}
    with pytest.raises(Refused, match=said):
        published(root, store, asked=Asked(allow=others))
    plan = published(root, store, asked=Asked(allow=frozenset([word])))
    assert plan.changes
    assert prepared(root, store).plan.actions == ()


# --- withdrawing without a file ---------------------------------------------------------------------------------------


def test_an_episode_whose_folder_is_gone_can_be_withdrawn(live: Live, tmp_path: Path) -> None:
    """It stays off until it is asked back; then it has its guid, its audio and its address again."""
    root, store = live
    feed = fed(store)
    shutil.move(root / "episodes" / "02-twee", tmp_path / "02-twee")
    assert "--withdraw twee" in refused(root, store)
    plan = published(root, store, asked=Asked(withdraw=frozenset([Slug("twee")])))
    assert [change.kind for change in plan.changes] == ["leaves"]
    assert b"guid-of-02-twee" not in fed(store)
    assert seen(store) == []
    assert prepared(root, store).plan.actions == ()
    shutil.move(tmp_path / "02-twee", root / "episodes" / "02-twee")
    assert prepared(root, store).plan.actions == ()
    shutil.rmtree(root / ".omroep")
    plan = published(root, store, asked=Asked(restore=frozenset([Slug("twee")])))
    assert [change.kind for change in plan.changes] == ["back"]
    assert fed(store) == feed


@pytest.mark.parametrize("asked", [Asked(withdraw=frozenset([Slug("nul")])), Asked(restore=frozenset([Slug("nul")]))])
def test_a_name_that_leads_nowhere_is_told(live: Live, asked: Asked) -> None:
    """A slip of the pen withdraws nothing."""
    root, store = live
    with pytest.raises(Refused, match="nul"):
        published(root, store, asked=asked)


@pytest.mark.parametrize("name", ["2", "02-twee", "episodes/02-twee/", "twee", "AFLEVERING over 02-twee"])
def test_an_episode_is_called_as_its_producer_calls_it(live: Live, name: str) -> None:
    """By its number, folder, web name or title: to take it off, and to bring it back."""
    root, store = live
    plan = published(root, store, asked=Asked(withdraw=frozenset([Slug(name)])))
    assert [change.kind for change in plan.changes] == ["leaves"]
    assert b"guid-of-02-twee" not in fed(store)
    plan = published(root, store, asked=Asked(restore=frozenset([Slug(name)])))
    assert [change.kind for change in plan.changes] == ["back"]


def test_a_name_that_means_two_episodes_takes_none_off(root: Path) -> None:
    """What can be called so is told, of what is published and of what can come back."""
    write_episode(root, "04-vier", number=2, season=2)
    store = MemoryStore()
    published(root, store)
    with pytest.raises(Refused, match=r"No published episode is called `2`. Published are: drie, een, twee, vier."):
        published(root, store, asked=Asked(withdraw=frozenset([Slug("2")])))
    published(root, store, asked=Asked(withdraw=frozenset([Slug("vier")])))
    with pytest.raises(Refused, match=r"No withdrawn episode is called `nul`. Withdrawn are: vier."):
        published(root, store, asked=Asked(restore=frozenset([Slug("nul")])))


def test_a_withdrawn_episode_as_a_draft_keeps_its_past(live: Live) -> None:
    """Withdrawn, worked on as a draft, live again: the audio that listeners had is not made anew."""
    root, store = live
    audio = {key for key in store.objects if key.endswith(".mp3")}
    edit(root, "02-twee", "---\n\nNotities", "status: withdrawn\n---\n\nNotities")
    published(root, store)
    edit(root, "02-twee", "status: withdrawn", "status: draft")
    published(root, store)
    edit(root, "02-twee", "status: draft\n", "")
    edit(root, "02-twee", "Notities.", "Nieuwe notities.")
    shutil.rmtree(root / ".omroep")
    published(root, store)
    assert {key for key in store.objects if key.endswith(".mp3")} == audio
    assert b"guid-of-02-twee" in fed(store)


# --- clearing away ----------------------------------------------------------------------------------------------------


def cleared(store: MemoryStore, days: float) -> list[Key]:
    decided = upkeep.clearing(store, START + 100 * DAY, days)
    upkeep.clear(store, decided)
    return [each.key for each in decided.pruning.doomed]


def test_what_recent_releases_name_is_never_cleared(five: Five) -> None:
    """After clearing, each release of those days can still be gone back to, and nothing that listeners use is gone."""
    root, store, feeds = five
    write_episode(root, "01-een", audio=(root / "episodes" / "02-twee" / "audio.wav").read_bytes())
    store.now = START + 5 * DAY
    published(root, store)
    store.put(replace(store.objects[Key("robots.txt")], key=Key("CNAME")))
    gone = cleared(store, 2.5)
    assert [key for key in gone if key.startswith("releases/")]
    assert "CNAME" in store.objects
    for number, feed in ((3, feeds[2]), (4, feeds[3]), (5, feeds[4])):
        again = copied(store)
        went_back(root, again, str(number))
        assert fed(again) == feed
        assert seen(again) == []
    shutil.rmtree(root / ".omroep")
    with pytest.raises(OmroepError, match="is missing"):
        went_back(root, store, "1")
    assert seen(store) == []
    assert prepared(root, store).plan.actions == ()


def test_replaced_audio_goes_when_no_release_needs_it(root: Path) -> None:
    """And not before."""
    store = MemoryStore()
    store.now = START
    published(root, store)
    old = next(key for key in store.objects if key.startswith("audio/een."))
    write_episode(root, "01-een", audio=(root / "episodes" / "02-twee" / "audio.wav").read_bytes())
    store.now = START + 10 * DAY
    published(root, store)
    edit(root, "03-drie", "Notities.", "Andere notities.")
    store.now = START + 20 * DAY
    published(root, store)
    assert old not in cleared(store, 11)
    assert old in cleared(store, 9)
    assert old not in store.objects
    assert cleared(store, 9) == []


def test_what_a_stopped_publish_left_goes_too(root: Path) -> None:
    """Of a show that was never published again: its form tells that it is ours."""
    store = MemoryStore()
    store.now = START
    published(root, store)
    left = next(item for key, item in store.objects.items() if key.endswith(".mp3"))
    store.put(replace(left, key=Key("audio/nooit.0123456789abcdef.mp3")))
    edit(root, "03-drie", "Notities.", "Andere notities.")
    store.now = START + 20 * DAY
    published(root, store)
    assert "audio/nooit.0123456789abcdef.mp3" in cleared(store, 9)


def test_each_kind_of_file_that_a_stopped_publish_left_goes(root: Path) -> None:
    """Whatever lies under a name of its own bytes, the blocks of the search too."""
    for number in range(4, 17):
        write_episode(root, f"{number:02}-{chr(97 + number)}", audio=(root / "episodes/01-een/audio.wav").read_bytes())
    store = MemoryStore()
    published(root, store)
    kinds = (Kind.AUDIO, Kind.PICTURE, Kind.SIDECAR, Kind.ASSET)
    left = [Lying(key=key, size=1, modified=START) for key, item in store.objects.items() if item.kind in kinds]
    assert len({each.key.split("/")[0] for each in left}) == 7
    assert set(prune.make(left, [], [], START + DAY, spared=[]).doomed) == set(left)


def test_a_clock_that_is_years_ahead_clears_nothing_recent(five: Five) -> None:
    """What counts is when the store last changed."""
    _, store, _ = five
    assert upkeep.clearing(store, START + 3650 * DAY, 10).pruning.doomed == ()


class Shared(MemoryStore):
    """Lets somebody else at it before a request: what shall happen is told by verb and the beginning of a key."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: dict[tuple[str, str], Callable[[], object]] = {}

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
        self._let("put", item.key)
        return super().put(item, expected=expected)

    def delete(self, key: Key) -> None:
        self._let("delete", key)
        super().delete(key)

    def _let(self, verb: str, key: Key) -> None:
        for told in [told for told in self.meanwhile if told[0] == verb and key.startswith(told[1])]:
            self.meanwhile.pop(told)()


def test_clearing_stops_when_somebody_publishes(five: Five) -> None:
    """While it deletes: what has not gone by then may be needed, and stays."""
    root, first, _ = five
    store = filled(Shared(), first)
    decided = upkeep.clearing(store, START + 100 * DAY, 0)
    assert len(decided.pruning.doomed) > 4
    edit(root, "03-drie", "Heel andere", "Weer andere")
    store.meanwhile["delete", ""] = lambda: published(root, store)
    with pytest.raises(Conflict, match="Somebody published"):
        upkeep.clear(store, decided)
    assert {each.key for each in decided.pruning.doomed} & store.objects.keys()
    assert seen(store) == []
    assert cleared(store, 0)
    assert seen(store) == []


@pytest.fixture(scope="module")
def replaced_once(three: Path, tmp_path_factory: pytest.TempPathFactory) -> Replaced:
    """Published, then with another recording of one episode, then with other notes; only for copying."""
    root = Path(shutil.copytree(three, tmp_path_factory.mktemp("replaced") / "show"))
    store = Shared()
    store.now = START
    published(root, store)
    first = next(key for key in store.objects if key.startswith("audio/een."))
    shutil.copy(root / "episodes/01-een/audio.wav", root / "first.wav")
    shutil.copy(root / "episodes/02-twee/audio.wav", root / "episodes/01-een/audio.wav")
    store.now = START + 10 * DAY
    published(root, store)
    store.now = START + 20 * DAY
    edit(root, "03-drie", "Notities.", "Andere notities.")
    published(root, store)
    return root, store, first


@pytest.fixture
def replaced(replaced_once: Replaced, tmp_path: Path) -> Replaced:
    """A copy of them that a test may change."""
    root, store, first = replaced_once
    return Path(shutil.copytree(root, tmp_path / "show")), filled(Shared(), store), first


def again(root: Path) -> None:
    """The first recording is back, and there is news."""
    shutil.copy(root / "first.wav", root / "episodes/01-een/audio.wav")
    edit(root, "03-drie", "Andere notities.", "Weer andere notities.")


def test_what_lies_there_and_is_about_to_be_named_is_not_cleared(replaced: Replaced) -> None:
    """A publisher found old audio of its own there, and its record is written: whoever clears away sees that."""
    root, store, first = replaced
    again(root)
    store.meanwhile["put", "feed.xml"] = lambda: cleared(store, 1)
    published(root, store)
    assert first in store.objects
    assert seen(store) == []


def test_a_publisher_whose_old_audio_was_cleared_meanwhile_says_so(replaced: Replaced) -> None:
    """It was there when the plan was carried out, and went before the record was written: once more puts it there."""
    root, store, first = replaced
    again(root)
    before = fed(store)
    store.meanwhile["put", "releases/"] = lambda: cleared(store, 1)
    with pytest.raises(Conflict, match="Somebody cleared away"):
        published(root, store)
    assert first not in store.objects
    assert fed(store) == before
    assert seen(store) == []
    published(root, store)
    assert first in store.objects
    assert seen(store) == []


class Stopped(BaseException):
    """The run ends here."""


@pytest.mark.parametrize("before", ["delete", "put"], ids=["before its first delete", "after its last"])
def test_nobody_switches_to_what_a_stopped_clearing_had_begun(replaced: Replaced, before: str) -> None:
    """A late delete could still take it. Who needs nothing of it is not held up; clearing once more ends it."""
    root, store, first = replaced

    def stop() -> None:
        raise Stopped

    store.meanwhile["put", "feed.cleared"] = lambda: store.meanwhile.update({(before, ""): stop})
    with pytest.raises(Stopped):
        cleared(store, 1)
    assert (first in store.objects) is (before == "delete")
    edit(root, "02-twee", "Notities.", "Heel andere notities.")
    published(root, store)
    again(root)
    feed = fed(store)
    with pytest.raises(Conflict, match="being cleared away"):
        published(root, store)
    assert fed(store) == feed
    assert seen(store) == []
    cleared(store, 1)
    published(root, store)
    assert first in store.objects
    assert seen(store) == []


def test_going_back_to_what_is_cleared_meanwhile_is_refused(replaced: Replaced) -> None:
    """All of it was there when it was looked at; its record, written once more, is what tells that it is wanted."""
    root, store, _ = replaced
    before = fed(store)
    store.meanwhile["put", "releases/"] = lambda: cleared(store, 1)
    with pytest.raises(Conflict, match="Somebody cleared away"):
        went_back(root, store, "1")
    assert fed(store) == before
    assert seen(store) == []


def test_going_back_is_seen_by_who_clears_away(replaced: Replaced) -> None:
    """The record of a release that is long over is written once more just before the feed, so that it counts again."""
    root, store, first = replaced
    store.now = START + 21 * DAY
    store.meanwhile["put", "feed.xml"] = lambda: cleared(store, 1)
    went_back(root, store, "1")
    assert first in store.objects
    assert seen(store) == []


def test_the_live_release_is_kept_before_the_log_tells_of_it(replaced: Replaced) -> None:
    """A publisher that was stopped right after its switch: its release is live though no entry of the log says so."""
    root, store, first = replaced
    again(root)
    whole = prepared(root, store).plan
    switch = next(place for place, each in enumerate(whole.actions) if each.object.key == "feed.xml")
    for action in whole.actions[: switch + 1]:
        store.put(action.object)
    store.modified[first] = START
    store.now = START + 50 * DAY
    store.put(replace(store.objects[Key("robots.txt")], key=Key("CNAME")))
    cleared(store, 1)
    assert first in store.objects
    assert seen(store) == []


def test_two_that_clear_away_at_once(five: Five) -> None:
    """The earlier one stops when it sees the later, which ends what both had begun."""
    root, first, _ = five
    store = filled(Shared(), first)
    decided = upkeep.clearing(store, START + 100 * DAY, 0)
    store.meanwhile["delete", ""] = lambda: cleared(store, 0)
    with pytest.raises(Conflict, match="Somebody cleared away"):
        upkeep.clear(store, decided)
    assert not {each.key for each in decided.pruning.doomed} & store.objects.keys()
    assert seen(store) == []
    assert prepared(root, store).plan.actions == ()


# --- a second publisher -----------------------------------------------------------------------------------------------


class Slow(MemoryStore):
    """Lets somebody else publish in the middle of its own publisher's pages."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[object] = []

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
        if item.key == "index.html" and self.meanwhile:
            self.meanwhile.pop()()  # type: ignore[operator]
        return super().put(item, expected=expected)


def test_late_pages_over_a_newer_release_are_noticed_and_mended(live: Live, tmp_path: Path) -> None:
    """A still writes pages when B, who builds on A's feed, publishes to its end: A says so, and pages are redone."""
    root, first = live
    store = filled(Slow(), first)
    write_episode(root, "04-vier", topics=["nieuw"])
    other = Path(shutil.copytree(root, tmp_path / "other"))
    write_episode(other, "05-vijf", topics=["nieuw"])
    ours = prepared(root, store)
    store.meanwhile.append(lambda: published(other, store))
    with pytest.raises(Conflict, match="some pages may be older than the feed"):
        publish.publish(ours, lambda action: None)
    assert b"05-vijf" in fed(store)
    assert b"vijf" not in store.objects[Key("index.html")].body  # type: ignore[operator]
    assert prepared(other, store).plan.actions
    published(other, store)
    assert b"vijf" in store.objects[Key("index.html")].body  # type: ignore[operator]
    assert seen(store) == []
    assert prepared(other, store).plan.actions == ()


def test_a_new_page_never_lies_over_another_publishers(live: Live, tmp_path: Path) -> None:
    """Whoever loses leaves the winner's pages as they are."""
    root, store = live
    other = Path(shutil.copytree(root, tmp_path / "other"))
    write_episode(root, "04-vier", topics=["nieuw"])
    write_episode(other, "04-vier", topics=["nieuw"], title="Een ander verhaal over vier")
    theirs = prepared(other, store)
    published(root, store)
    with pytest.raises(Conflict):
        publish.publish(theirs, lambda action: None)
    assert b"ander verhaal" not in store.objects[Key("episodes/vier.html")].body  # type: ignore[operator]
    assert prepared(root, store).plan.actions == ()


def test_a_page_of_a_stopped_publish_is_put_right_after_the_switch(live: Live) -> None:
    """It was left by a run that never got to its feed, and says something else now."""
    root, store = live
    write_episode(root, "04-vier", title="Eerste poging")
    first = prepared(root, store)
    half = replace(first.plan, actions=tuple(each for each in first.plan.actions if each.object.key != "feed.xml"))
    for action in half.actions[:-1]:
        if action.stage.value in ("unseen", "new pages"):
            store.put(action.object)
    edit(root, "04-vier", "Eerste poging", "Tweede poging")
    published(root, store)
    assert b"Tweede poging" in store.objects[Key("episodes/vier.html")].body  # type: ignore[operator]
    assert seen(store) == []
    assert prepared(root, store).plan.actions == ()


# --- the commands -----------------------------------------------------------------------------------------------------


def test_the_commands_tell_it(root: Path, tmp_path: Path, run: Run) -> None:
    """Published, changed, gone back, listed and cleared by commands, in a folder."""
    site = tmp_path / "site"
    run(root, "publish", "--to", site)
    feed = (site / "feed.xml").read_bytes()
    edit(root, "01-een", "Aflevering over", "Alles over")
    run(root, "publish", "--to", site)
    told = json.loads(run(root, "releases", "--json", "--to", site).stdout)["releases"]
    assert [(each["number"], each["live"], each["episodes"]) for each in told] == [(2, True, 3), (1, False, 3)]
    assert [change["kind"] for change in told[0]["changes"]] == ["title"]
    shown = run(root, "rollback", "--plan", "--to", site)
    assert "“Alles over 01-een” is now called “Aflevering over 01-een”" in shown.stdout
    assert (site / "feed.xml").read_bytes() != feed
    run(root, "rollback", "--to", site)
    assert (site / "feed.xml").read_bytes() == feed
    assert re.search(r" release 1 of \d{4}-\d\d-\d\d \d\d:\d\d \([0-9a-f]{12}\) back:", shown.stdout)
    listed = run(root, "releases", "--to", site).stdout
    assert "(gone back to), live now" in listed
    assert Turn.RETURNED in json.loads(run(root, "releases", "--json", "--to", site).stdout)["releases"][0]["turn"]
    run(root, "rollback", "7", "--to", site, status=6)
    assert "To delete them: add --yes" not in run(root, "prune", "--to", site).stdout
    for days in ("1000000", "nan", "-1"):
        assert "--older-than" in run(root, "prune", "--older-than", days, "--to", site, status=2).stderr


def test_what_was_published_is_managed_whatever_is_wrong_here(root: Path, tmp_path: Path, run: Run) -> None:
    """Going back and looking read no episode: in an emergency these may be half edited, or gone."""
    run(root, "publish")
    edit(root, "01-een", "Aflevering over", "Alles over")
    run(root, "publish")
    shutil.rmtree(root / "episodes")
    run(root, "check", status=3)
    for command in (
        ["releases"],
        ["rollback"],
        ["prune", "--yes"],
        ["notify"],
        ["verify"],
        ["export", tmp_path / "all"],
    ):
        run(root, *command)


def test_a_refused_plan_is_shown_whole(root: Path, tmp_path: Path, run: Run) -> None:
    """What listeners would notice, what would be written, and why not; with the status that publish has."""
    site = tmp_path / "site"
    run(root, "publish", "--to", site)
    shutil.rmtree(root / "episodes" / "02-twee")
    done = run(root, "plan", "--to", site, status=6)
    assert "“Aflevering over 02-twee” leaves the feed" in done.stdout
    assert "But publish refuses this" in done.stdout
    assert "--withdraw twee" in done.stderr
    told = json.loads(run(root, "plan", "--json", "--to", site, status=6).stdout)
    assert "leaves" in [change["kind"] for change in told["changes"]]
    assert len(told["blocked"]) == 1


def test_a_receipt_is_kept(root: Path, tmp_path: Path, run: Run) -> None:
    """What was sent, with sizes and hashes, and how it sounds as delivered."""
    run(root, "publish", "--to", tmp_path / "site")
    (kept,) = (root / ".omroep" / "receipts").glob("*.json")
    told = json.loads(kept.read_text("utf-8"))
    assert told["checked"] == "sha256"
    sizes = {action["key"]: action["size"] for action in told["actions"]}
    for key in told["written"]:
        assert (tmp_path / "site" / key).stat().st_size == sizes[key]
    assert all(-16.5 < episode["loudness_lufs"] < -15.5 for episode in told["episodes"])


def test_a_record_that_was_lost_is_said(five: Five) -> None:
    """Nobody can go back to it, and the list says so instead of failing."""
    root, store, _ = five
    first = next(event for event in publish.published(store).history.events if event.number == 1)
    store.delete(Key(f"releases/{first.release[:32]}.json"))
    told = upkeep.releases(store, None)
    assert [each.release is None for each in told] == [False] * 4 + [True]
    assert [(each.orphan, bool(each.changes)) for each in told] == [(False, True)] * 3 + [(True, False), (False, False)]
    lines = releases_command._lines(told[3], ZoneInfo("UTC"))
    assert lines[1:] == ["        (what came before was cleared away)"]
    many = replace(told[0], changes=told[0].changes[:1] * 4)
    assert releases_command._lines(many, ZoneInfo("UTC"))[-1] == "        and 1 more change"
    shutil.rmtree(root / ".omroep")
    with pytest.raises(StoreError, match="is missing"):
        went_back(root, store, "1")


# --- what was lost or damaged there -----------------------------------------------------------------------------------

DAMAGES = {
    "a page removed": lambda site: next(site.glob("episodes/*.html")).unlink(),
    "a page cut": lambda site: (site / "index.html").write_bytes((site / "index.html").read_bytes()[:99]),
    "audio removed": lambda site: next(site.glob("audio/*.mp3")).unlink(),
    "audio swapped": lambda site: next(site.glob("audio/*.mp3")).write_bytes(b"x" * 40_776),
    "a picture removed": lambda site: next(site.glob("images/*.jpg")).unlink(),
    "a transcript removed": lambda site: next(site.glob("transcripts/*.vtt")).unlink(),
    "the feed edited": lambda site: (site / "feed.xml").write_bytes(
        (site / "feed.xml").read_bytes().replace(b"guid-of-01-een", b"guid-of-01-xyz")
    ),
    "the feed removed": lambda site: (site / "feed.xml").unlink(),
}


@pytest.fixture(scope="module")
def published_site(three: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The show and a folder that it was published to."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copytree(three, folder / "show")
    assert cli.run(["--show", str(folder / "show"), "publish", "--to", str(folder / "site")]) == 0
    return folder


@pytest.mark.parametrize("how", DAMAGES)
def test_what_was_damaged_by_hand_is_found_and_mended(published_site: Path, tmp_path: Path, how: str) -> None:
    """`verify` says so, `publish --repair` writes just that again, byte for byte, and `verify` is content."""
    folder = Path(shutil.copytree(published_site, tmp_path / "copy"))
    root, site = folder / "show", folder / "site"
    whole = {path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    DAMAGES[how](site)

    def run(*words: str) -> int:
        return cli.run(["--show", str(root), *words, "--to", str(site)])

    assert run("verify") == 7
    assert run("publish", "--repair") == 0
    assert run("verify") == 0
    for path, body in whole.items():
        if path.name != "lock":
            assert (site / path).read_bytes() == body, path


def test_what_can_be_allowed_is_what_is_refused() -> None:
    """The command line offers just the words that `guard` knows."""
    (offered,) = (option for option in publish_command.params if option.name == "allow")
    assert isinstance(offered.type, click.Choice)
    assert set(offered.type.choices) == set(ALLOWED)
