"""`omroep prune`."""

import click

from pipeline import upkeep
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json, destination
from pipeline.prune import Pruning
from pipeline.text import megabytes

_SHOWN = 20


@click.command()
@destination
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(min=0, max=36_500),
    default=90,
    show_default=True,
    metavar="DAYS",
    help="Keep whatever a release of so many days back needs.",
)
@click.option("--yes", is_flag=True, help="Do it; without this it is only shown.")
@as_json
@click.pass_obj
def prune(settings: Settings, to: str | None, days: int, yes: bool, as_json: bool) -> None:
    """Clear away what no recent release needs.

    Publishing never deletes. This shows what has become unneeded: replaced audio, pages and records of releases that
    were over so many days before the last publish, and what stopped publishes left. With --yes it is deleted. Whoever
    publishes at the same moment loses nothing: one of the two stops and says so. What omroep did not put there is
    never touched.
    """
    _, store = settings.published(to)
    clearing = upkeep.clearing(store, settings.now, days)
    decided = clearing.pruning
    if yes:
        decided = upkeep.clear(store, clearing)
    if as_json:
        unfinished = [{"key": each.key, "begun": each.begun.isoformat()} for each in clearing.unfinished]
        told = {"destination": store.name, "deleted": yes, "objects": _json(decided), "unfinished": unfinished}
        tell.dump(told | {"kept": decided.kept})
        return
    size = megabytes(sum(each.size for each in decided.doomed))
    for upload in clearing.unfinished:
        tell.say(f"  {upload.key}: an upload begun on {upload.begun:%Y-%m-%d} that never ended")
    if not decided.doomed and not clearing.unfinished:
        tell.say(f"Nothing at {store.name} is older than {days} days and unneeded.")
        return
    tell.table(((each.key, megabytes(each.size)) for each in decided.doomed[:_SHOWN]), right={1})
    if len(decided.doomed) > _SHOWN:
        tell.say(f"  and {len(decided.doomed) - _SHOWN} more")
    needed = f"{decided.kept} objects stay, for {decided.releases} release{'s' if decided.releases != 1 else ''}"
    if yes:
        tell.say(f"{len(decided.doomed)} objects deleted from {store.name} ({size}); {needed}.")
    else:
        tell.say(
            f"{len(decided.doomed)} objects at {store.name} could go ({size}); {needed}. To delete them: add --yes"
        )


def _json(decided: Pruning) -> list[dict[str, object]]:
    return [{"key": each.key, "size": each.size} for each in decided.doomed]
