"""Telling hubs and podping: once for each change of a feed, never for anything else, and a failure undoes nothing."""

import json
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from pipeline import cli, digest, notify, publish, tidings
from pipeline.cli.publish import carry_out
from pipeline.cli.settings import Settings
from pipeline.errors import Exit, OmroepError, StoreError
from pipeline.guard import NOTHING, Asked
from pipeline.history import Event as Turned
from pipeline.history import Heard, History, Published, Turn, entry, event, heard
from pipeline.model import Cache, Key, Kind, Object, Slug, Version
from pipeline.store import ANYTHING, Anything
from pipeline.store.memory import MemoryStore
from pipeline.tidings import Tiding
from tests import hub as hubs
from tests import web
from tests.hub import Hub, Manner
from tests.shows import write_episode, write_show
from tests.test_publish import BASE, OMROEP, edit, prepared, root, seen, three
from tests.tools import require

__all__ = ["root", "three"]

FEED = f"{BASE}feed.xml"
TOKEN = "Bl4h-c4nary^^12345678"
A, B = digest.of_bytes(b"a"), digest.of_bytes(b"b")


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show of one episode, its audio mastered once for all tests."""
    root = write_show(tmp_path_factory.mktemp("show"))
    write_episode(root, "01-een")
    prepared(root, MemoryStore())
    return root


@pytest.fixture
def lone(one: Path, tmp_path: Path) -> Path:
    """A copy of `one` that a test may change."""
    return Path(shutil.copytree(one, tmp_path / "show"))


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A good hub."""
    with hubs.running() as hub:
        yield hub


def says(root: Path, *lines: str) -> None:
    """Adds lines to show.yaml."""
    path = root / "feed" / "show.yaml"
    path.write_text(path.read_text("utf-8") + "".join(f"{line}\n" for line in lines), "utf-8")


def go(
    root: Path,
    store: MemoryStore,
    *,
    asked: Asked = NOTHING,
    rest: bool = False,
    as_json: bool = False,
    token: str = "",
) -> int:
    """`omroep publish` to a store in memory; its exit status."""
    environ = {"PATH": "", "OMROEP_CACHE": str(root / ".omroep"), notify.TOKEN: token}
    settings = Settings(root=root, environ=environ, now=datetime.now(UTC) + timedelta(minutes=1))
    try:
        return carry_out(settings, lambda own: store, None, asked, str(asked), rest=rest, as_json=as_json)
    except OmroepError as error:
        cli.tell.problems(error.problems, as_json=False)
        return error.status


# --- when -------------------------------------------------------------------------------------------------------------


def test_a_hub_is_told_once_for_each_change(root: Path, hub: Hub) -> None:
    """Of the first publish and of each change of the feed; not when nothing changed, nor when only pages did."""
    says(root, f"hubs: [{hub.address}]")
    store = MemoryStore()
    assert (go(root, store), hub.told) == (Exit.DONE, [FEED])
    assert (go(root, store), hub.told) == (Exit.DONE, [])
    edit(root, "01-een", "Aflevering over", "Alles over")
    assert (go(root, store), hub.told) == (Exit.DONE, [FEED])
    before = len(store.objects)
    edit(root, "01-een", "Beschikb@@r", "Onbeschikbaar")
    assert (go(root, store), hub.told) == (Exit.DONE, [])
    assert len(store.objects) == before + 2  # that page was written, with its record and an entry of the log
    assert (go(root, store, asked=Asked(withdraw=frozenset({Slug("twee")}))), hub.told) == (Exit.DONE, [FEED])
    assert seen(store) == []


def test_what_a_hub_is_told(lone: Path, hub: Hub) -> None:
    """The form that hubs have taken since PubSubHubbub 0.3, with WebSub's name for a feed beside it; no secrets."""
    says(lone, f"hubs: [{hub.address}push/]")
    assert go(lone, MemoryStore(), token=TOKEN) == Exit.DONE
    (asked,) = hub.asked
    assert (asked.method, asked.path) == ("POST", "/push/")
    assert asked.fields == {"hub.mode": ["publish"], "hub.url": [FEED], "hub.topic": [FEED]}
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert TOKEN not in str(asked)


