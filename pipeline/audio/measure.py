"""How loud a recording or a result is, and what else is heard in it: read from all that decodes, by two cores."""

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy

from pipeline.audio import ear, meter
from pipeline.audio.balance import Balance, judge
from pipeline.audio.ear import Ear, Heard, Height, Ruler
from pipeline.audio.ffmpeg import COUNTING, Ffmpeg, FfmpegError, OnTime, counted, pieces, run, source
from pipeline.audio.inspect import BY_COUNT, LONGEST_S, Format, limit_s, unreadable
from pipeline.audio.meter import Readings
from pipeline.audio.waveform import Outline, Peaks

HALVED_FROM_S = 300.0
"""From this length on two cores share the measuring."""
_BUMPERS_S = 600
"""What a result may last beyond the longest recording."""
_Listener = TypeVar("_Listener", bound=Ruler)
SILENT_LUFS = -69.0
"""EBU R128's absolute gate is at -70: what reads lower holds no sound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Levels:
    """A measurement after EBU R128; mono counts as dual mono, so that -16 means the same to every listener."""

    loudness_lufs: float
    range_lu: float
    duration_s: float
    """Of what decoded."""
    samples: int
    """In each channel, of what decoded."""
    peak_dbtp: float | None = None
    """True peak; None where nobody listened for it."""
    balance: Balance = Balance.BOTH
    finite: bool = True
    """Every sample was a number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hearing:
    """Everything that one decode of a recording tells."""

    levels: Levels
    momentary: Readings
    """LUFS of 400 ms, every 100 ms."""
    short_term: Readings
    """LUFS of 3 s, every 100 ms."""
    heard: Heard


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """Everything that one decode of a result tells."""

    levels: Levels
    peaks: Peaks
    """How it looks."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a recording to be measured, in whole seconds; what lies just before it is heard but not counted."""

    start_s: int
    end_s: int | None

    @property
    def run_in_s(self) -> int:
        """Seconds before it: enough for the meter's longest window (3 s) and filters."""
        return min(4, self.start_s)

    @property
    def from_s(self) -> int:
        """Where it is begun to be heard."""
        return self.start_s - self.run_in_s

    def cut(self, *, sought: bool) -> str:
        """Filters that leave it and its run-in, faded in lest the cut itself should peak; `sought`: it starts there."""
        skipped = self.from_s if sought else 0
        end = (self.end_s or LONGEST_S + _BUMPERS_S) - skipped
        fade = "afade=t=in:d=0.05," if self.run_in_s else ""
        return f"{BY_COUNT},atrim=start={self.from_s - skipped}:end={end:.0f},asetpts=PTS-STARTPTS,{fade}"


