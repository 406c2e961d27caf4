"""`omroep status`."""

from zoneinfo import ZoneInfo

import click

from pipeline import publish
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json, destination
from pipeline.standing import Standing, standings
from pipeline.text import clock, megabytes


@click.command()
@destination
@as_json
@click.pass_obj
def status(settings: Settings, to: str | None, as_json: bool) -> None:
    """Show how every episode stands.

    Draft, scheduled, live, changed since it was published, withdrawn; with length, loudness and size as published.
    """
    catalog = publish.check(settings.room(None)).catalog
    store = settings.connect(to)(catalog.show.destination)
    rows = tuple(standings(catalog, publish.published(store), settings.now))
    zone = ZoneInfo(catalog.show.timezone)
    if as_json:
        tell.dump({"destination": store.name, "episodes": [_json(row) for row in rows]})
        return
    tell.say(f"“{catalog.show.title}” at {store.name}, times in {zone.key}:")
    tell.table((_row(row, zone) for row in rows), right={0, 4, 5, 6})


def _row(row: Standing, zone: ZoneInfo) -> tuple[str, ...]:
    episode, media = row.episode, row.media
    measured = (
        (clock(media.duration_s), f"{media.loudness_lufs:.1f} LUFS", megabytes(media.size)) if media else ("",) * 3
    )
    day = f"{episode.published.astimezone(zone):%Y-%m-%d %H:%M}"
    return (str(episode.number or ""), episode.title, day, row.state, *measured)


def _json(row: Standing) -> dict[str, object]:
    episode, media = row.episode, row.media
    return {
        "guid": episode.guid,
        "slug": episode.slug,
        "title": episode.title,
        "date": episode.published.isoformat(),
        "state": row.state.name.lower(),
        "audio": media.key if media else None,
        "duration_s": media.duration_s if media else None,
        "loudness_lufs": media.loudness_lufs if media else None,
        "size": media.size if media else None,
    }
