"""The listener's view: what is cut, what is stripped, what is not known yet; in a terminal and as a page."""

import json
import re
import shutil
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html
from wcwidth import wcswidth

from pipeline import catalog, preview
from pipeline.errors import Exit
from pipeline.model import Catalog, Chapter
from pipeline.preview.drawing import draw
from pipeline.preview.fitting import columns, fit, seen
from pipeline.preview.page import render
from tests import records
from tests.shell import Run
from tests.shows import write_episode, write_show

COMPOUND = "Arbeidsongeschiktheidsverzekeringsmaatschappijmedewerker"
FAMILY, FLAG = "👩‍👩‍👧‍👦", "🇳🇱"
LONG = f"{COMPOUND} over loonkostensubsidieaanvraagformulieren {FAMILY} in {FLAG} en omstreken"
HOSTILE = "\x1b[31mrood\x07 \u202eachterstevoren\u200b <script>alert(1)</script> & {{ 7 * 7 }} {% raw %}"
SQUARE = b"\xff\xd8\xff not looked at"


def show(root: Path, **keys: Any) -> Catalog:
    write_episode(write_show(root), "01-een", **keys)
    return catalog.load(root)


def each(tree: Any, path: str) -> list[Any]:
    return list(tree.xpath(path))


def composed(loaded: Catalog, *, mastered: bool = False) -> preview.Preview:
    episode = loaded.episodes[-1]
    return preview.compose(loaded, episode, records.media(episode) if mastered else None)


# --- fitting ----------------------------------------------------------------------------------------------------------


def test_a_title_that_fits_is_whole() -> None:
    """To the last column."""
    assert fit("Gedeeld werkgeverschap", wide=22, lines=1).lines == ("Gedeeld werkgeverschap",)
    assert not fit("Gedeeld werkgeverschap", wide=22, lines=1).cut
    assert fit("Gedeeld werkgeverschap", wide=21, lines=1).lines == ("Gedeeld werkgeversch…",)
    assert fit("", wide=21, lines=1).lines == ()


def test_words_are_kept_whole_while_there_are_lines() -> None:
    """And the last line is filled to the letter, as phones do."""
    assert fit("Een goede start begint bij het team", wide=16, lines=2).lines == ("Een goede start", "begint bij het…")
    assert fit("Een goede start is het begin", wide=16, lines=3).lines == ("Een goede start", "is het begin")


def test_a_dutch_compound_is_broken_where_the_line_ends() -> None:
    """It is wider than a phone."""
    made = fit(COMPOUND, wide=38, lines=2)
    assert made.lines == (COMPOUND[:38], COMPOUND[38:])
    assert fit(COMPOUND, wide=20, lines=2).lines == (COMPOUND[:20], COMPOUND[20:39] + "…")


@pytest.mark.parametrize("whole", [FAMILY, FLAG, "é", "👍🏽", "❤️", "중"])
def test_a_letter_or_emoji_is_never_taken_apart(whole: str) -> None:
    """Half a family is another one, and half a flag is a letter in a box."""
    for wide in range(3, 12):
        for line in fit(whole * 9, wide=wide, lines=2).lines:
            assert not line.removesuffix("…").replace(whole, "")


@given(st.text(max_size=80), st.integers(3, 40), st.integers(1, 3))
@example(LONG, 10, 2)
@example("a" * 50, 3, 1)
def test_no_text_is_wider_than_its_screen(text: str, wide: int, lines: int) -> None:
    """By another's measure, whatever it holds; and what is not cut is all there."""
    made = fit(text, wide=wide, lines=lines)
    assert len(made.lines) <= lines
    assert all(wcswidth(line) <= wide for line in made.lines)
    if not made.cut:
        assert "".join(made.lines).replace(" ", "") == seen(text).replace(" ", "")


@given(st.text())
@example(HOSTILE)
def test_nothing_unseen_is_left(text: str) -> None:
    """No controls, no direction marks, no lone surrogates: only what joins emoji."""
    for char in seen(text):
        assert char == "\u200d" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


# --- what is composed -------------------------------------------------------------------------------------------------


