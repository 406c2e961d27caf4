"""`omroep report`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipeline import publish, sparing
from pipeline import report as story
from pipeline.audio.account import LOWEST_DB
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json, folder
from pipeline.errors import Exit, Problem, Refused, ShowError
from pipeline.history import FEED
from pipeline.model import Key
from pipeline.report import Desk, paper
from pipeline.report.sheet import Report, Sheet, Side
from pipeline.store import Store
from pipeline.store.folder import FolderStore
from pipeline.text import clock


@click.command()
@click.option("--to", metavar="FOLDER", help="Where to write the pages.  [default: .omroep/report]")
@click.option(
    "--of",
    "place",
    metavar="PLACE",
    envvar="OMROEP_DESTINATION",
    help="Where the show is published.  [default: the show's destination, else public/]",
)
@as_json
@click.pass_obj
def report(settings: Settings, to: str | None, place: str | None, as_json: bool) -> int:
    """Write pages that show how every episode sounds.

    A page for each episode: loudness over time, peaks and silences, before and after mastering, and what was noticed,
    to be heard. One for the show puts all episodes beside each other. Nothing is mastered for it or published. What
    something is wrong with is named and left out; status 9.
    """
    room = settings.room(None)
    found = sparing.sort(publish.look(room), {})
    catalog, left_out = found.catalog, sparing.told(found.held)
    if left_out and not catalog.episodes:
        raise ShowError(*left_out)
    binder = folder(to or str(room.studio.cache / "report"), settings.root)(catalog.show.destination)
    _refuse_a_site(binder)
    store = settings.connect(place)(catalog.show.destination)
    with tell.progress() as on_step:
        made = story.gather(
            Desk(studio=room.studio, now=settings.now, place=store.name, find=_finder(store)),
            catalog,
            publish.published(store),
            on_step,
        )
    for page in paper.compose(made):
        binder.put(page)
    shown = str(_finder(binder)(paper.INDEX))
    if as_json:
        tell.dump({"page": shown} | _json(made, left_out))
    else:
        tell.problems((*left_out, *made.problems), as_json=False)
        _summary(made)
        tell.say(f"\nTo look at and listen to: {shown}")
    return Exit.AUDIO if made.problems else Exit.PARTIAL if found.held else Exit.DONE


def _finder(store: Store) -> Callable[[Key], Path | None]:
    """Where on this machine a store keeps what is under a key: a folder does, a bucket does not."""
    return store.path if isinstance(store, FolderStore) else lambda key: None


def _refuse_a_site(binder: Store) -> None:
    if binder.stat(FEED):
        what = f"{binder.name} holds a published show."
        why = "The report's pages would stand in the place of its own."
        raise Refused(Problem(what=what, why=why, mend="Name another folder with --to, or none."))


def _summary(made: Report) -> None:
    tell.table((_row(made, sheet) for sheet in made.sheets), right={0, 2, 3, 4})
    tell.say(f"\n{paper.verdict(made)}")


def _row(made: Report, sheet: Sheet) -> tuple[str, ...]:
    before, length = sheet.before.account, sheet.duration_s
    came = f"{before.levels.loudness_lufs:.1f}" if before else "?"
    went = f"{sheet.loudness_lufs:.1f} LUFS" if sheet.loudness_lufs is not None else "not mastered yet"
    todo = len(sheet.to_do)
    return (
        str(sheet.episode.number or ""),
        sheet.episode.title,
        clock(length) if length is not None else "",
        f"{came} → {went}",
        f"{sheet.peak_dbtp:.1f} dBTP" if sheet.peak_dbtp is not None else "",
        f"{todo} to look at" if todo else "",
    )


def _json(made: Report, left_out: tuple[Problem, ...]) -> dict[str, Any]:
    return {
        "median_lufs": made.middle_lufs,
        "apart_lu": round(made.apart_lu, 2),
        "alike": not made.outside,
        "episodes": [_episode(made, sheet) for sheet in made.sheets],
        "problems": [tell.problem_json(problem) for problem in (*left_out, *made.problems)],
    }


def _episode(made: Report, sheet: Sheet) -> dict[str, Any]:
    return {
        "guid": sheet.episode.guid,
        "slug": sheet.episode.slug,
        "title": sheet.episode.title,
        "page": paper.key(sheet.episode),
        "state": sheet.state.name.lower(),
        "outdated": sheet.outdated,
        "from_median_lu": made.deviation_lu(sheet),
        "recording": _side(sheet.before),
        "delivered": _side(sheet.after),
        "minutes": [
            {"start_s": minute.start_s, "before_lufs": minute.before_lufs, "after_lufs": minute.after_lufs}
            for minute in paper.minutes(sheet)
        ],
        "findings": [
            {
                "rule": moment.finding.rule,
                "told": moment.finding.told,
                "mended": moment.finding.mended,
                "at_s": moment.finding.at_s,
                "heard_s": moment.heard_s,
            }
            for moment in sheet.moments
        ],
    }


def _side(side: Side) -> dict[str, Any] | None:
    if not side.account:
        return None
    levels, format = side.account.levels, side.account.format
    return {
        "loudness_lufs": levels.loudness_lufs if levels.loudness_lufs > LOWEST_DB else None,
        "range_lu": levels.range_lu,
        "peak_dbtp": levels.peak_dbtp,
        "duration_s": levels.duration_s,
        "codec": format.codec,
        "channels": format.channels,
        "rate_hz": format.rate_hz,
        "silences": [list(span) for span in side.account.silences],
    }
