"""An episode with a date in the future: unseen until then, by whose clock, and which moment is meant."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline import publish
from pipeline.audio.deliver import Studio
from pipeline.catalog import values
from pipeline.cli.publish import carry_out
from pipeline.cli.settings import Settings
from pipeline.guard import NOTHING
from pipeline.model import Key
from pipeline.publish import Prepared
from pipeline.rendering import Newsroom
from pipeline.store import Store, s3
from pipeline.store.memory import MemoryStore
from tests import seaweed
from tests.shows import write_episode, write_show

DAY = timedelta(days=1)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.fixture(scope="session")
def mastered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show of two episodes, mastered once; the second is dated by each test."""
    root = write_show(tmp_path_factory.mktemp("schedule") / "show")
    write_episode(root, "01-een")
    write_episode(root, "02-twee")
    prepared(root, MemoryStore(), NOW)
    return root


@pytest.fixture
def root(mastered: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(mastered, tmp_path / "show"))


def prepared(root: Path, store: Store, here: datetime) -> Prepared:
    room = Newsroom(root=root, studio=Studio(root=root, cache=root / ".omroep", environ={"PATH": ""}), now=here)
    return publish.prepare(room, lambda own: store, lambda title, what, part: None, NOTHING)


def dated(root: Path, at: datetime) -> None:
    write_episode(root, "02-twee", date=at.isoformat(sep=" ", timespec="minutes"), title="Straks", topics=["later"])


def advice(root: Path, here: datetime) -> list[tuple[str, int | None, str]]:
    room = Newsroom(root=root, studio=Studio(root=root, cache=root / ".omroep", environ={"PATH": ""}), now=here)
    return [(problem.file, problem.line, problem.what) for problem in publish.look(room).problems]


def titles(ready: Prepared) -> list[str]:
    return [entry.episode.title for entry in ready.edition.entries]


def written(root: Path, here: datetime) -> dict[Key, str]:
    store = MemoryStore()
    publish.publish(prepared(root, store, here), lambda action: None)
    return {key: item.sha256 for key, item in store.objects.items()}


def test_before_its_time_it_is_as_if_it_were_not_there(root: Path) -> None:
    """Feed, pages, sitemap and keys are to the byte those of the show without it; at its moment it is in all."""
    dated(root, NOW + DAY)
    before, at = written(root, NOW + DAY - timedelta(minutes=1)), written(root, NOW + DAY)
    shutil.rmtree(root / "episodes/02-twee")
    assert written(root, NOW) == before
    assert not [key for key in before if "twee" in key or "later" in key]
    new = {key for key in at if key not in before}
    assert {"episodes/twee.html", "topics/later.html"} <= new
    assert any(key.startswith("audio/twee.") for key in new)
    assert at[Key("sitemap.xml")] != before[Key("sitemap.xml")]


@pytest.mark.parametrize("off", [-DAY, DAY], ids=["behind", "ahead"])
@pytest.mark.parametrize("due", [-DAY / 2, DAY / 2], ids=["due", "not yet due"])
def test_the_stores_clock_decides(root: Path, off: timedelta, due: timedelta) -> None:
    """A machine whose clock is a day off publishes neither early nor late, and is told that it is off."""
    store = MemoryStore()
    store.now = NOW
    dated(root, NOW + due)
    ready = prepared(root, store, NOW + off)
    assert ("Straks" in titles(ready)) is (due < timedelta())
    assert ready.next_due == (None if due < timedelta() else NOW + due)
    assert ["clock is not that of memory" in problem.what for problem in ready.warnings].count(True) == 1


def test_a_folder_has_no_clock_but_this_machines(root: Path) -> None:
    """Then that decides, and nothing is said of it."""
    dated(root, NOW + DAY)
    assert titles(prepared(root, MemoryStore(), NOW)) == ["Aflevering over 01-een"]
    late = prepared(root, MemoryStore(), NOW + DAY)
    assert titles(late) == ["Aflevering over 01-een", "Straks"]
    assert not [problem for problem in late.warnings if "clock" in problem.what]


