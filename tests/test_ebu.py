"""The signals of EBU Tech 3341 and 3342, made from their recipes: how the meter reads them and where the job lands."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy
import pytest

from pipeline.audio import measure, meter
from pipeline.audio.ffmpeg import source
from pipeline.audio.master import Recording, master
from pipeline.audio.measure import Signal
from pipeline.model import Mastering
from tests.test_audio import FFMPEG, loudness

Steps = Sequence[tuple[float, float]]
"""Level of a 1 kHz sine in dBFS, and its seconds."""

LOUDNESS: dict[str, tuple[Steps, float]] = {
    "3341-1": ([(-23, 20)], -23.0),
    "3341-2": ([(-33, 20)], -33.0),
    "3341-3": ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
    "3341-4": ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
    "3341-5": ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
}
RANGES: dict[str, tuple[Steps, float]] = {
    "3342-1": ([(-20, 20), (-30, 20)], 10.0),
    "3342-2": ([(-20, 20), (-15, 20)], 5.0),
    "3342-3": ([(-40, 20), (-20, 20)], 20.0),
    "3342-4": ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15.0),
}


def write(path: Path, steps: Steps, *, rate: int = 48000, channels: int = 2) -> Path:
    parts = []
    for dbfs, seconds in steps:
        at = numpy.arange(round(seconds * rate)) / rate
        parts.append(10 ** (dbfs / 20) * numpy.sin(2 * numpy.pi * 1000 * at))
    samples = numpy.repeat((numpy.concatenate(parts) * (2**31 - 1)).astype("<i4")[:, None], channels, axis=1)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 4, rate, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


def read(path: Path, channels: int = 2, claimed_s: float | None = None) -> measure.Levels:
    signal = Signal(inputs=source(path), name=path.name, channels=channels, rate_hz=48000, length_s=claimed_s)
    return measure.hear(FFMPEG, signal).levels


@pytest.mark.parametrize("case", LOUDNESS)
@pytest.mark.parametrize("channels", [1, 2])
def test_integrated_loudness(case: str, channels: int, tmp_path: Path) -> None:
    """Within the 0.1 LU that EBU Tech 3341 allows a meter; one channel reads as two."""
    steps, expected = LOUDNESS[case]
    path = write(tmp_path / "signal.wav", steps, channels=channels)
    assert read(path, channels).loudness_lufs == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("case", RANGES)
def test_loudness_range(case: str, tmp_path: Path) -> None:
    """Within the 1 LU that EBU Tech 3342 allows a meter."""
    steps, expected = RANGES[case]
    assert read(write(tmp_path / "signal.wav", steps)).range_lu == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize("case", [*LOUDNESS, *RANGES])
def test_halves_read_as_the_whole(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured by two cores, a signal reads the same to a hundredth, with its length and its peak."""
    steps, _ = (LOUDNESS | RANGES)[case]
    path = write(tmp_path / "signal.wav", steps)
    whole = read(path)
    monkeypatch.setattr(measure, "HALVED_FROM_S", 10.0)
    halves = read(path, claimed_s=sum(seconds for _, seconds in steps))
    assert halves.loudness_lufs == pytest.approx(whole.loudness_lufs, abs=0.011)
    assert (halves.samples, halves.peak_dbtp, halves.range_lu) == (whole.samples, whole.peak_dbtp, whole.range_lu)


@pytest.mark.parametrize("claimed_s", [3.0, 30.0, 10_000.0])
def test_a_claim_of_another_length_changes_nothing(
    claimed_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A header may lie about the length: what decodes is what is measured."""
    path = write(tmp_path / "signal.wav", LOUDNESS["3341-5"][0])
    whole = read(path)
    monkeypatch.setattr(measure, "HALVED_FROM_S", 1.0)
    told = read(path, claimed_s=claimed_s)
    assert told.loudness_lufs == pytest.approx(whole.loudness_lufs, abs=0.011)
    assert (told.samples, told.peak_dbtp) == (whole.samples, whole.peak_dbtp)


@pytest.mark.parametrize(
    ("bitrate", "channels", "rate"),
    [
        *((64, 1, 22050), (64, 2, 48000), (96, 1, 48000), (96, 2, 96000)),
        *((128, 1, 192000), (128, 2, 22050), (192, 1, 44100), (192, 2, 192000)),
    ],
)
@pytest.mark.parametrize("case", ["3341-3", "3341-5", "3342-4"])
def test_the_whole_job_lands(case: str, bitrate: int, channels: int, rate: int, tmp_path: Path) -> None:
    """Any bitrate, channels and source rate: within 0.3 LU of the target and under the ceiling, by another meter."""
    signal = write(tmp_path / "signal.wav", (LOUDNESS | RANGES)[case][0], rate=rate, channels=channels)
    made = master(
        FFMPEG,
        Recording(path=signal, name="signal.wav"),
        mastering=Mastering(bitrate_mono_kbps=bitrate, bitrate_stereo_kbps=bitrate),
        target=tmp_path / "out.mp3",
        on_step=lambda what, part: None,
    )
    assert loudness(tmp_path / "out.mp3") == pytest.approx(-16, abs=0.35)
    assert made.loudness_lufs == pytest.approx(-16, abs=0.3)
    assert made.peak_dbtp <= -1.0


def test_nothing_has_no_loudness() -> None:
    """Readings below the gate, or none at all."""
    assert meter.integrated([]) == meter.integrated([-80.0] * 100) == float("-inf")
    assert meter.loudness_range([]) == 0.0
