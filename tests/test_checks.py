"""Rules of platforms: each has a show that breaks it and one that does not."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipeline import catalog, checks, pictures
from pipeline.checks import consents, dates, languages, nearest
from pipeline.checks.rule import Platform, id_of
from pipeline.checks.vocabularies import APPLE_CATEGORIES, MEDIUMS, ROLES, SOCIAL_PROTOCOLS
from pipeline.errors import Problem, ShowError
from tests import records
from tests.shows import SHOW, write_episode, write_show

LONG = "w" * 4001
SOUND = b"not listened to"
UNSPOKEN = "WEBVTT\n\n00:00.000 --> 00:01.000\nHallo\n"
SPOKEN = "WEBVTT\n\n00:00.000 --> 00:01.000\n<v {}>Hallo\n"


@dataclass(frozen=True)
class Case:
    """A show with one fault, what is said of it, and the text of the line it is said of."""

    said: str
    line: str
    show: dict[str, Any] = field(default_factory=dict)
    episode: dict[str, Any] = field(default_factory=dict)
    more: Callable[[Path], object] = lambda root: None
    """What else is done to the show in a folder."""


def transcript(text: str | None) -> Callable[[Path], object]:
    path = "episodes/01-fout/transcript.vtt"
    return lambda root: (root / path).unlink() if text is None else (root / path).write_text(text, "utf-8")


def second(**keys: Any) -> Callable[[Path], object]:
    return lambda root: write_episode(root, "02-ook", audio=SOUND, **keys)


def picture(name: str, side: int) -> Callable[[Path], object]:
    return lambda root: Image.new("RGB", (side, side), "#2a1a5e").save(root / name)


def beside(name: str) -> Callable[[Path], object]:
    return lambda root: (root / "episodes" / "01-fout" / name).write_bytes(SOUND)


def draft_only(root: Path) -> None:
    write_episode(root, "01-fout", audio=SOUND, status="draft")


def host(**keys: str) -> dict[str, Any]:
    return {"hosts": [{"name": "Ria"} | keys]}


def rhythm(**keys: Any) -> dict[str, Any]:
    return {"update_frequency": {"text": "Elke week"} | keys}


def talk(protocol: str) -> dict[str, Any]:
    return {"discussion": [{"protocol": protocol, "link": "https://example.org/1"}]}


OTHER = "29cdca4a-32d8-56ba-b48b-09a011c5daa9"
BAD: dict[str, tuple[Case, ...]] = {
    "show-description-length": (
        Case("`description` takes 4001 bytes", "description:", show={"description": LONG}),
        Case("takes 4002 bytes", "description:", show={"description": "é" * 2001}),
    ),
    "show-plain": (
        Case("`title` holds `&amp;`", "title:", show={"title": "Brood &amp; spelen"}),
        Case("`description` holds `<b>`", "description:", show={"description": "Een <b>vette</b> show."}),
        Case("`subtitle` holds `&#8217;`", "subtitle:", show={"subtitle": "Zo&#8217;n show"}),
    ),
    "show-language-form": (
        Case("Write `nl-BE`.", "language:", show={"language": "nl-be"}),
        Case("Write `zh-Hans-CN`.", "language:", show={"language": "ZH-hans-cn"}),
    ),
    "show-category": (
        Case("Did you mean `Business > Careers`?", "categories:", show={"categories": ["Bussiness > Carreers"]}),
        Case("Did you mean `Society & Culture > Documentary`?", "categories:", show={"categories": ["documentary"]}),
        Case("Did you mean `Sports`?", "categories:", show={"categories": ["Sportt"]}),
        Case("Did you mean `TV & Film`?", "categories:", show={"categories": ["TV and Film"]}),
        Case("Choose from: Arts,", "categories:", show={"categories": ["Xyzzy"]}),
    ),
    "show-category-twice": (
        Case("`History` stands there twice", "categories:", show={"categories": ["History", "Arts", "History"]}),
    ),
    "show-owner": (Case("has no owner", "title:", show={"owner": None}),),
    "show-locked-owner": (Case("nobody can be asked", "locked:", show={"owner": None, "locked": "yes"}),),
    "show-cover-alt": (Case("has no description", "title:", show={"cover_alt": None}),),
    "show-https": (Case("begins with http://", "base_url:", show={"base_url": "http://proef.example.org/"}),),
    "show-medium": (
        Case("Did you mean `podcast`?", "medium:", show={"medium": "podcasts"}),
        Case("Did you mean `audiobook`?", "medium:", show={"medium": "AudioBoek"}),
        Case("Choose from: podcast,", "medium:", show={"medium": "hoorspel"}),
    ),
    "show-season-twice": (
        Case(
            "Season 1 has two names",
            "seasons:",
            show={"seasons": [{"number": "1", "name": "Lente"}, {"number": "1", "name": "Zomer"}]},
        ),
    ),
    "show-frequency": (
        Case("Did you mean `FREQ=WEEKLY`?", "update_frequency:", show=rhythm(rrule="FREQ=WEEKLYY")),
        Case("Begin it with FREQ=", "update_frequency:", show=rhythm(rrule="INTERVAL=2")),
        Case("Did you mean `BYDAY`?", "update_frequency:", show=rhythm(rrule="FREQ=WEEKLY;BYDAYS=TU")),
        Case("not from when", "update_frequency:", show=rhythm(rrule="FREQ=WEEKLY;COUNT=5")),
        Case("ends twice", "update_frequency:", show=rhythm(rrule="FREQ=DAILY;COUNT=5;UNTIL=1", dtstart="2020-10-06")),
    ),
    "show-credits": (
        Case("Did you mean `co-host`?", "hosts:", show=host(role="cohost")),
        Case("Did you mean `writing`?", "hosts:", show=host(role="author", group="writting")),
        Case("Add `group: visuals`", "hosts:", show=host(role="cover art designer")),
        Case("Did you mean `sound designer`, with `group: audio post-", "hosts:", show=host(role="sound desiner")),
        Case("Choose from: host, co-host", "hosts:", show=host(role="opperhoofd")),
    ),
    "show-license": (
        Case("Did you mean `cc-by-4.0`?", "license:", show={"license": "CC BY 4.0"}),
        Case("Choose from: arr, cc0-1.0", "license:", show={"license": {"name": "mijn-voorwaarden"}}),
    ),
    "show-discussion": (
        Case("Did you mean `activitypub`?", "discussion:", show=talk("mastodon")),
        Case("Did you mean `atproto`?", "discussion:", show=talk("bluesky")),
        Case("Did you mean `twitter`?", "discussion:", show=talk("twiter")),
        Case("Choose from: activitypub,", "discussion:", show=talk("hyves")),
        Case("Write `discussion: no`.", "discussion:", show=talk("disabled")),
        Case("Did you mean `matrix`?", "chat:", show={"chat": {"server": "example.org", "protocol": "matrx"}}),
    ),
    "show-publisher": (Case("no address, only a guid", "publisher:", show={"publisher": {"guid": OTHER}}),),
    "show-podroll": (
        Case("recommends itself", "podroll:", show={"podroll": [{"guid": SHOW["guid"]}]}),
        Case("recommended twice", "podroll:", show={"podroll": [{"guid": OTHER}, {"guid": OTHER.upper()}]}),
    ),
    "show-hubs": (
        Case("http://hub.example.org/ is not at an https", "hubs:", show={"hubs": ["http://hub.example.org/"]}),
        Case("stands there twice", "hubs:", show={"hubs": "https://hub.example.org/, https://hub.example.org/"}),
    ),
    "show-podping": (
        Case("http://podping.example.org/ is not", "podping:", show={"podping": "http://podping.example.org"}),
    ),
    "show-feeds": (
        Case("no episode has `season`", "feeds:", show={"feeds": ["seasons"]}, episode={"topics": ["werk"]}),
        Case("no episode has `topics`", "feeds:", show={"feeds": "seasons, topics"}, episode={"season": 1}),
    ),
    "show-loudness": (
        Case("made -20 LUFS loud", "audio:", show={"audio": {"loudness": "-20"}}),
        Case("made -14 LUFS loud", "audio:", show={"audio": {"loudness": "-14"}}),
    ),
    "show-peak": (Case("may reach -0.5 dBTP", "audio:", show={"audio": {"peak": "-0.5"}}),),
    "show-bitrate": (
        Case("Write `bitrate_mono: 96`.", "audio:", show={"audio": {"bitrate_mono": "64"}}),
        Case("Write `bitrate_stereo: 256`.", "audio:", show={"audio": {"bitrate_stereo": "320"}}),
    ),
    "show-empty": (Case("could get; “Aflevering over 01-fout” is still a draft.", "title:", more=draft_only),),
    "artwork": (
        Case("is 300 × 300 pixels", "cover:", more=picture("feed/cover.png", 300)),
        Case(
            "is 3001 × 3001 pixels",
            "image:",
            episode={"image": "foto.png", "image_alt": "Een vlak."},
            more=picture("episodes/01-fout/foto.png", 3001),
        ),
    ),
    "episode-number": (Case("the show is serial", "title:", show={"type": "serial"}, episode={"number": None}),),
    "episode-number-twice": (
        Case("already that of “Aflevering over 01-fout”", "number:", more=second(number=1)),
        Case(
            "already that of “Een”", "number:", episode={"title": "Een", "season": 2}, more=second(number=1, season=2)
        ),
    ),
    "episode-season": (
        Case(
            "has no season",
            "title:",
            more=lambda root: [write_episode(root, name, audio=SOUND, season=1) for name in ("02-ook", "03-mee")],
        ),
    ),
    "episode-title": (
        Case("begins with a number", "title:", episode={"title": "Aflevering 3: Detachering"}),
        Case("begins with a number", "title:", episode={"title": "#12 - Detachering"}),
        Case("repeats the name", "title:", episode={"title": "Werk, bij de proefshow"}),
    ),
    "episode-title-twice": (
        Case("`01-fout` has the same title", "title:", episode={"title": "Werk"}, more=second(title="werk")),
    ),
    "episode-moment": (
        Case("comes out at the same moment", "date:", more=second(date="2020-10-01")),
        Case("comes out at the same moment", "date:", more=second(date="2020-09-30 22:00 UTC")),
    ),
    "episode-plain": (
        Case("`title` holds `&eacute;`", "title:", episode={"title": "Caf&eacute;"}),
        Case("`summary` holds `<p>`", "summary:", episode={"summary": "<p>Kort.</p>"}),
    ),
    "episode-summary-length": (
        Case("`summary` takes 4002 bytes", "summary:", episode={"summary": "w" * 3990 + "ëëëëëë"}),
    ),
    "episode-notes": (Case("no summary and no notes", "title:", episode={"summary": None, "notes": ""}),),
    "episode-notes-shown": (Case("cannot be shown", "> >", episode={"notes": "> " * 60 + "diep"}),),
    "episode-notes-length": (Case("the first 4000", "Woord", episode={"notes": "Woord na woord. " * 300}),),
    "episode-notes-pictures": (
        Case("hold a picture", "![Een", episode={"notes": "Kijk:\n\n![Een kat](https://example.org/kat.jpg)"}),
    ),
    "episode-notes-html": (
        Case("HTML (`<br>`)", "Eén<br>", episode={"notes": "Nul\nEén<br>twee"}),
        Case(
            'HTML (`<a href="https://example.org/">`)', "<a", episode={"notes": '<a href="https://example.org/">x</a>'}
        ),
    ),
    "episode-link-text": (
        Case("says only “hier”", "Klik", episode={"notes": "Een.\n\nKlik [hier](https://example.org/)."}),
        Case("says only “Lees meer…”", "[Lees", episode={"notes": "[Lees meer…](https://a.nl)"}),
        Case("has no text", "Twee", episode={"notes": 'Een\nTwee [](https://example.org/ "titel")'}),
        Case("says only “click here”", "[click", episode={"notes": "[click here](https://example.org/)"}),
    ),
    "episode-link-address": (
        Case(
            "The link `www.utrecht.nl` leads nowhere. Notes are read on pages and in apps; only the words of such a "
            "link are shown. Write `https://www.utrecht.nl`.",
            "Zie",
            episode={"notes": "Een.\n\nZie [Utrecht](www.utrecht.nl)."},
        ),
        Case("`https://proef.example.org/over.html`", "[over", episode={"notes": "[over ons](/over.html)"}),
        Case("Write `mailto:ria@a.nl`.", "[mail", episode={"notes": "[mail Ria](ria@a.nl)"}),
        Case("Write `https://a.nl/b?c`.", "[a]:", episode={"notes": "[het stuk][a]\n\n[a]: a.nl/b?c"}),
        Case("`tel:0612` leads nowhere.", "[bel", episode={"notes": "[bel ons](tel:0612)"}),
    ),
    "episode-headings": (
        Case("4 times #, where 3 come next", "####", episode={"notes": "## Een\n\n#### Te diep"}),
        Case("Write ##.", "###", episode={"notes": "Begin\n\n### Te diep"}),
    ),
    "episode-transcript": (Case("has no transcript", "title:", episode={"transcript": None}, more=transcript(None)),),
    "episode-recordings": (
        Case("`nieuwe versie.wav` is not taken, for `audio.wav` is", "audio:", more=beside("nieuwe versie.wav")),
        Case("Name it with `audio: audio.MP3`, or take it out", "audio:", more=beside("audio.MP3")),
    ),
    "episode-chapter-times": (
        Case("begins 1.3 seconds after the start", "chapters:", episode={"chapters": ["0:00 A", "1.30 B", "0:02 C"]}),
        Case(
            "are meant, write 12:05",
            "chapters:",
            episode={"chapters": ["0:00 Een", "0:01 Twee", {"start": "12.05", "title": "Drie"}]},
        ),
    ),
    "episode-speakers": (
        Case("does not say who speaks", "transcript:", more=transcript(UNSPOKEN)),
        Case("Use voice tags: <v Name>text.", "transcript:", more=transcript(UNSPOKEN)),
        Case(
            "Begin what each one says with the name and a colon, as in `Ria: Welcome.`",
            "transcript:",
            episode={"transcript": "wie.srt"},
            more=lambda root: (
                (root / "episodes/01-fout/transcript.vtt")
                .replace(root / "episodes/01-fout/wie.srt")
                .write_text("1\n00:00:00,000 --> 00:00:01,000\nHallo\n", "utf-8")
            ),
        ),
    ),
    "episode-speaker-name": (
        Case(
            "“Jan Janssen” speaks in the transcript, “Jan Jansen” stands",
            "transcript:",
            episode={"guests": ["Jan Jansen"]},
            more=transcript(SPOKEN.format("Jan Janssen")),
        ),
    ),
    "episode-image-alt": (
        Case(
            "picture has no description",
            "image:",
            episode={"image": "foto.png"},
            more=picture("episodes/01-fout/foto.png", 1400),
        ),
    ),
    "episode-credits": (
        Case("Did you mean `narrator`?", "guests:", episode={"guests": [{"name": "Jan", "role": "narator"}]}),
        Case("Did you mean `guest host`?", "hosts:", episode={"hosts": [{"name": "Jan", "role": "guesthost"}]}),
    ),
    "episode-person-twice": (
        Case("Ria is named twice", "guests:", show=host(), episode={"guests": ["Jan", "Ria"]}),
        Case("jan is named twice", "guests:", episode={"guests": ["Jan", "jan"]}),
    ),
    "episode-license": (Case("Did you mean `cc-by-nc-4.0`?", "license:", episode={"license": "cc-by-nc"}),),
    "episode-discussion": (Case("Did you mean `nostr`?", "discussion:", episode=talk("nostra")),),
    "episode-chapters": (
        Case("does not begin at 0:00", "chapters:", episode={"chapters": ["0:01 Een", "0:02 Twee", "0:03 Drie"]}),
        Case("at the same time", "chapters:", episode={"chapters": ["0:00 Een", "0:01 Twee", "0:01 Drie"]}),
    ),
    "episode-chapters-count": (
        Case("has 256 chapters", "chapters:", episode={"chapters": [f"0:00.{at:03} Deel {at}" for at in range(256)]}),
    ),
    "episode-chapters-few": (
        Case("has 1 chapter;", "chapters:", episode={"chapters": ["0:00 Een"]}),
        Case("has 2 chapters;", "chapters:", episode={"chapters": ["0:00 Een", "0:01 Twee"]}),
    ),
    "episode-chapter-title": (
        Case("has 41 characters", "chapters:", episode={"chapters": ["0:00 Een", "0:01 Twee", "0:02 " + "w" * 41]}),
    ),
}
ALSO = {"show-locked-owner": {"show-owner"}}
"""What cannot be broken alone."""
CASES = [pytest.param(rule, case, id=f"{rule}-{place}") for rule in BAD for place, case in enumerate(BAD[rule])]


def found(root: Path) -> dict[str, Problem]:
    """Rule to the first that it says."""
    loaded = catalog.load(root)
    problems = (*catalog.read(root).doubts, *checks.findings(loaded), *pictures.problems(root, loaded))
    return {id_of(problem): problem for problem in reversed(problems)}


def broken(root: Path, case: Case) -> None:
    write_show(root, **case.show)
    write_episode(root, "01-fout", audio=SOUND, **case.episode)
    case.more(root)


def test_every_rule_has_a_bad_case() -> None:
    """A rule that nothing breaks is not known to work; of two it is tested where they belong, below."""
    assert {*BAD, "episode-late", "readable", *(rule.id for rule in (*consents.RULES, *dates.RULES))} == {
        rule.id for rule in checks.RULES
    }
    assert len({rule.id for rule in checks.RULES}) == len(checks.RULES)


def good(root: Path) -> str:
    """A show with everything in it that a rule looks at; the files that say so, as one text."""
    write_show(
        root,
        language="zh-Hans",
        categories=["Business > Careers", "Business", "TV & Film"],
        medium="musicL",
        license="CC-BY-SA-4.0",
        locked="yes",
        hosts=[{"name": "Ria", "role": "Co-Host"}, {"name": "Bo", "role": "Editor", "group": "Video Post-Production"}],
        seasons=[{"number": "1", "name": "Eén"}, {"number": "2", "name": "Twee"}],
        update_frequency={"text": "Vijf", "rrule": "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=5", "dtstart": "2020-10-06"},
        audio={"loudness": "-17", "bitrate_mono": "128", "peak": "-1"},
        description="Brood & spelen, 1 < 2 en R&D; AT&T.",
        subtitle="Brood & spelen",
        base_url="https://proef.example.org/",
        discussion=[{"protocol": name, "link": "https://example.org/1"} for name in SOCIAL_PROTOCOLS],
        publisher={"guid": OTHER, "feed": "https://example.org/uitgever.xml"},
        podroll=[{"guid": OTHER}],
        hubs=["https://hub.example.org/", "http://127.0.0.1:8000/"],
        podping="http://localhost:9999",
        feeds=["seasons", "topics"],
    )
    write_episode(
        root,
        "01-goed",
        discussion="no",
        chat={"server": "irc.example.org", "protocol": "irc"},
        topics=["boeken"],
        title="1984 en 2 ‹andere› boeken",
        season=1,
        chapters=["0:00 Begin", "0:01 Midden", "0:02 " + "w" * 40],
        guests=["Presentatie", "Ian", "Jan"],
        image="foto.png",
        image_alt="Een effen vlak.",
        license={"name": "mijn-voorwaarden", "link": "https://example.org/voorwaarden"},
        notes="# Kop\n\n## Ook\n\n### Dieper\n\n`<br>` of [hier lees je het rapport](https://example.org/).\n\n"
        "[mail](mailto:ria@example.org), `[code](www.a.nl)` en [het stuk][s].\n\n[s]: http://example.org/ \n\n"
        "```\n<p>[hier](https://example.org/)\n#### nee\n```\n\n<https://example.org/> en a < b.",
    )
    picture("episodes/01-goed/foto.png", 1400)(root)
    write_episode(root, "02-ook", season=1)
    write_episode(root, "03-opnieuw", season=2, number=1)
    return "".join(path.read_text("utf-8") for path in (root / "feed/show.yaml", *root.glob("episodes/*/episode.md")))


def test_a_good_show_breaks_none(tmp_path: Path) -> None:
    """Nor does the example in this repository."""
    good(tmp_path)
    assert found(tmp_path) == {}
    assert found(Path(__file__).parent.parent) == {}


def test_every_rule_has_a_good_case(tmp_path: Path) -> None:
    """The good show has what each rule looks at: the key that a bad case is told of, or a line of notes."""
    lines = good(tmp_path).splitlines()
    for rule, cases in BAD.items():
        for case in cases:
            if re.fullmatch(r"[a-z_]+:", case.line):
                assert any(line.startswith(case.line) for line in lines), f"{rule}: {case.line}"
            else:
                assert "notes" in case.episode, f"{rule} is told of a line that the good show has nothing like"


def test_a_show_at_home_needs_no_certificate(tmp_path: Path) -> None:
    """As `serve` has it."""
    write_episode(write_show(tmp_path, base_url="http://127.0.0.1:8000/"), "01-goed")
    assert found(tmp_path) == {}


@pytest.mark.parametrize(
    "line",
    ["", "chapters: ook.mp4", "status: withdrawn", f"audio: {{sha256: {'0' * 64}, size: 12}}"],
    ids=["hidden", "named otherwise", "withdrawn", "kept elsewhere"],
)
def test_no_recording_is_called_left_over_that_is_not(line: str, tmp_path: Path) -> None:
    """What an episode names, what macOS keeps of one, and what may be the very one that is kept elsewhere."""
    folder = write_episode(write_show(tmp_path), "01-een")
    (folder / ("ook.mp4" if line else "._audio.wav")).write_bytes(SOUND)
    path = folder / "episode.md"
    body = path.read_text("utf-8").replace(
        'audio: "audio.wav"\n', "" if line.startswith("audio") else "audio: audio.wav\n"
    )
    path.write_text(body.replace("---\n", f"---\n{line}\n", 1), "utf-8")
    reading = catalog.read(tmp_path)
    assert reading.catalog
    assert len(reading.catalog.episodes) == 1
    assert reading.doubts == ()


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_a_bad_show_breaks_its_rule_and_no_other(rule: str, case: Case, tmp_path: Path) -> None:
    """With the file, the line that causes it, what is wrong, what a listener would notice, and a way out."""
    broken(tmp_path, case)
    told = found(tmp_path)
    assert set(told) == {rule} | ALSO.get(rule, set())
    problem = told[rule]
    assert case.said in str(problem)
    assert all((problem.why, problem.mend, problem.line))
    assert problem.fatal == checks.rule(rule).fatal
    line = (tmp_path / problem.file).read_text("utf-8").splitlines()[(problem.line or 0) - 1]
    if case.line != "title:":  # something is missing from the file: it is said of its beginning
        assert line.startswith(case.line)
    else:
        assert (problem.line or 0) <= 2
    for platform in Platform:
        assert bool(checks.of_platform([problem], platform)) == (platform in checks.rule(rule).platforms)


def test_what_is_not_of_the_table_counts_for_everyone(tmp_path: Path) -> None:
    """A file that cannot be read, and a recording that is damaged."""
    problems = (Problem(what="`titel` is not a key."), Problem(what="It is clipped.", rule="audio-clipped"))
    for platform in Platform:
        assert checks.of_platform(problems, platform) == problems


def test_findings_about_a_file_of_chapters_point_into_it(tmp_path: Path) -> None:
    """Of the first chapter in time, wherever it stands in the file."""
    folder = write_episode(write_show(tmp_path), "01-een")
    (folder / "chapters.txt").write_text("00:02 Twee\n00:01 Een\n00:02.5 Drie\n", "utf-8")
    (problem,) = checks.findings(catalog.load(tmp_path))
    assert (problem.file, problem.line) == ("episodes/01-een/chapters.txt", 2)
    (late,) = checks.late(records.edition(catalog.load(tmp_path), duration_s=2.2), catalog.load(tmp_path))
    assert late.file == "episodes/01-een/chapters.txt"
    assert id_of(late) == "episode-late"


def test_a_soundbite_after_the_end_is_told(tmp_path: Path) -> None:
    """When the audio is there, at its line."""
    bites = [{"start": "0:01", "duration": "20"}, {"start": "1:10", "duration": "20"}]
    write_episode(write_show(tmp_path), "01-een", soundbites=bites)
    loaded = catalog.load(tmp_path)
    assert [*checks.findings(loaded)] == []
    (late,) = checks.late(records.edition(loaded, duration_s=61.4), loaded)
    assert "1 of its soundbites begin later" in late.what
    line = (tmp_path / late.file).read_text("utf-8").splitlines()[(late.line or 0) - 1]
    assert line.startswith("soundbites:")


def test_findings_in_notes_point_at_their_line(tmp_path: Path) -> None:
    """However much white space stands above the notes, and whatever ends the lines."""
    path = write_episode(write_show(tmp_path), "01-een") / "episode.md"
    front = path.read_text("utf-8").partition("\n---\n")[0]
    text = f"{front}\n---\n\n  \n\n\nEen\n\nZie [hier](https://example.org/).\n"
    for ending in ("\n", "\r\n"):
        path.write_bytes(text.replace("\n", ending).encode())
        (problem,) = checks.findings(catalog.load(tmp_path))
        assert text.split("\n")[(problem.line or 0) - 1].startswith("Zie [hier]")


def test_a_list_on_lines_of_its_own_is_pointed_into(tmp_path: Path) -> None:
    """The line of the item, not of the list."""
    root = write_show(tmp_path, categories=None)
    write_episode(root, "01-een")
    path = root / "feed" / "show.yaml"
    path.write_text(path.read_text("utf-8") + "categories:\n- Arts\n- Bizness\n", "utf-8")
    (problem,) = checks.findings(catalog.load(root))
    assert path.read_text("utf-8").splitlines()[(problem.line or 0) - 1] == "- Bizness"


@pytest.mark.parametrize("name", [*APPLE_CATEGORIES, *(sub for subs in APPLE_CATEGORIES.values() for sub in subs)])
def test_a_category_in_the_wrong_case_is_suggested(name: str, tmp_path: Path) -> None:
    """All of Apple's, also where only the lower half was written."""
    from pipeline.checks.shows import _KNOWN, _SUBS

    near = nearest.meant(name.lower(), _KNOWN, others=_SUBS)
    assert near
    assert name in near


