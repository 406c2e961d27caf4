"""Planning: whatever a show was and becomes, the plan is whole, no more than needed, and safe after every write."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import apply, digest, feed, pages, plan, publish, release, sidecars, theme
from pipeline.errors import StoreError
from pipeline.model import (
    Category,
    Chapter,
    Cue,
    Digest,
    Edition,
    Entry,
    Episode,
    Guid,
    Key,
    Kind,
    Object,
    Person,
    Plan,
    Release,
    Show,
    Slug,
    Source,
    Stage,
    stored,
)
from pipeline.store.memory import MemoryStore
from tests import records
from tests.listeners import complaints

LOOK = theme.load(Path(__file__).parent.parent, "nl")
BASE = "https://proef.example.org/"
SHOW = Show(
    title="Proefshow",
    description="Een show.",
    language="nl",
    author="Ik",
    base_url=BASE,
    guid="9b024349-ccf0-5f69-a609-6b82873eab3c",
    cover=Source(sha256=records.sha("cover"), size=5),
    categories=(Category(main="Business"),),
)


@dataclass(frozen=True)
class Shape:
    """One episode in one of its possible shapes."""

    place: int
    take: int
    title: str
    notes: str
    guests: tuple[str, ...]
    topics: tuple[str, ...]
    extras: bool


def some(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True).map(tuple)


shapes = st.builds(
    Shape,
    place=st.integers(0, 3),
    take=st.integers(0, 1),
    title=st.sampled_from(["Titel", "Andere titel", "<b>]]>&"]),
    notes=st.sampled_from(["", "Notities", "## Kop\n\n- lijst"]),
    guests=some("Zoë", "Jan", "Piet van 's-Gravesande"),
    topics=some("detachering", "jobcoaching"),
    extras=st.booleans(),
)
shows = st.lists(shapes, min_size=1, max_size=4, unique_by=lambda shape: shape.place)


def episode(shape: Shape) -> Episode:
    audio = f"audio {shape.place} take {shape.take}"
    return Episode(
        guid=Guid(f"guid-{shape.place}"),
        slug=Slug(f"aflevering-{shape.place}"),
        title=f"{shape.title} {shape.place}",
        published=datetime(2020, 10, 1, tzinfo=UTC) + timedelta(days=shape.place),
        audio=Source(sha256=records.sha(audio), size=len(audio)),
        number=shape.place + 1,
        notes=shape.notes,
        guests=tuple(Person(name=name) for name in shape.guests),
        topics=shape.topics,
        chapters=(Chapter(start_s=0, title="Begin"),) if shape.extras else (),
        transcript=(Cue(start_s=0, end_s=1, text="Hallo"),) if shape.extras else (),
    )


def composed(drawn: list[Shape], title: str = "Proefshow") -> tuple[Edition, tuple[Object, ...]]:
    """An edition and all its objects; audio and pictures are a few bytes each."""
    bodies: dict[Key, bytes] = {}

    def tiny(made: Object) -> Object:
        bodies[made.key] = made.key.encode()
        return replace(made, body=bodies[made.key])

    episodes = sorted((episode(shape) for shape in drawn), key=lambda each: each.published)
    entries = []
    for each in episodes:
        media = records.media(each)
        body = f"audio/{each.slug}.{media.sha256[:16]}.mp3".encode()
        entries.append(Entry(episode=each, media=replace(media, sha256=digest.of_bytes(body), size=len(body))))
    pictures = []
    for width in (3000, 1200, 600, 300):
        picture = records.picture("cover", width)
        pictures.append(replace(picture, sha256=digest.of_bytes(picture.key.encode()), size=len(picture.key)))
    edition = Edition(show=replace(SHOW, title=title), entries=tuple(entries), pictures=tuple(pictures))
    return edition, (
        *(tiny(stored(entry.media)) for entry in edition.entries),
        *(tiny(stored(picture)) for picture in edition.pictures),
        *sidecars.compose(edition),
        *pages.compose(edition, LOOK),
        feed.compose(edition),
    )


def planned(drawn: list[Shape], store: MemoryStore, title: str = "Proefshow") -> Plan:
    return plan.make(*composed(drawn, title), publish.published(store))


def wrong(store: MemoryStore) -> list[str]:
    def read(key: str) -> bytes | None:
        held = store.objects.get(Key(key))
        return held.body if held and isinstance(held.body, bytes) else None

    return complaints(read, BASE)


def bodies(store: MemoryStore) -> dict[Key, object]:
    return {key: item.body for key, item in store.objects.items()}


@settings(max_examples=25, deadline=None)
@given(before=shows, after=shows)
def test_a_plan_is_complete_minimal_and_final(before: list[Shape], after: list[Shape]) -> None:
    """All objects are there afterwards, none was written that was there, and then there is nothing left to do."""
    store = MemoryStore()
    apply.run(planned(before, store), store)
    held = bodies(store)
    made = planned(after, store, "Omgedoopt")
    for action in made.actions:
        assert held.get(action.object.key) != action.object.body, f"{action.object.key} was there already"
    apply.run(made, store)
    for item in composed(after, "Omgedoopt")[1]:
        if item.kind is not Kind.FEED:
            assert store.objects[item.key].body == item.body
    assert planned(after, store, "Omgedoopt").actions == ()


@settings(max_examples=25, deadline=None)
@given(before=shows, after=shows)
def test_every_prefix_of_a_plan_is_safe(before: list[Shape], after: list[Shape]) -> None:
    """After each write alone, what the feed and the reachable pages lead to is there."""
    store = MemoryStore()
    for drawn in (before, after):
        for action in planned(drawn, store).actions:
            store.put(action.object)
            assert wrong(store) == [], f"after {action.object.key}"


@settings(max_examples=10, deadline=None)
@given(drawn=shows)
def test_the_same_content_is_the_same_release(drawn: list[Shape]) -> None:
    """Whatever was published in between, the way back is the same record and the same feed."""
    store = MemoryStore()
    first = planned(drawn, store)
    apply.run(first, store)
    fed = store.objects[Key("feed.xml")].body
    apply.run(planned([*drawn[1:], Shape(7, 0, "Tussendoor", "", (), (), False)], store), store)
    again = planned(drawn, store)
    apply.run(again, store)
    assert again.release.id == first.release.id
    assert store.objects[Key("feed.xml")].body == fed


def test_the_feed_is_written_once_and_before_pages_that_listeners_see() -> None:
    """New things first, then the record, then the feed, then pages that change, then the mark."""
    store = MemoryStore()
    one = Shape(0, 0, "Titel", "", ("Zoë",), (), True)
    apply.run(planned([one], store), store)
    made = planned([replace(one, title="Nieuwe titel"), Shape(1, 0, "Titel", "", ("Zoë",), ("nieuw",), True)], store)
    stages = [action.stage for action in made.actions]
    assert stages == sorted(stages, key=list(Stage).index)
    where = {action.object.key: action.stage for action in made.actions}
    assert where[Key("episodes/aflevering-1.html")] is Stage.NEW_PAGES
    assert where[Key("topics/nieuw.html")] is Stage.NEW_PAGES
    assert where[Key("episodes/aflevering-0.html")] is Stage.LAGGING_PAGES
    assert where[Key("guests/zoe.html")] is Stage.LAGGING_PAGES
    assert where[Key("feed.xml")] is Stage.SWITCH
    assert (stages.count(Stage.SWITCH), stages.count(Stage.RECORD), stages.count(Stage.LOG)) == (1, 1, 1)


def test_changes_are_told_as_listeners_will_notice_them() -> None:
    """New, renamed, other notes, chapters or audio: each in a sentence; nothing for what nobody notices."""
    store = MemoryStore()
    one = Shape(0, 0, "Titel", "", ("Zoë",), (), True)
    apply.run(planned([one], store), store)
    made = planned(
        [
            replace(one, title="Andere titel", notes="Notities", take=1, extras=False),
            Shape(1, 0, "Twee", "", (), (), True),
        ],
        store,
    )
    assert tuple(change.told for change in made.changes) == (
        "“Titel 0” is now called “Andere titel 0”",
        "“Andere titel 0” gets other show notes",
        "“Andere titel 0” gets other chapters",
        "“Andere titel 0” gets other audio; apps may download it again",
        "new episode “Twee 1” (1:01, 1 kB)",
    )
    assert planned([one], store).changes == ()


# --- the record -------------------------------------------------------------------------------------------------------


def recorded(drawn: list[Shape]) -> tuple[Release, bytes]:
    made = release.make(*composed(drawn))
    body = release.record(made).body
    assert isinstance(body, bytes)
    return made, body


def test_a_record_is_read_back_whole() -> None:
    """What was written is what is read, and it is known by its own digest."""
    made, body = recorded([Shape(0, 0, "Titel ë", "Notities", ("Zoë",), ("x",), True)])
    assert release.parse(body, named=made.id) == made


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda body: body.replace(b"Notities", b"Andere!!"), "is damaged"),
        (lambda body: body[: len(body) // 2], "is damaged"),
        (lambda body: b"[]", "is damaged"),
        (lambda body: b"", "is damaged"),
        (lambda body: body.replace(b'"format":1', b'"format":2'), "newer omroep"),
    ],
)
def test_a_record_that_is_not_right_is_refused(spoil: object, said: str) -> None:
    """Damaged, cut, another's, or of a newer omroep: nothing is published on the strength of it."""
    made, body = recorded([Shape(0, 0, "Titel", "Notities", (), (), False)])
    spoilt = spoil(body)  # type: ignore[operator]
    assert spoilt != body
    with pytest.raises(StoreError, match=said):
        release.parse(spoilt, named=made.id)


def test_a_record_under_another_name_is_refused() -> None:
    """A record answers only to its own digest."""
    _, body = recorded([Shape(0, 0, "Titel", "", (), (), False)])
    with pytest.raises(StoreError, match="is damaged"):
        release.parse(body, named=Digest("00" * 32))
