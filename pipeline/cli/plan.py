"""`omroep plan`."""

from datetime import datetime

import click

from pipeline import publish, sparing
from pipeline.cli import tell
from pipeline.cli.settings import (
    Settings,
    allow,
    as_json,
    asked_for,
    base_url,
    destination,
    repair,
    rest,
    restore,
    withdraw,
)
from pipeline.cli.verify import damaged, undamaged
from pipeline.errors import Exit
from pipeline.model import Show
from pipeline.onlooker import Onlooker
from pipeline.outside import Outside, beneath
from pipeline.publish import Connect, Prepared


@click.command()
@destination
@base_url
@withdraw
@restore
@allow
@repair
@rest
@click.option("--public", is_flag=True, help="Compare with what everybody sees at base_url, which needs no keys.")
@as_json
@click.pass_obj
def plan(
    settings: Settings,
    to: str | None,
    base_url: str | None,
    withdraw: tuple[str, ...],
    restore: tuple[str, ...],
    allow: tuple[str, ...],
    repair: bool,
    rest: bool,
    public: bool,
    as_json: bool,
) -> Exit:
    """Show what a publish would do, and write nothing.

    First what listeners will notice, then every file that would be written and why. What publish would refuse is shown
    as well, and why; the exit status is then 6, as publish's would be. With --rest, something wrong with an episode
    leaves that one as listeners have it, and the plan is of the others (status 9). New recordings are mastered into
    the local cache, so that their sizes are true; `publish` then uses them.
    """
    if public and (to or repair):
        raise click.UsageError("--public looks at base_url; leave out --to and --repair.")
    asked, room = asked_for(withdraw, restore, allow), settings.room(base_url)
    connect = _stranger(publish.check(room).catalog.show) if public else settings.connect(to)
    with tell.progress() as on_step:
        prepared = publish.prepare(
            room,
            connect,
            on_step,
            asked,
            refuse=False,
            lacking=damaged if repair else undamaged,
            spare={} if rest else None,
        )
    if as_json:
        tell.dump(tell.plan_json(prepared))
    else:
        _tell(prepared, prepared.store.clock or settings.now, settings.command("check"))
    return Exit.REFUSED if prepared.blocked else Exit.PARTIAL if prepared.found.held else Exit.DONE


def _tell(prepared: Prepared, now: datetime, check: str) -> None:
    tell.advise(tell.gathered((*prepared.late, *prepared.noticed)))
    tell.counted(len(prepared.found.advice), check)
    made = prepared.plan
    if made.actions:
        tell.say(f"To {prepared.store.name}:")
        tell.changes(made)
        tell.say(f"\n{len(made.actions)} files to write, {made.kept} there already:")
        tell.writes(made.actions)
    elif not prepared.blocked:
        tell.say(f"Nothing to do: {prepared.store.name} already holds this show.")
    for line in tell.waiting(prepared.found.catalog, now):
        tell.say(line)
    for tiding in prepared.due:
        tell.say(f"Then {tiding.address} is told.")
    tell.problems(sparing.told(prepared.found.held), as_json=False)
    if prepared.blocked:
        tell.say("\nBut publish refuses this:")
        tell.problems(prepared.blocked, as_json=False)


def _stranger(show: Show) -> Connect:
    return lambda own: Onlooker(show.base_url, Outside(beneath(show.base_url)))
