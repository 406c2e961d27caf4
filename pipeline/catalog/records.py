"""What the schema accepted, as the records that travel on."""

import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipeline import formats
from pipeline.catalog.schema import (
    AudioKeys,
    ChapterKeys,
    ChatKeys,
    DiscussionKeys,
    ElsewhereKeys,
    EpisodeKeys,
    GuestKeys,
    LicenseKeys,
    LocationKeys,
    NoteKeys,
    PersonKeys,
    RecordingKeys,
    ShowKeys,
)
from pipeline.model import (
    MASTERS,
    Alternate,
    Category,
    Chapter,
    Chat,
    Consent,
    Cue,
    Digest,
    Discussion,
    Elsewhere,
    Episode,
    Funding,
    Guid,
    License,
    Listing,
    Location,
    Mastering,
    Note,
    Owner,
    Person,
    Season,
    Show,
    Slug,
    Soundbite,
    Source,
    UpdateFrequency,
)


def episode(
    keys: EpisodeKeys,
    show: Show,
    *,
    folder: str,
    slug: Slug,
    audio: Source,
    notes: str,
    chapters: tuple[Chapter, ...],
    transcript: tuple[Cue, ...],
    image: Source | None,
    photos: Sequence[Source | None] = (),
) -> Episode:
    """The episode, with its files; where it has no guid, one is made of the show's and its folder's name."""
    return Episode(
        guid=Guid(keys.guid or str(uuid.uuid5(uuid.UUID(show.guid), unicodedata.normalize("NFC", folder)))),
        slug=slug,
        folder=folder,
        title=keys.title,
        published=keys.date,
        audio=audio,
        number=keys.number,
        season=keys.season,
        kind=keys.type,
        summary=" ".join(keys.summary.split()),
        notes=notes,
        guests=_guests(keys.guests, photos),
        hosts=_people(keys.hosts, role="host") or show.hosts,
        topics=keys.topics,
        explicit=show.explicit if keys.explicit is None else keys.explicit,
        status=keys.status,
        revision=keys.revision,
        chapters=chapters,
        found_chapters=keys.chapters is not None,
        transcript=transcript,
        image=image,
        image_alt=keys.image_alt,
        block=keys.block,
        soundbites=tuple(
            Soundbite(start_s=each.start, duration_s=each.duration, title=each.title) for each in keys.soundbites
        ),
        locations=_locations(keys.locations),
        license=_license(keys.license),
        discussion=_discussion(keys.discussion),
        txt=_notes(keys.txt),
        chat=_chat(keys.chat),
    )


def kept(keys: RecordingKeys, file: str) -> Source:
    """A recording that `file` says is kept elsewhere; its size is 0 where nobody has said it."""
    return Source(sha256=Digest(keys.sha256), size=keys.size or 0, path=file, kept=keys.url or MASTERS)


def mastering(keys: AudioKeys, *, intro: Source | None, outro: Source | None) -> Mastering:
    """The audio settings, with the bumpers."""
    own = formats.TABLE[keys.codec]
    return Mastering(
        loudness_lufs=keys.loudness,
        peak_dbtp=keys.peak,
        rate_hz=int(keys.rate),
        bitrate_mono_kbps=int(keys.bitrate_mono or own.mono_kbps),
        bitrate_stereo_kbps=int(keys.bitrate_stereo or own.stereo_kbps),
        highpass_hz=keys.highpass or None,
        leveller=keys.leveller,
        waveform_data=keys.waveform_data,
        trim_silence_s=keys.trim_silence,
        crossfade_s=keys.crossfade,
        codec=keys.codec,
        also=tuple(Alternate(format=each.format, bitrate_kbps=each.bitrate) for each in keys.also),
        intro=intro,
        outro=outro,
    )


