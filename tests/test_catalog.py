"""Reading a show: every problem at once, with file, line and a way out; and text that stays text."""

import shutil
import unicodedata
import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import catalog
from pipeline.errors import ShowError
from pipeline.model import Chapter, Cue, Person, Status
from tests.cases import cases
from tests.shows import write_episode, write_show


def problems(root: Path) -> list[str]:
    with pytest.raises(ShowError) as caught:
        catalog.load(root)
    return sorted(str(problem) for problem in caught.value.problems)


@pytest.mark.parametrize("case", cases("catalog"), ids=lambda case: case.name)
def test_problems_are_told(case: Path, tmp_path: Path) -> None:
    """Files of a case are laid over a good show; problems.txt is what a producer then reads."""
    write_episode(write_show(tmp_path), "01-goed")
    shutil.copytree(case / "files", tmp_path, dirs_exist_ok=True)
    assert problems(tmp_path) == (case / "problems.txt").read_text("utf-8").splitlines()


def test_an_episode_is_read_whole(tmp_path: Path) -> None:
    """Every key arrives, with nothing guessed."""
    folder = write_episode(
        write_show(tmp_path),
        "07-s-Hertogenbosch",
        title="'s-Hertogenbosch: Beschikb@@r voor één baan",
        date="2020-10-20 07:00 Europe/Amsterdam",
        season=2,
        guests=["Jan", {"name": "Zoë", "organisation": "ABN AMRO", "link": "https://example.org/", "role": "Guest"}],
        hosts=[{"name": "Ria"}],
        topics="detachering, vaste plaatsing",
        explicit="yes",
        revision="2",
        chapters=["0:00 Welkom", {"start": "1:02.5", "title": "Verder"}, "0:30 Midden"],
        status="draft",
        notes="Regel één.\n\nRegel twee.",
    )
    (folder / "transcript.vtt").write_text(
        "WEBVTT\n\n1\n00:01.000 --> 00:02.500\n<v Ria>Hallo &amp; <i>welkom</i>\nallemaal\n", "utf-8"
    )
    (episode,) = catalog.load(tmp_path).episodes
    assert episode.title == "'s-Hertogenbosch: Beschikb@@r voor één baan"
    assert episode.slug == "s-hertogenbosch"
    assert episode.published.isoformat() == "2020-10-20T07:00:00+02:00"
    assert (episode.number, episode.season, episode.revision, episode.explicit) == (7, 2, 2, True)
    assert episode.guests == (
        Person(name="Jan"),
        Person(name="Zoë", organisation="ABN AMRO", link="https://example.org/", role="Guest"),
    )
    assert episode.hosts == (Person(name="Ria", role="host"),)
    assert episode.topics == ("detachering", "vaste plaatsing")
    assert episode.chapters == (
        Chapter(start_s=0, title="Welkom"),
        Chapter(start_s=30, title="Midden"),
        Chapter(start_s=62.5, title="Verder"),
    )
    assert episode.transcript == (Cue(start_s=1.0, end_s=2.5, speaker="Ria", text="Hallo & welkom allemaal"),)
    assert episode.notes == "Regel één.\n\nRegel twee."
    assert episode.status is Status.DRAFT


SPOKEN = (
    "Jan van der Berg: Dag.",
    "Presentatie 1: Welkom &amp; dag.",
    "Let op: dit is een proef.",
    "Mooi: een woord.",
    "<i>Presentatie 1:</i> Dit\nis nog steeds de proef.",
    "En nu zonder naam.",
    "Let op: nog eens. Om 10:30.",
    "- Ja?\nJan van der Berg: Ja.\nZOË SMIT: Ook.",
)
"""Lines of which some begin with a name: a host's, a guest's in capitals, and one that is seen twice."""
HEARD = [
    ("Jan van der Berg", "Dag."),
    ("Presentatie 1", "Welkom & dag."),
    (None, "Let op: dit is een proef."),
    (None, "Mooi: een woord."),
    ("Presentatie 1", "Dit is nog steeds de proef."),
    (None, "En nu zonder naam."),
    (None, "Let op: nog eens. Om 10:30."),
    (None, "- Ja?"),
    ("Jan van der Berg", "Ja."),
    ("ZOË SMIT", "Ook."),
]
"""Who says what of them in an .srt."""


@pytest.mark.parametrize("ending", ["srt", "vtt"])
def test_a_name_before_a_colon_speaks_in_srt(ending: str, tmp_path: Path) -> None:
    """Which has no voice tags; WebVTT has, and there a colon is a colon."""
    root = write_show(tmp_path, hosts=["Jan van der Berg"])
    folder = write_episode(root, "01-een", transcript=None, guests=["Zoë Smit"])
    (folder / "transcript.vtt").unlink()
    cues = [f"{at + 1}\n00:00:{at:02},000 --> 00:00:{at + 1:02},000\n{said}\n" for at, said in enumerate(SPOKEN)]
    body = "\n".join(cues)
    text = body if ending == "srt" else "WEBVTT\n\n" + body.replace(",000", ".000")
    (folder / f"transcript.{ending}").write_text(text, "utf-8")
    (episode,) = catalog.load(root).episodes
    heard = [(cue.speaker, cue.text) for cue in episode.transcript]
    if ending == "srt":
        assert heard == HEARD
        assert [cue.start_s for cue in episode.transcript] == [*range(7), 7, 7, 7]
    else:
        assert {speaker for speaker, _ in heard} == {None}
        assert heard[0][1] == SPOKEN[0]


