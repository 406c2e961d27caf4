"""What is printed: progress, plans, receipts and advice, for people and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from pipeline import formats
from pipeline.cli import voice
from pipeline.cli.voice import Voice
from pipeline.errors import Problem
from pipeline.text import clock, megabytes, printable, shorten

if TYPE_CHECKING:  # the stories take half a second to import, and `--help` does without
    from pipeline.model import Action, Catalog, Change, Entry, Media, Plan, Receipt, Rendition
    from pipeline.notify import Answer
    from pipeline.publish import Prepared
    from pipeline.rendering import OnStep


def say(text: str = "") -> None:
    """A line on standard output, safe for a terminal."""
    voice.echo(printable(text))


def dump(value: Any) -> None:
    """JSON on standard output."""
    click.echo(json.dumps(value, indent=2))  # in ASCII, so that no text in it can steer a terminal


def problems(found: Iterable[Problem], *, as_json: bool) -> None:
    """Why a command did not do what it was asked: a line each on standard error, or JSON on standard output."""
    if as_json:
        dump({"ok": False, "problems": [problem_json(problem) for problem in found]})
        return
    for problem in found:
        word, colour = ("problem", "red") if problem.fatal else _ADVICE
        click.echo(_told(word, colour, str(problem)), err=True)


def advise(warnings: Iterable[str]) -> None:
    """Warnings on standard error."""
    for warning in warnings:
        voice.echo(_told(*_ADVICE, printable(warning)), err=True)


def counted(advice: int, command: str) -> None:
    """How much there is to read with `command`, in a line on standard error; nothing where there is nothing."""
    if advice:
        voice.echo(printable(f"{advice} piece{'s' if advice != 1 else ''} of advice: {command}"), err=True)


def gathered(found: Iterable[Problem]) -> tuple[str, ...]:
    """A sentence for each, and one for all those that differ only in their place where these are more than a few."""
    alike: dict[Problem, list[Problem]] = {}
    for problem in found:
        alike.setdefault(replace(problem, file="", line=None), []).append(problem)
    return tuple(
        str(each)
        for bare, group in alike.items()
        for each in (group if len(group) <= _NAMED else [replace(bare, file=several(map(_place, group)))])
    )


def _place(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}" if problem.line else problem.file


_ADVICE = ("advice", "yellow")


def _told(word: str, colour: str, text: str) -> str:
    """A sentence for standard error behind a word in a colour, as wide as the terminal."""
    told = voice.folded(f"{word}: {text}", voice.room(sys.stderr))
    return voice.painted(word, colour, sys.stderr) + told.removeprefix(word)


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem for a program."""
    return {
        "what": problem.what,
        "file": problem.file,
        "line": problem.line,
        "why": problem.why,
        "mend": problem.mend,
        "fatal": problem.fatal,
        "rule": problem.rule,
    }


def plan_json(prepared: Prepared) -> dict[str, Any]:
    """A plan for a program."""
    held = {folder: [problem_json(each) for each in problems] for folder, problems in prepared.found.held.items()}
    return bare_plan_json(prepared.plan) | {
        "destination": prepared.store.name,
        "held": held,
        "blocked": [problem_json(problem) for problem in prepared.blocked],
        "episodes": [_episode(entry) for entry in prepared.edition.entries],
        "advice": [problem_json(problem) for problem in prepared.warnings],
        "tells": [tiding.address for tiding in prepared.due],
    }