def test_a_long_title_is_cut_in_lists_and_said_to_be(tmp_path: Path) -> None:
    """With the apps that cut it, and a way out."""
    made = composed(show(tmp_path, title=LONG))
    for screen, app in zip(made.lists, preview.APPS, strict=True):
        assert screen.title.cut
        assert len(screen.title.lines) == app.title_lines
        assert screen.title.lines[-1].endswith("…")
        assert max(map(columns, screen.title.lines)) <= app.wide
    assert "The title is cut in the lists of Apple Podcasts and Spotify: put what tells it apart first." in made.advice
    assert "While it plays, Apple Podcasts and Spotify cannot show the whole title at once." in made.advice


def test_a_short_title_is_no_advice(tmp_path: Path) -> None:
    """Of a published episode nothing is left to say."""
    assert composed(show(tmp_path, title="Werk"), mastered=True).advice == ()


def test_markup_is_stripped_in_a_directory(tmp_path: Path) -> None:
    """Words of headings, lists and links stay; what makes them up does not."""
    notes = "## Kop\n\n- **Vet** & [een *link*](https://example.org/)\n- `code`\n\n> Citaat"
    made = composed(show(tmp_path, notes=notes))
    assert " ".join(made.directory.text.lines) == "Kop Vet & een link code Citaat"


def test_notes_stand_in_for_a_summary_and_the_other_way_round(tmp_path: Path) -> None:
    """As in the feed."""
    made = composed(show(tmp_path, summary=None, notes="*Notities* hier."))
    assert made.lists[0].summary.lines == ("Notities hier.",)
    made = composed(show(tmp_path, summary="Kort.", notes=""))
    assert made.directory.text.lines == ("Kort.",)
    made = composed(show(tmp_path, summary=None, notes=""))
    assert "There is nothing to read below the title: write a summary or notes." in made.advice


def test_a_length_is_only_told_when_it_is_known(tmp_path: Path) -> None:
    """Of what is not published it is said."""
    loaded = show(tmp_path)
    before, after = composed(loaded), composed(loaded, mastered=True)
    for made, length in ((before, "no length yet"), (after, "1:01")):
        assert {screen.length for screen in made.lists} == {length}
        assert {screen.length for screen in made.playing} == {length}
        assert made.directory.length == length
    assert before.advice == ("It is not published yet: its length is not known.",)


def test_chapters_are_those_that_listeners_get(tmp_path: Path) -> None:
    """Moved into the delivered file when there is one; long titles are cut, and said to be."""
    loaded = show(tmp_path, chapters=["0:00 Welkom", f"0:30 {COMPOUND}"])
    episode = loaded.episodes[0]
    assert [start for start, _ in composed(loaded).directory.chapters] == ["0:00", "0:30"]
    moved = preview.compose(loaded, episode, records.media(episode, shift_s=5.0))
    assert [start for start, _ in moved.directory.chapters] == ["0:05", "0:35"]
    assert moved.directory.chapters[1][1].lines == (COMPOUND[:39] + "…",)
    assert "1 chapter title is longer than a line." in moved.advice
    assert moved.playing[0].chapter.lines == ("Welkom",)
    found = replace(records.media(episode), chapters=(Chapter(start_s=0.0, title="Uit de opname"),))
    (only,) = preview.compose(loaded, replace(episode, chapters=()), found).directory.chapters
    assert only[1].lines == ("Uit de opname",)


def test_a_season_is_shown_once_there_are_two(tmp_path: Path) -> None:
    """As Apple's app does; a trailer is called one."""
    assert composed(show(tmp_path, season=1)).lists[0].label == "1 Oct 2020 · episode 1"
    write_episode(tmp_path, "02-twee", season=2)
    assert composed(catalog.load(tmp_path)).lists[0].label == "2 Oct 2020 · season 2 · episode 2"
    write_episode(tmp_path, "03-drie", type="trailer", number=None)
    assert composed(catalog.load(tmp_path)).lists[0].label == "3 Oct 2020 · trailer"


def test_the_day_is_that_of_the_show(tmp_path: Path) -> None:
    """Half an hour before midnight in Greenwich it is tomorrow in Amsterdam."""
    assert composed(show(tmp_path, date="2020-10-05 23:30 UTC")).lists[0].label.startswith("6 Oct 2020")


