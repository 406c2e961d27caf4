"""Mastering one recording: measure, render, measure what was delivered, and correct until it is as asked."""

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.audio import (
    edges,
    encode,
    foresight,
    frames,
    inspect,
    joints,
    leveller,
    measure,
    recipe,
    regain,
    route,
    waveform,
    whole,
)
from pipeline.audio.ffmpeg import CORES, Ffmpeg, source
from pipeline.audio.findings import findings
from pipeline.audio.inspect import Format
from pipeline.audio.joints import Bumper
from pipeline.audio.measure import Hearing, Levels, Signal
from pipeline.audio.recipe import Job
from pipeline.audio.spots import Take
from pipeline.errors import AudioError, Problem
from pipeline.model import Finding, Mastering
from pipeline.remembered import drafts
from pipeline.text import clock

ATTEMPTS = 5
SHORTEST_S = 0.5
"""EBU R128 measures in blocks of 0.4 s: what is shorter has no loudness."""
_MISSING_S = 0.5
"""What may be missing of what a header promises: encoders' paddings, a last frame."""
_SMALL_LU = 0.5
"""A correction up to this much lands within a tenth, for the limiter hardly minds it: it need not be heard again."""
_PREVIEWS = 3

OnStep = Callable[[str, float], None]
"""Called with what is being done and how far it is (0 to 1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """A file with sound in it."""

    path: Path
    name: str
    """What messages call it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Master:
    """A rendered recording before it is tagged, as measured after decoding it again."""

    duration_s: float
    loudness_lufs: float
    range_lu: float
    peak_dbtp: float
    bitrate_kbps: int
    channels: int
    rate_hz: int
    shift_s: float
    done: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One file that is wanted of a recording."""

    mastering: Mastering
    """With `codec` and bitrates; all that is done before encoding is the same in orders for one recording."""
    target: Path
    waveform: Path | None = None
    """Where the peaks of what it decodes to are written as well, as `waveform.document`s are."""


@dataclass(frozen=True, kw_only=True)
class _Desk:
    """One recording on the desk."""

    ffmpeg: Ffmpeg
    recording: Recording
    order: Order
    folder: Path
    bumpers: tuple[Bumper | None, Bumper | None]
    cores: int
    on_step: OnStep

    @property
    def mastering(self) -> Mastering:
        return self.order.mastering

    def step(self, what: str, length_s: float | None) -> Callable[[float], None]:
        return lambda seconds: self.on_step(what, min(1.0, seconds / length_s) if length_s else 0.0)

    def inputs(self, attempt: Job) -> list[str]:
        curve = source(leveller.written(attempt.curve, self.folder / "curve.wav")) if attempt.curve else []
        files = (
            joints.write(self.ffmpeg, self.recording.path, attempt, self.bumpers, self.folder, curve)
            if attempt.bumpers
            else []
        )
        return [*source(self.recording.path), *(argument for file in files for argument in source(file)), *curve]

    def levelled(self, attempt: Job, hearing: Hearing) -> Job:
        """`attempt` with the gain at which the limited signal will be on target, foreseen or found without encoding."""
        aim = self.mastering.loudness_lufs + recipe.encoder_loss_db(attempt)
        gain = foresight.gain_db(attempt, hearing, aim)
        return self._tried(attempt, aim) if gain is None else replace(attempt, gain_db=gain)

    def _tried(self, attempt: Job, aim: float) -> Job:
        for _ in range(_PREVIEWS):
            signal = Signal(
                inputs=self.inputs(attempt),
                name=self.recording.name,
                filters=recipe.graph(attempt),
                channels=attempt.channels,
                rate_hz=attempt.rate_hz,
                length_s=attempt.duration_s,
            )
            levels = measure.loudness(self.ffmpeg, signal, self.step("setting the level", attempt.duration_s))
            attempt = recipe.louder(attempt, aim - levels.loudness_lufs)
            if abs(aim - levels.loudness_lufs) <= _SMALL_LU:
                break
        return attempt

    def encode(self, attempt: Job) -> Levels:
        """Write what is ordered, as `attempt` says, and measure what was written."""
        encode.encode(
            self.ffmpeg,
            attempt,
            self.inputs(attempt),
            self.order.target,
            name=self.recording.name,
            folder=self.folder,
            cores=self.cores,
            on_part=lambda part: self.on_step(f"encoding {attempt.codec.format.name}", part),
        )
        return self.measured(attempt)

    def measured(self, attempt: Job) -> Levels:
        """What was ordered and written, as `attempt` says, decodes to."""
        signal = Signal(
            inputs=source(self.order.target),
            name=self.recording.name,
            channels=attempt.channels,
            rate_hz=attempt.rate_hz,
            length_s=attempt.duration_s,
            seekable=attempt.codec.seekable,
        )
        result = measure.result(self.ffmpeg, signal, self.step("measuring the result", attempt.duration_s))
        if self.order.waveform:
            self.order.waveform.write_bytes(waveform.document(result.peaks))
        return result.levels


def master(
    ffmpeg: Ffmpeg,
    recording: Recording,
    *,
    mastering: Mastering,
    bumpers: tuple[Recording | None, Recording | None] = (None, None),
    target: Path,
    cores: int = CORES,
    on_step: OnStep,
) -> Master:
    """`masters` of one file."""
    order = Order(mastering=mastering, target=target)
    return masters(ffmpeg, recording, orders=(order,), bumpers=bumpers, cores=cores, on_step=on_step)[0]


def masters(
    ffmpeg: Ffmpeg,
    recording: Recording,
    *,
    orders: Sequence[Order],
    bumpers: tuple[Recording | None, Recording | None] = (None, None),
    cores: int = CORES,
    on_step: OnStep,
) -> tuple[Master, ...]:
    """Write a mastered file (no tags) of `recording` for each order, and return what each measures.

    The recording is heard once; each file is encoded from it, and levelled, measured and corrected for itself.
    `bumpers` are intro and outro; `cores` changes the time it takes, and no byte. Memory does not grow with
    the length. AudioError when a recording cannot be read, holds no sound, or cannot meet the loudness and peak.
    """
    format = inspect.probe(ffmpeg, recording.path, recording.name)
    hearing = _heard(ffmpeg, recording, format, on_step)
    with drafts.folder(orders[0].target.parent) as folder:
        shared = orders[0].mastering
        take = Take(format=format, hearing=hearing, mastering=shared)
        intro, outro = (joints.bumper(ffmpeg, each.path, shared, each.name) if each else None for each in bumpers)
        desks = [
            _Desk(
                ffmpeg=ffmpeg,
                recording=recording,
                order=order,
                folder=Path(tempfile.mkdtemp(dir=folder)),
                bumpers=(intro, outro),
                cores=cores,
                on_step=on_step,
            )
            for order in orders
        ]
        first = _first(desks[0], take)

        def made(desk: _Desk) -> Master:
            # Each finds its level for itself: the same bytes, whatever else is made of the recording beside it.
            attempt = recipe.recast(first, desk.mastering)
            kept = _kept(desk, attempt, take)
            if isinstance(kept, Master):
                return kept
            encoded = _until_right(desk, desk.levelled(attempt, take.hearing), take)
            return replace(encoded, done=(*encoded.done, *route.told(kept, format, hearing.levels)))

        with ThreadPoolExecutor(max_workers=len(desks)) as pool:
            return tuple(pool.map(made, desks))


def _heard(ffmpeg: Ffmpeg, recording: Recording, format: Format, on_step: OnStep) -> Hearing:
    length = format.claimed_s
    hearing = measure.hear(
        ffmpeg,
        measure.as_recorded(recording.path, recording.name, format),
        lambda seconds: on_step("listening", min(1.0, seconds / length) if length else 0.0),
    )
    heard = hearing.levels
    promised = whole.promised_s(recording.path, format.container, format.rate_hz)
    if promised and heard.duration_s < promised - _MISSING_S:
        raise inspect.incomplete(
            recording.name, f"it promises {clock(promised)}, and {clock(heard.duration_s)} decodes"
        )
    if heard.duration_s > inspect.LONGEST_S:
        raise inspect.too_long(recording.name, "is longer than it says")
    if heard.duration_s < SHORTEST_S:
        what = f"The recording lasts {heard.duration_s:.1f} seconds, too short to have a loudness."
        raise AudioError(Problem(what=what, file=recording.name, mend="Check that all of it was exported."))
    if heard.loudness_lufs < measure.SILENT_LUFS:
        mend = "Check that the right track was exported."
        raise AudioError(
            Problem(what="The recording holds no sound that can be heard.", file=recording.name, mend=mend)
        )
    return hearing


def _first(desk: _Desk, take: Take) -> Job:
    format, heard = take.format, take.hearing.levels
    start, end = 0.0, heard.duration_s
    if desk.mastering.trim_silence_s is not None:
        silence = edges.sound(desk.ffmpeg, desk.recording.path, format, heard)
        start, end = edges.kept(heard, silence, keep_s=desk.mastering.trim_silence_s)
    first = recipe.job(desk.mastering, format, heard, start_s=start, end_s=end)
    intro, outro = desk.bumpers
    fade = min(desk.mastering.crossfade_s, (end - start) / 4) if intro or outro else 0.0
    return replace(
        first,
        curve=leveller.curve(take.hearing.momentary) if desk.mastering.leveller else (),
        crossfade_s=fade,
        intro_s=intro.duration_s if intro else 0.0,
        outro_s=outro.duration_s if outro else 0.0,
    )


def _kept(desk: _Desk, first: Job, take: Take) -> Master | route.Encode:
    """The recording's own frames, written and measured, or why they would not do."""
    if ruled_out := route.ruled_out(take.format, first):
        return route.Encode(why=ruled_out)
    try:
        stream = frames.stream(desk.recording.path)
    except frames.NotFrames as error:
        return route.Encode(why=(str(error),))
    heard = take.hearing.levels
    way = route.choose(stream, heard, desk.mastering, route.needs(first, take))
    if isinstance(way, route.Encode):
        return way
    regain.copy(desk.recording.path, stream, desk.order.target, steps=way.steps)
    header = stream.header
    as_is = replace(first, channels=header.channels, rate_hz=header.rate_hz, bitrate_kbps=header.bitrate_kbps)
    copied = desk.measured(as_is)
    if wrong := route.accepted(copied, heard, desk.mastering):
        return route.Encode(why=wrong)
    return _made(as_is, copied, take, done=route.told(way, take.format, heard))


