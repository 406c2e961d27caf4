"""Records for tests that need no files: media as if it had been rendered, editions of a loaded catalogue."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from pipeline import formats
from pipeline.model import (
    Alternate,
    Catalog,
    Digest,
    Edition,
    Entry,
    Episode,
    Key,
    Media,
    Picture,
    Rendition,
    Status,
)

LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)


def sha(text: str) -> Digest:
    return Digest(hashlib.sha256(text.encode()).hexdigest())


def media(episode: Episode, *, shift_s: float = 0.0, duration_s: float = 61.4, take: int = 1) -> Media:
    digest = sha(f"{episode.guid} {episode.audio.sha256} {take}")
    return Media(
        key=Key(f"audio/{episode.slug}.{digest[:16]}.mp3"),
        sha256=digest,
        size=1_234_567,
        type="audio/mpeg",
        duration_s=duration_s,
        loudness_lufs=-16.0,
        range_lu=4.0,
        peak_dbtp=-1.4,
        bitrate_kbps=96,
        channels=1,
        rate_hz=44100,
        shift_s=shift_s,
        source_sha256=episode.audio.sha256,
        recipe=sha("recipe"),
        revision=episode.revision,
        done=(),
    )


def rendition(episode: Episode, asked: Alternate) -> Rendition:
    """As if `asked` had been delivered beside the enclosure, in one channel."""
    format, digest = formats.TABLE[asked.format], sha(f"{episode.guid} {asked.format}")
    return Rendition(
        key=Key(f"audio/{episode.slug}.{digest[:16]}{format.ending}"),
        sha256=digest,
        size=765_432,
        type=format.type,
        duration_s=61.4,
        loudness_lufs=-16.1,
        peak_dbtp=-1.2,
        bitrate_kbps=asked.bitrate_kbps or format.mono_kbps,
        channels=1,
        rate_hz=48000,
    )


def picture(name: str, width: int) -> Picture:
    digest = sha(f"{name} {width}")
    return Picture(
        key=Key(f"images/{name}-{width}.{digest[:16]}.jpg"),
        sha256=digest,
        size=1000 * width,
        type="image/jpeg",
        width=width,
        height=width,
        source_sha256=sha(name),
    )


def edition(catalog: Catalog, *, shift_s: float = 0.0, duration_s: float = 61.4) -> Edition:
    entries = (
        Entry(
            episode=episode,
            media=replace(
                media(episode, shift_s=shift_s, duration_s=duration_s),
                alternates=tuple(rendition(episode, asked) for asked in catalog.show.mastering.also),
            ),
            pictures=(picture(episode.slug, 1400), picture(episode.slug, 300)) if episode.image else (),
        )
        for episode in catalog.episodes
        if episode.status is Status.LIVE
    )
    cover = (picture("cover", 3000), picture("cover", 1200), picture("cover", 600), picture("cover", 300))
    photos = {guest.image.sha256 for episode in catalog.episodes for guest in episode.guests if guest.image}
    portraits = tuple(replace(picture("guest", 600), source_sha256=sha256) for sha256 in sorted(photos))
    return Edition(show=catalog.show, entries=tuple(entries), pictures=cover, portraits=portraits)
