"""Pages that are known are not made again, and are those that would have been made."""

import dataclasses
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import digest, pages, theme
from pipeline.errors import ShowError
from pipeline.history import LOG
from pipeline.model import Chapter, Cue, Edition, Former, Guid, Key, Object, Person, Season, Slug, Source
from pipeline.pages import Site
from pipeline.store.memory import MemoryStore
from tests import thousand
from tests.test_looks import write
from tests.test_pages import DUTCH, EDITION, ROOT, entry, picture
from tests.test_search import edition

SPOKEN = replace(
    EDITION.entries[1].episode,
    season=1,
    guests=(Person(name="Ria Vink", organisation="De Brug", link="https://brug.example.org/"), Person(name="Bo")),
    hosts=(Person(name="Jo"),),
    topics=("Detachering", "Gedeeld werkgeverschap"),
    chapters=(Chapter(start_s=0.0, title="Begin"), Chapter(start_s=1.0, title="Slot", link="https://a.example.org/")),
    transcript=(Cue(start_s=0.0, end_s=1.0, text="Dag.", speaker="Bo"), Cue(start_s=1.0, end_s=2.0, text="Tot ziens.")),
    image_alt="Een deur.",
)
PHOTO = picture("ria", 300)
LATER = replace(
    SPOKEN,
    guid=Guid("later"),
    slug=Slug("later"),
    guests=(Person(name="RIA vink", image=Source(sha256=PHOTO.source_sha256, size=1)),),
)
FULL = replace(
    EDITION,
    entries=(
        EDITION.entries[0],
        replace(EDITION.entries[1], episode=SPOKEN, share=picture("deur", 1200)),
        entry(LATER),
    ),
    show=replace(EDITION.show, seasons=(Season(number=1, name="Deuren"),)),
    share=picture("show", 1200),
    portraits=(PHOTO,),
    icons=(picture("icon", 180),),
)
"""An episode between others that says all there is to say."""


def again(made: Site, edition: Edition) -> Site:
    return pages.site(edition, DUTCH, made.made, "this")


def test_what_is_made_once_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that nobody remembers: to read every episode for its name takes a tenth of the time to make it."""
    monkeypatch.setattr(digest, "of_record", None)
    assert pages.compose(FULL, DUTCH)


def rendered(site: Site) -> set[str]:
    """Names of what was made."""
    return {made.key for made in site.objects if made.body is not None}


def otherwise(value: Any) -> Iterator[Any]:
    """Values of the same kind that are a little different: one for every field of a record."""
    match value:
        case bool():
            yield not value
        case int() | float():
            yield value + 1
        case str():
            yield value + "2"
        case datetime():
            yield value + timedelta(days=1)
        case tuple() if value:
            yield value[1:]
            for place, item in enumerate(value):
                yield from ((*value[:place], other, *value[place + 1 :]) for other in otherwise(item))
        case _ if dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                for other in otherwise(getattr(value, field.name)):
                    yield replace(value, **{field.name: other})  # type: ignore[type-var]


def otherwise_in(part: str) -> Iterator[Edition]:
    """Editions that differ in one value from `FULL`; of the episodes, in one of the second's."""
    if part == "spoken":
        first, spoken, later = FULL.entries
        yield from (replace(FULL, entries=(first, other, later)) for other in otherwise(spoken))
        yield from (
            replace(FULL, entries=entries) for entries in ((spoken, later), (first, spoken), (first, later, spoken))
        )
    else:
        yield from (replace(FULL, **{part: other}) for other in otherwise(getattr(FULL, part)))


@pytest.mark.parametrize("part", ["show", "spoken", "withdrawn", "pictures", "icons", "share", "portraits"])
def test_what_is_known_is_what_would_be_made(part: str) -> None:
    """Whatever changes anywhere in an edition: with what was known before, the site is the one made from nothing."""
    before = pages.site(FULL, DUTCH, {}, "this")
    tried = 0
    for changed in otherwise_in(part):
        try:
            anew = pages.compose(changed, DUTCH)
        except (ShowError, ValueError, KeyError):
            continue  # that cannot be a show
        tried += 1
        assert again(before, changed).objects == anew
    assert tried > 4


def test_one_more_episode_makes_its_page_and_its_neighbours() -> None:
    """Of a hundred episodes; search blocks that are full stay too."""
    before = pages.site(edition(100), DUTCH, {}, "this")
    after = again(before, edition(101))
    made = {key for key in rendered(after) if key.startswith("episodes/nummer-") and key.endswith(".html")}
    assert made == {"episodes/nummer-100.html", "episodes/nummer-101.html"}
    assert not any(key.startswith("search/") for key in rendered(after))
    assert len(after.objects) > len(rendered(after)) + 90


