"""`omroep notify`, and what publish and rollback have in common with it."""

from collections.abc import Iterable

import click

from pipeline import notify as story
from pipeline import publish, tidings
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json, destination
from pipeline.errors import Exit, Problem, Refused
from pipeline.history import History
from pipeline.model import Key
from pipeline.notify import Answer
from pipeline.store import Store
from pipeline.tidings import Tiding


@click.command()
@destination
@as_json
@click.pass_obj
def notify(settings: Settings, to: str | None, as_json: bool) -> Exit:
    """Tell hubs and podping, again, that the feed has changed.

    Everybody whom the live feed names as its WebSub hub, and podping where the show uses it, is told of every feed.
    `publish` and `rollback` do so themselves when a feed has changed; this is for when they could not.
    """
    _, store = settings.published(to)
    now = publish.published(store, settings.cache)
    if not now.release:
        raise Refused(Problem(what=f"Nothing is published at {store.name} yet.", mend="Run omroep publish first."))
    answers = spread(settings, store, tidings.everything(now.release), now.history.keys)
    if as_json:
        tell.dump({"destination": store.name, "told": tell.answers_json(answers)})
    elif not answers:
        tell.say("The feed names no hub, and does not use podping: nobody is to be told.")
    else:
        tell.answers(answers)
    return conclude(answers, as_json=as_json)


def spread(settings: Settings, store: Store, due: Iterable[Tiding], log: Iterable[Key]) -> tuple[Answer, ...]:
    """Tell everybody who is due; `log` holds the keys of the log as it is now."""
    try:
        told = History.of((key, None) for key in log)
        return story.tell(store, due, told, settings.environ.get(story.TOKEN))
    except KeyboardInterrupt:
        click.echo("Everything is published; who had to be told of it may not know yet: omroep notify", err=True)
        raise


def untold(answers: Iterable[Answer]) -> tuple[Problem, ...]:
    """A problem for everybody who could not be told."""
    return tuple(answer.problem for answer in answers if answer.failure)


def conclude(answers: Iterable[Answer], *, as_json: bool) -> Exit:
    """Tells who could not be told, where the JSON has not said it, and returns the command's status."""
    found = untold(answers)
    if not as_json:
        tell.problems(found, as_json=False)
    return Exit.UNTOLD if found else Exit.DONE
