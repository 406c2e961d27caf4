"""How loud a recording or a result is: read from all that decodes, by two cores where it is long."""

import math
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pipeline.audio import meter
from pipeline.audio.ffmpeg import Ffmpeg, FfmpegError, OnTime, run
from pipeline.audio.inspect import BY_COUNT, LONGEST_S, limit_s, unreadable

SAME_BELOW_DBFS = -60.0
"""Two channels whose difference never peaks above this are the same to a listener."""
HALVED_FROM_S = 300.0
"""From this length on two cores share the measuring."""
_BUMPERS_S = 600
"""What a result may last beyond the longest recording."""
SILENT_LUFS = -69.0
"""EBU R128's absolute gate is at -70: what reads lower holds no sound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Levels:
    """A measurement after EBU R128; mono counts as dual mono, so that -16 means the same to every listener."""

    loudness_lufs: float
    range_lu: float
    peak_dbtp: float | None
    """True peak; None where it was not asked for."""
    duration_s: float
    """Of what decoded."""
    samples: int
    """In each channel, of what decoded."""
    same_channels: bool = False


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
    def cut(self) -> str:
        """Filters that leave it and its run-in, faded in lest the cut itself should peak."""
        end = self.end_s or LONGEST_S + _BUMPERS_S
        fade = "afade=t=in:d=0.05," if self.run_in_s else ""
        return f"{BY_COUNT},atrim=start={self.start_s - self.run_in_s}:end={end:.0f},asetpts=PTS-STARTPTS,{fade}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What the meters said of one stretch."""

    stretch: Stretch
    momentary: list[float]
    """LUFS every 100 ms."""
    short_term: list[float]
    log: str

    @property
    def rate_hz(self) -> int:
        """Of what arrived at the meters."""
        found = re.findall(r"^  Stream #\d+:0.*?: Audio: pcm_\w+, (\d+) Hz", self.log, re.MULTILINE)
        return int(found[-1]) if found else 1

    @property
    def samples(self) -> int:
        """In each channel, its run-in not counted."""
        found = re.findall(r"^\[Parsed_astats_\d+ @ \w+\] Number of samples: (\d+)", self.log, re.MULTILINE)
        return max(0, int(found[-1]) - self.stretch.run_in_s * self.rate_hz) if found else 0

    @property
    def difference_dbfs(self) -> float:
        """Sample peak of what was counted: in stereo, of half the difference between the channels."""
        found = re.findall(r"^\[Parsed_astats_\d+ @ \w+\] Peak level dB: (\S+)", self.log, re.MULTILINE)
        return float(found[-1]) if found else -math.inf

    @property
    def peak_dbtp(self) -> float:
        """True peak."""
        # The meter speaks when the graph is torn down, after every tag of the source was printed: the last one counts.
        found = re.search(r"True peak:\s+Peak:\s+(\S+) dBFS", self.log.rpartition("] Summary:\n")[2])
        return float(found[1]) if found else -math.inf


def levels(
    ffmpeg: Ffmpeg,
    inputs: list[str],
    *,
    name: str,
    filters: str = "",
    channels: int,
    claimed_s: float | None = None,
    peak: bool = False,
    on_time: OnTime | None = None,
) -> Levels:
    """Decode `inputs` (arguments that open files), send them through `filters` ending in one stream, and measure it.

    `channels` is the number that arrives at the meter. What is long (`claimed_s`) is measured in two halves at once,
    the same on every machine, so that it reads the same. AudioError when nothing decodes.
    """
    halves = [Stretch(0, None)]
    if claimed_s and claimed_s >= HALVED_FROM_S:
        cut = int(claimed_s // 2)
        halves = [Stretch(0, cut), Stretch(cut, None)]
    together: dict[int, float] = {}

    def read(stretch: Stretch) -> Reading:
        def told(seconds: float) -> None:
            together[stretch.start_s] = seconds
            if on_time:
                on_time(sum(together.values()))

        return _read(
            ffmpeg, inputs, stretch, filters=filters, channels=channels, peak=peak, most_s=limit_s(claimed_s), told=told
        )

    try:
        with ThreadPoolExecutor(max_workers=len(halves)) as pool:
            readings = list(pool.map(read, halves))
    except FfmpegError as error:
        raise unreadable(name, str(error)) from error
    return _levels(readings, name, stereo=channels == 2, peak=peak)


def _read(
    ffmpeg: Ffmpeg,
    inputs: list[str],
    stretch: Stretch,
    *,
    filters: str,
    channels: int,
    peak: bool,
    most_s: float,
    told: OnTime,
) -> Reading:
    print_to = "ametadata=mode=print:key=lavfi.r128.{0}:file={0}.txt"
    ebur128 = f"ebur128=dualmono=true:framelog=quiet:metadata=1:peak={'true' if peak else 'none'}"
    meters = ",".join([ebur128, *(print_to.format(key) for key in "MS")])
    count = "astats=measure_perchannel=none:measure_overall=Number_of_samples+Peak_level"
    start = f"{filters}," if filters else "[0:a:0]"
    graph = f"{start}{stretch.cut}{count},{meters}[out]"
    sinks = ["-map", "[out]", "-f", "null", "-"]
    if channels == 2:
        both = f"[both]pan=mono|c0=0.5*c0-0.5*c1,{count}[side]"
        graph = f"{start}{stretch.cut}asplit=2[whole][both];{both};[whole]{meters}[out]"
        sinks += ["-map", "[side]", "-f", "null", "-"]
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*inputs, "-filter_complex", graph, *sinks]
        log = run(ffmpeg, arguments, timeout_s=most_s, on_time=told, folder=Path(folder))
        momentary, short_term = (_series(Path(folder) / f"{key}.txt", stretch) for key in "MS")
    return Reading(stretch=stretch, momentary=momentary, short_term=short_term, log=log)


def _series(file: Path, stretch: Stretch) -> list[float]:
    text = file.read_text("ascii", "replace") if file.exists() else ""
    return [float(value) for value in re.findall(r"^lavfi\.r128\.\w=(\S+)", text, re.MULTILINE)][
        stretch.run_in_s * 10 :
    ]


def _levels(readings: list[Reading], name: str, *, stereo: bool, peak: bool) -> Levels:
    readings = [
        reading for reading in readings if reading.samples
    ]  # a header that claims too much leaves an empty half
    samples = sum(reading.samples for reading in readings)
    if not readings:
        raise unreadable(name, "no sound comes out of it")
    difference = max(reading.difference_dbfs for reading in readings)
    return Levels(
        loudness_lufs=round(meter.integrated([value for reading in readings for value in reading.momentary]), 2),
        range_lu=round(meter.loudness_range([value for reading in readings for value in reading.short_term]), 1),
        peak_dbtp=max(reading.peak_dbtp for reading in readings) if peak else None,
        duration_s=round(samples / readings[0].rate_hz, 3),
        samples=samples,
        same_channels=stereo and difference < SAME_BELOW_DBFS,
    )
