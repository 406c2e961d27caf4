"""Episodes whose folder got another name: whoever has an old address gets to where the episode is now."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import lxml.html
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import addresses, apply, feed, pages, plan, publish, release, sidecars
from pipeline.guard import Asked
from pipeline.history import Published
from pipeline.model import Edition, Former, Key, Object, Plan, Slug, Stage, Version
from pipeline.store import ANYTHING, Anything
from pipeline.store.memory import MemoryStore
from tests import seaweed, test_pages, test_plan
from tests.shell import Run
from tests.shows import write_episode
from tests.test_plan import Shape
from tests.test_publish import bucket, copied, edit, omroep, prepared, published, puts, refused, root, seen, three
from tests.test_upkeep import DAY, START, cleared, fed, went_back

__all__ = ["root", "three"]

OLD = Key("episodes/twee.html")
TITLE = "Aflevering over 02-twee"


def rename(root: Path, folder: str, other: str) -> None:
    (root / "episodes" / folder).rename(root / "episodes" / other)


def arrived(store: MemoryStore, key: str) -> tuple[str, str]:
    """Where a browser ends that asks for `key`, and which heading is there; it goes round in no circle."""
    body = store.objects[Key(key)].body
    assert isinstance(body, bytes)
    page: Any = lxml.html.document_fromstring(body)
    for meta in page.xpath("//meta[@http-equiv='refresh']"):
        wait, _, there = meta.get("content").partition("; url=")
        assert wait == "0"
        page.make_links_absolute(f"https://x/{key}")
        found = page.xpath("//main//a/@href")[0]
        assert found == urljoin(f"https://x/{key}", there) != f"https://x/{key}"
        found = found.removeprefix("https://x/")
        return arrived(store, found)
    return key, page.xpath("string(//main//h1)")


def same_card(store: MemoryStore, one: str, other: str) -> bool:
    return store.objects[addresses.card(Slug(one))].body == store.objects[addresses.card(Slug(other))].body


def withdrawn(store: MemoryStore, key: str) -> bool:
    return "teruggetrokken" in store.objects[Key(key)].body.decode()  # type: ignore[union-attr]


# --- one page ---------------------------------------------------------------------------------------------------------


def test_an_old_address_leads_to_the_new_one(root: Path) -> None:
    """To the page, by a link too; no index has it, the sitemap neither, and a second publish finds nothing to do."""
    store = MemoryStore()
    published(root, store)
    rename(root, "02-twee", "02-tweede")
    made = published(root, store)
    assert arrived(store, OLD) == ("episodes/tweede.html", TITLE)
    page: Any = lxml.html.document_fromstring(store.objects[OLD].body)  # type: ignore[arg-type]
    assert page.get("lang") == "nl"
    assert page.xpath("//main//a/@href") == ["tweede.html"]
    told = f"{TITLE} Deze aflevering heeft nu een ander adres. Naar de aflevering"
    assert page.xpath("normalize-space(//main)") == told
    assert page.xpath("//link[@rel='canonical']/@href") == ["https://proef.example.org/episodes/tweede.html"]
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]
    (card,) = page.xpath("//link[@type='application/json+oembed']/@href")
    assert card == "https://proef.example.org/episodes/tweede.oembed.json"
    assert b"/episodes/twee.html" not in store.objects[Key("sitemap.xml")].body  # type: ignore[operator]
    assert same_card(store, "twee", "tweede")
    assert seen(store) == []
    assert OLD in {item.key for item in made.release.objects}
    assert published(root, store).actions == ()


def test_a_show_of_which_nothing_moved_knows_nothing_of_it(root: Path) -> None:
    """Its record has no word of it, and no file waits for a page that there is none of."""
    store = MemoryStore()
    made = published(root, store)
    assert b'"moved"' not in release.record(made.release).body  # type: ignore[operator]
    assert not [key for key in store.objects if "moved" in key]
    rename(root, "02-twee", "02-tweede")
    made = published(root, store)
    assert b'"moved":[{"guid":"guid-of-02-twee","slug":"twee"}]' in release.record(made.release).body  # type: ignore[operator]
    assert [key for key in store.objects if key.startswith("assets/moved.")]


def test_an_empty_machine_does_the_same(root: Path, tmp_path: Path) -> None:
    """What moved is read from the store: by a clone that renames, and by one that comes after."""
    here = MemoryStore()
    published(root, here)
    there = copied(here)
    rename(root, "02-twee", "02-tweede")
    clone = Path(shutil.copytree(root, tmp_path / "clone", ignore=shutil.ignore_patterns(".omroep")))
    assert published(root, here).release == published(clone, there).release
    shutil.rmtree(clone / ".omroep")
    assert published(clone, there).actions == ()
    rename(clone, "02-tweede", "02-derde")
    shutil.rmtree(clone / ".omroep")
    published(clone, there)
    assert {arrived(there, f"episodes/{name}.html") for name in ("twee", "tweede", "derde")} == {
        ("episodes/derde.html", TITLE)
    }


# --- one after another ------------------------------------------------------------------------------------------------


def test_every_old_address_leads_straight_there(root: Path) -> None:
    """Two moves: both addresses lead to the third in one step."""
    store = MemoryStore()
    for name in ("tweede", "derde"):
        published(root, store)
        rename(root, "02-twee" if name == "tweede" else "02-tweede", f"02-{name}")
    published(root, store)
    for name in ("twee", "tweede"):
        page = lxml.html.document_fromstring(store.objects[Key(f"episodes/{name}.html")].body)  # type: ignore[arg-type]
        assert page.xpath("//main//a/@href") == ["derde.html"]


def test_an_episode_that_comes_back_to_an_address_is_there(root: Path) -> None:
    """And the one in between leads to it."""
    store = MemoryStore()
    published(root, store)
    rename(root, "02-twee", "02-tweede")
    published(root, store)
    rename(root, "02-tweede", "02-twee")
    published(root, store, asked=Asked(allow=frozenset(["older"])))
    assert arrived(store, OLD) == arrived(store, "episodes/tweede.html") == (OLD, TITLE)
    assert b"<audio" in store.objects[OLD].body  # type: ignore[operator]
    assert published(root, store).actions == ()


def test_two_episodes_that_swap_names(root: Path) -> None:
    """Each is where the other was, and nothing leads on."""
    store = MemoryStore()
    published(root, store)
    edit(root, "01-een", "title:", "slug: twee\ntitle:")
    edit(root, "02-twee", "title:", "slug: een\ntitle:")
    assert published(root, store).release.edition.moved == ()
    assert arrived(store, OLD) == (OLD, "Aflevering over 01-een")
    assert arrived(store, "episodes/een.html") == ("episodes/een.html", TITLE)


def test_a_new_episode_at_a_former_address_has_it(root: Path) -> None:
    """Whoever asks for it gets what is called so now; when that moves on too, it is that one which is led to."""
    store = MemoryStore()
    published(root, store)
    rename(root, "02-twee", "02-tweede")
    published(root, store)
    write_episode(root, "04-vier", slug="twee")
    published(root, store)
    assert arrived(store, OLD) == (OLD, "Aflevering over 04-vier")
    edit(root, "04-vier", 'slug: "twee"\n', "")
    published(root, store)
    assert arrived(store, OLD) == ("episodes/vier.html", "Aflevering over 04-vier")


def test_a_former_address_of_a_withdrawn_episode_says_so_too(root: Path) -> None:
    """As its page does, also where it moves while it is away; when it is back, they lead to it again."""
    store = MemoryStore()
    published(root, store)
    rename(root, "02-twee", "02-tweede")
    published(root, store)
    edit(root, "02-tweede", "---\n\nNotities", "status: withdrawn\n---\n\nNotities")
    published(root, store)
    assert withdrawn(store, OLD)
    assert withdrawn(store, "episodes/tweede.html")
    assert same_card(store, "twee", "tweede")
    rename(root, "02-tweede", "02-derde")
    published(root, store)
    assert all(withdrawn(store, f"episodes/{name}.html") for name in ("twee", "tweede", "derde"))
    edit(root, "02-derde", "status: withdrawn\n", "")
    published(root, store)
    assert {arrived(store, f"episodes/{name}.html")[0] for name in ("twee", "tweede")} == {"episodes/derde.html"}


def test_pages_of_a_transcript_lead_to_its_episode() -> None:
    """Those that lay under the old name too; but where it is withdrawn, they are gone."""
    there, key = Key("episodes/eerst/transcript-2.html"), Key("episodes/eerst.html")
    first = test_pages.EDITION.entries[0]
    former = Former(guid=first.episode.guid, slug=Slug("eerst"))
    edition = replace(test_pages.EDITION, moved=(former,), left=(there, Key("guests/weg.html")))
    made = {each.key: each for each in pages.compose(edition, test_pages.DUTCH)}
    store = MemoryStore()
    store.objects = made
    assert arrived(store, key) == arrived(store, there) == (f"episodes/{first.episode.slug}.html", first.episode.title)
    assert b"niet meer gepubliceerd" in made[Key("guests/weg.html")].body  # type: ignore[operator]
    off = replace(edition, entries=edition.entries[1:], withdrawn=(first,))
    gone = {each.key: each for each in pages.compose(off, test_pages.DUTCH)}
    assert b"niet meer gepubliceerd" in gone[there].body  # type: ignore[operator]


# --- any life of a show, at any moment --------------------------------------------------------------------------------


class Looked(MemoryStore):
    """After every write, goes to every address."""

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
        version = super().put(item, expected=expected)
        with self._lock:
            there = copied(self)
        for key in there.objects:
            if b'"refresh"' in bytes(there.objects[key].body):  # type: ignore[arg-type]
                arrived(there, key)
        return version


def turn(store: MemoryStore, named: Mapping[int, Slug], off: frozenset[int]) -> None:
    """Publish a show in which episodes have these names, those of `off` withdrawn."""
    places = sorted(named)
    made, _ = test_plan.composed([Shape(place, 0, "Titel", "", (), (), False) for place in places])
    entries = {
        place: replace(entry, episode=replace(entry.episode, slug=named[place]))
        for place, entry in zip(places, made.entries, strict=True)
    }
    edition = replace(
        made,
        entries=tuple(entry for place, entry in entries.items() if place not in off),
        withdrawn=tuple(entry for place, entry in entries.items() if place in off),
    )
    apply.run(whole(edition, publish.published(store)), store)
    assert whole(edition, publish.published(store)).actions == ()


def whole(edition: Edition, before: Published) -> Plan:
    """What makes a store hold all of an edition but its audio and its pictures."""
    edition = replace(edition, moved=addresses.left(edition, before))
    objects = (*sidecars.compose(edition), *pages.compose(edition, test_plan.LOOK), feed.compose(edition))
    return plan.make(edition, objects, before)


NAMES = tuple(map(Slug, ("een", "twee", "drie", "vier", "vijf")))
lives = st.lists(
    st.tuples(st.permutations(NAMES), st.frozensets(st.integers(0, 2), max_size=2)), min_size=2, max_size=6
)
"""Turn after turn: the names of three episodes, and which of them are withdrawn."""


@settings(deadline=None, max_examples=25)
@given(lives)
def test_every_address_that_ever_was_tells_of_its_episode(life: list[tuple[list[Slug], frozenset[int]]]) -> None:
    """The page of whoever has it, else the way to whoever had it last; and at no moment round in a circle."""
    store, last = Looked(), dict[Slug, int]()
    for given_names, off in life:
        named = dict(enumerate(given_names[:3]))
        turn(store, named, off)
        last |= {name: place for place, name in named.items() if place not in off}
        last = {name: place for place, name in named.items()} | last
        for name, place in last.items():
            key = f"episodes/{name}.html"
            if place in off:
                assert withdrawn(store, key)
            else:
                assert arrived(store, key) == (f"episodes/{named[place]}.html", f"Titel {place}")


# --- with all that an operator does -----------------------------------------------------------------------------------


def moved_once(root: Path) -> MemoryStore:
    """A show of which one episode has moved, a day after it was published."""
    store = MemoryStore()
    store.now = START
    published(root, store)
    rename(root, "02-twee", "02-tweede")
    store.now = START + DAY
    published(root, store)
    return store


def test_until_the_feed_has_switched_the_old_page_is_what_it_was(root: Path) -> None:
    """The old feed leads there; only when the new page is there, and the feed says so, does it lead on."""
    store = MemoryStore()
    published(root, store)
    rename(root, "02-twee", "02-tweede")
    stages = {action.object.key: action.stage for action in prepared(root, store).plan.actions}
    assert stages[Key("episodes/tweede.html")] is Stage.NEW_PAGES
    assert stages[OLD] is Stage.MOVED_PAGES
    order = list(Stage)
    assert order.index(Stage.SWITCH) < order.index(Stage.LAGGING_PAGES) < order.index(Stage.MOVED_PAGES)
    store.log.clear()
    published(root, store)
    written = puts(store)
    assert written.index(Key("feed.xml")) < written.index(OLD)


def test_going_back_puts_the_page_back(root: Path) -> None:
    """The newer address keeps its whole page, as long as that can be gone forward to; forward again is what it was."""
    store = moved_once(root)
    newer = dict(store.objects)
    went_back(root, store)
    assert arrived(store, OLD) == (OLD, TITLE)
    assert b"<audio" in store.objects[OLD].body  # type: ignore[operator]
    assert store.objects[Key("episodes/tweede.html")] == newer[Key("episodes/tweede.html")]
    assert seen(store) == []
    cleared(store, 1)
    assert arrived(store, "episodes/tweede.html") == ("episodes/tweede.html", TITLE)
    published(root, store)
    assert arrived(store, OLD) == ("episodes/tweede.html", TITLE)
    assert fed(store) == newer[Key("feed.xml")].body


def test_after_going_back_another_way_the_newer_address_leads_back(root: Path) -> None:
    """Where files get the old name too, the next publish has the name in between lead to it."""
    store = moved_once(root)
    went_back(root, store)
    rename(root, "02-tweede", "02-twee")
    shutil.rmtree(root / ".omroep")
    published(root, store)
    assert arrived(store, "episodes/tweede.html") == (OLD, TITLE)
    assert published(root, store).actions == ()


def test_clearing_away_leaves_what_leads_on(root: Path) -> None:
    """However long ago it moved; verify has nothing to say of it, and names it when somebody removes it."""
    store = moved_once(root)
    edit(root, "03-drie", "Notities.", "Andere notities.")
    store.now = START + 50 * DAY
    published(root, store)
    cleared(store, 1)
    assert arrived(store, OLD) == ("episodes/tweede.html", TITLE)
    assert seen(store) == []


def test_an_old_checkout_is_still_known_as_one(root: Path, tmp_path: Path) -> None:
    """Of before the first move and of between two, with a corrected title since: it would take that back unseen."""
    store = MemoryStore()
    published(root, store)
    first = Path(shutil.copytree(root, tmp_path / "first"))
    rename(root, "02-twee", "02-tweede")
    published(root, store)
    second = Path(shutil.copytree(root, tmp_path / "second"))
    rename(root, "02-tweede", "02-derde")
    edit(root, "01-een", "Aflevering over", "Alles over")
    published(root, store)
    assert "This is exactly what release 1 was" in refused(first, store)
    assert "This is exactly what release 2 was" in refused(second, store)


def test_the_commands_tell_it(root: Path, run: Run) -> None:
    """The plan says where the old address leads; verify finds all whole, and names what leads on when it is lost."""
    run(root, "publish")
    rename(root, "02-twee", "02-tweede")
    told = f"  the page of “{TITLE}” moves to another address; the old one leads there\n"
    assert told in run(root, "plan").stdout
    assert told in run(root, "publish").stdout
    run(root, "verify")
    (root / "public" / OLD).unlink()
    assert f"{OLD}, the former page of “{TITLE}”" in run(root, "verify", status=None).stderr
    run(root, "publish", "--repair")
    run(root, "verify")
    edit(root, "01-een", "title:", "slug: tweede\ntitle:")
    edit(root, "02-tweede", "title:", "slug: een\ntitle:")
    told = run(root, "plan").stdout
    assert f"the page of “{TITLE}” moves to another address\n" in told


def test_in_a_bucket(root: Path, tmp_path: Path, s3_server: seaweed.Server) -> None:
    """By the real program, each time on an empty machine: it leads on, and a second publish writes nothing."""
    place = f"s3://{s3_server.bucket}/{tmp_path.name}"
    environ = s3_server.environment()
    assert omroep(root, "publish", "--to", place, **environ).returncode == 0
    rename(root, "02-twee", "02-tweede")
    clone = Path(shutil.copytree(root, tmp_path / "clone", ignore=shutil.ignore_patterns(".omroep")))
    second = omroep(clone, "publish", "--to", place, **environ, OMROEP_FFMPEG="/nonexistent")
    assert (second.returncode, second.stderr) == (0, "")
    before = bucket(s3_server, f"{tmp_path.name}/")
    assert f"{tmp_path.name}/episodes/twee.html" in before
    assert "Nothing to do" in omroep(root, "publish", "--to", place, **environ).stdout
    assert bucket(s3_server, f"{tmp_path.name}/") == before
