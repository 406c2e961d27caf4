"""Transcripts on the site: whole, light, and gone when they may not be read any more."""

import posixpath
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

import lxml.html
import pytest

from pipeline import pages, sidecars
from pipeline.model import Chapter, Cue, Edition, Entry, Key
from pipeline.pages import transcripts
from pipeline.store.memory import MemoryStore
from tests import thousand
from tests.browser.site import talking
from tests.shows import write_episode, write_show
from tests.test_pages import BASE, DUTCH, EDITION, FIRST, entry, every, html_pages, known, only, site, words
from tests.test_site import long_show

WORDS = ("de", "arbeidsmarkt", "werkgever", "jobcoaching", "&", "niet", "“maar”", "deuren", "éven", "vergaderen", "is")
LIGHT = 60_000
"""Bytes of a page, with its style and script, before sound and pictures."""


def conversation(hours: float, chapters: int, *, pointed: bool = True) -> Entry:
    """An episode in which 150 words a minute are said by two people; without `pointed` as a machine writes it down."""
    chance = random.Random(7)
    length_s = hours * 3600
    times = [place * 5.0 for place in range(int(length_s // 5))]
    cues = tuple(
        Cue(
            start_s=start_s,
            end_s=start_s + 4.9,
            text=" ".join(chance.choices(WORDS, k=12)) + (f" {number}." if pointed else ""),
            speaker=("Presentatie" if start_s % 90 < 30 else "Martijn de Wildt") if pointed else None,
        )
        for number, start_s in enumerate(times)
    )
    marks = tuple(
        Chapter(start_s=length_s * number / chapters, title=f"Hoofdstuk {number + 1}") for number in range(chapters)
    )
    made = entry(replace(FIRST, transcript=cues, chapters=marks, notes="Notities bij de aflevering.\n\n" * 50))
    return replace(made, media=replace(made.media, duration_s=length_s + 2.5))


def shown(made: Entry) -> Edition:
    """A show of that episode and another."""
    return replace(EDITION, entries=(made, EDITION.entries[1]))


def in_one_subtitle(made: Entry) -> Entry:
    """As one that has no times within it."""
    cues = made.episode.transcript
    whole = Cue(start_s=cues[0].start_s, end_s=cues[-1].end_s, text=" ".join(cue.text for cue in cues))
    return replace(made, episode=replace(made.episode, transcript=(whole,)))


LONG = {
    "an hour": conversation(1, 10),
    "four hours": conversation(4, 20),
    "four hours without a sentence": conversation(4, 1, pointed=False),
    "an hour in one subtitle": in_one_subtitle(conversation(1, 1)),
    "an hour in one subtitle without a sentence": in_one_subtitle(conversation(1, 1, pointed=False)),
}


def parts(made: dict[str, str]) -> dict[str, lxml.html.HtmlElement]:
    """The pages of the first episode's transcript, in order."""
    keys = [key for key in made if key.startswith("episodes/aflevering-1/")]
    return {key: lxml.html.document_fromstring(made[key]) for key in keys}


def said(page: lxml.html.HtmlElement) -> list[str]:
    """The paragraphs of a conversation, without who and when."""
    return [words(every(turn, "./span")[-1]) for turn in every(page, "//p[contains(@class, 'turn')]")]


@pytest.mark.parametrize("name", LONG)
def test_pages_of_long_episodes_are_light(name: str) -> None:
    """With style and script, before sound and pictures: the episode's own, and every part of what is said."""
    made = site(shown(LONG[name]))
    style, script = (
        len(next(text for key, text in made.items() if re.match(rf"assets/{kind}\.", key)).encode())
        for kind in ("style", "player")
    )
    sizes = {key: len(text.encode()) + style for key, text in made.items() if key.endswith(".html")}
    sizes["episodes/aflevering-1.html"] += script
    assert {key: size for key, size in sizes.items() if size > LIGHT} == {}
    assert len([key for key in sizes if key.startswith("episodes/aflevering-1/")]) > 2


@pytest.mark.parametrize("name", LONG)
def test_the_parts_hold_every_word_once(name: str) -> None:
    """In order, under the chapters in which they are said; the episode's page has how it begins."""
    made = site(shown(LONG[name]))
    pages = parts(made)
    whole = " ".join(text for page in pages.values() for text in said(page))
    assert whole == " ".join(cue.text for cue in sidecars.moved_cues(LONG[name]))
    chapters = [words(title) for page in pages.values() for title in every(page, "//h3[not(@class)]")]
    assert chapters == [chapter.title for chapter in sidecars.moved_chapters(LONG[name])]
    opening = said(lxml.html.document_fromstring(made["episodes/aflevering-1.html"]))
    assert opening == said(next(iter(pages.values())))[: len(opening)]
    assert 1 < len(opening) < 40


def test_a_subtitle_that_is_long_is_cut_where_a_sentence_ends() -> None:
    """Into paragraphs in order of time, each within what is said."""
    made = LONG["an hour in one subtitle"]
    found = transcripts.laid_out(made, (), sidecars.moved_cues(made))
    turns = [turn for passage in found.opening for turn in passage.turns]
    assert len(turns) > 2
    assert all(turn.text.endswith(".") for turn in turns)
    assert [turn.start_s for turn in turns] == sorted({turn.start_s for turn in turns})
    part = len(turns[0].text) / len(made.episode.transcript[0].text)
    assert turns[1].start_s - turns[0].start_s == pytest.approx(3600 * part, abs=1)


def test_a_subtitle_without_a_space_is_cut_too() -> None:
    """As Chinese has none: no page is heavy, and no character lost."""
    cue = Cue(start_s=0.0, end_s=60.0, text="门" * 40_000)
    made = entry(replace(FIRST, transcript=(cue,)))
    found = transcripts.laid_out(made, (), sidecars.moved_cues(made)).parts
    said = ["".join(turn.text for passage in part.passages for turn in passage.turns) for part in found]
    assert "".join(said).replace(" ", "") == cue.text
    assert max(len(text.encode()) for text in said) < LIGHT / 2


def test_a_part_begins_with_a_chapter_where_one_is_near() -> None:
    """And says so where it goes on with one."""
    pages = parts(site(shown(LONG["an hour"])))
    first = [every(page, "//h3")[0].get("class") for page in pages.values()]
    assert first == [None] * len(pages)
    pages = parts(site(shown(conversation(1, 2))))
    first = [(every(page, "//h3")[0].get("class"), words(every(page, "//h3")[0])) for page in pages.values()]
    assert first[0] == (None, "Hoofdstuk 1")
    assert first[1] == ("goes-on", "Hoofdstuk 1 (vervolg)")


def test_one_walks_from_part_to_part() -> None:
    """Forwards and backwards, each named by its span of time, without a gap; each leads to the episode."""
    made = site(shown(LONG["an hour"]))
    pages = parts(made)
    keys = list(pages)
    spans = []
    for place, (key, page) in enumerate(pages.items()):
        near = {link.get("rel"): link.get("href") for link in every(page, "//nav[@class='neighbours']/a")}
        expected = {"prev": place - 1, "next": place + 1}
        wanted = {rel: posixpath.basename(keys[at]) for rel, at in expected.items() if 0 <= at < len(keys)}
        assert near == wanted
        assert only(page, "//a[@aria-current]").get("href") == posixpath.basename(key)
        title = only(page, "//title").text or ""
        found = re.search(r"^Transcript (\S+)–(\S+): Draagvlak", title)
        assert found, title
        spans.append((found[1], found[2]))
        assert any(link.get("href") == "../../episodes/aflevering-1.html" for link in every(page, "//header//a"))
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert (spans[0][0], spans[-1][1]) == ("0:02", "1:00:02")


def test_a_time_leads_to_the_episode_at_that_moment() -> None:
    """The player begins there; on the episode's own page it leads into the sound, as ever."""
    made = site(shown(LONG["an hour"]))
    for page in parts(made).values():
        for link in every(page, "//a[@class='when']"):
            assert re.fullmatch(r"\.\./\.\./episodes/aflevering-1\.html#t=[\d.]+", link.get("href", ""))
    own = lxml.html.document_fromstring(made["episodes/aflevering-1.html"])
    assert all("audio/" in link.get("href", "") for link in every(own, "//p[@class='turn']//a"))


def test_who_reads_on_goes_on_where_the_episode_stopped() -> None:
    """Without a script: the link leads to the paragraph after the last."""
    made = site(shown(LONG["an hour"]))
    own = lxml.html.document_fromstring(made["episodes/aflevering-1.html"])
    href = only(own, "//p[@class='rest']/a").get("href", "")
    target, fragment = urldefrag(href)
    (place,) = (every(page, f"//*[@id='{fragment}']") for key, page in parts(made).items() if key.endswith(target))
    all_said = [text for page in parts(made).values() for text in said(page)]
    assert all_said[len(said(own))] == words(every(place[0], "./span")[-1])


def test_a_short_one_has_no_page_of_its_own() -> None:
    """It stands on the episode's page, to which the list leads."""
    made = site(EDITION)
    assert not any(key.startswith("episodes/aflevering-1/") for key in made)
    links = every(lxml.html.document_fromstring(made["transcripts/index.html"]), "//ol[@class='titles']//a")
    assert [link.get("href") for link in links] == ["../episodes/aflevering-1.html#transcript"]
    page = lxml.html.document_fromstring(made["episodes/aflevering-1.html"])
    assert len(said(page)) == 2
    assert every(page, "//details//*[@id='transcript']")


def test_every_link_of_a_long_one_resolves() -> None:
    """From the episode to its parts, between these, and back."""
    edition = shown(LONG["an hour"])
    keys = known(edition)
    for key, page in html_pages(edition):
        for link in every(page, "//a[@href]"):
            target = urldefrag(link.get("href", ""))[0]
            if target and "://" not in target and key != "404.html":
                assert posixpath.normpath(posixpath.join(posixpath.dirname(key), target)) in keys, f"{key}: {target}"


def test_without_transcripts_nothing_is_said_of_them() -> None:
    """Neither a list nor a link to it."""
    made = site(replace(EDITION, entries=EDITION.entries[1:]))
    assert not any(transcripts.is_page(Key(key)) for key in made)
    assert "ranscript" not in made["about.html"]


def spoken(count: int) -> Edition:
    """A show of which every episode has a short transcript."""
    made = long_show(count)
    entries = tuple(replace(each, episode=replace(each.episode, transcript=FIRST.transcript)) for each in made.entries)
    return replace(made, entries=entries)


def titles(made: dict[str, str]) -> Iterator[str]:
    for key, text in made.items():
        if key.startswith("transcripts/"):
            yield from (words(link) for link in every(lxml.html.document_fromstring(text), "//ol[@class='titles']//a"))


@pytest.mark.parametrize(("count", "lists"), [(99, 1), (100, 2), (160, 3)])
def test_a_long_list_is_cut(count: int, lists: int) -> None:
    """Every transcript is on one page of it, and a new one changes only the first."""
    edition = spoken(count)
    old = site(edition)
    assert len([key for key in old if key.startswith("transcripts/")]) == lists
    assert sorted(titles(old)) == sorted(f"Titel {number}" for number in range(1, count + 1))
    newest = spoken(count + 1).entries[-1]
    new = site(replace(edition, entries=(*edition.entries, newest)))
    if (count + 1) % 50:
        assert {key for key in new if key.startswith("transcripts/") and new[key] != old.get(key)} == {
            "transcripts/index.html"
        }


def test_the_map_names_every_part() -> None:
    """And the list."""
    made = site(shown(LONG["an hour"]))
    wanted = {BASE + key for key in made if transcripts.is_page(Key(key))}
    assert len(wanted) > 3
    assert wanted <= set(re.findall("<loc>(.*?)</loc>", made["sitemap.xml"]))


def test_what_is_no_more_leaves_nothing_behind() -> None:
    """A transcript that is taken back, or that is shorter now: its pages say that they are gone, and no word of it."""
    before = shown(LONG["an hour"])
    there = tuple(sorted(Key(key) for key in site(before) if transcripts.is_page(Key(key))))
    after = replace(shown(entry(replace(FIRST, transcript=()))), left=there)
    made = site(after)
    for key in there:
        page = lxml.html.document_fromstring(made[key])
        assert only(page, "//meta[@name='robots']").get("content") == "noindex"
        assert "arbeidsmarkt" not in made[key]
        assert "Draagvlak" not in made[key]
        assert key not in made["sitemap.xml"]
    same = site(replace(before, left=there))
    assert same == site(before)


def published(root: Path, store: MemoryStore, **keys: Any) -> dict[str, str]:
    """The transcript's pages and the map as they lie in the store, once a show with those keys has been published."""
    guests = [{"name": "Ria", **({"consent": keys.pop("consent")} if "consent" in keys else {})}]
    folder = write_episode(root, "01-lang", audio=thousand.pointer("lang"), guests=guests, **keys)
    (folder / "transcript.vtt").write_text(talking(40.0), "utf-8")
    thousand.put(root, store)
    found = ((key, store.read(key)) for key in store.objects if transcripts.is_page(key) or key == "sitemap.xml")
    return {key: item.body.decode() for key, item in found if item}


@pytest.mark.parametrize("change", [{"consent": ["name"]}, {"status": "withdrawn"}])
def test_who_takes_words_back_has_them_back(tmp_path: Path, change: dict[str, object]) -> None:
    """A guest who does not agree any more, or an episode that is withdrawn: no page has a word of it from then on,
    and no map names it.
    """
    root, store = write_show(tmp_path), MemoryStore()
    write_episode(root, "02-ander", audio=thousand.pointer("ander"))
    before = published(root, store)
    there = [key for key in before if key.startswith("episodes/lang/")]
    assert len(there) > 1
    assert all("vergaderingen" in before[key] for key in there)
    for summary in ("Daarna.", "Nog later."):
        after = published(root, store, summary=summary, **change)
        assert set(there) <= set(after)
        for key in there:
            assert "vergaderingen" not in after[key]
            assert 'content="noindex"' in after[key]
            assert key not in after["sitemap.xml"]
        assert "episodes/lang" not in after["transcripts/index.html"]


def test_pages_that_are_known_are_not_made_again() -> None:
    """The parts of a long one are taken as they are when nothing of it has changed, and all made when a word has."""
    edition = shown(LONG["an hour"])
    first = pages.site(edition, DUTCH, {}, "")
    second = pages.site(edition, DUTCH, first.made, "")
    keys = {item.key: item.sha256 for item in first.objects}
    assert {item.key: item.sha256 for item in second.objects} == keys
    parts_again = [item for item in second.objects if item.key.startswith("episodes/aflevering-1/")]
    assert len(parts_again) > 2
    assert [item.body for item in parts_again] == [None] * len(parts_again)
    episode = replace(edition.entries[0].episode, transcript=edition.entries[0].episode.transcript[:-1])
    changed = shown(replace(edition.entries[0], episode=episode))
    assert pages.site(changed, DUTCH, first.made, "").objects == pages.site(changed, DUTCH, {}, "").objects
