"""A show of many episodes as records in memory, with all that the pages of a well-kept one have."""

from dataclasses import replace
from datetime import timedelta

from pipeline.model import Catalog, Cue, Edition, Episode, Guid, Key, Media, Picture, Season, Slug, Source, Waveform
from tests import records

LONG = 50
"""One in so many has the transcript of a long conversation, which has pages of its own."""
ILLUSTRATED = 10
"""One in so many has a picture of its own."""


def edition(catalog: Catalog, count: int) -> Edition:
    """`count` episodes, a day apart, in two seasons: each has notes of its own, a waveform and a share image.

    They are those of `catalog` over and over; one guest of three has a photo.
    """
    episodes = tuple(_episode(catalog, place, count) for place in range(count))
    show = replace(catalog.show, seasons=(*catalog.show.seasons, Season(number=2)))
    plain = records.edition(replace(catalog, show=show, episodes=episodes))
    return replace(
        plain,
        entries=tuple(
            replace(
                entry,
                media=_heard(entry.media, entry.episode),
                modern=tuple(map(_modern, entry.pictures)),
                share=_share(entry.episode.slug),
            )
            for entry in plain.entries
        ),
        modern=tuple(map(_modern, plain.pictures)),
        icons=tuple(records.picture("icon", width) for width in (512, 192, 180, 32)),
        share=_share("show"),
    )


def _episode(catalog: Catalog, place: int, count: int) -> Episode:
    like = catalog.episodes[place % len(catalog.episodes)]
    guests = tuple(
        replace(guest, image=_photo(guest.name)) if not number % 3 else guest
        for number, guest in enumerate(like.guests)
    )
    return replace(
        like,
        guid=Guid(f"guid-{place}"),
        slug=Slug(f"aflevering-{place}"),
        title=f"{like.title} {place}",
        number=place + 1,
        season=1 if place < count - 8 else 2,
        published=catalog.episodes[0].published + timedelta(days=place),
        notes=f"{like.notes}\nDit is nummer {place} van {count}.\n",
        guests=guests,
        image=_photo(f"episode {place}") if place % ILLUSTRATED == 0 else None,
        transcript=_long(like.transcript) if place % LONG == 0 else like.transcript,
    )


def _long(cues: tuple[Cue, ...]) -> tuple[Cue, ...]:
    """An hour of talk: the same, again and again."""
    return tuple(
        replace(cue, start_s=cue.start_s + 60 * minute, end_s=cue.end_s + 60 * minute)
        for minute in range(60)
        for cue in cues
    )


def _heard(media: Media, episode: Episode) -> Media:
    drawn = records.sha(f"waveform of {episode.slug}")
    return replace(
        media,
        duration_s=round(max(cue.end_s for cue in episode.transcript) + 0.5, 1),
        waveform=(
            Waveform(
                key=Key(f"waveforms/{episode.slug}.{drawn[:16]}.svg"), sha256=drawn, size=5000, type="image/svg+xml"
            ),
        ),
    )


def _photo(name: str) -> Source:
    return Source(sha256=records.sha(name), size=100_000)


def _modern(picture: Picture) -> Picture:
    return replace(picture, key=Key(picture.key.replace(".jpg", ".webp")), type="image/webp")


def _share(name: str) -> Picture:
    return replace(records.picture(f"share-{name}", 1200), height=630)
