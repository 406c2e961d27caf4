"""How every episode stands, as rows for people: a table that fits the terminal, and a live one while watching."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from pipeline import addresses, sparing
from pipeline.cli import tell, voice
from pipeline.errors import Problem
from pipeline.history import Published
from pipeline.intake import words
from pipeline.model import Episode, Media, Show
from pipeline.preview.fitting import columns, fit
from pipeline.sparing import Sorted
from pipeline.standing import State, standings
from pipeline.text import clock, megabytes, printable

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

_SETTLED = (State.LIVE, State.READY, State.WITHDRAWN)
_AWAY = (State.WITHDRAWN, State.LEAVING)
_NEXT = (State.WAITING, State.CHANGED, State.LEAVING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An episode, or a folder that cannot be read as one."""

    title: str
    """The folder's name where it has none."""
    folder: str
    state: State
    episode: Episode | None = None
    media: Media | None = None
    why: tuple[str, ...] = ()


def rows(root: Path, found: Sorted, published: Published, now: datetime) -> tuple[Row, ...]:
    """How every episode stands, those that something is wrong with among them."""
    order = sorted((*found.catalog.episodes, *found.known), key=lambda each: each.published)
    apart = sparing.apart(root, found)
    known = tuple(standings(replace(found.catalog, episodes=tuple(order)), published, now, apart))
    unread = [folder for folder in apart if folder not in {row.folder for row in known}]
    return (
        *(Row(title=row.episode.title, **{name: getattr(row, name) for name in ("folder", *_TAKEN)}) for row in known),
        *(Row(title=folder, folder=folder, state=State.BROKEN, why=apart[folder].why) for folder in unread),
    )


_TAKEN = ("state", "episode", "media", "why")


def waits_for(row: Row) -> tuple[str, ...]:
    """What has to be done before it goes further."""
    if row.state is State.DRAFT and row.episode:
        return (*words.lacks(row.episode), "`status: live`, when it is right")
    return row.why or (("the next publish",) if row.state in _NEXT else ())


def needs(row: Row) -> tuple[str, ...]:
    """The same, as sentences for people: what a draft lacks does not keep it away."""
    if row.why:
        return row.why
    lacks = words.lacks(row.episode) if row.state is State.DRAFT and row.episode else ()
    return (*(f"lacks {each}" for each in lacks), *(f"waits for {each}" for each in waits_for(row)[len(lacks) :]))


def calm(shown: Iterable[Row], moving: Container[str]) -> tuple[Row, ...]:
    """Rows of a watched show: nothing is to be mended about what is still changing, and it is listed apart."""
    rested = (row for row in shown if row.folder not in moving or row.state is not State.BROKEN)
    return tuple(
        replace(row, state=State.LIVE, why=()) if row.folder in moving and row.state is State.KEPT else row
        for row in rested
    )


def unseen(shown: Iterable[Row]) -> tuple[Row, ...]:
    """Rows where nobody has looked at what listeners have: what was not seen there may be."""
    return tuple(replace(row, state=State.READY) if row.state is State.WAITING else row for row in shown)


def where(row: Row, show: Show) -> str:
    """The address of its page; empty where it has none."""
    there = row.media or row.state in _AWAY
    return show.base_url + addresses.page(row.episode.slug) if there and row.episode else ""


def when(row: Row, zone: ZoneInfo) -> str:
    """Its date, in the show's zone."""
    return f"{row.episode.published.astimezone(zone):%Y-%m-%d %H:%M}" if row.episode else ""


def _number(row: Row) -> str:
    return str(row.episode.number or "") if row.episode else ""


def _measured(row: Row) -> tuple[str, str, str]:
    if not row.media:
        return "", "", ""
    return clock(row.media.duration_s), f"{row.media.loudness_lufs:.1f} LUFS", megabytes(row.media.size)


def told(shown: Iterable[Row], show: Show, zone: ZoneInfo) -> None:
    """Every episode in a line, or in several where a terminal is too narrow; what it waits for is below it."""
    listed = tuple(shown)
    cells = [(_number(row), row.title, when(row, zone), row.state, *_measured(row), where(row, show)) for row in listed]
    lines = tuple(tell.aligned(cells, right={0, 4, 5, 6}))
    room = voice.room()
    if room and max(map(columns, lines), default=0) > room:
        for row in listed:
            _lines(row, show, zone, room)
        return
    for row, line in zip(listed, lines, strict=True):
        voice.echo(line)
        _needs(row)


def _lines(row: Row, show: Show, zone: ZoneInfo, room: int) -> None:
    tell.say("".join(fit(f"{_number(row):>3}  {row.title}", wide=room, lines=1).lines))
    tell.say(f"     {row.state}; {when(row, zone)}" if row.episode else f"     {row.state}")
    if row.media:
        tell.say(f"     {', '.join(_measured(row))}")
    if address := where(row, show):
        tell.say(f"     {address}")
    _needs(row)


def _needs(row: Row) -> None:
    for need in needs(row):
        tell.say(f"       {need}")


