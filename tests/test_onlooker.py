"""Planning against what everybody sees: the same plan without a key, and never a write."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import publish
from pipeline.audio.deliver import Studio
from pipeline.errors import Refused, StoreError
from pipeline.model import Key
from pipeline.onlooker import Onlooker
from pipeline.outside import Outside, beneath
from pipeline.publish import Prepared
from pipeline.rendering import Newsroom
from pipeline.store import Store
from pipeline.store.memory import MemoryStore
from tests.shows import write_episode, write_show
from tests.web import Answer, Fault, Web, served, status

FEED = Key("feed.xml")


def prepared(root: Path, store: Store) -> Prepared:
    room = Newsroom(
        root=root,
        studio=Studio(root=root, cache=root / ".omroep", environ={}),
        now=datetime(2021, 1, 1, tzinfo=UTC),
    )
    return publish.prepare(room, lambda own: store, lambda title, what, part: None)


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MemoryStore]:
    """A show, and where it is published."""
    root, store = write_show(tmp_path_factory.mktemp("show") / "show"), MemoryStore()
    write_episode(root, "01-een")
    publish.publish(prepared(root, store), lambda action: None)
    return root, store


@pytest.fixture
def web(show: tuple[Path, MemoryStore]) -> Iterator[Web]:
    with served(dict(show[1].objects)) as server:
        yield server


def onlooker(web: Web) -> Onlooker:
    return Onlooker(web.address, Outside(beneath(web.address)))


def test_what_is_published_needs_nothing(show: tuple[Path, MemoryStore], web: Web) -> None:
    """Of what everybody sees, as of the store itself; and of nothing but the feed and its record."""
    made = prepared(show[0], onlooker(web)).plan
    assert made.actions == ()
    assert made.release == prepared(*show).plan.release
    assert {key.partition("/")[0] for _, key in web.asked} <= {"feed.xml", "releases"}


def test_a_change_of_who_the_show_is_is_refused(show: tuple[Path, MemoryStore], web: Web, tmp_path: Path) -> None:
    """A pull request that would take the show over is stopped before it is merged."""
    root = write_show(tmp_path, guid="9b024349-ccf0-5f69-a609-6b82873eab3c")
    write_episode(root, "01-een")
    with pytest.raises(Refused):
        prepared(root, onlooker(web))


@pytest.mark.parametrize("code", [403, 404])
def test_nothing_published_yet_is_no_failure(code: int, show: tuple[Path, MemoryStore], web: Web) -> None:
    """A bucket that strangers may not list says 403 of what is not there."""
    web.faults.append(status(code))
    assert FEED in {action.object.key for action in prepared(show[0], onlooker(web)).plan.actions}


def hidden(answer: Answer) -> None:
    """Of records: a stranger may not see them."""
    if answer.key.startswith("releases/"):
        answer.status = 403


@pytest.mark.parametrize(
    ("fault", "told"), [(status(500), "the server answers 500"), (hidden, "the server answers 403")]
)
def test_what_cannot_be_seen_is_said(fault: Fault, told: str, web: Web, tmp_path: Path) -> None:
    """In words, and not taken for a show that was never published."""
    web.faults.append(fault)
    with pytest.raises(StoreError, match=told):
        prepared(write_show(tmp_path), onlooker(web))


def test_nothing_is_ever_written(show: tuple[Path, MemoryStore], web: Web) -> None:
    """Whoever tries is told where to publish."""
    item = next(iter(show[1].objects.values()))
    with pytest.raises(StoreError, match="can only be looked at"):
        onlooker(web).put(item)
    with pytest.raises(StoreError, match="can only be looked at"):
        onlooker(web).delete(FEED)
    assert {method for method, _ in web.asked} <= {"GET"}
