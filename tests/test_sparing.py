"""One bad episode stops neither the others nor itself as published (promise P21)."""

import json
import shutil
import wave
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import cli, publish
from pipeline.audio.deliver import Studio
from pipeline.errors import Exit, Problem, Refused, ShowError
from pipeline.guard import NOTHING
from pipeline.model import Key
from pipeline.publish import Prepared
from pipeline.rendering import Newsroom
from pipeline.store.memory import MemoryStore
from tests.listeners import complaints
from tests.shows import write_episode, write_show, write_tone

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BASE = "https://proef.example.org/"


@pytest.fixture(scope="session")
def mastered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show of four episodes, mastered once: three to publish first, one to come after."""
    root = write_show(tmp_path_factory.mktemp("sparing") / "show")
    chapters = ["0:00 Begin", "0:01 Verder"]
    for folder in ("01-een", "02-twee", "03-drie", "04-vier"):
        write_episode(root, folder, chapters=chapters, topics=["werk"], guests=["Zoë"])
    carried_out(root, MemoryStore())
    return root


@pytest.fixture(scope="session")
def three(mastered: Path, tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    """Where the first three are published."""
    root = Path(shutil.copytree(mastered, tmp_path_factory.mktemp("three") / "show"))
    shutil.rmtree(root / "episodes/04-vier")
    store = MemoryStore()
    carried_out(root, store)
    return store


@pytest.fixture
def root(mastered: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(mastered, tmp_path / "show"))


def prepared(root: Path, store: MemoryStore, held: dict[str, tuple[Problem, ...]] | None = None) -> Prepared:
    room = Newsroom(root=root, studio=Studio(root=root, cache=root / ".omroep", environ={"PATH": ""}), now=NOW)
    steps = lambda title, what, part: None  # noqa: E731
    return publish.prepare(room, lambda own: store, steps, NOTHING, spare=held or {})


def carried_out(root: Path, store: MemoryStore, held: dict[str, tuple[Problem, ...]] | None = None) -> Prepared:
    ready = prepared(root, store, held)
    publish.publish(ready, lambda action: None)
    return ready


def front(root: Path, folder: str, old: str, new: str) -> None:
    path = root / "episodes" / folder / "episode.md"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def half(path: Path) -> None:
    body = path.read_bytes()
    path.write_bytes(body[: len(body) // 2])


def silent(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
        file.writeframes(bytes(2 * 44100))


def linked(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def no_art(root: Path) -> None:
    (root / "episodes/02-twee/art.png").write_bytes(b"geen plaatje")
    front(root, "02-twee", "number:", "image: art.png\nnumber:")


BAD: dict[str, Callable[[Path], object]] = {
    "broken YAML": lambda root: front(root, "02-twee", 'title: "', 'title: ["'),
    "an unknown key": lambda root: front(root, "02-twee", "number:", "nummer:"),
    "a date that does not exist": lambda root: front(root, "02-twee", '"2020-10-02"', '"2020-13-02"'),
    "a time that comes twice": lambda root: front(root, "02-twee", '"2020-10-02"', '"2020-10-25 02:30"'),
    "no front matter": lambda root: (root / "episodes/02-twee/episode.md").write_text("guid: guid-of-02-twee\n"),
    "episode.md is gone": lambda root: (root / "episodes/02-twee/episode.md").unlink(),
    "not UTF-8": lambda root: (root / "episodes/02-twee/episode.md").write_bytes(b"---\ntitle: \xff\n---\n"),
    "the recording is gone": lambda root: (root / "episodes/02-twee/audio.wav").unlink(),
    "another recording, half copied": lambda root: half(
        write_tone(root / "episodes/02-twee/audio.wav", seconds=2, hz=900)
    ),
    "another recording, no sound": lambda root: (root / "episodes/02-twee/audio.wav").write_bytes(b"no sound at all"),
    "another recording, silent": lambda root: silent(root / "episodes/02-twee/audio.wav"),
    "a link for a recording": lambda root: linked(root / "episodes/02-twee/audio.wav"),
    "a transcript that cannot be read": lambda root: (root / "episodes/02-twee/transcript.vtt").write_text("niets"),
    "art that is none": lambda root: no_art(root),
}


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_episode_stops_nobody(root: Path, three: MemoryStore, bad: str) -> None:
    """It is named; a new one is published beside it; its page, chapters and transcript are byte for byte as before."""
    store, before = MemoryStore(), three.objects
    store.objects |= before
    BAD[bad](root)
    ready = carried_out(root, store)
    assert set(ready.found.held) == {"02-twee"}
    assert all("02-twee" in problem.file or "02-twee" in problem.what for problem in ready.found.held["02-twee"])
    assert [entry.episode.slug for entry in ready.edition.entries] == ["een", "twee", "drie", "vier"]
    assert item(store, "guid-of-02-twee") == item(three, "guid-of-02-twee")
    assert b"podcast:transcript" in item(store, "guid-of-02-twee")
    kept = [key for key in before if "/twee." in key and not key.endswith(".html")]
    assert len(kept) >= 3
    named = {made.key for made in ready.plan.release.objects}
    assert [key for key in kept if key not in named or store.objects.get(key) != before[key]] == []
    assert complaints(lambda key: getattr(store.objects.get(Key(key)), "body", None), BASE) == []
    assert prepared(root, store).plan.actions == ()


def item(store: MemoryStore, guid: str) -> bytes:
    """An episode's part of the feed, byte for byte."""
    feed = store.objects[Key("feed.xml")].body
    assert isinstance(feed, bytes)
    (found,) = [part for part in feed.split(b"<item>") if guid.encode() in part]
    return found.partition(b"</item>")[0]