def _until_right(desk: _Desk, attempt: Job, take: Take) -> Master:
    for _ in range(ATTEMPTS):
        delivered = desk.encode(attempt)
        following = recipe.corrected(attempt, desk.mastering, delivered)
        if following is None:
            return _made(attempt, delivered, take, done=recipe.told(attempt, take.format, take.hearing.levels))
        attempt = following
    asked = desk.mastering
    what = (
        f"The recording cannot be brought to {asked.loudness_lufs:g} LUFS with peaks under {asked.peak_dbtp:g} dBTP "
        f"as {attempt.codec.format.name}; "
        f"the nearest was {delivered.loudness_lufs:g} LUFS with {delivered.peak_dbtp:g} dBTP."
    )
    mend = "Level it in an editor first: it is mostly soft, with short loud sounds. Or lower `audio: loudness`."
    raise AudioError(Problem(what=what, file=desk.recording.name, mend=mend))


def _made(attempt: Job, delivered: Levels, take: Take, *, done: tuple[str, ...]) -> Master:
    return Master(
        duration_s=delivered.duration_s,
        loudness_lufs=delivered.loudness_lufs,
        range_lu=delivered.range_lu,
        peak_dbtp=delivered.peak_dbtp if delivered.peak_dbtp is not None else 0.0,
        bitrate_kbps=attempt.bitrate_kbps,
        channels=attempt.channels,
        rate_hz=attempt.rate_hz,
        shift_s=attempt.shift_s,
        done=done,
        findings=findings(take),
    )