def answers_json(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """Who was told of which feeds, for a program; `failure` is empty where they know."""
    return [
        {
            "manner": answer.tiding.manner,
            "address": answer.tiding.address,
            "feeds": list(answer.tiding.feeds),
            "failure": answer.failure,
        }
        for answer in answers
    ]


def bare_plan_json(plan: Plan) -> dict[str, Any]:
    """What a plan would write and what listeners would notice, for a program."""
    return {
        "release": plan.release.id,
        "changes": [change_json(change) for change in plan.changes],
        "kept": plan.kept,
        "actions": [_action(action) for action in plan.actions],
    }


def change_json(change: Change) -> dict[str, Any]:
    """What listeners notice, for a program."""
    return {"kind": change.kind, "told": change.told, "guid": change.guid}


def receipt_json(prepared: Prepared, receipt: Receipt) -> dict[str, Any]:
    """A plan and what came of it, for a program."""
    written = {"written": [item.key for item in receipt.written], "checked": "sha256", "guarded": receipt.guarded}
    return plan_json(prepared) | written | {"kept": receipt.kept}


def _action(action: Action) -> dict[str, Any]:
    item = action.object
    return {
        "stage": action.stage,
        "key": item.key,
        "size": item.size,
        "type": item.type,
        "sha256": item.sha256,
        "reason": action.reason,
    }


def _episode(entry: Entry) -> dict[str, Any]:
    media = entry.media
    return {
        "guid": entry.episode.guid,
        "slug": entry.episode.slug,
        "title": entry.episode.title,
        "audio": media.key,
        "size": media.size,
        "duration_s": media.duration_s,
        "loudness_lufs": media.loudness_lufs,
        "peak_dbtp": media.peak_dbtp,
        "done": list(media.done),
        "findings": [
            {"rule": found.rule, "told": found.told, "mended": found.mended, "at_s": found.at_s}
            for found in media.findings
        ],
        "alternates": [
            {"audio": other.key, "size": other.size, "loudness_lufs": other.loudness_lufs, "peak_dbtp": other.peak_dbtp}
            for other in media.alternates
        ],
    }


def changes(plan: Plan) -> None:
    """What listeners will notice."""
    for told in [change.told for change in plan.changes] or ["nothing that podcast apps would notice: pages change"]:
        say(f"  {told}")


def episodes(count: int) -> str:
    """So many of them."""
    return f"{count} episode{'s' if count != 1 else ''}"


def several(named: Iterable[str]) -> str:
    """The first few, and how many more there are; empty where there are none."""
    listed = tuple(named)
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return f"{', '.join(listed[:_NAMED])}{more}"


def waiting(catalog: Catalog, now: datetime) -> tuple[str, ...]:
    """What listeners do not get yet, and what it waits for, a line each."""
    from pipeline.model import Status

    zone = ZoneInfo(catalog.show.timezone)
    drafts = several(f"“{each.title}”" for each in catalog.episodes if each.status is Status.DRAFT)
    scheduled = several(
        f"“{each.title}” ({each.published.astimezone(zone):%Y-%m-%d %H:%M})"
        for each in catalog.episodes
        if each.status is Status.LIVE and each.published > now
    )
    return (
        *([f"Still a draft: {drafts}. Write `status: live` in its episode.md, and publish again."] if drafts else []),
        *(
            [f"Scheduled: {scheduled}. Publish again at that time, or leave omroep watch --publish running."]
            if scheduled
            else []
        ),
    )


def answers(found: Iterable[Answer]) -> None:
    """Who was told."""
    for answer in found:
        count = len(answer.tiding.feeds)
        if not answer.failure:
            say(f"Told {answer.tiding.address} of {f'{count} feeds' if count > 1 else 'the feed'}.")


def loudness(entries: Iterable[Entry]) -> None:
    """A line for each episode, and each format it has beside its own, on how it sounds: as measured on those files."""
    rows = [
        row
        for entry in entries
        for row in (
            (f"{entry.episode.number or ''}", entry.episode.title, *_sound(entry.media)),
            *(("", f"as {formats.of(other.type).name}", *_sound(other)) for other in entry.media.alternates),
        )
    ]
    table(rows, right={0, 2, 3, 4, 6})


def _sound(made: Media | Rendition) -> tuple[str, ...]:
    return (
        clock(made.duration_s),
        f"{made.loudness_lufs:.1f} LUFS",
        f"{made.peak_dbtp:.1f} dBTP",
        f"{'mono' if made.channels == 1 else 'stereo'} {made.bitrate_kbps} kbps",
        megabytes(made.size),
    )


def table(rows: Iterable[tuple[str, ...]], *, right: Iterable[int] = ()) -> None:
    """Rows in aligned columns; those in `right` are aligned to the right, and a terminal cuts the widest."""
    for line in aligned(rows, right=right, room=voice.room()):
        voice.echo(line)


def aligned(rows: Iterable[tuple[str, ...]], *, right: Iterable[int] = (), room: int | None = None) -> Iterator[str]:
    """The lines of a table, safe for a terminal; the widest column is cut where there is not `room` for all."""
    from pipeline.preview.fitting import columns

    lines = [tuple(printable(cell) for cell in row) for row in rows]
    widths = [max(map(columns, column)) for column in zip(*lines, strict=True)]
    ends, widest = set(right), max(range(len(widths)), key=widths.__getitem__, default=0)
    if lines and room:
        others = sum(widths) - widths[widest] + 2 * len(widths)
        widths[widest] = min(widths[widest], max(_NARROWEST_CELL, room - others))
    for line in lines:
        cells = (
            _cell(cell, width, place in ends) for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield ("  " + "  ".join(cells)).rstrip()


def _cell(text: str, wide: int, right: bool) -> str:
    from pipeline.preview.fitting import columns, fit

    shown = text if columns(text) <= wide else "".join(fit(text, wide=wide, lines=1).lines)
    space = " " * (wide - columns(shown))
    return space + shown if right else shown + space


_NAMED = 3
"""Episodes that are named where there may be hundreds."""
_NARROWEST_CELL = 12
_WIDEST_KEY = 60
"""Characters of a key in a table; the whole of it is in the JSON."""


def writes(actions: Iterable[Action]) -> None:
    """Every object that would be written."""
    table(
        ((shorten(action.object.key, _WIDEST_KEY), megabytes(action.object.size), action.reason) for action in actions),
        right={1},
    )


@contextmanager
def progress() -> Iterator[OnStep]:
    """Shows how far each episode is: bars on a terminal, a line for each step elsewhere; on standard error."""
    if voice.voice() is Voice.QUIET:
        yield lambda title, what, part: None
        return
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console  # only where there is a terminal to draw on
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    shown_as = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[step]}"), TimeElapsedColumn())
    # Drawn as steps are told, not by a thread: beside one, pages are not made by all cores (see `spread`).
    with Progress(*shown_as, console=Console(stderr=True), transient=True, auto_refresh=False) as shown:
        tasks: dict[str, Any] = {}
        told: dict[str, str] = {}

        def on_step(title: str, what: str, part: float) -> None:
            name = printable(title)
            if name not in tasks:
                tasks[name] = shown.add_task(name.replace("[", r"\["), total=1.0, step="")
            doing = f"{what}, {part:.0%}"
            shown.update(tasks[name], completed=part, step=what, refresh=told.get(name) != doing)
            told[name] = doing

        yield on_step


def _lines() -> OnStep:
    told: dict[str, str] = {}

    def on_step(title: str, what: str, part: float) -> None:
        if told.get(title) != what:
            told[title] = what
            click.echo(printable(f"{title}: {what}"), err=True)

    return on_step


@contextmanager
def writing(total: int) -> Iterator[Callable[[Action], None]]:
    """Shows what is being written; on standard error, and only on a terminal or to who asked for more."""
    if voice.voice() is Voice.VERBOSE:  # asked here, for what is yielded is called from threads that were asked nothing
        yield lambda action: click.echo(f"written: {action.object.key} ({megabytes(action.object.size)})", err=True)
        return
    if voice.voice() is Voice.QUIET or not sys.stderr.isatty():
        yield lambda action: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("writing", total=total)
        yield lambda action: shown.advance(task)
