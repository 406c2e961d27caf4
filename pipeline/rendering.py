"""From what is wanted to an edition: audio and pictures that exist, those that are published taken as they are."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from pipeline import addresses, guard, names, pictures, theme
from pipeline.audio import deliver, ffmpeg, recipe
from pipeline.audio.deliver import Sleeve, Studio
from pipeline.errors import OmroepError, ShowError
from pipeline.guard import Wanted
from pipeline.history import Published
from pipeline.model import Edition, Entry, Episode, Guid, Key, Media, Picture, Release, Show, Source, rendered, shown
from pipeline.pages import transcripts
from pipeline.pictures import portraits, share
from pipeline.remembered import drafts

Bring = Callable[[Source, Show, Callable[[float], None]], None]
"""Brings a recording here that is only pointed to, telling how far that is (0 to 1); OmroepError where it cannot."""
_LOOK_UP_S = 0.2
OnStep = Callable[[str, str, float], None]
"""Called with an episode's title, what is being done to it, and how far that is (0 to 1); from several threads."""


@dataclass(frozen=True, kw_only=True)
class Newsroom:
    """Where the story plays: everything of the outside world that it may look at."""

    root: Path
    studio: Studio
    now: datetime
    """Aware; what is dated after it is not published yet."""
    base_url: str | None = None
    """Address of what is published, where it is not the show's own."""
    bring: Bring = lambda source, show, on_part: None
    """See `Bring`; without one, what is not here stays away."""


def edition(room: Newsroom, show: Show, wanted: Wanted, before: Published, on_step: OnStep) -> Edition:
    """The edition of what is wanted: audio that is published with this source and revision is taken as it is.

    OmroepError with the problems of every recording that could not be mastered.
    """
    return attempt(room, show, wanted, before, on_step, spare=False)[0]


def attempt(
    room: Newsroom, show: Show, wanted: Wanted, before: Published, on_step: OnStep, *, spare: bool
) -> tuple[Edition, Mapping[Guid, OmroepError]]:
    """The same; with `spare` without the episodes that could not be mastered, and what was wrong with each of them."""
    old = guard.known(before)
    there = (picture for release in _releases(before) for picture in shown(release.edition))
    known = {picture.key: picture for picture in there if picture.key not in before.lacking}
    kept = {
        episode.guid: entry.media
        for episode in wanted.live
        if (entry := old.get(episode.guid)) and current(entry.media, episode) and _there(entry.media, before)
    }
    new = tuple(episode for episode in wanted.live if episode.guid not in kept)
    made, failed = _rendered(room, show, new, on_step, spare=spare)
    live = tuple(episode for episode in wanted.live if episode.guid not in failed)
    media = kept | made
    art = _Art(root=room.root, show=show, published=known, letters=theme.letters(room.root, show.theme))
    edition = Edition(
        show=show,
        entries=tuple(art.entry(episode, media[episode.guid]) for episode in live),
        pictures=pictures.render(room.root, show.cover, name="cover", published=known),
        modern=pictures.modern(room.root, show.cover, name="cover", published=known),
        icons=pictures.icons(room.root, show.cover, published=known),
        share=art.card(show.cover, "cover", show.title, below=show.subtitle or ""),
        withdrawn=wanted.withdrawn,
        portraits=_portraits(room, live, known),
    )
    return replace(edition, left=_left(edition, before), moved=addresses.left(edition, before)), failed


def _portraits(room: Newsroom, episodes: tuple[Episode, ...], known: dict[Key, Picture]) -> tuple[Picture, ...]:
    photos = (person.image for episode in episodes for person in episode.guests)
    return tuple(dict.fromkeys(portraits.render(room.root, photo, known) for photo in photos if photo))


def _left(edition: Edition, before: Published) -> tuple[Key, ...]:
    """Pages of guests who are named no more, and of transcripts; they are to say nothing, not what they said."""
    now = {guest.key for guest in names.guests(edition).values()}
    then = {item.key for release in _releases(before) for item in release.objects if _may_go(item.key)}
    return tuple(sorted(then - now))


