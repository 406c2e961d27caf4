"""`omroep rollback`."""

from zoneinfo import ZoneInfo

import click

from pipeline import publish, tidings, upkeep
from pipeline.cli import notify, tell
from pipeline.cli.settings import Settings, as_json, destination
from pipeline.errors import Exit
from pipeline.history import Event
from pipeline.model import Plan, Receipt
from pipeline.notify import Answer
from pipeline.store import Store


@click.command()
@click.argument("release", required=False)
@destination
@click.option("--plan", "only_plan", is_flag=True, help="Show what it would do, and write nothing.")
@as_json
@click.pass_obj
def rollback(settings: Settings, release: str | None, to: str | None, only_plan: bool, as_json: bool) -> Exit:
    """Give listeners an earlier release back.

    RELEASE is a number from `omroep releases`; without it, the one before the live one. Its feed comes back byte for
    byte, in one step, and then its pages. The show's own files stay as they are: correct them before you publish again,
    as that goes forward again. Hubs and podping are told of it, as by `omroep publish`.
    """
    room = settings.room(None)
    show, store = settings.published(to)
    plan = upkeep.back(room, store, release)
    which = _which(upkeep.turned(store, plan.release.id), ZoneInfo(show.timezone))
    receipt, answers = None, tuple[Answer, ...]()
    if not only_plan:
        with tell.writing(len(plan.actions)) as on_written:
            receipt = upkeep.go(plan, store, on_written)
        answers = _spread(settings, store)
    if as_json:
        written = [item.key for item in receipt.written] if receipt else []
        tell.dump(tell.bare_plan_json(plan) | {"written": written, "told": tell.answers_json(answers)})
    else:
        _tell(plan, store, receipt, which)
        tell.answers(answers)
    return notify.conclude(answers, as_json=as_json)


def _spread(settings: Settings, store: Store) -> tuple[Answer, ...]:
    now = publish.published(store, settings.cache)
    due = tidings.due(now.release, now) if now.release else ()
    return notify.spread(settings, store, due, now.history.keys)


def _which(event: Event | None, zone: ZoneInfo) -> str:
    """A release as `omroep releases` lists it."""
    if event is None:
        return ""
    return f" {event.number}{f' of {event.at.astimezone(zone):%Y-%m-%d %H:%M}' if event.at else ''}"


def _tell(plan: Plan, store: Store, receipt: Receipt | None, which: str) -> None:
    done = "Would give" if receipt is None else "Gave"
    tell.say(f"{done} listeners of {store.name} release{which} ({plan.release.id[:12]}) back:")
    tell.changes(plan)
    if receipt is None:
        tell.say(f"\n{len(plan.actions)} files to write:")
        tell.writes(plan.actions)
    else:
        tell.say(f"{len(receipt.written)} files written. To go forward again: omroep publish")
