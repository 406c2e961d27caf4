"""`omroep import`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pipeline import importer
from pipeline.audio import inspect
from pipeline.audio.deliver import Studio
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json, public_address
from pipeline.download import Courier
from pipeline.errors import AudioError, Exit, Problem, StoreError
from pipeline.history import FEED
from pipeline.importer import Desk, Outcome
from pipeline.importer.leftovers import Left

_NAMED = 3
"""Episodes that are named where there may be hundreds."""

_REDIRECT = (
    "by a permanent redirect (301), or by its own setting for a feed that moves (itunes:new-feed-url). Keep the old "
    "one for at least four weeks. docs/moving.md has the rest."
)


@click.command("import")
@click.argument("feed")
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--base-url",
    metavar="URL",
    callback=public_address,
    help="Where the show will be found.  [default: left for you to write]",
)
@click.option("--no-audio", is_flag=True, help="Leave the audio where it is; another run without this fetches it.")
@click.option("--mine", is_flag=True, help="Move a feed that is locked: it is yours to move.")
@click.option("--skip-missing", is_flag=True, help="Go on without a chapter file, transcript or picture that is gone.")
@as_json
@click.pass_obj
def import_(
    settings: Settings,
    feed: str,
    folder: Path | None,
    base_url: str | None,
    no_audio: bool,
    mine: bool,
    skip_missing: bool,
    as_json: bool,
) -> int:
    """Move a show in: its feed becomes show.yaml and episodes/.

    FEED is the address of the show's RSS feed, or a file that holds it; FOLDER is where to write (this folder when
    left out). Guids, dates, notes, people, chapters, transcripts, pictures and audio come along; what cannot is told.
    Nothing that is there is written over. Stopped half-way? Run it again.
    """
    root = (folder or settings.root).resolve()
    studio = Studio(root=root, cache=settings.cache, environ=settings.environ)
    with tell.progress() as on_step, _writing(root):
        desk = Desk(
            root=root,
            courier=Courier(feed if feed.lower().startswith("http") else None),
            fit=lambda path: _unfit(studio, path),
            base_url=base_url,
            audio=not no_audio,
            mine=mine,
            skip_missing=skip_missing,
            on_step=on_step,
        )
        outcome = importer.bring(desk, feed)
    if as_json:
        tell.dump(_json(outcome))
    else:
        _tell(outcome, folder or Path())
    return Exit.STORE if outcome.later or any(each.why for each in outcome.absent) else Exit.DONE


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"{error.filename or root} cannot be written: {error.strerror}."
        raise StoreError(Problem(what=what, mend="Mend that, and run it again to go on.")) from error


def _unfit(studio: Studio, path: Path) -> str | None:
    try:
        inspect.probe(studio.ffmpeg, path, path.name)
    except AudioError as error:
        return error.problems[0].what.rstrip(".")
    return None


# --- what is printed --------------------------------------------------------------------------------------------------


def _tell(outcome: Outcome, folder: Path) -> None:
    there = f"; {outcome.there} were here already" if outcome.there else ""
    tell.say(f"“{outcome.title}”: {_counted(len(outcome.written), 'episode')} written{there}.")
    if outcome.brought:
        tell.say(f"{_counted(outcome.brought, 'recording')} fetched.")
    _absent(outcome)
    tell.problems(outcome.later, as_json=False)
    if outcome.left:
        tell.say("\nWhat could not be taken along:")
        for line in _grouped(outcome.left):
            tell.say(f"  {line}")
    tell.say("\nWhat to do next:")
    for number, line in enumerate(_next(outcome, folder), start=1):
        tell.say(f"  {number}. {line}")


def _absent(outcome: Outcome) -> None:
    if outcome.absent:
        tell.say(f"\n{_counted(len(outcome.absent), 'recording')} not here yet:")
        for each in outcome.absent:
            tell.say(f"  {each.file}: {each.address}{f' ({each.why})' if each.why else ''}")


def _grouped(left: Iterable[Left]) -> Iterable[str]:
    """A line for each thing that stays behind, with the episodes of which it is told."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in left:
        found.setdefault((each.what, each.why), []).append(each.where)
    for (what, why), places in found.items():
        named = [f"“{place}”" for place in dict.fromkeys(places) if place]
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        where = f" of {', '.join(named[:_NAMED])}{more}" if named else ""
        yield f"{what}{where}{f': {why}' if why else ''}"


def _next(outcome: Outcome, folder: Path) -> Iterable[str]:
    left_there = outcome.absent and not any(each.why for each in outcome.absent)
    again = f"Run the same import again{' without --no-audio' if left_there else ''}"
    if outcome.later or outcome.absent:
        yield f"{again}, to go on with what is not here yet; or put it there yourself."
    for file, key in outcome.missing:
        yield f"Write `{key}` in {file}."
    at = f" --show {folder}" if folder != Path() else ""
    yield f"Run omroep{at} check, and mend what it says."
    yield f"Publish (omroep{at} publish), and listen to an episode or two at its new address."
    yield f"Have your old host lead the old feed to base_url + {FEED}; {_REDIRECT}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _json(outcome: Outcome) -> dict[str, object]:
    return {
        "ok": not outcome.later and not any(each.why for each in outcome.absent),
        "title": outcome.title,
        "feed": outcome.address,
        "written": outcome.written,
        "there": outcome.there,
        "fetched": outcome.brought,
        "absent": [
            {"title": each.title, "file": each.file, "address": each.address, "why": each.why}
            for each in outcome.absent
        ],
        "left": [{"what": each.what, "where": each.where, "why": each.why} for each in outcome.left],
        "missing": [{"file": file, "key": key} for file, key in outcome.missing],
        "problems": [tell.problem_json(problem) for problem in outcome.later],
    }