def test_a_bad_one_that_never_was_published_just_waits(root: Path) -> None:
    """Nothing of it is anywhere; mended, it follows."""
    store = MemoryStore()
    front(root, "04-vier", "guests:", "gasten:")
    ready = carried_out(root, store)
    assert (set(ready.found.held), len(ready.edition.entries)) == ({"04-vier"}, 3)
    assert not [key for key in store.objects if "vier" in key]
    front(root, "04-vier", "gasten:", "guests:")
    assert len(carried_out(root, store).edition.entries) == 4


def test_with_nothing_wrong_it_is_the_same_publish(root: Path) -> None:
    """To the byte."""
    one, other = MemoryStore(), MemoryStore()
    carried_out(root, one)
    room = Newsroom(root=root, studio=Studio(root=root, cache=root / ".omroep", environ={"PATH": ""}), now=NOW)
    publish.publish(publish.prepare(room, lambda own: other, lambda *step: None), lambda action: None)
    assert {key: item.sha256 for key, item in one.objects.items()} == {
        key: item.sha256 for key, item in other.objects.items()
    }


def test_what_is_held_changes_when_it_is_let_go(root: Path) -> None:
    """Held for a reason of the caller's: as published; then the new title is there."""
    store = MemoryStore()
    carried_out(root, store)
    front(root, "01-een", 'title: "Aflevering', 'title: "Gewijzigde aflevering')
    why = (Problem(what="It is still changing.", file="episodes/01-een/episode.md"),)
    assert prepared(root, store, {"01-een": why}).plan.actions == ()
    assert "Gewijzigde" in carried_out(root, store).edition.entries[0].episode.title


def test_of_twins_neither_is_taken(root: Path) -> None:
    """A copied folder, whichever comes first: the published one stays as it is, and both are named."""
    store = MemoryStore()
    carried_out(root, store)
    for copy in ("00-kopie", "09-kopie"):
        shutil.copytree(root / "episodes/03-drie", root / "episodes" / copy)
        front(root, copy, 'title: "Aflevering', 'title: "Kopie')
        ready = prepared(root, store)
        assert set(ready.found.held) == {"03-drie", copy}
        assert ready.plan.actions == ()
        shutil.rmtree(root / "episodes" / copy)


def test_an_episode_that_is_gone_is_still_refused(root: Path) -> None:
    """Only what is here and broken is left as it is; a folder that is missing takes nothing down (promise P9)."""
    store = MemoryStore()
    carried_out(root, store)
    shutil.rmtree(root / "episodes/01-een")
    front(root, "02-twee", "number:", "nummer:")
    with pytest.raises(Refused, match="“Aflevering over 01-een” is published, but is missing"):
        prepared(root, store)


def test_what_is_wrong_with_the_show_stops_all(root: Path) -> None:
    """Its own file, its cover, or no folder of episodes."""
    (root / "feed/cover.png").write_bytes(b"")
    with pytest.raises(ShowError, match=r"cover\.png"):
        prepared(root, MemoryStore())
    (root / "feed/show.yaml").write_text("title: [")
    with pytest.raises(ShowError, match=r"show\.yaml"):
        prepared(root, MemoryStore())


def test_a_lost_transcript_is_not_papered_over(root: Path) -> None:
    """Where what is published cannot be brought back to the byte, nothing is written."""
    store = MemoryStore()
    carried_out(root, store)
    front(root, "02-twee", "number:", "nummer:")
    del store.objects[next(key for key in store.objects if key.startswith("transcripts/twee."))]
    with pytest.raises(Refused, match="its transcript at memory is lost or damaged"):
        prepared(root, store)


def test_the_command_says_so(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 9 and the problem, in words and in JSON; without --rest nothing is published."""
    site = tmp_path / "site"
    front(root, "02-twee", "number:", "nummer:")
    assert cli.run(["--show", str(root), "publish", "--to", str(site)]) == Exit.SHOW
    assert not site.exists()
    capsys.readouterr()
    for words in ([], ["--json"]):
        assert cli.run(["--show", str(root), "publish", "--rest", "--to", str(site), *words]) == Exit.PARTIAL
        told = capsys.readouterr()
        assert "nummer" in (told.out if words else told.err)
        assert not words or list(json.loads(told.out)["held"]) == ["02-twee"]
    assert "Aflevering over 03-drie" in (site / "feed.xml").read_text("utf-8")


def test_the_plan_of_the_rest_is_what_is_published_then(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --rest it names what is held and every file of the others; without, it is refused as a publish is."""
    site = str(tmp_path / "site")
    front(root, "02-twee", "number:", "nummer:")
    assert cli.run(["--show", str(root), "plan", "--to", site]) == Exit.SHOW
    capsys.readouterr()
    assert cli.run(["--show", str(root), "plan", "--rest", "--to", site]) == Exit.PARTIAL
    told = capsys.readouterr()
    assert "nummer" in told.err
    assert "new episode “Aflevering over 03-drie”" in told.out
    assert cli.run(["--show", str(root), "plan", "--rest", "--to", site, "--json"]) == Exit.PARTIAL
    planned = json.loads(capsys.readouterr().out)
    assert not Path(site).exists()
    assert cli.run(["--show", str(root), "publish", "--rest", "--to", site, "--json"]) == Exit.PARTIAL
    done = json.loads(capsys.readouterr().out)
    assert list(planned["held"]) == ["02-twee"]
    assert planned["held"] == done["held"]
    assert {action["key"] for action in planned["actions"]} == set(done["written"]) != set()
