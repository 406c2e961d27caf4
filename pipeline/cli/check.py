"""`omroep check`."""

import click

from pipeline import publish
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json


@click.command()
@as_json
@click.pass_obj
def check(settings: Settings, as_json: bool) -> None:
    """Say what is wrong or could be better, and change nothing.

    Reads every file of the show, opens every recording, and judges both by what Apple, the Podcast Standards Project
    and people with a screen reader ask for. Nothing is published.
    """
    checked = publish.check(settings.room(None), listen=True)
    if as_json:
        tell.dump({"ok": True, "problems": [tell.problem_json(problem) for problem in checked.warnings]})
        return
    tell.advise(map(str, checked.warnings))
    count = len(checked.catalog.episodes)
    tell.say(f"“{checked.catalog.show.title}” is in order: {count} episode{'s' if count != 1 else ''}.")
