"""`omroep plan`."""

import click

from pipeline import publish
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json, base_url, destination


@click.command()
@destination
@base_url
@as_json
@click.pass_obj
def plan(settings: Settings, to: str | None, base_url: str | None, as_json: bool) -> None:
    """Show what a publish would do, and write nothing.

    First what listeners will notice, then every file that would be written and why. New recordings are mastered into
    the local cache, so that their sizes are true; `publish` then uses them.
    """
    with tell.progress() as on_step:
        prepared = publish.prepare(settings.room(base_url), settings.connect(to), on_step)
    if as_json:
        tell.dump(tell.plan_json(prepared))
        return
    tell.advise(prepared.warnings)
    made = prepared.plan
    if not made.actions:
        tell.say(f"Nothing to do: {prepared.store.name} already holds this show.")
        return
    tell.say(f"To {prepared.store.name}:")
    tell.changes(made)
    tell.say(f"\n{len(made.actions)} files to write, {made.kept} there already:")
    tell.writes(made.actions)
