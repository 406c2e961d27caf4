"""`omroep watch`."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click

from pipeline import ingest, placing, publish, sparing
from pipeline import serve as server
from pipeline import watch as story
from pipeline.catalog import EPISODES
from pipeline.cli import notify
from pipeline.cli.board import Board, board, calm, rows, unseen
from pipeline.cli.ingest import desk, left
from pipeline.cli.publish import advice
from pipeline.cli.settings import Settings, base_url, destination
from pipeline.errors import Conflict, OmroepError, Problem, StoreError, refusal
from pipeline.guard import NOTHING
from pipeline.history import Published
from pipeline.intake import words
from pipeline.lookout import Decision, Manner
from pipeline.watch import Came, Outcome

if TYPE_CHECKING:
    from pipeline.publish import Connect
    from pipeline.sparing import Held, Sorted


@click.command()
@destination
@base_url
@click.option("--publish", "publishes", is_flag=True, help="Publish what is ready; without it, only show it here.")
@click.option(
    "--settle",
    metavar="SECONDS",
    type=click.FloatRange(min=1),
    default=Manner().settle_s,
    show_default=True,
    help="For so long nothing of an episode may change before it is taken.",
)
@click.option("--poll", is_flag=True, help="Look every two seconds: for network disks, which do not tell of changes.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Where to show it; 0: any free port."
)
@click.pass_obj
def watch(
    settings: Settings, to: str | None, base_url: str | None, publishes: bool, settle: float, poll: bool, port: int
) -> None:
    """Keep watching episodes/: make drafts of what is dropped there, and show or publish what is ready.

    A file is taken when it has come to rest; what something is wrong with is named, and stays as listeners have it.
    Without --publish the show is to be seen and heard on this machine, anew after every change. With --publish it is
    published, scheduled episodes at their time. Ctrl-C ends it, at any moment; nothing is lost, and nothing is done
    twice, also when it runs twice.
    """
    with ExitStack() as stack:
        shown = stack.enter_context(board())
        out = _Publishing(settings, settings.connect(to), base_url, shown) if publishes else None
        hands = out or _Showing(settings, to, base_url, shown, port)
        story.keep(settings.root, hands, Manner(settle_s=settle), poll=poll)


class _Hands(ABC):
    """Taking in, and telling; how it is made is for those below."""

    def __init__(self, settings: Settings, base_url: str | None, shown: Board) -> None:
        self.settings = settings
        self.base_url = base_url
        self.shown = shown
        settings.cache.mkdir(parents=True, exist_ok=True)

    def now(self) -> datetime:
        """By the machine's clock; before a watcher's `Settings` were made it was another time."""
        return datetime.now(UTC)

    def fresh(self) -> Settings:
        """The settings, now."""
        return replace(self.settings, now=self.now())

    def take_in(self, names: tuple[str, ...]) -> None:
        """See `watch.Hands`."""
        given = [self.settings.root / name for name in names]
        try:
            outcome = ingest.take_in(desk(self.fresh(), None), given)
        except OmroepError as error:
            self.shown.problems(error.problems)
            return
        except OSError as error:
            self.shown.problems((refusal(error),))
            return
        for draft in outcome.taken:
            sentence = words.MADE if draft.new else words.GIVEN
            self.shown.line(
                outcome.gettext(sentence).format(title=draft.title, folder=draft.folder, recording=draft.recording)
            )
        for each in outcome.left:
            self.shown.line(left(each, outcome.gettext))

    def make(self, decision: Decision, unmoved: Callable[[], bool]) -> Outcome:
        """See `watch.Hands`."""
        held = {PurePosixPath(name).name: (_moving(name),) for name in decision.moving if "/" in name}
        try:
            with placing.alone(self.settings.cache):  # two watchers here take turns: the second finds nothing to do
                return self.attempt(held, unmoved)
        except (Conflict, StoreError) as error:
            self.shown.problems(error.problems)
            return Outcome(came=Came.PASSING)
        except OmroepError as error:
            self.shown.problems(error.problems)
            return Outcome(came=Came.FAILED)
        except OSError as error:
            self.shown.problems((refusal(error),))
            return Outcome(came=Came.PASSING)

    @abstractmethod
    def attempt(self, held: Held, unmoved: Callable[[], bool]) -> Outcome:
        """Make it, and give it to who should have it."""

    def tell(self, found: Sorted, published: Published | None, now: datetime, moving: Held) -> None:
        """How every episode stands now; `published` is None where nobody has looked."""
        zone = ZoneInfo(found.catalog.show.timezone)
        standing = rows(self.settings.root, found, published or Published(), now)
        self.shown.show(calm(standing if published else unseen(standing), moving), zone)

    def to_mend(self, found: Sorted, moving: Held) -> tuple[Problem, ...]:
        """What is wrong; not of what is still changing, nor of a loose recording: why that is left is told already."""
        folders = self.settings.root / EPISODES
        resting = {name: why for name, why in found.held.items() if name not in moving and (folders / name).is_dir()}
        return sparing.told(resting)

    def rest(self, decision: Decision) -> None:
        """See `watch.Hands`."""
        self.shown.moving(tuple(PurePosixPath(name).name for name in decision.moving))

    def deaf(self, why: str) -> None:
        """See `watch.Hands`."""
        self.shown.line(f"The system does not tell of changes here ({why}); looking every two seconds.")


def _moving(name: str) -> Problem:
    return Problem(what="It is still changing.", file=f"{name}/", mend="Wait.", fatal=False)


class _Publishing(_Hands):
    """Gives it to listeners."""

    def __init__(self, settings: Settings, connect: Connect, base_url: str | None, shown: Board) -> None:
        super().__init__(settings, base_url, shown)
        self.connect = connect

    def attempt(self, held: Held, unmoved: Callable[[], bool]) -> Outcome:
        """See `_Hands.attempt`."""
        settings = self.fresh()
        room = settings.room(self.base_url)
        prepared = publish.prepare(room, self.connect, self.shown.step, NOTHING, spare=held)
        if not unmoved():
            return Outcome(came=Came.MOVED)
        receipt = publish.publish(prepared, lambda action: None)
        answers = notify.spread(settings, prepared.store, prepared.due, receipt.log_seen)
        live = Published(release=prepared.plan.release)
        self.tell(prepared.found, live, prepared.store.clock or room.now, held)
        if receipt.written:
            told = [change.told for change in prepared.plan.changes] or ["pages have changed"]
            self.shown.line(f"Published to {prepared.store.name}: {'; '.join(told)}")
        untold = notify.untold(answers)
        self.shown.problems((*untold, *self.to_mend(prepared.found, held)))
        whole = not prepared.found.held  # of a show that is not read whole, some advice would be wrong
        heard = tuple(each for each in prepared.warnings if whole or each.file.startswith(EPISODES.as_posix()))
        self.shown.advise(advice(heard, prepared.store, receipt))
        ahead = prepared.store.clock - room.now if prepared.store.clock else timedelta()
        return Outcome(came=Came.PASSING if untold else Came.DONE, due=prepared.next_due, ahead=ahead)


_HERE = "127.0.0.1"


class _Showing(_Hands):
    """Serves it on this machine."""

    def __init__(self, settings: Settings, to: str | None, base_url: str | None, shown: Board, port: int) -> None:
        self.to = to
        self.listening = server.bind(_HERE, port)
        self.address = f"http://{_HERE}:{self.listening.port}/"
        super().__init__(settings, base_url or self.address, shown)
        threading.Thread(target=self.listening.serve_forever, daemon=True).start()
        shown.line(f"The show is at {self.address}index.html and its feed at {self.address}feed.xml. Ctrl-C ends it.")

    def attempt(self, held: Held, unmoved: Callable[[], bool]) -> Outcome:
        """See `_Hands.attempt`."""
        room = self.fresh().room(self.base_url)
        made = publish.rehearse(room, self.shown.step, held)
        if not unmoved():
            return Outcome(came=Came.MOVED)
        here = server.site(made.objects, lambda line: None)
        self.listening.app = server.near(self.listening, here, urlsplit(self.base_url or "").hostname or _HERE)
        self.tell(made.found, self._published(made.edition.show.destination), room.now, held)
        self.shown.problems(self.to_mend(made.found, held))
        return Outcome(came=Came.DONE, due=made.next_due)

    def _published(self, own: str | None) -> Published | None:
        """What is in the folder that is published to; of a bucket, which would be asked each time, it is not known."""
        place = self.to or own
        if place and "://" not in place:
            with suppress(OmroepError):  # which is for `publish` to tell
                return publish.published(self.settings.connect(self.to)(own))
        return None
