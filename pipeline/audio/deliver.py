"""From an episode to its delivered audio file: mastered once, tagged, remembered locally, every fact measured."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline import digest, sidecars
from pipeline.audio import ffmpeg, inspect, recipe, tags
from pipeline.audio.ffmpeg import Ffmpeg
from pipeline.audio.master import Master, OnStep, master
from pipeline.errors import AudioError, OmroepError, Problem
from pipeline.model import Chapter, Digest, Episode, Key, Mastering, Media, Show, Source

TYPE = "audio/mpeg"


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Sleeve:
    """What an episode's file says about itself beside the episode's own words."""

    page: str
    cover: bytes
    """JPEG."""


def problems(studio: Studio, episodes: tuple[Episode, ...]) -> tuple[Problem, ...]:
    """What is wrong with recordings that can be told without decoding them whole."""
    found: list[Problem] = []
    for episode in episodes:
        path = studio.root / episode.audio.path
        try:
            if (
                path.stat().st_size == episode.audio.size
            ):  # otherwise a git-LFS pointer, which may be all that is needed
                inspect.probe(studio.ffmpeg, path, episode.audio.path)
        except OmroepError as error:
            found += error.problems
    return tuple(found)


def media(
    studio: Studio,
    episode: Episode,
    show: Show,
    sleeve: Sleeve,
    *,
    on_step: OnStep,
) -> Media:
    """The delivered file of `episode`, made or remembered.

    AudioError when the recording is not here, cannot be mastered, or changed while it was read.
    """
    made, file = _mastered(studio, episode, show.mastering, on_step)
    tagged = _tags(episode, show, sleeve, made, sidecars.moved(episode.chapters, made.shift_s))
    path = studio.cache / "media" / f"{digest.of_record([_identity(episode, show.mastering), tagged])}.mp3"
    sha256 = _remembered(path)
    if sha256 is None:
        with _made_whole(path) as target:
            shutil.copyfile(file, target)
            tags.write(target, tagged)
            sha256 = _remember(target, path, {})
    return Media(
        key=Key(f"audio/{episode.slug}.{sha256[:16]}.mp3"),
        sha256=sha256,
        size=path.stat().st_size,
        type=TYPE,
        source_sha256=episode.audio.sha256,
        recipe=recipe.identity(show.mastering),
        revision=episode.revision,
        file=path,
        **{field.name: getattr(made, field.name) for field in fields(Master)},
    )


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


def _mastered(studio: Studio, episode: Episode, mastering: Mastering, on_step: OnStep) -> tuple[Master, Path]:
    path = studio.cache / "masters" / f"{_identity(episode, mastering)}.mp3"
    if _remembered(path):
        facts = json.loads(_facts(path).read_text("utf-8"))["master"]
        return Master(**{**facts, "done": tuple(facts["done"])}), path
    recording = _present(studio, episode.audio)
    bumpers = tuple(_present(studio, bumper) if bumper else None for bumper in (mastering.intro, mastering.outro))
    with _made_whole(path) as target:
        made = master(
            studio.ffmpeg,
            recording,
            name=episode.audio.path,
            mastering=mastering,
            bumper_paths=(bumpers[0], bumpers[1]),
            target=target,
            on_step=on_step,
        )
        if _sha256(recording) != episode.audio.sha256:
            what = "The recording changed while it was being read."
            raise AudioError(Problem(what=what, file=episode.audio.path, mend="Run again when it is complete."))
        _remember(target, path, {"master": {field.name: getattr(made, field.name) for field in fields(made)}})
    return made, path


def _present(studio: Studio, source: Source) -> Path:
    path = studio.root / source.path
    if path.stat().st_size != source.size:
        what = "The recording is not here, only a git-LFS pointer to it, and it was never published."
        raise AudioError(Problem(what=what, file=source.path, mend="Run `git lfs pull` and publish again."))
    return path


# --- files that can always be made again: whole or absent, and what they should hash to is written beside them --------


class _made_whole:  # noqa: N801 -- reads as the context manager it is
    """A temporary file beside `path`; removed when anything goes wrong, unless `_remember` has put it in place."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".making-", suffix=".mp3")
        os.close(handle)
        self.temporary = Path(name)
        return self.temporary

    def __exit__(self, *_: object) -> None:
        self.temporary.unlink(missing_ok=True)


def _remember(temporary: Path, path: Path, facts: Mapping[str, Any]) -> Digest:
    sha256 = _sha256(temporary)
    beside = temporary.with_suffix(".json")
    beside.write_text(json.dumps({"sha256": sha256, **facts}), "utf-8")
    temporary.replace(path)
    beside.replace(_facts(path))
    return sha256


def _remembered(path: Path) -> Digest | None:
    """The SHA-256 of a remembered file, if it is still what was remembered."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(_facts(path).read_text("utf-8"))["sha256"]
        return Digest(told) if told == _sha256(path) else None
    return None


def _facts(path: Path) -> Path:
    return path.with_suffix(".json")


def _sha256(path: Path) -> Digest:
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").hexdigest())
