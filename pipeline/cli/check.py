"""`omroep check`."""

import click

from pipeline import publish
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json
from pipeline.errors import OmroepError


@click.command()
@as_json
@click.pass_obj
def check(settings: Settings, as_json: bool) -> int:
    """Say what is wrong or could be better, and change nothing.

    Reads every file of the show, opens every recording, and judges both by what Apple, the Podcast Standards Project
    and people with a screen reader ask for. Nothing is published.
    """
    room = settings.room(None)
    try:
        checked = publish.check(room, listen=True)
    except OmroepError as error:
        if not as_json:
            raise
        tell.dump({"ok": False, "problems": [tell.problem_json(problem) for problem in error.problems]})
        return error.status
    if as_json:
        tell.dump({"ok": True, "problems": [tell.problem_json(problem) for problem in checked.warnings]})
        return 0
    tell.advise(checked.warnings)
    count = len(checked.catalog.episodes)
    tell.say(f"“{checked.catalog.show.title}” is in order: {count} episode{'s' if count != 1 else ''}.")
    return 0
