"""`omroep ingest`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from pipeline import ingest as story
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json, language
from pipeline.ingest import Desk, Outcome
from pipeline.intake import words
from pipeline.intake.drafts import Draft
from pipeline.intake.parcels import Left


@click.command()
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(exists=True, path_type=Path))
@language
@as_json
@click.pass_obj
def ingest(settings: Settings, files: tuple[Path, ...], lang: str | None, as_json: bool) -> None:
    """Make a draft of every recording in episodes/ that has no episode yet.

    Drop `03 Detachering.wav` into episodes/, or into a new folder there. Title, number and date come from its name, its
    tags and the last episode; chapters from the recording; a transcript, chapters or art of the same name come along.
    Nothing is written over, and what is still being copied is left alone. FILE takes in only that one; from elsewhere
    it is copied. It says what each draft still needs.
    """
    outcome = story.take_in(desk(settings, lang), files)
    if as_json:
        tell.dump(told_json(outcome))
        return
    tell.advise(left(each, outcome.gettext) for each in outcome.left)
    for line in told(outcome):
        tell.say(line)


def desk(settings: Settings, lang: str | None) -> Desk:
    """Where it is done."""
    from pipeline.audio.deliver import Studio

    studio = Studio(root=settings.root, cache=settings.cache, environ=settings.environ)
    return Desk(root=settings.root, studio=studio, now=settings.now, language=lang)


def told(outcome: Outcome) -> Iterator[str]:
    """What was made, and what each draft still needs, a line each, in the producer's language."""
    _ = outcome.gettext
    if not outcome.taken:
        yield _(words.NOTHING_ELSE if outcome.left else words.NOTHING)
    for draft in outcome.taken:
        sentence = words.MADE if draft.new else words.GIVEN
        yield _(sentence).format(title=draft.title, folder=draft.folder, recording=draft.recording)
    unsure = {draft.folder: draft for draft in outcome.taken}
    for episode in outcome.drafts:
        needs = (*doubts(unsure.get(episode.folder), _), *(_(each) for each in words.lacks(episode)))
        if needs:
            yield ""
            yield _(words.WANTING).format(title=episode.title, folder=episode.folder)
            yield from (f"  - {need}" for need in needs)
    if outcome.drafts:
        yield ""
        yield _(words.THEN)


def doubts(draft: Draft | None, gettext: Callable[[str], str]) -> tuple[str, ...]:
    """What was guessed from little."""
    if draft is None:
        return ()
    sentences = (gettext(words.SURE_OF[key]) for key in draft.unsure)
    return tuple(sentence.format(title=draft.title, date=draft.keys["date"]) for sentence in sentences)


def left(each: Left, gettext: Callable[[str], str]) -> str:
    """Why something was left alone."""
    return gettext(words.LEFT[each.why]).format(path=each.path, name=each.path, about=each.about)


def told_json(outcome: Outcome) -> dict[str, object]:
    """The same for a program."""
    return {
        "taken": [
            {"folder": draft.folder, "title": draft.title, "new": draft.new, "unsure": list(draft.unsure)}
            for draft in outcome.taken
        ],
        "left": [
            {"path": each.path, "why": each.why.value, "told": left(each, outcome.gettext)} for each in outcome.left
        ],
        "drafts": [
            {
                "folder": each.folder,
                "title": each.title,
                "lacks": [outcome.gettext(lack) for lack in words.lacks(each)],
            }
            for each in outcome.drafts
        ],
    }
