"""`omroep new`."""

import click

from pipeline import ingest as story
from pipeline.catalog import values
from pipeline.cli import tell
from pipeline.cli.ingest import desk, told, told_json
from pipeline.cli.settings import Settings, as_json, language


def _title(context: click.Context, parameter: click.Parameter, value: str) -> str:
    try:
        return values.line(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.argument("title", callback=_title)
@language
@as_json
@click.pass_obj
def new(settings: Settings, title: str, lang: str | None, as_json: bool) -> None:
    """Begin an episode that has no recording yet.

    Makes a draft in episodes/, with the next number, a date in the rhythm of the show, and a permanent guid. A
    recording that is dropped into episodes/ under this title later is its recording: omroep ingest.
    """
    outcome = story.begin(desk(settings, lang), title)
    if as_json:
        tell.dump(told_json(outcome))
        return
    for line in told(outcome):
        tell.say(line)