_WHOLE = Stretch(0, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """What is to be measured: arguments that open files, and filters on them that end in one stream."""

    inputs: Sequence[str]
    name: str
    """What messages call it."""
    channels: int
    """That arrive at the meter: one or two."""
    rate_hz: int
    filters: str = "[0:a:0]anull"
    length_s: float | None = None
    """As claimed; what is long is measured in two halves at once, on every machine, so that it reads the same."""
    seekable: bool = False
    """ffmpeg finds any second of its only input to the sample (`-ss`), so that nothing before it need be decoded."""

    def of(self, stretch: Stretch) -> tuple[Sequence[str], str]:
        """Arguments that open its files, and filters that leave a stretch of it, metered."""
        sought = ["-ss", str(stretch.from_s)] if self.seekable and stretch.from_s else []
        return [*sought, *self.inputs], f"{self.filters},{stretch.cut(sought=self.seekable)}{_METERS}[out]"


def _stretches(signal: Signal) -> tuple[Stretch, ...]:
    """The whole of what is measured, or its halves."""
    if not signal.length_s or signal.length_s < HALVED_FROM_S:
        return (_WHOLE,)
    middle = int(signal.length_s // 2)
    return Stretch(0, middle), Stretch(middle, None)


def as_recorded(path: Path, name: str, format: Format) -> Signal:
    """A recording before anything is done to it; more than two channels are mixed to stereo."""
    return Signal(
        inputs=source(path),
        name=name,
        channels=min(format.channels, 2),
        rate_hz=format.rate_hz,
        filters=f"[0:a:0]{'aformat=channel_layouts=stereo' if format.channels > 2 else 'anull'}",
        length_s=format.claimed_s,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """What the meters said of one stretch."""

    momentary: Readings
    short_term: Readings
    samples: int
    height: Height | None = None
    outline: Outline | None = None
    heard: Heard | None = None


def loudness(ffmpeg: Ffmpeg, signal: Signal, on_time: OnTime | None = None) -> Levels:
    """Decode and measure how loud it is, and no more. AudioError when nothing decodes."""
    readings = _shared(
        _stretches(signal), signal.name, on_time, lambda stretch, told: _metered(ffmpeg, signal, stretch, told)
    )
    return _levels(readings, signal)


def result(ffmpeg: Ffmpeg, signal: Signal, on_time: OnTime | None = None) -> Result:
    """Decode and measure what is promised of a result, which claims its length. AudioError as in `hear`."""
    # Halves only where they can be gone to: decoded to the middle twice, it would cost what another core would gain.
    stretches = _stretches(signal) if signal.seekable else (_WHOLE,)
    readings = _shared(stretches, signal.name, on_time, lambda stretch, told: _measured(ffmpeg, signal, stretch, told))
    outline, *others = (reading.outline for reading in readings if reading.outline)
    for other in others:
        outline.join(other)
    return Result(levels=_levels(readings, signal), peaks=outline.peaks())


def hear(ffmpeg: Ffmpeg, signal: Signal, on_time: OnTime | None = None) -> Hearing:
    """Decode and listen to everything. AudioError when nothing decodes."""
    readings = _shared(
        _stretches(signal), signal.name, on_time, lambda stretch, told: _heard(ffmpeg, signal, stretch, told)
    )
    heard = ear.together([reading.heard for reading in readings if reading.heard])
    return Hearing(
        levels=_levels(readings, signal, heard),
        momentary=numpy.concatenate([reading.momentary for reading in readings]),
        short_term=numpy.concatenate([reading.short_term for reading in readings]),
        heard=heard,
    )


def _shared(
    stretches: Sequence[Stretch], name: str, on_time: OnTime | None, read: Callable[[Stretch, OnTime], _Reading]
) -> list[_Reading]:
    """Every stretch read, at the same time; a header that claims too much leaves an empty one, which is left out."""
    together: dict[int, float] = {}

    def one(stretch: Stretch) -> _Reading:
        def told(seconds: float) -> None:
            together[stretch.start_s] = seconds
            if on_time:
                on_time(sum(together.values()))

        return read(stretch, told)

    try:
        with ThreadPoolExecutor(max_workers=len(stretches)) as pool:
            readings = [reading for reading in pool.map(one, stretches) if reading.samples]
    except FfmpegError as error:
        raise unreadable(name, str(error)) from error
    if not readings:
        raise unreadable(name, "no sound comes out of it")
    return readings


def _metered(ffmpeg: Ffmpeg, signal: Signal, stretch: Stretch, told: OnTime) -> _Reading:
    inputs, graph = signal.of(stretch)
    arguments = [*inputs, "-filter_complex", graph, "-map", "[out]", "-f", "null", "-"]
    with tempfile.TemporaryDirectory() as folder:
        log = run(
            ffmpeg,
            [*COUNTING, *arguments],
            timeout_s=limit_s(signal.length_s),
            on_time=told,
            folder=Path(folder),
        )
        series = _series(Path(folder), stretch)
    samples = counted(log) - stretch.run_in_s * signal.rate_hz
    return _Reading(momentary=series[0], short_term=series[1], samples=max(0, samples))


def _measured(ffmpeg: Ffmpeg, signal: Signal, stretch: Stretch, told: OnTime) -> _Reading:
    ruler = _listening(Ruler, signal, stretch)
    outline = Outline(rate_hz=signal.rate_hz, length_s=signal.length_s or 0.0, first=stretch.start_s * signal.rate_hz)

    def listen(body: bytes) -> None:
        if (block := ruler.hear(body)) is not None:
            outline.hear((block[0] + block[-1]) / 2)  # one channel stands for both

    momentary, short_term = _played(ffmpeg, signal, stretch, told, listen)
    height = ruler.height()
    return _Reading(momentary=momentary, short_term=short_term, samples=height.samples, height=height, outline=outline)


def _heard(ffmpeg: Ffmpeg, signal: Signal, stretch: Stretch, told: OnTime) -> _Reading:
    listener = _listening(Ear, signal, stretch)
    momentary, short_term = _played(ffmpeg, signal, stretch, told, listener.hear)
    heard, height = listener.heard(), listener.height()
    return _Reading(momentary=momentary, short_term=short_term, samples=height.samples, height=height, heard=heard)


def _listening(kind: type[_Listener], signal: Signal, stretch: Stretch) -> _Listener:
    return kind(
        rate_hz=signal.rate_hz,
        channels=signal.channels,
        skip_s=stretch.run_in_s,
        to_the_end=stretch.end_s is None,
    )


def _played(
    ffmpeg: Ffmpeg, signal: Signal, stretch: Stretch, told: OnTime, listen: Callable[[bytes], object]
) -> tuple[Readings, Readings]:
    """Momentary and short-term loudness of a stretch, whose samples go through the meter to `listen`, by the second."""
    inputs, graph = signal.of(stretch)
    pcm = ["-ac", str(signal.channels), "-ar", str(signal.rate_hz), "-f", "f32le", "-c:a", "pcm_f32le", "pipe:1"]
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*inputs, "-filter_complex", graph, "-map", "[out]", *pcm]
        second = 4 * signal.channels * signal.rate_hz
        blocks = pieces(ffmpeg, arguments, size=second, timeout_s=limit_s(signal.length_s), folder=Path(folder))
        for seconds, block in enumerate(blocks, 1):
            listen(block)
            told(float(max(0, seconds - stretch.run_in_s)))
        return _series(Path(folder), stretch)


_METERS = ",".join(
    [
        "ebur128=dualmono=true:framelog=quiet:metadata=1:peak=none",
        *(f"ametadata=mode=print:key=lavfi.r128.{key}:file={key}.txt" for key in "MS"),
    ]
)


def _series(folder: Path, stretch: Stretch) -> tuple[Readings, Readings]:
    """Momentary and short-term loudness of the stretch, its run-in not counted."""
    momentary, short_term = (_values(folder / f"{key}.txt")[stretch.run_in_s * 10 :] for key in "MS")
    return momentary, short_term


def _values(file: Path) -> Readings:
    if not file.exists():
        return numpy.empty(0)
    with file.open(encoding="ascii", errors="replace") as lines:  # some 15 MB for three hours: never all at once
        told = (line.partition("=")[2] for line in lines if line.startswith("lavfi.r128."))
        return numpy.fromiter(map(float, told), numpy.float64)


def _levels(readings: list[_Reading], signal: Signal, heard: Heard | None = None) -> Levels:
    samples = sum(reading.samples for reading in readings)
    heights = [reading.height for reading in readings if reading.height]
    return Levels(
        loudness_lufs=round(meter.integrated(numpy.concatenate([reading.momentary for reading in readings])), 2),
        range_lu=round(meter.loudness_range(numpy.concatenate([reading.short_term for reading in readings])), 1),
        peak_dbtp=_decibels(max(height.true_peak for height in heights)) if heights else None,
        duration_s=round(samples / signal.rate_hz, 3),
        samples=samples,
        balance=judge(heard, channels=signal.channels) if heard else Balance.BOTH,
        finite=all(height.finite for height in heights),
    )


def _decibels(height: float) -> float:
    return round(20 * float(numpy.log10(max(height, 1e-10))), 2)