def show(keys: ShowKeys, cover: Source, mastering: Mastering) -> Show:
    """The show, with its files."""
    frequency = keys.update_frequency
    return Show(
        title=keys.title,
        subtitle=keys.subtitle,
        description=keys.description,
        language=keys.language,
        author=keys.author,
        owner=Owner(name=keys.owner.name, email=keys.owner.email) if keys.owner else None,
        base_url=keys.base_url,
        guid=keys.guid or "",
        cover=cover,
        cover_alt=keys.cover_alt,
        categories=tuple(_category(text) for text in keys.categories),
        explicit=keys.explicit,
        kind=keys.type,
        complete=keys.complete,
        copyright=keys.copyright,
        timezone=keys.timezone,
        locked=keys.locked,
        medium=keys.medium,
        new_feed_url=keys.new_feed_url,
        hosts=_people(keys.hosts, role="host"),
        seasons=tuple(Season(number=season.number, name=season.name) for season in keys.seasons),
        update_frequency=UpdateFrequency(**frequency.model_dump()) if frequency else None,
        colour=keys.theme.colour,
        mastering=mastering,
        destination=keys.destination,
        masters=keys.masters,
        block=keys.block,
        funding=tuple(Funding(link=each.link, text=each.text) for each in keys.funding),
        locations=_locations(keys.locations),
        license=_license(keys.license),
        discussion=_discussion(keys.discussion),
        txt=_notes(keys.txt),
        podping=bool(keys.podping),
        podping_node=keys.podping if isinstance(keys.podping, str) else None,
        hubs=keys.hubs,
        publisher=_elsewhere(keys.publisher) if keys.publisher else None,
        podroll=tuple(map(_elsewhere, keys.podroll)),
        feeds=keys.feeds,
        listen_on=tuple(Listing(link=each.link, name=each.name) for each in keys.listen_on),
        contact=keys.contact,
        theme=keys.theme.folder,
        chat=_chat(keys.chat),
    )


def _locations(places: Iterable[LocationKeys]) -> tuple[Location, ...]:
    return tuple(
        Location(
            name=place.name,
            rel=place.rel,
            geo=place.geo,
            osm=place.osm,
            country=place.country.lower() if place.country else None,
        )
        for place in places
    )


def _license(keys: LicenseKeys | None) -> License | None:
    return License(name=keys.name if keys.link else keys.name.lower(), link=keys.link) if keys else None


def _discussion(posts: Iterable[DiscussionKeys] | None) -> tuple[Discussion, ...]:
    if posts is None:
        return (Discussion(protocol="disabled"),)
    return tuple(Discussion(**post.model_dump()) for post in posts)


def _chat(keys: ChatKeys | None) -> Chat | None:
    return Chat(**keys.model_dump()) if keys else None


def _notes(notes: Iterable[NoteKeys]) -> tuple[Note, ...]:
    return tuple(Note(text=note.text, purpose=note.purpose) for note in notes)


def _elsewhere(keys: ElsewhereKeys) -> Elsewhere:
    return Elsewhere(guid=keys.guid.lower(), feed=keys.feed, title=keys.title)


def _category(text: str) -> Category:
    main, _, sub = (part.strip() for part in text.partition(">"))
    return Category(main=main, sub=sub or None)


def _guests(guests: Sequence[GuestKeys], photos: Sequence[Source | None]) -> tuple[Person, ...]:
    return tuple(
        replace(person, image=photo, consent=Consent(**keys.consent.model_dump()) if keys.consent else None)
        for person, keys, photo in zip(_people(guests, role="guest"), guests, photos, strict=True)
    )


def _people(people: Iterable[PersonKeys], *, role: str) -> tuple[Person, ...]:
    return tuple(
        Person(
            name=person.name,
            role=person.role or role,
            group=person.group or "cast",
            organisation=person.organisation,
            link=person.link,
        )
        for person in people
    )


def chapters(listed: Iterable[ChapterKeys]) -> tuple[Chapter, ...]:
    """Chapters in order of time."""
    made = (Chapter(start_s=chapter.start, title=chapter.title, link=chapter.link) for chapter in listed)
    return tuple(sorted(made, key=lambda chapter: chapter.start_s))