def test_a_buckets_server_says_what_time_it_is(
    root: Path, tmp_path: Path, s3_server: seaweed.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a real server, by the Date of its listing: a day off here makes no difference there."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    store = s3.connect(f"s3://{s3_server.bucket}/{tmp_path.name}")
    assert store.clock is None
    now = datetime.now(UTC)
    dated(root, now + DAY / 2)
    assert "Straks" not in titles(prepared(root, store, now + DAY))
    dated(root, now - DAY / 2)
    assert "Straks" in titles(prepared(root, store, now - DAY))
    assert store.clock
    assert abs(store.clock - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("said", [{}, {"HTTPHeaders": {}}, {"HTTPHeaders": {"date": "soon"}}])
def test_a_server_that_does_not_say_what_time_it_is_decides_nothing(said: dict[str, object]) -> None:
    """A missing or nonsensical Date is none."""
    from pipeline.store.s3 import answers

    assert answers.date(said) is None


def test_nothing_to_do_ends_by_the_stores_clock(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A timed run on a machine that is a day behind publishes what has become due, though nothing changed here."""
    store = MemoryStore()
    store.now = NOW
    dated(root, NOW + DAY / 2)
    settings = Settings(root=root, environ={"PATH": ""}, now=datetime.now(UTC) + DAY)
    for told in ("is published", "Nothing to do", "Nothing to do"):
        carry_out(settings, lambda own: store, None, NOTHING, "", as_json=False)
        assert told in capsys.readouterr().out
    assert b"Straks" not in body(store, "feed.xml")
    store.now = NOW + DAY / 2
    carry_out(settings, lambda own: store, None, NOTHING, "", as_json=False)
    assert b"Straks" in body(store, "feed.xml")


def body(store: MemoryStore, key: str) -> bytes:
    found = store.objects[Key(key)].body
    assert isinstance(found, bytes)
    return found


# --- a local time that does not exist, or exists twice ----------------------------------------------------------------


DOUBTS = {
    "skipped in Amsterdam": ("2026-03-29 02:30", "Europe/Amsterdam", "does not exist", 1),
    "twice in Amsterdam": ("2026-10-25 02:30", "Europe/Amsterdam", "comes twice", 1),
    "twice, at the first second": ("2026-10-25 02:00:00", "Europe/Amsterdam", "comes twice", 1),
    "skipped at midnight in Cairo, by a day alone": ("2026-04-24", "Africa/Cairo", "does not exist", 1),
    "twice at midnight in Havana": ("2026-11-01 00:15", "America/Havana", "comes twice", 1),
    "half an hour on Lord Howe": ("2026-10-04 02:10", "Australia/Lord_Howe", "does not exist", 0.5),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_time_in_doubt_is_asked_about(doubt: str) -> None:
    """Both readings are named as they can be written, and each of them, written so, is taken; an hour lies between."""
    value, zone, why, hours = DOUBTS[doubt]
    with pytest.raises(ValueError, match=why) as raised:
        values.moment(value, ZoneInfo(zone))
    told = str(raised.value)
    assert f"`{value}`" in told
    assert zone in told
    first, second = (values.moment(reading, ZoneInfo(zone)) for reading in readings(told))
    assert second - first == timedelta(hours=hours)
    assert {first.utcoffset(), second.utcoffset()} == {
        datetime.fromisoformat(value).replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1)
    }


def readings(told: str) -> Iterator[str]:
    """The moments that a sentence offers to write."""
    offered = told.partition(": ")[2]
    yield from (part.partition(" (")[0] for part in offered.split(" or "))


def test_the_hours_beside_it_are_in_no_doubt() -> None:
    """One minute before and after, nothing is asked."""
    for value in ("2026-03-29 01:59", "2026-03-29 03:00", "2026-10-25 01:59", "2026-10-25 03:00"):
        assert values.moment(value, AMSTERDAM).strftime("%Y-%m-%d %H:%M") == value


def test_the_question_names_the_line(root: Path) -> None:
    """It is a problem like any other: in that file, on that line, and the whole of it is told."""
    write_episode(root, "02-twee", date="2026-10-25 02:30")
    (problem,) = publish.look(
        Newsroom(root=root, studio=Studio(root=root, cache=root / ".omroep", environ={}), now=NOW)
    ).problems
    assert (problem.file, problem.line, problem.fatal) == ("episodes/02-twee/episode.md", 3, True)
    assert "2026-10-25 02:30+02:00 (the first time) or 2026-10-25 02:30+01:00 (the second)" in str(problem)


def test_a_date_of_more_than_a_year_ahead_is_told(root: Path) -> None:
    """2062 for 2026; not what is dated within a year, nor a draft, which nobody waits for."""
    dated(root, NOW + 370 * DAY)
    path = root / "episodes/02-twee/episode.md"
    lines = path.read_text("utf-8").splitlines()
    line = next(place for place, text in enumerate(lines, 1) if text.startswith("date:"))
    assert advice(root, NOW) == [("episodes/02-twee/episode.md", line, "“Straks” waits until 2027-06-06.")]
    assert advice(root, NOW + 5 * DAY) == []
    path.write_text(path.read_text("utf-8").replace("date:", "status: draft\ndate:"), "utf-8")
    assert advice(root, NOW) == []
