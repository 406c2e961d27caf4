"""Bumpers: an intro or outro brought to the show's loudness and joined to a recording's edge."""

import wave
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.audio import edges, inspect, measure, recipe
from pipeline.audio.ffmpeg import Ffmpeg, FfmpegError, pcm, source
from pipeline.audio.recipe import JOINT_HEADROOM_DB, Job
from pipeline.errors import AudioError, Problem
from pipeline.model import Mastering

LONGEST_S = 120.0
"""A bumper is held in memory; a longer one is an episode."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bumper:
    """An intro or outro as the recipe needs it."""

    path: Path
    duration_s: float
    gain_db: float
    fold: bool


def bumper(ffmpeg: Ffmpeg, path: Path, mastering: Mastering, name: str) -> Bumper:
    """An intro or outro, measured; AudioError when it is silent or longer than `LONGEST_S`."""
    format = inspect.probe(ffmpeg, path, name)
    levels = measure.levels(ffmpeg, source(path), name=name, channels=format.channels)
    if levels.duration_s > LONGEST_S or levels.duration_s < 2 * mastering.crossfade_s:
        what = f"A bumper should last between twice the cross-fade and {LONGEST_S:.0f} seconds."
        raise AudioError(Problem(what=what, file=name, mend="Cut it, or change `audio: crossfade`."))
    if levels.loudness_lufs < measure.SILENT_LUFS:
        raise AudioError(Problem(what="The bumper holds no sound.", file=name, mend="Export it again."))
    gain = mastering.loudness_lufs - levels.loudness_lufs
    return Bumper(path=path, duration_s=levels.duration_s, gain_db=gain, fold=levels.same_channels)


def write(
    ffmpeg: Ffmpeg, recording: Path, attempt: Job, bumpers: tuple[Bumper | None, Bumper | None], folder: Path
) -> list[Path]:
    """The joints of `attempt` as WAV files in `folder`, intro before outro: a bumper and an edge, cross-faded."""
    intro, outro = bumpers
    fade = attempt.crossfade_s

    def edge(start_s: float) -> bytes:
        return _piece(ffmpeg, recording, attempt, start_s, fade)

    made = []
    if intro:
        first = _piece(ffmpeg, intro.path, _own(attempt, intro), 0.0, intro.duration_s)
        made.append(_wav(folder / "intro.wav", (first, edge(attempt.start_s)), attempt))
    if outro:
        last = _piece(ffmpeg, outro.path, _own(attempt, outro), 0.0, outro.duration_s)
        made.append(_wav(folder / "outro.wav", (edge(attempt.end_s - fade), last), attempt))
    return made


def _own(attempt: Job, bumper: Bumper) -> Job:
    return replace(attempt, gain_db=bumper.gain_db, fold=bumper.fold and attempt.channels == 1)


def _piece(ffmpeg: Ffmpeg, path: Path, attempt: Job, start_s: float, length_s: float) -> bytes:
    low = replace(attempt, gain_db=attempt.gain_db - JOINT_HEADROOM_DB)
    cut = f"atrim=start={start_s:.6f}:end={start_s + length_s:.6f},asetpts=PTS-STARTPTS"
    graph = f"[0:a:0]{inspect.BY_COUNT},{cut},{recipe.shape(low)}[out]"
    arguments = [*source(path), "-filter_complex", graph, "-map", "[out]", "-f", "s32le", "-c:a", "pcm_s32le"]
    most = int((length_s + 1) * attempt.rate_hz) * attempt.channels * 4
    try:
        return pcm(ffmpeg, [*arguments, "pipe:1"], most=most, timeout_s=inspect.limit_s(None))
    except FfmpegError as error:
        raise inspect.unreadable(path.name, str(error)) from error


def _wav(path: Path, pieces: tuple[bytes, bytes], attempt: Job) -> Path:
    body = edges.joined(*pieces, rate_hz=attempt.rate_hz, channels=attempt.channels, crossfade_s=attempt.crossfade_s)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(attempt.channels)
        file.setsampwidth(4)
        file.setframerate(attempt.rate_hz)
        file.writeframes(body)
    return path
