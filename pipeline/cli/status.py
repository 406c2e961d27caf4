"""`omroep status`."""

from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

import click

from pipeline import publish, sparing
from pipeline.cli import board, tell
from pipeline.cli.settings import Settings, as_json, destination
from pipeline.model import Episode, Show


@click.command()
@destination
@as_json
@click.pass_obj
def status(settings: Settings, to: str | None, as_json: bool) -> None:
    """Show how every episode stands.

    Draft and what it still lacks, scheduled and when, live, changed since it was published, withdrawn, or to be mended
    and why; with length, loudness, size and address as published. Then when the next run of omroep publish matters
    though nothing changes here. Times are in the show's zone.
    """
    found = sparing.sort(publish.look(settings.room(None)), {})
    show = found.catalog.show
    store = settings.connect(to)(show.destination)
    published = publish.published(store)
    now = store.clock or settings.now
    rows = board.rows(settings.root, found, published, now)
    following = min(publish.turns(found.catalog, now), default=None)
    if as_json:
        next_run = following.isoformat() if following else None
        tell.dump({"destination": store.name, "next": next_run, "episodes": [_json(row, show) for row in rows]})
        return
    zone = ZoneInfo(show.timezone)
    tell.say(f"“{show.title}” at {store.name}, times in {zone.key}:")
    board.told(rows, show, zone)
    if not rows:
        tell.say("No episodes yet: drop a recording into episodes/, then run omroep ingest.")
    tell.say(f"\n{_next(following, found.catalog.episodes, zone)}")


def _next(following: datetime | None, episodes: tuple[Episode, ...], zone: ZoneInfo) -> str:
    if following is None:
        return "Nothing is scheduled: the next publish matters when something changes here."
    moment = f"{following.astimezone(zone):%Y-%m-%d %H:%M}{_why(following, episodes)}"
    return f"The next publish that matters, if nothing changes here: {moment}."


def _why(moment: datetime, episodes: tuple[Episode, ...]) -> str:
    """What happens at a moment."""
    out = (f", when “{each.title}” comes out" for each in episodes if each.published == moment)
    guests = (person for each in episodes for person in each.guests if person.consent)
    ended = (f", when the consent of {one.name} ends" for one in guests if one.consent and one.consent.until == moment)
    return next(chain(out, ended), "")


def _json(row: board.Row, show: Show) -> dict[str, object]:
    episode, media = row.episode, row.media
    return {
        "guid": episode.guid if episode else None,
        "slug": episode.slug if episode else None,
        "folder": row.folder or None,
        "title": row.title,
        "date": episode.published.isoformat() if episode else None,
        "state": row.state.name.lower(),
        "waits_for": list(board.waits_for(row)),
        "page": board.where(row, show) or None,
        "audio": media.key if media else None,
        "duration_s": media.duration_s if media else None,
        "loudness_lufs": media.loudness_lufs if media else None,
        "size": media.size if media else None,
    }