def test_people_and_art_are_told_in_words(tmp_path: Path) -> None:
    """Also where the picture has no description."""
    guests = ["Jan", {"name": "Zoë", "organisation": "ABN AMRO", "role": "Narrator"}]
    made = composed(show(tmp_path, hosts=["Ria"], guests=guests))
    assert made.directory.people == ("Ria (host)", "Jan (guest)", "Zoë, ABN AMRO (narrator)")
    assert made.directory.art == "Een effen vlak."
    shutil.copy(tmp_path / "feed" / "cover.png", tmp_path / "episodes" / "01-een")
    assert composed(show(tmp_path, image="cover.png")).directory.art == "a picture without a description"


# --- in a terminal ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wide", [20, 24, 40, 79, 80, 120, 300])
def test_nothing_is_wider_than_the_terminal(wide: int, tmp_path: Path) -> None:
    """By another's measure, with compounds, emoji and hostile text in every place."""
    (tmp_path / "hostile").mkdir()
    for root, text in ((tmp_path, LONG), (tmp_path / "hostile", seen(HOSTILE))):
        loaded = show(root, title=text, summary=text, notes=text * 3, guests=[text[:128]], chapters=[f"0:00 {text}"])
        drawn = draw(composed(loaded), wide)
        assert max(map(wcswidth, drawn.split("\n"))) <= wide
        assert min(map(wcswidth, drawn.split("\n"))) >= 0  # -1: a control character
        assert not any(line != line.rstrip() for line in drawn.split("\n"))


def test_screens_stand_beside_each_other_where_there_is_room(tmp_path: Path) -> None:
    """And below each other where there is none, with the same words."""
    made = composed(show(tmp_path, title=LONG, summary=LONG))
    wide, narrow = draw(made, 120), draw(made, 60)
    assert re.search(r"^In the list of Apple Podcasts +In the list of Spotify$", wide, re.MULTILINE)
    assert re.search(r"^In the list of Spotify$", narrow, re.MULTILINE)
    assert sorted(wide.split()) == sorted(narrow.split())


def test_a_narrow_terminal_wraps_anew(tmp_path: Path) -> None:
    """Not line by line, which would leave a word alone on every other one."""
    made = composed(show(tmp_path, notes="een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien " * 2))
    drawn = draw(made, 30)
    text = drawn.partition("episode 1")[2].partition("- It")[0]
    assert "  een twee drie vier vijf zes\n  zeven acht negen tien elf\n  twaalf dertien een twee drie" in drawn, text


# --- as a page --------------------------------------------------------------------------------------------------------


def test_the_page_holds_all_it_shows(tmp_path: Path) -> None:
    """It fetches nothing, runs nothing, and says the same as the terminal."""
    made = composed(show(tmp_path, title=LONG, chapters=["0:00 Welkom", "0:30 Verder", "1:00 Slot"], guests=["Jan"]))
    page = render(made, SQUARE)
    tree = html.fromstring(page)
    assert {source[:23] for source in each(tree, "//img/@src")} == {"data:image/jpeg;base64,"}
    assert not each(tree, "//script | //link | //*[@href] | //iframe | //@onclick | //*[@src][not(self::img)]")
    assert "default-src 'none'" in page
    shown = " ".join(each(tree, "//body//text()"))
    for line in (*made.lists[0].title.lines, *made.playing[1].title.lines, *made.directory.text.lines, *made.advice):
        assert line in shown
    assert each(tree, "//dt/text()") == ["0:00", "0:30", "1:00"]
    assert each(tree, "//img/@alt") == ["Een effen vlak."] * 3
    assert {node.get("lang") for node in each(tree, "//p[@class]")} == {"nl"}


def test_hostile_text_is_text_on_the_page(tmp_path: Path) -> None:
    """Nothing of it is markup, and no template runs."""
    text = seen(HOSTILE)
    made = composed(show(tmp_path, title=text, summary=text, chapters=[f"0:00 {text}"], guests=[text], notes=text))
    tree = html.fromstring(render(made, SQUARE))
    assert not each(tree, "//script")
    assert each(tree, "//h1/text()") == [f"How “{text}” will read"]
    assert "49" not in " ".join(each(tree, "//h1/text()"))


# --- the command ------------------------------------------------------------------------------------------------------