def test_the_feed_is_live_when_a_hub_hears_of_it(root: Path, hub: Hub) -> None:
    """And every page: a hub fetches the feed at once."""
    store = MemoryStore()
    found: list[list[str]] = []

    def look(request: BaseHTTPRequestHandler) -> None:
        found.append([*seen(store), *([] if any("published" in key for key in store.objects) else ["no log"])])
        hubs.TAKEN(request)

    hub.manner = look
    says(root, f"hubs: [{hub.address}]")
    assert (go(root, store), found) == (Exit.DONE, [[]])


def test_only_feeds_that_changed_are_told(root: Path, hub: Hub) -> None:
    """Of all the first time; then the main one, and that of the topic that an episode is about."""
    says(root, f"hubs: [{hub.address}]", "feeds: topics")
    edit(root, "01-een", '["detachering"]', '["werving"]')
    topics = [f"{BASE}feeds/topic-detachering.xml", f"{BASE}feeds/topic-werving.xml"]
    store = MemoryStore()
    assert (go(root, store), hub.told) == (Exit.DONE, [FEED, *topics])
    edit(root, "01-een", "Aflevering over", "Alles over")
    assert (go(root, store), hub.told) == (Exit.DONE, [FEED, topics[1]])


def test_who_missed_one_change_is_told_of_all_feeds(root: Path, hub: Hub) -> None:
    """With the next change, which is of another feed: nobody remembers which one was missed."""
    says(root, f"hubs: [{hub.address}]", "feeds: topics")
    edit(root, "01-een", '["detachering"]', '["werving"]')
    store = MemoryStore()
    assert (go(root, store), len(hub.told)) == (Exit.DONE, 3)
    edit(root, "02-twee", "Aflevering over", "Alles over")
    hub.manner = hubs.status(500)
    assert (go(root, store), hub.told) == (Exit.UNTOLD, [FEED])
    edit(root, "01-een", "Aflevering over", "Alles over")
    hub.manner = hubs.TAKEN
    assert (go(root, store), len(hub.told)) == (Exit.DONE, 3)


def test_a_feed_that_goes_is_news_once(lone: Path, hub: Hub) -> None:
    """Told of the main feed, for the other one stays as it was."""
    says(lone, f"hubs: [{hub.address}]", "feeds: topics")
    edit(lone, "01-een", "number: 1", 'topics: ["werving"]\nnumber: 1')
    store = MemoryStore()
    assert (go(lone, store), len(hub.told)) == (Exit.DONE, 2)
    path = lone / "feed" / "show.yaml"
    path.write_text(path.read_text("utf-8").replace("feeds: topics\n", ""), "utf-8")
    assert (go(lone, store), hub.told) == (Exit.DONE, [FEED])
    assert (go(lone, store), hub.told) == (Exit.DONE, [])


def test_nothing_to_do_still_costs_one_listing(lone: Path, hub: Hub) -> None:
    """Who was told is in the listing that the no-op makes anyway."""
    says(lone, f"hubs: [{hub.address}]")
    store = MemoryStore()
    time.sleep(2.1)  # until the files have settled
    assert go(lone, store) == Exit.DONE
    store.log.clear()
    assert (go(lone, store), store.log) == (Exit.DONE, [("list", "feed.")])


def test_another_machine_knows_who_was_told(lone: Path, hub: Hub) -> None:
    """An empty cache, as in CI: nothing is told again, and the publish after that costs one listing."""
    says(lone, f"hubs: [{hub.address}]")
    store = MemoryStore()
    assert (go(lone, store), hub.told) == (Exit.DONE, [FEED])
    (lone / ".omroep" / "published.json").unlink()
    assert (go(lone, store), hub.told) == (Exit.DONE, [])
    store.log.clear()
    assert (go(lone, store), store.log) == (Exit.DONE, [("list", "feed.")])


