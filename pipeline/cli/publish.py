"""`omroep publish`."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline import unchanged
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
from pipeline.errors import Exit, Problem
from pipeline.history import WATCHED
from pipeline.remembered import records
from pipeline.text import megabytes

if TYPE_CHECKING:  # a publish with nothing to do imports none of it
    from pipeline.guard import Asked
    from pipeline.model import Receipt
    from pipeline.notify import Answer
    from pipeline.publish import Connect, Prepared
    from pipeline.store import Store
    from pipeline.unchanged import Memory


@click.command()
@destination
@base_url
@withdraw
@restore
@allow
@repair
@rest
@as_json
@click.pass_obj
def publish(
    settings: Settings,
    to: str | None,
    base_url: str | None,
    withdraw: tuple[str, ...],
    restore: tuple[str, ...],
    allow: tuple[str, ...],
    repair: bool,
    rest: bool,
    as_json: bool,
) -> Exit:
    """Make the destination hold this show.

    Masters and tags what is new, writes audio, then pages, then the feed; a listener never sees half of it. When
    nothing changed, nothing is written. Stopped half-way? Run it again. When `omroep verify` says that something there
    is lost or damaged, --repair writes it again. When the feed has changed, the hubs and podping that the show names
    are told; status 8 when one of them could not be, and the next publish tells it again. With --rest, something wrong
    with an episode does not stop the others; status 9, and it is named.
    """
    asked = asked_for(withdraw, restore, allow)
    question = json.dumps([to, str(Path.cwd()) if to else "", base_url, withdraw, restore, allow])
    return carry_out(
        settings, settings.connect(to), base_url, asked, question, repair=repair, rest=rest, as_json=as_json
    )


def carry_out(
    settings: Settings,
    connect: Connect,
    base_url: str | None,
    asked: Asked,
    question: str,
    *,
    repair: bool = False,
    rest: bool = False,
    tells: bool = True,
    as_json: bool,
) -> Exit:
    """Prepare, publish, tell what was done, and return the command's status.

    Where nothing changed since the last time, say so at once.
    """
    remembered = settings.cache / "published.json"
    seen = unchanged.look(settings.root)
    memory = None if as_json or repair else unchanged.recall(remembered, seen, question)
    if memory and _stands(memory, store := connect(memory.place), settings.now):
        _repeat(memory, store, settings)
        return Exit.DONE
    from pipeline import publish as story
    from pipeline.cli import notify
    from pipeline.cli.verify import damaged, undamaged

    with tell.progress() as on_step:
        lacking = damaged if repair else undamaged
        prepared = story.prepare(
            settings.room(base_url), connect, on_step, asked, lacking=lacking, spare={} if rest else None
        )
    with tell.writing(len(prepared.plan.actions)) as on_written:
        receipt = story.publish(prepared, on_written)
    answers = notify.spread(settings, prepared.store, prepared.due if tells else (), receipt.log_seen)
    said = _still(prepared, prepared.store.clock or settings.now)
    if unchanged.lasting(seen, settings.now) and not notify.untold(answers) and not prepared.found.held:
        unchanged.remember(remembered, _memory(prepared, receipt, answers, seen, question, said))
    told = tell.receipt_json(prepared, receipt) | {"told": tell.answers_json(answers)}
    if receipt.written or answers:
        _keep(settings, receipt, told)
    if as_json:
        tell.dump(told)
    else:
        _summary(prepared, receipt, answers, said, settings)
    return max(notify.conclude(answers, as_json=as_json), _conclude(prepared, as_json=as_json))


def _conclude(prepared: Prepared, *, as_json: bool) -> Exit:
    """Tells why an episode was left as it was, where the JSON has not said it, and returns the command's status."""
    from pipeline import sparing

    if not as_json:
        tell.problems(sparing.told(prepared.found.held), as_json=False)
    return Exit.PARTIAL if prepared.found.held else Exit.DONE


def _stands(memory: Memory, store: Store, here: datetime) -> bool:
    """Whether nobody has published since and, by the store's own clock where it has one, nothing has become due."""
    found = [(found.key, found.version) for found in store.list(WATCHED)]
    return unchanged.holds(memory, found) and not unchanged.due(memory, store.clock or here)


