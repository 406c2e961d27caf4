"""From an episode to its delivered audio files: mastered once, tagged, remembered locally, every fact measured."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

from pydantic import TypeAdapter

from pipeline import digest, formats, sidecars
from pipeline.audio import containers, ffmpeg, inspect, marks, memory, recipe, tags, waveform
from pipeline.audio.ffmpeg import Ffmpeg
from pipeline.audio.master import Master, OnStep, Order, Recording, masters
from pipeline.errors import AudioError, OmroepError, Problem
from pipeline.model import (
    NO_AUDIO,
    Chapter,
    Digest,
    Episode,
    Key,
    Mastering,
    Media,
    Rendition,
    Show,
    Source,
    Waveform,
)
from pipeline.remembered import drafts, files


@dataclass(frozen=True, kw_only=True)
class Studio:
    """Where audio is made: the show's folder, a folder for what can always be made again, and an ffmpeg."""

    root: Path
    cache: Path
    environ: Mapping[str, str]

    @cached_property
    def ffmpeg(self) -> Ffmpeg:
        """Looked for when it is first needed: a publish that renders nothing needs none."""
        return ffmpeg.find(self.environ)

    def fit(self, mastering: Mastering) -> Ffmpeg:
        """One that can make every format of `mastering`; AudioError where there is none."""
        needed = recipe.libraries(mastering)
        return self.ffmpeg if needed <= self.ffmpeg.libraries else ffmpeg.find(self.environ, needed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sleeve:
    """What an episode's file says about itself beside the episode's own words."""

    page: str
    cover: bytes
    """JPEG."""


def problems(studio: Studio, show: Show, episodes: tuple[Episode, ...]) -> tuple[Problem, ...]:
    """What is wrong with recordings and bumpers that can be told without decoding them whole.

    AudioError when there is no ffmpeg to tell it.
    """
    mastering, found = show.mastering, list[Problem]()
    if not episodes:
        return ()
    fit = studio.fit(mastering)
    for source in (mastering.intro, mastering.outro, *(episode.audio for episode in episodes)):
        if source and source is not NO_AUDIO and (path := recorded(studio, source)):
            try:
                inspect.probe(fit, path, source.path)
            except OmroepError as error:
                found += error.problems
    return tuple(found)


def recorded(studio: Studio, source: Source) -> Path | None:
    """The recording itself, or what was fetched of it; None where there is only a pointer to it.

    Of a published episode that may be all that is needed.
    """
    path = studio.root / source.path
    if not source.kept and path.stat().st_size == source.size:
        return path
    return fetched if (fetched := fetched_to(studio.cache, source)).is_file() else None


def fetched_to(cache: Path, source: Source) -> Path:
    """Where a recording lies once it was fetched."""
    return cache / "sources" / source.sha256


def mastered(studio: Studio, episode: Episode, mastering: Mastering) -> tuple[Master, Digest, Path] | None:
    """The enclosure's master where it is remembered, with its file's SHA-256 and the file; nothing is made."""
    path = _master_path(studio, episode, recipe.renditions(mastering)[0])
    known = files.kept(path, _READ)
    return (known.facts.master, known.sha256, path) if known else None


def delivered(studio: Studio, sha256: Digest) -> Path | None:
    """The delivered file of that digest, where it is remembered."""
    for note in sorted((studio.cache / "media").glob("*.json")):
        if (noted := files.noted(note, files.bare)) and noted.sha256 == sha256:
            for path in (note.with_suffix(format.ending) for format in formats.TABLE.values()):
                if files.kept(path, files.bare) == noted:
                    return path
    return None


def media(
    studio: Studio,
    episode: Episode,
    show: Show,
    sleeve: Sleeve,
    *,
    on_step: OnStep,
) -> Media:
    """The delivered files of `episode`, made or remembered.

    AudioError when the recording is not here, cannot be mastered, or changed while it was read.
    """
    made = _mastered(studio, episode, show.mastering, on_step)
    found, first = made[0].facts.found, made[0].facts.master
    chapters = sidecars.moved(sidecars.chosen(episode, found), first.shift_s, first.duration_s)
    own, *others = (_delivered(studio, episode, show, sleeve, each, chapters) for each in made)
    if chapters and not episode.chapters:
        first = replace(first, done=(*first.done, f"chapters taken from the recording: {len(chapters)}"))
    return Media(
        key=own.key,
        sha256=own.sha256,
        size=own.size,
        type=own.type,
        source_sha256=episode.audio.sha256,
        recipe=recipe.identity(show.mastering),
        revision=episode.revision,
        chapters=found,
        alternates=tuple(others),
        waveform=_waveform(studio, episode, made[0], data=show.mastering.waveform_data),
        file=own.file,
        **{field.name: getattr(first, field.name) for field in fields(Master)},
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Facts:
    """What is noted of a master."""

    master: Master
    found: tuple[Chapter, ...]
    """Chapters that lay in the recording."""


_READ = TypeAdapter(_Facts).validate_python


@dataclass(frozen=True, kw_only=True, slots=True)
class _Made:
    """A master in the cache."""

    mastering: Mastering
    identity: Digest
    path: Path
    facts: _Facts


def _delivered(
    studio: Studio, episode: Episode, show: Show, sleeve: Sleeve, made: _Made, chapters: tuple[Chapter, ...]
) -> Rendition:
    """The file of one master, with tags and `chapters` in delivered time."""
    tagged, format = _tags(episode, show, sleeve, made.facts.master, chapters), formats.TABLE[made.mastering.codec]
    path = studio.cache / "media" / f"{digest.of_record([made.identity, tagged])}{format.ending}"
    if known := files.kept(path, files.bare):
        sha256 = known.sha256
    else:
        with _made_whole(path) as target:
            containers.wrap(format.word, made.path, target, tagged, lambda: studio.ffmpeg)
            sha256 = files.keep(target, path)
    facts = ("duration_s", "loudness_lufs", "peak_dbtp", "bitrate_kbps", "channels", "rate_hz")
    return Rendition(
        key=Key(f"audio/{episode.slug}.{sha256[:16]}{format.ending}"),
        sha256=sha256,
        size=path.stat().st_size,
        type=format.type,
        file=path,
        **{name: getattr(made.facts.master, name) for name in facts},
    )


def _waveform(studio: Studio, episode: Episode, made: _Made, *, data: bool) -> tuple[Waveform, ...]:
    """Of what decodes from the enclosure: its peaks drawn, remembered since it was measured, and themselves as `data`.

    Few want them, and they cost a request in each publish of an episode.
    """
    path = _peaks_path(studio, made.identity)
    if files.kept(path, files.bare) is None:
        with _made_whole(path) as target:
            length, rate = made.facts.master.duration_s, made.facts.master.rate_hz
            peaks = waveform.peaks(studio.ffmpeg, made.path, duration_s=length, rate_hz=rate)
            target.write_bytes(waveform.document(peaks))
            files.keep(target, path)
    document = path.read_bytes()
    drawn = waveform.drawing(waveform.read(document))
    bodies = (("json", "application/json", document), ("svg", "image/svg+xml", drawn))
    return tuple(
        Waveform(
            key=Key(f"waveforms/{episode.slug}.{digest.of_bytes(body)[:16]}.{ending}"),
            sha256=digest.of_bytes(body),
            size=len(body),
            type=media_type,
            body=body,
        )
        for ending, media_type, body in bodies
        if data or ending == "svg"
    )


def _peaks_path(studio: Studio, identity: Digest) -> Path:
    return studio.cache / "waveforms" / f"{identity}.peaks"


def _identity(episode: Episode, mastering: Mastering) -> Digest:
    return digest.of_record([episode.audio.sha256, recipe.identity(mastering)])


def _tags(episode: Episode, show: Show, sleeve: Sleeve, made: Master, chapters: tuple[Chapter, ...]) -> tags.Tags:
    return tags.Tags(
        title=episode.title,
        artist=show.author,
        album=show.title,
        year=str(episode.published.year),
        page=sleeve.page,
        comment=episode.summary,
        number=episode.number,
        season=episode.season,
        chapters=chapters,
        duration_s=made.duration_s,
        cover=sleeve.cover,
        cover_sha256=digest.of_bytes(sleeve.cover),
    )


def _mastered(studio: Studio, episode: Episode, mastering: Mastering, on_step: OnStep) -> tuple[_Made, ...]:
    """The masters of all that is delivered, the enclosure's first: those that are not remembered are made together."""
    paths = {each: _master_path(studio, episode, each) for each in recipe.renditions(mastering)}
    known = {each: noted.facts for each, path in paths.items() if (noted := files.kept(path, _READ))}
    missing = {each: path for each, path in paths.items() if each not in known}
    if missing:
        known |= _made_anew(studio.fit(mastering), studio, episode, missing, next(iter(paths)), on_step)
    return tuple(
        _Made(mastering=each, identity=_identity(episode, each), path=path, facts=known[each])
        for each, path in paths.items()
    )


def _made_anew(
    fit: Ffmpeg,
    studio: Studio,
    episode: Episode,
    missing: Mapping[Mastering, Path],
    enclosure: Mastering,
    on_step: OnStep,
) -> dict[Mastering, _Facts]:
    recording, shared = _present(studio, episode.audio), next(iter(missing))
    intro, outro = (_present(studio, each) if each else None for each in (shared.intro, shared.outro))
    peaks = _peaks_path(studio, _identity(episode, enclosure))
    with ExitStack() as stack:
        orders = [
            Order(
                mastering=each,
                target=stack.enter_context(_made_whole(path)),
                waveform=stack.enter_context(_made_whole(peaks)) if each == enclosure else None,
            )
            for each, path in missing.items()
        ]
        made = masters(fit, recording, orders=orders, bumpers=(intro, outro), on_step=on_step)
        found = marks.found(fit, recording.path)
        if files.sha256_of(recording.path) != episode.audio.sha256:
            what = "The recording changed while it was being read."
            raise AudioError(Problem(what=what, file=recording.name, mend="Run again when it is complete."))
        facts = {each: _Facts(master=master, found=found) for each, master in zip(missing, made, strict=True)}
        for order in orders:
            files.keep(order.target, missing[order.mastering], facts[order.mastering])
            if order.waveform:
                files.keep(order.waveform, peaks)
    return facts


def _master_path(studio: Studio, episode: Episode, mastering: Mastering) -> Path:
    return studio.cache / "masters" / f"{_identity(episode, mastering)}{formats.TABLE[mastering.codec].ending}"


def _present(studio: Studio, source: Source) -> Recording:
    path = recorded(studio, source)
    if path is None:
        what = "The recording is not here, only a pointer to it, and it was never published."
        mend = "Publish again." if source.kept else "Run `git lfs pull` and publish again."
        raise AudioError(Problem(what=what, file=source.path, mend=mend))
    return Recording(path=path, name=source.path)


@contextmanager
def _made_whole(path: Path) -> Iterator[Path]:
    """What is to become a file of the cache; AudioError where the disk does not let it be written."""
    with memory.kept_in(path.parent, "Audio"), drafts.file(path) as draft:
        yield draft
