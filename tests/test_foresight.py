"""Gains that are foreseen: as good as those that are tried out, and not given where they would not be."""

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy
import pytest

from pipeline.audio import foresight, inspect, measure, recipe
from pipeline.audio.balance import Balance
from pipeline.audio.ffmpeg import source
from pipeline.audio.measure import Hearing, Signal
from pipeline.audio.recipe import Job
from pipeline.model import Mastering
from tests import faulty
from tests.test_audio import FFMPEG


def heard(path: Path, **asked: object) -> tuple[Job, Hearing]:
    format = inspect.probe(FFMPEG, path, path.name)
    hearing = measure.hear(FFMPEG, measure.as_recorded(path, path.name, format))
    mastering = replace(Mastering(), **asked)  # type: ignore[arg-type]
    return recipe.job(mastering, format, hearing.levels, start_s=0.0, end_s=hearing.levels.duration_s), hearing


def tried(path: Path, attempt: Job) -> float:
    """LUFS of what would go into the encoder."""
    signal = Signal(
        inputs=source(path),
        name=path.name,
        filters=recipe.graph(attempt),
        channels=attempt.channels,
        rate_hz=attempt.rate_hz,
    )
    return measure.loudness(FFMPEG, signal).loudness_lufs


@pytest.mark.parametrize(
    ("hz", "level", "highpass_hz"),
    [(30, 0.0, 60.0), (30, 0.02, 60.0), (55, 0.02, 60.0), (80, 0.01, 80.0), (30, 0.2, None)],
)
def test_what_the_high_pass_takes_is_foreseen(
    hz: float, level: float, highpass_hz: float | None, tmp_path: Path
) -> None:
    """Speech over a rumble: a trial lands where it was foretold."""
    at = numpy.arange(len(faulty.speech()))[:, None] / faulty.RATE
    path = faulty.write(tmp_path / "in.wav", faulty.speech() + level * numpy.sin(2 * numpy.pi * hz * at))
    attempt, hearing = heard(path, highpass_hz=highpass_hz, loudness_lufs=-24.0)
    gain = foresight.gain_db(attempt, hearing, -24.0)
    assert gain is not None
    assert tried(path, replace(attempt, gain_db=gain)) == pytest.approx(-24.0, abs=0.15)


@pytest.mark.parametrize("name", ["same", "left-only", "opposed"])
def test_one_channel_of_two_is_foreseen(name: str, tmp_path: Path) -> None:
    """A channel that had one side to itself becomes louder when both sides play it."""
    path = faulty.make(name, tmp_path)
    attempt, hearing = heard(path, loudness_lufs=-24.0)
    gain = foresight.gain_db(attempt, hearing, -24.0)
    assert gain is not None
    assert tried(path, replace(attempt, gain_db=gain)) == pytest.approx(-24.0, abs=0.1)


def test_what_is_trimmed_does_not_count(tmp_path: Path) -> None:
    """A loud start that is cut away is not in the level."""
    loud = numpy.vstack([4 * faulty.speech(8), faulty.speech()])
    path = faulty.write(tmp_path / "in.wav", loud)
    attempt, hearing = heard(path, loudness_lufs=-24.0)
    cut = replace(attempt, start_s=9.0)
    gain = foresight.gain_db(cut, hearing, -24.0)
    assert gain is not None
    assert tried(path, replace(cut, gain_db=gain)) == pytest.approx(-24.0, abs=0.1)


def test_a_little_limiting_is_foreseen_and_more_is_tried_out(tmp_path: Path) -> None:
    """One shout in half a minute changes hardly anything; at a level where words are limited only a trial tells."""
    shouted = faulty.speech().copy()
    shouted[10 * faulty.RATE : 10 * faulty.RATE + 4410] *= 4
    path = faulty.write(tmp_path / "in.wav", shouted)
    attempt, hearing = heard(path, loudness_lufs=-20.5)
    gain = foresight.gain_db(attempt, hearing, -20.5)
    assert gain is not None
    assert hearing.heard.peak.max() * 10 ** (gain / 20) > 10 ** (attempt.limit_dbfs / 20)
    assert tried(path, replace(attempt, gain_db=gain)) == pytest.approx(-20.5, abs=0.2)
    attempt, hearing = heard(path, loudness_lufs=-12.0)
    assert foresight.gain_db(attempt, hearing, -12.0) is None


def test_what_cannot_be_foreseen_is_not(tmp_path: Path) -> None:
    """Joints, a leveller, less than a second, a rumble as loud as the voice."""
    path = faulty.write(tmp_path / "in.wav", faulty.speech())
    attempt, hearing = heard(path, loudness_lufs=-24.0)
    assert foresight.gain_db(replace(attempt, intro_s=5.0), hearing, -24.0) is None
    assert foresight.gain_db(replace(attempt, curve=(0.0,) * 240), hearing, -24.0) is None
    at = numpy.arange(len(faulty.speech()))[:, None] / faulty.RATE
    rumbling = faulty.write(tmp_path / "rumbling.wav", faulty.speech() + 0.2 * numpy.sin(2 * numpy.pi * 40 * at))
    assert foresight.gain_db(*heard(rumbling, loudness_lufs=-24.0), -24.0) is None
    short = faulty.write(tmp_path / "short.wav", faulty.speech(0.9))
    assert foresight.gain_db(*heard(short, loudness_lufs=-24.0), -24.0) is None


def test_a_result_measures_what_a_recording_would(tmp_path: Path) -> None:
    """Loudness, range, length and true peak are those that everything that is heard of a recording holds, too."""
    path = faulty.make("over", tmp_path)
    format = inspect.probe(FFMPEG, path, path.name)
    signal = measure.as_recorded(path, path.name, format)
    levels = measure.hear(FFMPEG, signal).levels
    assert measure.result(FFMPEG, signal).levels == replace(levels, balance=Balance.BOTH)


@pytest.mark.parametrize(("channels", "kbps", "rate"), [(1, 64, 44100), (2, 128, 44100), (1, 96, 48000)])
@pytest.mark.parametrize("reservoir", ["0", "1"])
@pytest.mark.parametrize("header", ["0", "1"])
def test_a_result_is_gone_to_in_its_middle(
    channels: int, kbps: int, rate: int, reservoir: str, header: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An MP3 of which the second half is decoded on its own reads as the whole: every sample counts, and only once."""
    path = faulty.write(tmp_path / "in.wav", numpy.vstack([faulty.speech(), 0.5 * faulty.speech(seed=4)]))
    result = tmp_path / "result.mp3"
    encoder = f"-ac {channels} -ar {rate} -b:a {kbps}k -reservoir {reservoir} -write_xing {header}".split()
    subprocess.run([FFMPEG.path, "-v", "error", "-i", path, *encoder, result], check=True)
    signal = Signal(inputs=source(result), name="result", channels=channels, rate_hz=rate, length_s=48.0, seekable=True)
    whole = measure.result(FFMPEG, replace(signal, seekable=False))
    monkeypatch.setattr(measure, "HALVED_FROM_S", 10.0)
    halves = measure.result(FFMPEG, signal)
    assert halves.levels.loudness_lufs == pytest.approx(whole.levels.loudness_lufs, abs=0.011)
    assert replace(halves.levels, loudness_lufs=0.0) == replace(whole.levels, loudness_lufs=0.0)
    assert halves.peaks == whole.peaks