def test_telling_costs_one_small_write(lone: Path, hub: Hub) -> None:
    """For all that are told, after everything else."""
    says(lone, f"hubs: [{hub.address}, {hub.address}too]", f"podping: {hub.address}")
    store = MemoryStore()
    assert (go(lone, store, token=TOKEN), len(hub.told)) == (Exit.DONE, 3)
    (told,) = (key for key in store.objects if "-told-" in key)
    assert store.log[-1] == ("put", told)
    assert len(store.objects[told].body or b"") < 200  # type: ignore[arg-type]


# --- failures ---------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


STOP = Event()
BAD: dict[str, tuple[Manner, str]] = {
    "an error": (hubs.status(500, "<p>no", Content_Type="text/html"), "it says 500."),
    "a reason": (
        hubs.status(422, "not\nyour\x1b[31m feed", Content_Type="text/plain; charset=utf-8"),
        "it says 422 (“not your\\u001b[31m feed”).",
    ),
    "an endless reason": (hubs.status(400, "x" * 100_000, Content_Type="text/plain"), f"(“{'x' * 199}…”)"),
    "leads elsewhere": (hubs.status(301, Location="ftp://example.org/"), "leads elsewhere (status 301)"),
    "leads to a file": (hubs.status(307, Location="file:///etc/passwd"), "leads elsewhere (status 307)"),
    "garbage": (hubs.garbage, "the answer breaks off"),
    "gone": (hubs.gone, "the answer breaks off"),
    "hanging": (hubs.hanging(STOP), "it takes too long"),
    "dripping": (hubs.dripping, "it takes too long"),
}


def tiding(address: str, manner: tidings.Manner = tidings.Manner.WEBSUB) -> Tiding:
    return Tiding(manner=manner, address=address, feeds=(FEED,), state="a" * 32)


