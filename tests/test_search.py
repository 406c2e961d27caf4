"""The blocks of words by which home's search knows which pages to read."""

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import pages
from pipeline.model import Cache, Cue, Edition, Entry, Guid, Object, Slug
from pipeline.pages import search
from pipeline.pages.parts import Memory
from tests.test_pages import DUTCH, EDITION, FIRST, SECOND, content, entry, every, only, parsed, words


def edition(count: int) -> Edition:
    """A show of so many episodes, the last of them the newest."""
    return replace(EDITION, entries=tuple(map(numbered, range(1, count + 1))))


def blocks_of(edition: Edition) -> tuple[Object, ...]:
    memory = Memory({}, "")
    return memory.have(search.blocks(edition, memory))


def numbered(number: int) -> Entry:
    """An episode with a word of its own in its title."""
    return entry(replace(SECOND, guid=Guid(f"g-{number}"), slug=Slug(f"nummer-{number}"), title=f"Één-{number}  woord"))


@pytest.mark.parametrize(("count", "blocks", "fresh"), [(0, 0, 0), (15, 0, 15), (16, 1, 0), (63, 3, 15), (150, 3, 6)])
def test_blocks_are_filled_from_the_oldest(count: int, blocks: int, fresh: int) -> None:
    """64 episodes, then 16; those left over are the newest, and in none."""
    made, left = blocks_of(edition(count)), search.fresh(edition(count))
    assert (len(made), len(left)) == (blocks, fresh)
    assert [one.episode.slug for one in left] == [f"nummer-{count - place}" for place in range(fresh)]


def test_a_block_stays_as_it_is() -> None:
    """New episodes change none that is full; a changed episode changes its own alone."""
    before, after = blocks_of(edition(80)), blocks_of(edition(95))
    assert before == after
    entries = edition(80).entries
    mended = replace(edition(80), entries=(*entries[:70], numbered(999), *entries[71:]))
    assert [one.key for one in blocks_of(mended)][:1] == [before[0].key]
    assert blocks_of(mended)[1].key != before[1].key
    assert {one.cache for one in before} == {Cache.IMMUTABLE}


def test_a_block_says_who_has_which_word() -> None:
    """Keys and titles, then words in lower case, each with a letter for every episode."""
    heads, _, _ = content(blocks_of(edition(16))[0]).decode().partition("\n\n")
    assert heads.split("\n")[0] == "episodes/nummer-1.html\tÉén-1 woord"
    having = rows_of(edition(16))
    assert having["één"] == having["woord"] == search.LETTERS[:16]
    assert having["3"] == "C"
    assert list(having) == sorted(having)


def test_every_word_of_a_page_is_in_the_block() -> None:
    """Title, summary, notes, guests, topics, chapters and transcript, as the published page has them."""
    page = parsed(EDITION, "episodes/aflevering-1.html")
    parts = "//h1 | //*[@class='notes'] | //*[@class='turn']/span[2] | //main//*[@class='person'] | //*[@class='tags']"
    shown = " ".join(words(part) for part in every(page, parts))
    monograms = {"mw", "md", "fc", "mdw"}
    said = set(re.findall(r"\w+", shown.lower())) - monograms
    assert len(said) > 15
    of_first = replace(edition(16), entries=(entry(FIRST), *edition(16).entries[1:]))
    assert said <= {word for word, letters in rows_of(of_first).items() if letters[0] == search.LETTERS[0]}


@given(st.lists(st.text() | st.text("aΣσς İI\u0301é\u2000\u2028_-x'’\u00a0ẞﬁ\u0345"), max_size=4))
def test_words_are_those_of_the_whole_text(texts: list[str]) -> None:
    """Though each is looked for between its spaces: composed, in lower case, as a regular expression finds them."""
    spoken = tuple(Cue(start_s=place, end_s=place + 1, text=text) for place, text in enumerate(texts))
    said = replace(numbered(1).episode, title="", summary="", notes="", topics=(), guests=(), transcript=spoken)
    made = replace(edition(16), entries=(entry(said), *edition(16).entries[1:]))
    of_first = {word for word, letters in rows_of(made).items() if letters[0] == search.LETTERS[0]}
    whole = unicodedata.normalize("NFC", "\n".join(texts)).lower().encode("utf-8", "ignore").decode()
    assert of_first == set(re.findall(r"[^\W_]+", whole))


def rows_of(edition: Edition) -> dict[str, str]:
    """Of an edition's first block: for each word the letters of who has it."""
    _, _, rows = content(blocks_of(edition)[0]).decode().partition("\n\n")
    return dict(row.split("\t") for row in rows.splitlines())


def test_home_names_every_block_and_the_rest() -> None:
    """By addresses as seen from there, beside the rules of the language."""
    composed = pages.compose(edition(20), DUTCH)
    home = only(parsed(edition(20), "index.html"), "//*[@id='search']")
    assert home.get("data-blocks", "").split() == [made.key for made in composed if made.key.startswith("search/")]
    assert home.get("data-fresh", "").split() == [f"episodes/nummer-{number}.html" for number in (20, 19, 18, 17)]
    assert home.get("data-stemmer") in {made.key for made in composed}