def test_an_address_that_is_left_makes_no_page_of_an_episode_again() -> None:
    """None of them tells of it; the first brings a script, which is among what pages are made of."""
    gone = tuple(Former(guid=edition(5).entries[0].episode.guid, slug=Slug(f"eerst-{number}")) for number in range(2))
    before = pages.site(replace(edition(5), moved=gone[:1]), DUTCH, {}, "this")
    after = again(before, replace(edition(5), moved=gone))
    assert not [key for key in rendered(after) if key.startswith("episodes/nummer-") and key.endswith(".html")]
    assert {"episodes/eerst-0.html", "episodes/eerst-1.html"} <= rendered(after)


def test_what_is_left_out_is_forgotten() -> None:
    """What is remembered does not grow with what was."""
    before = pages.site(edition(20), DUTCH, {}, "this")
    assert set(again(before, edition(3)).made) <= set(before.made) | set(pages.site(edition(3), DUTCH, {}, "this").made)
    assert len(again(before, edition(3)).made) == 3


@pytest.mark.parametrize("other", ["a program", "a theme", "a language", "a template"])
def test_another_look_makes_every_page_again(other: str, tmp_path: Path) -> None:
    """What makes the pages is among what they are made of."""
    look, program = DUTCH, "this"
    if other == "a program":
        program = "that"
    elif other == "a theme":
        (tmp_path / "templates" / "assets").mkdir(parents=True)
        (tmp_path / "templates" / "assets" / "player.js").write_text("// none")
        look = theme.load(tmp_path, "nl")
    elif other == "a language":
        look = theme.load(ROOT, "en")
    else:
        look = theme.load(write(tmp_path, footer_html="unused"), "nl")
    before = pages.site(edition(5), DUTCH, {}, "this")
    after = pages.site(edition(5), look, before.made, program)
    assert {f"episodes/nummer-{number}.html" for number in range(1, 6)} <= rendered(after)


def test_templates_of_a_show_may_name_all_of_it(tmp_path: Path) -> None:
    """One that counts the episodes on each page says the right number, though that page's own episode is the same."""
    own = '{% extends "theme:base.html" %}{% block footer %}{{ edition.entries|length }} van ons{% endblock %}'
    look = theme.load(write(tmp_path, base_html=own), "nl")
    before = pages.site(edition(5), look, {}, "this")
    after = pages.site(edition(6), look, before.made, "this")
    first = next(made for made in after.objects if made.key == "episodes/nummer-1.html")
    assert isinstance(first.body, bytes)
    assert b"6 van ons" in first.body


def held(store: MemoryStore) -> dict[str, bytes]:
    """What listeners can get there."""
    return {key: bytes(made.body) for key, made in store.objects.items() if isinstance(made.body, bytes)}


def anew(root: Path) -> dict[str, bytes]:
    """What a machine that knows nothing puts at a store where there is nothing, but for the log."""
    shutil.rmtree(root / ".omroep")
    store = MemoryStore()
    thousand.put(root, store)
    return without_log(held(store))


def without_log(objects: dict[str, bytes]) -> dict[str, bytes]:
    return {key: body for key, body in objects.items() if not key.startswith((LOG, "releases/"))}


def test_a_publish_makes_only_what_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one more episode its page and its neighbour's; there is then what would have been put there from nothing."""
    root, store, made = thousand.write(tmp_path / "show", 20), MemoryStore(), list[str]()
    thousand.put(root, store)
    compose = pages._episode_page

    def seen(*given: Any) -> tuple[Object, ...]:
        made.append(given[2].entry.episode.slug)
        return compose(*given)

    monkeypatch.setattr(pages, "_episode_page", seen)
    thousand.write_one(root, 20)
    thousand.put(root, store)
    assert len(made) == 2
    left = anew(root)
    assert without_log(held(store)).items() >= left.items()
    assert len(made) > 20


@pytest.mark.parametrize(
    "lost", ["nothing", "a page", "the end of the log", "the memory", "another store", "what only another has"]
)
def test_what_is_not_there_is_made_again(lost: str, tmp_path: Path) -> None:
    """What is remembered is believed only of what listeners have."""
    root, store = thousand.write(tmp_path / "show", 5), MemoryStore()
    thousand.put(root, store)
    thousand.write_one(root, 5)
    page = Key("episodes/aflevering-2.html")
    lacking = frozenset[Key]()
    match lost:
        case "a page":
            del store.objects[page]
            lacking = frozenset([page])
        case "the end of the log":
            del store.objects[max(key for key in store.objects if key.startswith(LOG))]
            store.objects[page] = replace(store.objects[page], body=b"of a publish that was stopped")
        case "the memory":
            memory = root / ".omroep" / "pages.json"
            memory.write_bytes(memory.read_bytes().replace(b"aflevering-2", b"aflevering-3"))
        case "another store":
            store = MemoryStore()
        case "what only another has":
            thousand.put(root, MemoryStore())
    thousand.put(root, store, lacking=lacking)
    assert without_log(held(store)).items() >= anew(root).items()
