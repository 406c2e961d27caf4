"""`omroep preview`."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path

import click

from pipeline import pictures, publish, rendering, sparing
from pipeline.catalog import SHOW_FILE
from pipeline.checks.nearest import suggested
from pipeline.cli import tell, voice
from pipeline.cli.settings import Settings, as_json
from pipeline.errors import Exit, OmroepError, Problem, ShowError
from pipeline.model import Catalog, Episode, Media
from pipeline.preview import compose
from pipeline.preview.drawing import draw
from pipeline.preview.page import render
from pipeline.sparing import Sorted


@click.command()
@click.argument("episode", required=False)
@click.option(
    "--page", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a page of HTML."
)
@click.option(
    "--of",
    "place",
    metavar="PLACE",
    envvar="OMROEP_DESTINATION",
    help="Where the show is published.  [default: the show's destination, else public/]",
)
@as_json
@click.pass_obj
def preview(settings: Settings, episode: str | None, page: Path | None, place: str | None, as_json: bool) -> Exit:
    """Show how an episode will read in an app, before it is there.

    In a list, while it plays, and in a directory: titles and notes cut where there is no more room, without markup,
    with chapters and art. EPISODE is its number, its web name or its folder; without it, the newest one, a draft as
    well. Nothing is mastered for it: before it is published an episode has no length. Something wrong with another
    episode is told, and does not stop it; status 9.
    """
    found = sparing.sort(publish.look(settings.room(None)), {})
    readable = sorted((*found.catalog.episodes, *found.known), key=lambda each: each.published)
    catalog = replace(found.catalog, episodes=tuple(readable))
    chosen = _chosen(settings.root, catalog, found, episode)
    made = compose(catalog, chosen, _media(settings, catalog, chosen, place))
    if page:
        art = pictures.sleeve(settings.root, chosen.image or catalog.show.cover)
        _write(page, render(made, art))
    if as_json:
        tell.dump(asdict(made))
    else:
        voice.echo(draw(made, shutil.get_terminal_size().columns))  # made safe where it was composed
        if page:
            tell.say(f"\nTo look at: {page}")
    tell.problems(sparing.told(found.held), as_json=False)
    return Exit.PARTIAL if found.held else Exit.DONE


def _chosen(root: Path, catalog: Catalog, found: Sorted, named: str | None) -> Episode:
    """The episode of `catalog` that is meant; ShowError where something is wrong with it, or may be."""
    held = found.held
    if not catalog.episodes and not held:
        mend = "Make a folder in episodes/ with an episode.md."
        raise ShowError(Problem(what="The show has no episode yet.", file=SHOW_FILE.as_posix(), mend=mend))
    name = named.rstrip("/").removeprefix("episodes/") if named else None
    for episode in reversed(catalog.episodes):
        if name in (None, episode.slug, episode.folder, str(episode.number)):
            if episode.folder in held:
                raise ShowError(*(held[episode.folder] or sparing.told(held)))
            return episode
    if held:
        meant = (held[folder] for folder, each in sparing.apart(root, found).items() if name in {folder, *each.names})
        unread = [Problem(what=f"`{named}` is none of the episodes that could be read.")] if named else []
        raise ShowError(*(next(meant, ()) or (*unread, *sparing.told(held))))
    ways = suggested(str(named), (episode.slug for episode in catalog.episodes))
    raise click.BadParameter(f"`{named}` is not an episode. {ways}", param_hint="EPISODE")


def _media(settings: Settings, catalog: Catalog, episode: Episode, place: str | None) -> Media | None:
    """Its audio as published, where that is made from this recording; a destination that cannot be read has none."""
    try:
        store = settings.connect(place)(catalog.show.destination)
        release = publish.published(store, settings.cache).release
    except OmroepError as error:
        tell.advise(str(problem) for problem in error.problems)
        return None
    entries = release.edition.entries if release else ()
    return next(
        (
            entry.media
            for entry in entries
            if entry.episode.guid == episode.guid and rendering.current(entry.media, episode)
        ),
        None,
    )


def _write(page: Path, text: str) -> None:
    try:
        page.write_text(text, "utf-8")
    except OSError as error:
        raise click.BadParameter(f"{page} cannot be written ({error.strerror}).", param_hint="--page") from error
