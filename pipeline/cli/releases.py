"""`omroep releases`."""

from zoneinfo import ZoneInfo

import click

from pipeline import upkeep
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json, destination
from pipeline.history import Turn
from pipeline.upkeep import Told

_MOST = 10
_NOTICED = 3
"""Changes that are told of each."""


@click.command()
@destination
@click.option("--all", "everything", is_flag=True, help=f"All of them, not only the last {_MOST}.")
@as_json
@click.pass_obj
def releases(settings: Settings, to: str | None, everything: bool, as_json: bool) -> None:
    """List what listeners had, and what changed each time.

    The newest first, with the number that `rollback` takes and the moment by the destination's own clock.
    """
    show, store = settings.published(to)
    told = upkeep.releases(store, None if everything else _MOST)
    if as_json:
        tell.dump({"destination": store.name, "releases": [_json(each) for each in told]})
        return
    if not told:
        tell.say(f"Nothing was published to {store.name} yet.")
    zone = ZoneInfo(show.timezone)
    for each in told:
        for line in _lines(each, zone):
            tell.say(line)


def _lines(told: Told, zone: ZoneInfo) -> list[str]:
    event = told.event
    moment = f"{event.at.astimezone(zone):%Y-%m-%d %H:%M}" if event.at else ""
    state = ", live now" if told.live else ""
    how = " (gone back to)" if event.turn is Turn.RETURNED else ""
    count = f", {tell.episodes(len(told.release.edition.entries))}" if told.release else ", its record is gone"
    lines = [f"{event.number:>4}  {moment}  {event.release[:12]}{count}{how}{state}"]
    lines += [f"        {change.told}" for change in told.changes[:_NOTICED]]
    if more := len(told.changes[_NOTICED:]):
        lines.append(f"        and {more} more change{'s' if more > 1 else ''}")
    if told.orphan and told.release:
        lines.append("        (what came before was cleared away)")
    return lines


def _json(told: Told) -> dict[str, object]:
    return {
        "number": told.event.number,
        "release": told.event.release,
        "turn": told.event.turn.value,
        "at": told.event.at.isoformat() if told.event.at else None,
        "live": told.live,
        "episodes": len(told.release.edition.entries) if told.release else None,
        "changes": [tell.change_json(change) for change in told.changes],
    }