@pytest.mark.parametrize("how", BAD)
def test_a_failure_is_told_in_words(how: str, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub by name, what it did, what it means for listeners, and what to do; nothing is remembered."""
    monkeypatch.setattr(notify, "PATIENCE_S", 0.3)
    hub.manner, said = BAD[how]
    store, before = MemoryStore(), set(threading.enumerate())
    (answer,) = notify.tell(store, [tiding(hub.address)], History(), None)
    assert all(thread.daemon for thread in set(threading.enumerate()) - before)  # else the program would not end
    told = str(answer.problem)
    assert told.startswith(f"{hub.address} was not told that the feed changed: ")
    assert said in told
    assert "Everything is published. Apps that rely on it notice hours later" in told
    assert "omroep notify" in told
    assert store.objects == {}


def test_a_failure_undoes_nothing(lone: Path, hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    """Status 8; what listeners get is whole, every publish tries again until the hub knows, and then none does."""
    says(lone, f"hubs: [{hub.address}]")
    store = MemoryStore()
    hub.manner = hubs.status(500)
    assert (go(lone, store), hub.told) == (Exit.UNTOLD, [FEED])
    told = capfd.readouterr()
    assert f"problem: {hub.address} was not told" in told.err
    assert "is published to memory" in told.out
    assert seen(store) == []
    assert (go(lone, store), hub.told) == (Exit.UNTOLD, [FEED])
    hub.manner = hubs.TAKEN
    written = store.objects[Key("feed.xml")]
    assert (go(lone, store), hub.told) == (Exit.DONE, [FEED])
    assert store.objects[Key("feed.xml")] == written
    assert (go(lone, store), hub.told) == (Exit.DONE, [])


def test_nobody_listens(lone: Path, hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    """The other hub is told all the same, and not once more when the first one is back."""
    port = free_port()
    says(lone, f"hubs: [http://127.0.0.1:{port}/, {hub.address}]")
    store = MemoryStore()
    assert (go(lone, store), hub.told) == (Exit.UNTOLD, [FEED])
    told = capfd.readouterr()
    assert "nobody listens there" in told.err
    assert f"Told {hub.address} of the feed." in told.out
    with hubs.running(port=port) as back:
        assert (go(lone, store), hub.told, back.told) == (Exit.DONE, [], [FEED])


def test_a_name_that_nobody_knows() -> None:
    """Is told as such."""
    (answer,) = notify.tell(MemoryStore(), [tiding("http://hub.invalid/")], History(), None)
    assert answer.failure == "its name is not known"


def test_hubs_are_told_at_the_same_time(lone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits for the other to be asked: one after another neither would ever answer."""
    monkeypatch.setattr(notify, "PATIENCE_S", 20.0)
    first, second = Event(), Event()

    def both(mine: Event, other: Event) -> Manner:
        def answer(request: BaseHTTPRequestHandler) -> None:
            mine.set()
            hubs.status(204 if other.wait(10) else 500)(request)

        return answer

    with hubs.running(both(first, second)) as one, hubs.running(both(second, first)) as two:
        says(lone, f"hubs: [{one.address}, {two.address}]")
        assert go(lone, MemoryStore()) == Exit.DONE


def test_a_store_that_does_not_remember_takes_nothing_back(lone: Path, hub: Hub) -> None:
    """Then the hub is told once more some time, which does no harm."""

    class Forgetful(MemoryStore):
        def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
            if "-told-" in item.key:
                raise StoreError()
            return super().put(item, expected=expected)

    says(lone, f"hubs: [{hub.address}]")
    store = Forgetful()
    assert (go(lone, store), hub.told) == (Exit.DONE, [FEED])
    (lone / ".omroep" / "published.json").unlink()
    assert (go(lone, store), hub.told) == (Exit.DONE, [FEED])


def test_stopped_between_the_switch_and_the_telling(lone: Path, hub: Hub) -> None:
    """The next publish, which has nothing else to do, tells."""
    says(lone, f"hubs: [{hub.address}]")
    store = MemoryStore()
    publish.publish(prepared(lone, store), lambda action: None)
    assert hub.told == []
    assert (go(lone, store), hub.told) == (Exit.DONE, [FEED])
    assert (go(lone, store), hub.told) == (Exit.DONE, [])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_real_publisher_is_stopped_while_it_tells(how: signal.Signals, lone: Path, hub: Hub, tmp_path: Path) -> None:
    """Ctrl-C is heard at once and says that all is published; killed or not, the next run tells the hub."""
    released, asked = Event(), Event()

    def waiting(request: BaseHTTPRequestHandler) -> None:
        asked.set()
        hubs.hanging(released)(request)

    hub.manner = waiting
    says(lone, f"hubs: [{hub.address}]")
    command: list[str | Path] = [OMROEP, "--show", lone, "publish", "--to", tmp_path / "site"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert asked.wait(60)
    running.send_signal(how)
    _, told = running.communicate(timeout=30)
    released.set()
    assert (running.returncode, "Everything is published" in told) == (
        (Exit.INTERRUPTED, True) if how == signal.SIGINT else (-signal.SIGKILL, False)
    )
    assert "Traceback" not in told
    assert (tmp_path / "site" / "feed.xml").is_file()
    hub.manner = hubs.TAKEN
    hub.asked.clear()
    assert omroep(lone, "publish", "--to", tmp_path / "site") == Exit.DONE
    assert hub.told == [FEED]


def test_who_was_not_told_hides_no_episode_that_was_left_out(
    root: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --rest both are told, in words and in JSON, and the status is that something is not published."""
    says(root, f"hubs: [{hub.address}]")
    edit(root, "01-een", "number:", "nummer:")
    hub.manner = hubs.status(500)
    assert go(root, MemoryStore(), rest=True) == Exit.PARTIAL
    told = capsys.readouterr().err
    assert "was not told" in told
    assert "nummer" in told
    assert go(root, MemoryStore(), rest=True, as_json=True) == Exit.PARTIAL
    said = json.loads(capsys.readouterr().out)
    assert ([each["address"] for each in said["told"]], list(said["held"])) == ([hub.address], ["01-een"])


# --- the commands -----------------------------------------------------------------------------------------------------


def omroep(root: Path, *words: str | Path) -> int:
    """A command line, in this process."""
    return cli.run(["--show", str(root), *map(str, words)])


def test_the_commands_tell(lone: Path, hub: Hub, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`plan` says who would be told, `build` tells nobody, `notify` tells whenever it is asked, `rollback` tells."""
    says(lone, f"hubs: [{hub.address}]")
    site = tmp_path / "site"
    assert (omroep(lone, "build", "--to", site), hub.told) == (Exit.DONE, [])
    capfd.readouterr()
    assert (omroep(lone, "plan", "--to", site), hub.told) == (Exit.DONE, [])
    assert f"Then {hub.address} is told." in capfd.readouterr().out
    assert omroep(lone, "plan", "--json", "--to", site) == Exit.DONE
    assert json.loads(capfd.readouterr().out)["tells"] == [hub.address]
    for _ in range(2):
        assert (omroep(lone, "notify", "--to", site), hub.told) == (Exit.DONE, [FEED])
        assert f"Told {hub.address} of the feed." in capfd.readouterr().out
    assert (omroep(lone, "publish", "--to", site), hub.told) == (Exit.DONE, [])
    edit(lone, "01-een", "Aflevering over", "Alles over")
    assert (omroep(lone, "publish", "--to", site), hub.told) == (Exit.DONE, [FEED])
    assert (omroep(lone, "rollback", "--plan", "--to", site), hub.told) == (Exit.DONE, [])
    assert (omroep(lone, "rollback", "--to", site), hub.told) == (Exit.DONE, [FEED])
    hub.manner = hubs.status(503)
    assert (omroep(lone, "rollback", "2", "--to", site), hub.told) == (Exit.UNTOLD, [FEED])
    capfd.readouterr()
    assert (omroep(lone, "notify", "--json", "--to", site), hub.told) == (Exit.UNTOLD, [FEED])
    (told,) = json.loads(capfd.readouterr().out)["told"]
    assert told == {"manner": "websub", "address": hub.address, "feeds": [FEED], "failure": "it says 503"}


def test_what_was_heard_is_left_alone(lone: Path, hub: Hub, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`verify` takes it for no stranger, and `prune` for nothing that could go."""
    says(lone, f"hubs: [{hub.address}]")
    site = tmp_path / "site"
    assert omroep(lone, "publish", "--to", site) == Exit.DONE
    assert omroep(lone, "verify", "--to", site, "--json") == Exit.DONE
    assert "orphan" not in capfd.readouterr().out
    assert omroep(lone, "prune", "--to", site, "--older-than", "0", "--yes") == Exit.DONE
    assert len(list(site.glob("feed.log/*-told-*"))) == 1


def test_nobody_to_tell(lone: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Is said, and nothing published is said as well."""
    assert omroep(lone, "notify", "--to", tmp_path / "site") == Exit.REFUSED
    assert "Nothing is published" in capfd.readouterr().err
    assert omroep(lone, "publish", "--to", tmp_path / "site") == Exit.DONE
    assert omroep(lone, "notify", "--to", tmp_path / "site") == Exit.DONE
    assert "nobody is to be told" in capfd.readouterr().out


def test_the_receipt_says_who_was_told(lone: Path, hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    """The one that is printed and the one that is kept; of a failure too."""
    port = free_port()
    says(lone, f"hubs: [{hub.address}, http://127.0.0.1:{port}/]")
    assert go(lone, MemoryStore(), as_json=True) == Exit.UNTOLD
    printed = json.loads(capfd.readouterr().out)
    (kept,) = (json.loads(path.read_text("utf-8")) for path in (lone / ".omroep" / "receipts").glob("*.json"))
    assert printed == kept
    assert [(each["address"], each["failure"]) for each in kept["told"]] == [
        (hub.address, ""),
        (f"http://127.0.0.1:{port}/", "nobody listens there"),
    ]


# --- podping ----------------------------------------------------------------------------------------------------------


def test_podping_is_told(lone: Path, hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    """With the token of the environment, who asks, and what podping wants to know; the token is printed nowhere."""
    says(lone, f"podping: {hub.address}")
    store = MemoryStore()
    assert go(lone, store, token=f" {TOKEN}\n") == Exit.DONE
    (asked,) = hub.asked
    assert (asked.method, asked.path) == ("GET", "/")
    assert asked.fields == {"url": [FEED], "reason": ["update"], "medium": ["podcast"]}
    assert (asked.headers["Authorization"], asked.headers["User-Agent"]) == (TOKEN, "omroep")
    assert TOKEN not in str(capfd.readouterr()) + said_and_stored(lone, store)
    assert b'<podcast:podping usesPodping="true"/>' in (store.objects[Key("feed.xml")].body or b"")  # type: ignore[operator]


def said_and_stored(root: Path, store: MemoryStore) -> str:
    kept = [path.read_bytes() for path in (root / ".omroep").rglob("*.json")]
    return str(kept) + str([item.body for item in store.objects.values()])


@pytest.mark.parametrize(
    ("token", "manner", "said"),
    [
        ("", hubs.TAKEN, f"{notify.TOKEN} is not set. Everything is published."),
        (
            TOKEN,
            hubs.status(401, f"bad {TOKEN}", Content_Type="text/plain"),
            f"does not take the token in {notify.TOKEN}",
        ),
        (TOKEN, hubs.status(500, f"bad {TOKEN}", Content_Type="text/plain"), "it says 500."),
        (TOKEN, hubs.gone, "the answer breaks off"),
        (f"{TOKEN}\nx: y", hubs.TAKEN, "it could not be asked"),
        (f"{TOKEN}€", hubs.TAKEN, "it could not be asked"),
    ],
    ids=["none", "refused", "an error that shows it", "gone", "a header of its own", "not a header"],
)
def test_a_token_is_never_shown(token: str, manner: Manner, said: str, hub: Hub) -> None:
    """Whatever is wrong with it; and it is said what to do."""
    hub.manner = manner
    (answer,) = notify.tell(MemoryStore(), [tiding(hub.address, tidings.Manner.PODPING)], History(), token)
    assert said in str(answer.problem)
    assert TOKEN not in repr(answer)
    assert not [asked for asked in hub.asked if {"x", "X"} & asked.headers.keys()]
    assert len(hub.asked) < 2


def test_a_token_is_in_nothing_that_is_kept(lone: Path, hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    """Nor printed, when a node shows it to everybody."""
    hub.manner = hubs.status(403, f"bad {TOKEN}", Content_Type="text/plain")
    says(lone, f"podping: {hub.address}")
    store = MemoryStore()
    assert go(lone, store, token=TOKEN) == Exit.UNTOLD
    assert hub.asked
    assert TOKEN not in str(capfd.readouterr()) + said_and_stored(lone, store)


def test_a_token_goes_to_nobody_else(lone: Path, hub: Hub) -> None:
    """Where a node leads elsewhere, nobody goes there."""
    with hubs.running() as other:
        hub.manner = hubs.status(302, Location=other.address)
        says(lone, f"podping: {hub.address}")
        assert go(lone, MemoryStore(), token=TOKEN) == Exit.UNTOLD
        assert other.asked == []


# --- the decision -----------------------------------------------------------------------------------------------------


def test_without_an_address_podping_is_podping_cloud(lone: Path) -> None:
    """`podping: yes`, as in shows from before there was an address; a medium that podping does not know is left out."""
    says(lone, "podping: yes", "medium: course")
    plan = prepared(lone, MemoryStore()).plan
    (tiding,) = tidings.due(plan.release, Published())
    assert (tiding.manner, tiding.address, tiding.medium) == ("podping", "https://podping.cloud/", None)
    assert plan.release.edition.show.podping_node is None


def test_what_somebody_heard_is_in_a_key() -> None:
    """That is no turn of the log, and comes behind the turn whose number it has."""
    told = Heard(number=12, feeds="b" * 32, who=("a" * 8, "e" * 8))
    turn = Turned(number=12, turn=Turn.RETURNED, release=A)
    assert (heard(entry(told).key), event(entry(told).key, None)) == (told, None)
    assert sorted([told.key, turn.key]) == [turn.key, told.key]
    later = Heard(number=13, feeds="c" * 32, who=("a" * 8,))
    log = History.of((each.key, None) for each in (later, turn, told))
    assert (log.events, log.told) == ((turn,), (told, later))
    assert log.keys == {turn.key}
    assert [log.last_heard(who * 8) for who in "aed"] == ["c" * 32, "b" * 32, None]


def test_telling_does_not_disturb_another_publisher(lone: Path, hub: Hub) -> None:
    """Who is at work while somebody else tells sees no second publisher in it."""
    says(lone, f"hubs: [{hub.address}]")
    store = MemoryStore()
    ready = prepared(lone, store)
    store.put(entry(Heard(number=1, feeds="b" * 32, who=("a" * 8,))))
    publish.publish(ready, lambda action: None)
    assert [each.turn for each in publish.published(store).history.events] == [Turn.PUBLISHED]


# --- somebody else's hub ----------------------------------------------------------------------------------------------


def test_a_real_hub_passes_the_new_feed_on(lone: Path, tmp_path: Path) -> None:
    """Who subscribed at Flask-WebSub's hub gets the feed, byte for byte, as soon as it is published."""
    require(find_spec("flask_websub") and find_spec("celery"), "needs a hub: pip install flask-websub celery")
    made, site = import_module("flask_websub.hub"), tmp_path / "site"
    celery = import_module("celery").Celery(set_as_current=False)
    celery.conf.task_always_eager = celery.conf.task_eager_propagates = True
    app = import_module("flask").Flask("hub")
    app.config["PUBLISH_SUPPORTED"] = True
    hub = made.Hub(made.SQLite3HubStorage(str(tmp_path / "hub.sqlite")), celery)
    app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    got: list[bytes] = []
    with served_wsgi(app) as here, served_wsgi(subscriber(got)) as callback, web.served({}) as listeners:
        links = f'<{here}hub>; rel="hub", <{listeners.address}feed.xml>; rel="self"'
        listeners.behind = lambda key: published_file(site, key)
        listeners.faults.append(web.header("Link", links))
        says(lone, f"hubs: [{here}hub]")
        form = {"hub.mode": "subscribe", "hub.topic": f"{listeners.address}feed.xml", "hub.callback": callback}
        assert import_module("requests").post(f"{here}hub", data=form, timeout=20).status_code == 202
        publishing = ("publish", "--to", site, "--base-url", listeners.address)
        assert omroep(lone, *publishing) == Exit.DONE
        assert got == [(site / "feed.xml").read_bytes()]
        edit(lone, "01-een", "Aflevering over", "Alles over")
        assert omroep(lone, *publishing) == Exit.DONE
        assert got[1:] == [(site / "feed.xml").read_bytes()]


def subscriber(got: list[bytes]) -> Any:
    """An app that wants what it is asked whether it wants, and keeps what it gets."""

    @Request.application
    def answer(request: Request) -> Response:
        if request.method == "POST":
            got.append(request.get_data())
        return Response(request.args.get("hub.challenge", ""))

    return answer


@contextmanager
def served_wsgi(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def published_file(site: Path, key: Key) -> Object | None:
    path = site / key
    body = path.read_bytes() if path.is_file() else None
    if body is None:
        return None
    kind, cache = Kind.FEED, Cache.SHORT
    return Object(key=key, kind=kind, type="text/xml", cache=cache, sha256=A, size=len(body), body=body)