def test_an_episode_is_shown_before_and_after_it_is_published(tmp_path: Path, run: Run) -> None:
    """By number, web name or folder; its length is there once it is published, and only while its recording is."""
    folder = write_episode(write_show(tmp_path), "01-een", title="Eén")
    write_episode(tmp_path, "02-twee", status="draft", title="Twee")
    assert "Twee" in run(tmp_path, "preview").stdout
    for name in ("1", "een", "01-een", "episodes/01-een/"):
        told = run(tmp_path, "preview", name, COLUMNS="60")
        assert "> no length yet" in told.stdout
    run(tmp_path, "publish")
    assert "> 0:03" in run(tmp_path, "preview", "een").stdout
    (folder / "audio.wav").write_bytes((tmp_path / "episodes" / "02-twee" / "audio.wav").read_bytes())
    assert "> no length yet" in run(tmp_path, "preview", "een").stdout


def test_the_command_writes_a_page_and_json(tmp_path: Path, run: Run) -> None:
    """The page with the cover in it, the JSON with every screen."""
    write_episode(write_show(tmp_path), "01-een", title=LONG)
    told = run(tmp_path, "preview", "--page", tmp_path / "zo.html", "--json")
    (art,) = set(each(html.fromstring((tmp_path / "zo.html").read_text("utf-8")), "//img/@src"))
    assert len(art) > 1000
    screens = json.loads(told.stdout)
    assert [screen["app"] for screen in screens["lists"]] == ["Apple Podcasts", "Spotify"]
    assert screens["lists"][0]["title"]["cut"] is True


def test_what_cannot_be_shown_is_told(tmp_path: Path, run: Run) -> None:
    """With the nearest episode, and without a traceback."""
    write_show(tmp_path)
    assert "no episode yet" in run(tmp_path, "preview", status=None).stderr
    write_episode(tmp_path, "01-detachering")
    told = run(tmp_path, "preview", "detacheren", status=Exit.USAGE)
    assert "Did you mean `detachering`?" in told.stderr
    told = run(tmp_path, "preview", "--page", tmp_path / "nergens" / "zo.html", status=Exit.USAGE)
    assert "cannot be written" in told.stderr


def test_what_is_wrong_with_another_episode_is_told_beside_it(tmp_path: Path, run: Run) -> None:
    """One that is whole is shown; one that is not is refused with its own problems, however it is called."""
    write_episode(write_show(tmp_path), "01-een", title="Eén")
    bad = write_episode(tmp_path, "02-kapot", slug="stuk") / "episode.md"
    text = bad.read_text("utf-8")
    for damage in ("summary: [\ntitle:", "colour: red\ntitle:", "image: nergens.png\ntitle:"):
        bad.write_text(text.replace("title:", damage, 1), "utf-8")
        told = run(tmp_path, "preview", "een", status=Exit.PARTIAL)
        assert "Eén" in told.stdout
        assert "problem: episodes/02-kapot/episode.md" in told.stderr
        for name in ("stuk", "02-kapot", "episodes/02-kapot/"):
            told = run(tmp_path, "preview", name, status=Exit.SHOW)
            assert (told.stdout, "problem: episodes/02-kapot/episode.md" in told.stderr) == ("", True)
            assert "none of the episodes" not in told.stderr
        told = run(tmp_path, "preview", "zoiets", status=Exit.SHOW)
        assert "problem: `zoiets` is none of the episodes that could be read." in told.stderr
        assert "problem: episodes/02-kapot/episode.md" in told.stderr
    bad.write_text(text, "utf-8")
    twin = write_episode(tmp_path, "03-dubbel", guid="guid-of-02-kapot")
    assert "guid-of-02-kapot" in run(tmp_path, "preview", "stuk", status=Exit.SHOW).stderr
    assert "guid-of-02-kapot" in run(tmp_path, "preview", twin.name, status=Exit.SHOW).stderr
    run(tmp_path, "preview", "een", status=Exit.PARTIAL)


def test_a_destination_that_cannot_be_read_is_advice(tmp_path: Path, run: Run) -> None:
    """A preview needs no destination: only the length is missing."""
    write_episode(write_show(tmp_path), "01-een")
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "feed.xml").write_text("<rss/>", "utf-8")
    told = run(tmp_path, "preview")
    assert "was not published by omroep" in told.stderr
    assert "no length yet" in told.stdout