# --- live -------------------------------------------------------------------------------------------------------------


class Board(Protocol):
    """Where a watcher shows how things are."""

    def line(self, text: str) -> None:
        """Something that happened."""
        ...

    def problems(self, found: Iterable[Problem]) -> None:
        """All that is wrong now; what was told already is not told again."""
        ...

    def advise(self, found: Iterable[str]) -> None:
        """What could be better, a sentence each; what was told ever is not told again."""
        ...

    def step(self, title: str, what: str, part: float) -> None:
        """How far an episode is; from several threads."""
        ...

    def moving(self, names: tuple[str, ...]) -> None:
        """What is being copied or written."""
        ...

    def show(self, shown: tuple[Row, ...], zone: ZoneInfo) -> None:
        """How every episode stands now."""
        ...


@contextmanager
def board() -> Iterator[Board]:
    """A table that stays where it is on a terminal; elsewhere a line for each thing that changes."""
    if not sys.stdout.isatty():
        yield Plain()
        return
    from rich.console import Console  # only where there is a terminal to draw on
    from rich.live import Live

    with Live(console=Console(), auto_refresh=False) as live:
        yield Drawn(live)


class Plain:
    """Lines, for a journal."""

    def __init__(self) -> None:
        self._told: frozenset[str] = frozenset()
        self._advised: set[str] = set()
        self._states: dict[str, str] = {}
        self._steps: dict[str, str] = {}
        self._begun = False

    def line(self, text: str) -> None:
        """See `Board`."""
        tell.say(text)
        sys.stdout.flush()

    def problems(self, found: Iterable[Problem]) -> None:
        """See `Board`."""
        listed = {f"{'problem' if each.fatal else 'advice'}: {each}": None for each in found}
        for text in listed:
            if text not in self._told:
                self.line(text)
        self._told = frozenset(listed)

    def advise(self, found: Iterable[str]) -> None:
        """See `Board`."""
        for text in found:
            if text not in self._advised:
                self._advised.add(text)
                self.line(f"advice: {text}")

    def step(self, title: str, what: str, part: float) -> None:
        """See `Board`."""
        if self._steps.get(title) != what:
            self._steps[title] = what
            self.line(f"{title}: {what}")

    def moving(self, names: tuple[str, ...]) -> None:
        """See `Board`: for a journal it is no news."""

    def show(self, shown: tuple[Row, ...], zone: ZoneInfo) -> None:
        """See `Board`."""
        for row in shown:
            key, text = row.folder or row.title, _state(row, zone)
            quiet = not self._begun and row.state in _SETTLED
            if self._states.get(key) != text and not quiet:
                self.line(text)
            self._states[key] = text
        if not self._begun:
            good = [row.state for row in shown if row.state in (State.LIVE, State.READY)]
            self.line(f"{'In order' if State.READY in good else 'Live'}: {tell.episodes(len(good))}. Watching.")
        self._begun = True


def _state(row: Row, zone: ZoneInfo) -> str:
    day = f" for {when(row, zone)}" if row.state is State.SCHEDULED else ""
    further = f": {'; '.join(needs(row))}" if needs(row) else ""
    return f"“{row.title}” is {row.state}{day}{further}"


class Drawn(Plain):
    """A table below the lines."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self._live = live
        self._rows: tuple[Row, ...] = ()
        self._zone = ZoneInfo("UTC")
        self._doing: dict[str, str] = {}
        self._moving: tuple[str, ...] = ()

    def line(self, text: str) -> None:
        """See `Board`."""
        self._live.console.print(printable(text), markup=False, highlight=False)

    def step(self, title: str, what: str, part: float) -> None:
        """See `Board`."""
        doing = f"{what}, {part:.0%}"
        if self._doing.get(title) != doing:
            self._doing[title] = doing
            self._refresh()

    def moving(self, names: tuple[str, ...]) -> None:
        """See `Board`."""
        if names != self._moving:
            self._moving = names
            self._refresh()

    def show(self, shown: tuple[Row, ...], zone: ZoneInfo) -> None:
        """See `Board`."""
        self._rows, self._zone, self._doing = shown, zone, {}
        self._refresh()

    def _refresh(self) -> None:
        self._live.update(self._table(), refresh=True)

    def _table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, expand=False)
        for heading in ("", "episode", "date", "how it stands"):
            table.add_column(heading, justify="right" if not heading else "left")
        for row in self._rows[-_SHOWN:]:
            needed = needs(row)[:1] if row.why else needs(row)[-1:]  # what a draft lacks does not keep it away
            state = self._doing.get(row.title) or f"{row.state}{''.join(f': {each}' for each in needed)}"
            cells = (_number(row), row.title, when(row, self._zone), state)
            table.add_row(*(Text(printable(cell)) for cell in cells))
        for name in self._moving:
            table.add_row("", Text(printable(name)), "", "still changing")
        return table


_SHOWN = 30
"""Episodes in the live table, the newest; a terminal shows no more."""
