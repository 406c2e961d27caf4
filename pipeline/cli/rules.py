"""`omroep rules`."""

from collections.abc import Iterable
from typing import Any

import click

from pipeline import checks
from pipeline.checks.rule import Demand, Platform
from pipeline.checks.vocabularies import APPLE_CATEGORIES, LICENCES, MEDIUMS, ROLES
from pipeline.cli import tell, voice
from pipeline.cli.settings import as_json, platform

_WORDS = {
    "show-category": APPLE_CATEGORIES,
    "show-credits": ROLES,
    "episode-credits": ROLES,
    "show-medium": {"medium": MEDIUMS},
    "show-license": {"license": LICENCES},
    "episode-license": {"license": LICENCES},
}
"""The words to choose from, by heading, for a rule that asks for one of them."""


def _named(context: click.Context, option: click.Parameter, value: tuple[str, ...]) -> tuple[Demand, ...]:
    try:
        return tuple(checks.rule(id) for id in value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.argument("named", metavar="[RULE]...", nargs=-1, callback=_named)
@platform
@as_json
def rules(named: tuple[Demand, ...], platform: str | None, as_json: bool) -> None:
    """Explain what is asked of a show, by whom, and what to do about it.

    With one or more RULEs, as they stand in `omroep check --json` and in docs/rules.md: all there is to say of each.
    Without: a list of them.
    """
    shown = [rule for rule in named or checks.RULES if not platform or Platform(platform) in rule.platforms]
    if as_json:
        tell.dump({"rules": [_json(rule) for rule in shown]})
    elif named:
        tell.say("\n\n".join(map(_explained, shown)))
    else:
        _listed(shown)


def _listed(shown: Iterable[Demand]) -> None:
    """A line for each; where the terminal is too narrow, what is asked stands whole below its name."""
    cells = [(rule.id, "problem" if rule.fatal else "advice", rule.asks) for rule in shown]
    room = voice.room()
    if room is None or max(map(len, tell.aligned(cells)), default=0) <= room:
        tell.table(cells)
        return
    for id, weight, asks in cells:
        voice.echo(f"  {id}  {weight}")
        voice.echo(click.wrap_text(asks, room, initial_indent="      ", subsequent_indent="      "))


def _explained(rule: Demand) -> str:
    lines = [
        f"{rule.id} ({'a problem: it stops a publish' if rule.fatal else 'advice'})",
        f"  {rule.asks}",
        f"  Why     {rule.why}",
        f"  Mend    {rule.remedy}",
        f"  Source  {rule.source}",
        f"  Asked   {', '.join(sorted(rule.platforms))}",
    ]
    words = [f"  {group}: {', '.join(names)}" for group, names in _WORDS.get(rule.id, {}).items()]
    return "\n".join([*lines, *(["", "  To choose from:", *words] if words else [])])


def _json(rule: Demand) -> dict[str, Any]:
    return {
        "id": rule.id,
        "fatal": rule.fatal,
        "asks": rule.asks,
        "why": rule.why,
        "mend": rule.remedy,
        "source": rule.source,
        "platforms": sorted(rule.platforms),
        "words": {group: list(names) for group, names in _WORDS.get(rule.id, {}).items()},
    }
