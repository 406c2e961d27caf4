"""`omroep publish`."""

from collections.abc import Callable

import click

from pipeline import publish as story
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json, base_url, destination
from pipeline.model import Show
from pipeline.publish import Prepared
from pipeline.store import Store
from pipeline.text import megabytes


@click.command()
@destination
@base_url
@as_json
@click.pass_obj
def publish(settings: Settings, to: str | None, base_url: str | None, as_json: bool) -> None:
    """Make the destination hold this show.

    Masters and tags what is new, writes audio, then pages, then the feed; a listener never sees half of it. When
    nothing changed, nothing is written. Stopped half-way? Run it again.
    """
    carry_out(settings, settings.connect(to), base_url, as_json=as_json)


def carry_out(settings: Settings, connect: Callable[[Show], Store], base_url: str | None, *, as_json: bool) -> None:
    """Prepare, publish, and tell what was done."""
    with tell.progress() as on_step:
        prepared = story.prepare(settings.room(base_url), connect, on_step)
    with tell.writing(len(prepared.plan.actions)) as on_written:
        receipt = story.publish(prepared, on_written)
    if as_json:
        tell.dump(tell.plan_json(prepared) | {"written": [item.key for item in receipt.written]})
        return
    tell.advise(prepared.warnings)
    _summary(prepared, sum(item.size for item in receipt.written), len(receipt.written))


def _summary(prepared: Prepared, size: int, count: int) -> None:
    title, place = prepared.edition.show.title, prepared.store.name
    if not prepared.plan.actions:
        tell.say(f"Nothing to do: {place} already holds “{title}” with {len(prepared.edition.entries)} episodes.")
    else:
        tell.say(f"“{title}” is published to {place}.")
        tell.changes(prepared.plan)
        there = f"; {prepared.plan.kept} were there already" if prepared.plan.kept else ""
        tell.say(f"{count} files written ({megabytes(size)}){there}.")
        tell.say("\nHow each episode sounds, measured on the file that listeners get:")
        tell.loudness(prepared.edition.entries)
    for title in story.outdated(prepared.edition):
        tell.say(f"“{title}” was mastered with earlier settings; raise its `revision:` to have it done again.")
    tell.say("\nTo look at it and listen: make serve   (without make: omroep serve)")