def _memory(
    prepared: Prepared,
    receipt: Receipt,
    answers: tuple[Answer, ...],
    seen: unchanged.Look,
    question: str,
    said: tuple[str, ...],
) -> unchanged.Memory:
    heard = (*prepared.before.history.told, *(answer.heard for answer in answers if answer.heard))
    return unchanged.Memory(
        fingerprint=seen.fingerprint,
        asked=question,
        place=prepared.edition.show.destination,
        feed=receipt.feed_version or "",
        log=max((*receipt.log_seen, *(each.key for each in heard)), default=""),
        until=prepared.next_due.isoformat() if prepared.next_due else None,
        said=said,
        advice=tell.gathered(prepared.late),
        counted=len(prepared.found.advice),
    )


def _keep(settings: Settings, receipt: Receipt, told: dict[str, object]) -> None:
    """The receipt as JSON, among what this machine keeps."""
    folder = settings.cache / "receipts"
    name = f"{settings.now:%Y-%m-%dT%H%M%SZ}-{receipt.release[:12]}.json"
    with suppress(OSError):  # a full disk here takes nothing from what listeners have
        records.put(folder / name, json.dumps(told, indent=2).encode())


def _repeat(memory: unchanged.Memory, store: Store, settings: Settings) -> None:
    tell.advise(memory.advice)
    tell.counted(memory.counted, settings.command("check"))
    held, *further = memory.said
    tell.say(_nothing(store, held))
    for line in further:
        tell.say(line)
    tell.say(_look(settings))


def _summary(
    prepared: Prepared, receipt: Receipt, answers: tuple[Answer, ...], said: tuple[str, ...], settings: Settings
) -> None:
    tell.advise(advice((*prepared.late, *prepared.noticed), prepared.store, receipt))
    tell.counted(len(prepared.found.advice), settings.command("check"))
    held, *further = said
    if not prepared.plan.actions:
        tell.say(_nothing(prepared.store, held))
    else:
        tell.say(f"“{prepared.edition.show.title}” is published to {prepared.store.name}.")
        tell.changes(prepared.plan)
        there = f"; {receipt.kept} were there already" if receipt.kept else ""
        size = megabytes(sum(item.size for item in receipt.written))
        tell.say(f"{len(receipt.written)} files written ({size}), each checked by its SHA-256{there}.")
        _sound(prepared, receipt)
    tell.answers(answers)
    for line in further:
        tell.say(line)
    tell.say(_look(settings))


def advice(heard: tuple[Problem, ...], store: Store, receipt: Receipt) -> tuple[str, ...]:
    """What could be better, about the show and where it is published, a sentence each."""
    unguarded = () if receipt.guarded else (_UNGUARDED.format(place=store.name),)
    return (*tell.gathered(heard), *unguarded)


def _sound(prepared: Prepared, receipt: Receipt) -> None:
    sent = {item.key for item in receipt.written}
    if entries := [entry for entry in prepared.edition.entries if entry.media.key in sent]:
        tell.say("\nHow each new recording sounds, measured on the file that listeners get:")
        tell.loudness(entries)


def _still(prepared: Prepared, now: datetime) -> tuple[str, ...]:
    """What will be true as long as nothing changes: what listeners have there, and what else there is to say."""
    from pipeline import rendering

    title, count = prepared.edition.show.title, len(prepared.edition.entries)
    outdated = tell.several(f"“{title}”" for title in rendering.outdated(prepared.edition))
    again = f"Mastered with earlier settings: {outdated}. Raise an episode's `revision:` to have it done again."
    shown = f"Listeners find it at {prepared.edition.show.base_url}index.html"
    bucket = "://" in prepared.store.name
    return (
        f"“{title}” with {tell.episodes(count)}",
        *([shown] if bucket else []),
        *([again] if outdated else []),
        *tell.waiting(prepared.found.catalog, now),
    )


def _nothing(store: Store, held: str) -> str:
    """The store is named as seen from here, which need not be where the last publish was run."""
    return f"Nothing to do: {store.name} already holds {held}."


def _look(settings: Settings) -> str:
    """How to see it on this machine: where there is a Makefile omroep may be in its `.venv` and not on the path."""
    program = "make -C" if (settings.root / "Makefile").exists() else "omroep --show"
    return f"\nTo look at it and listen: {settings.command('serve', program=program)}"


_UNGUARDED = (
    "{place} ignores conditions on writes, so that of two publishers at once one can undo what the other did. It is "
    "noticed afterwards, not prevented: publish from one place only, one at a time. Run omroep doctor for the rest."
)