def test_the_vocabularies_are_whole() -> None:
    """As many as the Podcast Taxonomy and Apple have."""
    assert (len(ROLES), sum(map(len, ROLES.values()))) == (11, 63)
    assert len(APPLE_CATEGORIES) == 19
    assert len(MEDIUMS) == 19


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        *(("nl_NL", "nl-NL"), ("Nederlands", "nl"), ("dutch", "nl"), ("Niederländisch", "nl"), ("Frysk", "fy")),
        *(("engels", "en"), ("NL_be", "nl-BE"), ("deutsch", "de"), ("klingon", None), ("", None)),
    ],
)
def test_a_language_is_understood(written: str, tag: str | None, tmp_path: Path) -> None:
    """By its name in its own language and some others; the tag is in the message."""
    assert languages.nearest(written) == tag
    write_show(tmp_path, language=written)
    with pytest.raises(ShowError) as caught:
        catalog.load(tmp_path)
    assert tag is None or f"write {tag}, if" in str(caught.value)


def test_a_rule_is_found_by_its_name() -> None:
    """And a misspelt one is answered with the nearest."""
    assert checks.rule("show-owner").asks
    with pytest.raises(ValueError, match="Did you mean `show-owner`"):
        checks.rule("show-ower")


@pytest.mark.parametrize(("written", "zone"), [("Europe/Brusels", "Europe/Brussels"), ("europe/paris", "Europe/Paris")])
def test_a_time_zone_is_understood(written: str, zone: str, tmp_path: Path) -> None:
    """The nearest is in the message."""
    write_show(tmp_path, timezone=written)
    with pytest.raises(ShowError, match=zone):
        catalog.load(tmp_path)