@pytest.mark.parametrize("text", ["no", "Yes", "00123", "12:30", "0x10", "1e3", "null", "2020-01-01", "~", "@@", "[x]"])
def test_text_stays_text(text: str, tmp_path: Path) -> None:
    """YAML's types don't reach a title: what was typed is what listeners read."""
    folder = write_episode(write_show(tmp_path), "01-a", guid=None)
    quoted = f"'{text}'" if text[0] in "@[" else text
    body = (folder / "episode.md").read_text("utf-8").replace('"Aflevering over 01-a"', quoted)
    (folder / "episode.md").write_text(body.replace("---\n", f"---\nguid: {quoted}\n", 1), "utf-8")
    (episode,) = catalog.load(tmp_path).episodes
    assert (episode.title, episode.guid) == (text, text)


def test_a_number_with_zeros_is_decimal(tmp_path: Path) -> None:
    """`number: 010` is ten, as a producer means it, not eight as YAML 1.1 has it."""
    folder = write_episode(write_show(tmp_path), "01-a", number=None)
    body = (folder / "episode.md").read_text("utf-8")
    (folder / "episode.md").write_text(body.replace("---\n", "---\nnumber: 010\n", 1), "utf-8")
    assert catalog.load(tmp_path).episodes[0].number == 10


def test_a_date_alone_is_midnight_in_the_shows_zone(tmp_path: Path) -> None:
    """Summer and winter each have their own offset."""
    write_show(tmp_path)
    write_episode(tmp_path, "01-a", date="2020-07-01")
    write_episode(tmp_path, "02-b", date="2020-12-01")
    offsets = [episode.published.utcoffset() for episode in catalog.load(tmp_path).episodes]
    assert offsets == [timedelta(hours=2), timedelta(hours=1)]


def test_a_guid_is_made_from_show_and_folder(tmp_path: Path) -> None:
    """Without one of its own, an episode's guid is UUIDv5(show's guid, folder): not its title, not its address."""
    write_show(tmp_path, guid="9b024349-ccf0-5f69-a609-6b82873eab3c")
    folder = write_episode(tmp_path, "01-een", guid=None)
    (before,) = catalog.load(tmp_path).episodes
    assert before.guid == str(uuid.uuid5(uuid.UUID("9b024349-ccf0-5f69-a609-6b82873eab3c"), "01-een"))
    body = (folder / "episode.md").read_text("utf-8").replace("Aflevering over", "Iets anders over")
    (folder / "episode.md").write_text(body, "utf-8")
    write_show(tmp_path, guid="9b024349-ccf0-5f69-a609-6b82873eab3c", base_url="https://elders.example.org/")
    (after,) = catalog.load(tmp_path).episodes
    assert after.title != before.title
    assert after.guid == before.guid


def test_podcast_guid_is_as_the_namespace_says() -> None:
    """The worked example of podcast:guid."""
    assert catalog.podcast_guid("https://podnews.net/rss") == "9b024349-ccf0-5f69-a609-6b82873eab3c"
    assert catalog.podcast_guid("http://podnews.net/rss/") == "9b024349-ccf0-5f69-a609-6b82873eab3c"


def test_a_pointer_has_the_identity_of_what_it_points_to(tmp_path: Path) -> None:
    """A git-LFS pointer stands for its recording, byte count and digest included."""
    digest = "ab" * 32
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 4567890\n"
    write_episode(write_show(tmp_path), "01-a", audio=pointer.encode())
    (episode,) = catalog.load(tmp_path).episodes
    assert (episode.audio.sha256, episode.audio.size) == (digest, 4567890)


def test_a_transcript_is_found_as_the_disk_spells_it(tmp_path: Path) -> None:
    """macOS takes accents apart."""
    write_episode(write_show(tmp_path), "01-a", transcript="één.vtt")
    said = "WEBVTT\n\n00:00.000 --> 00:01.000\nHallo.\n"
    (tmp_path / "episodes" / "01-a" / unicodedata.normalize("NFD", "één.vtt")).write_text(said, "utf-8")
    (episode,) = catalog.load(tmp_path).episodes
    assert [cue.text for cue in episode.transcript] == ["Hallo."]


def test_links_and_devices_are_never_opened(tmp_path: Path) -> None:
    """A symlink in a show could publish any file of the machine."""
    root = tmp_path / "show"
    secret = tmp_path / "secret.vtt"
    secret.write_text("WEBVTT\n\n00:00.000 --> 00:01.000\nsecret\n")
    folder = write_episode(write_show(root), "01-a")
    (folder / "transcript.vtt").unlink()
    (folder / "transcript.vtt").symlink_to(secret)
    (folder / "audio.wav").unlink()
    (folder / "audio.wav").symlink_to("/dev/zero")
    told = problems(root)
    assert [line.split(": the file ")[1].split(". ")[0] for line in told] == [
        "`audio.wav` is a link to somewhere else",
        "`transcript.vtt` is a link to somewhere else",
    ]


def test_an_alias_bomb_is_refused_at_once(tmp_path: Path) -> None:
    """Nine levels of nine aliases would be billions of words."""
    folder = write_episode(write_show(tmp_path), "01-a")
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    (folder / "episode.md").write_text(f"---\n{bomb}---\n", "utf-8")
    assert "anchors and aliases" in problems(tmp_path)[0]