def _may_go(key: Key) -> bool:
    return names.is_guest(key) or transcripts.is_page(key)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Art:
    """The pictures of a show, those that are published taken as they are."""

    root: Path
    show: Show
    published: Mapping[Key, Picture]
    letters: bytes

    def entry(self, episode: Episode, media: Media) -> Entry:
        """An episode with its audio and its own pictures."""
        own, name = episode.image, episode.slug
        return Entry(
            episode=episode,
            media=media,
            pictures=pictures.render(self.root, own, name=name, published=self.published) if own else (),
            modern=pictures.modern(self.root, own, name=name, published=self.published) if own else (),
            share=self.beside(episode),
        )

    def beside(self, episode: Episode) -> Picture:
        """What stands beside a link to an episode; on the show's art where one that is left as it was lost its own."""
        who = ", ".join(person.name for person in episode.guests)
        draw = partial(self.card, name=episode.slug, title=episode.title, above=self.show.title, below=who)
        try:
            return draw(episode.image or self.show.cover)
        except ShowError:
            return draw(self.show.cover)

    def card(self, art: Source, name: str, title: str, *, above: str = "", below: str = "") -> Picture:
        """What stands beside a link."""
        card = share.Card(name=name, art=art, title=title, above=above, below=below, colour=self.show.colour)
        return share.render(self.root, card, self.letters, self.published)


def _releases(before: Published) -> tuple[Release, ...]:
    return tuple(release for release in (before.abandoned, before.release) if release)


def current(media: Media, episode: Episode) -> bool:
    """Whether published audio is still that of the episode: the same source, not asked to be made anew."""
    return media.source_sha256 == episode.audio.sha256 and media.revision == episode.revision


def _there(media: Media, before: Published) -> bool:
    return not before.lacking.intersection(made.key for made in rendered(media))


def _rendered(
    room: Newsroom, show: Show, episodes: tuple[Episode, ...], on_step: OnStep, *, spare: bool
) -> tuple[dict[Guid, Media], dict[Guid, OmroepError]]:
    failed = _unfit(room, show, episodes)
    _or_raise(failed, spare)
    todo = tuple(episode for episode in episodes if episode.guid not in failed)
    if not todo:
        return {}, failed
    drafts.sweep(room.studio.cache)
    with ThreadPoolExecutor(max_workers=ffmpeg.CORES) as pool:
        waiting = {episode.guid: pool.submit(_media, room, show, episode, on_step) for episode in todo}
        try:
            while wait(waiting.values(), timeout=_LOOK_UP_S).not_done:
                pass  # a signal may come without waking this thread (see `apply`)
        except BaseException:  # Ctrl-C: what is running would otherwise be waited for to its end
            pool.shutdown(wait=False, cancel_futures=True)
            ffmpeg.end_all()
            raise
    made: dict[Guid, Media] = {}
    for guid, future in waiting.items():
        try:
            made[guid] = future.result()
        except OmroepError as error:
            failed[guid] = error
    _or_raise(failed, spare)
    return made, failed


def _or_raise(failed: Mapping[Guid, OmroepError], spare: bool) -> None:
    if failed and not spare:
        *_, last = failed.values()
        problems = (problem for error in failed.values() for problem in error.problems)
        raise type(last)(*dict.fromkeys(problems))  # a broken bumper is every episode's problem, and told once


def _unfit(room: Newsroom, show: Show, episodes: tuple[Episode, ...]) -> dict[Guid, OmroepError]:
    """What can be told of recordings before any is mastered."""
    if not deliver.problems(room.studio, show, episodes):
        return {}
    told = {episode.guid: deliver.problems(room.studio, show, (episode,)) for episode in episodes}
    return {guid: ShowError(*problems) for guid, problems in told.items() if problems}


def _media(room: Newsroom, show: Show, episode: Episode, on_step: OnStep) -> Media:
    for source in (show.mastering.intro, show.mastering.outro, episode.audio):
        if source and deliver.recorded(room.studio, source) is None:
            room.bring(source, show, lambda part: on_step(episode.title, "fetching", part))
    sleeve = Sleeve(
        page=show.base_url + addresses.page(episode.slug),
        cover=pictures.sleeve(room.root, episode.image or show.cover),
    )
    return deliver.media(
        room.studio, episode, show, sleeve, on_step=lambda what, part: on_step(episode.title, what, part)
    )


def outdated(edition: Edition) -> tuple[str, ...]:
    """Titles of published episodes that were mastered with other settings than the show's present ones."""
    now = recipe.identity(edition.show.mastering)
    return tuple(entry.episode.title for entry in edition.entries if entry.media.recipe != now)
