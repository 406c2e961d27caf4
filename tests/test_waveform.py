"""The drawing of an episode's sound: beside the samples that decode, and as pages show it."""

import json
import resource
import subprocess
import wave
from pathlib import Path

import numpy
import pytest
from lxml import etree

from pipeline.audio import measure, waveform
from pipeline.audio.waveform import Peaks
from pipeline.errors import AudioError
from tests.shows import write_episode, write_show, write_tone
from tests.test_audio import FFMPEG, decoded, delivered


def spoken(path: Path, *, seconds: float, channels: int = 1) -> Path:
    """Noise that swells and stops, with one short knock in it."""
    rng = numpy.random.default_rng(2)
    count = int(seconds * 44100)
    swell = 0.3 * (1 + numpy.sin(numpy.arange(count) / 9000)) * (numpy.arange(count) // 22050 % 3 > 0)
    samples = (rng.normal(0, 0.3, (count, channels)) * swell[:, None]).clip(-1, 1)
    samples[count // 3 : count // 3 + 2] = -0.97
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, 44100, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def drawn(path: Path, seconds: float) -> Peaks:
    return waveform.peaks(FFMPEG, path, duration_s=seconds, rate_hz=44100)


@pytest.mark.parametrize("seconds", [0.5, 3.0, 40.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_peaks_are_those_of_every_sample(seconds: float, channels: int, tmp_path: Path) -> None:
    """In audiowaveform's own format: each pair is the lowest and highest of its samples, true to 1/128."""
    path = spoken(tmp_path / "in.wav", seconds=seconds, channels=channels)
    told = json.loads(waveform.document(drawn(path, seconds)))
    assert {key: told[key] for key in ("version", "channels", "bits", "sample_rate")} == {
        "version": 2,
        "channels": 1,
        "bits": 8,
        "sample_rate": 44100,
    }
    samples, _ = decoded(path)
    mixed, step = samples.mean(axis=1), told["samples_per_pixel"]
    starts = numpy.arange(0, len(mixed), step)
    lowest, highest = numpy.minimum.reduceat(mixed, starts), numpy.maximum.reduceat(mixed, starts)
    assert told["length"] == len(starts)
    assert 1000 <= told["length"] <= 2000
    assert numpy.abs(numpy.array(told["data"][::2]) / 128 - lowest).max() <= 1 / 128 + 1e-4
    assert numpy.abs(numpy.array(told["data"][1::2]) / 128 - highest).max() <= 1 / 128 + 1e-4
    assert min(told["data"]) in (-124, -125)  # the knock of two samples


def test_it_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is read at once, the peaks are the same."""
    path = spoken(tmp_path / "in.wav", seconds=3.0)
    whole = drawn(path, 3.0)
    monkeypatch.setattr(waveform, "_PIECE", 1)
    assert drawn(path, 3.0) == whole


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    """An hour is 317 MB of samples; they are never held."""
    tone = write_tone(tmp_path / "tone.wav", seconds=10, rate=8000)
    long = tmp_path / "long.flac"
    loop = [FFMPEG.path, "-v", "error", "-stream_loop", "-1", "-i", tone, "-t", "3600", long]
    subprocess.run(list(map(str, loop)), check=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = drawn(long, 3600)
    assert 1590 <= len(made.lowest) <= 1610
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_what_does_not_decode_has_no_waveform(tmp_path: Path) -> None:
    """An error, not an empty drawing."""
    (tmp_path / "in.mp3").write_text("Dit is geen geluid.\n" * 50)
    with pytest.raises(AudioError, match="cannot be read"):
        drawn(tmp_path / "in.mp3", 3.0)


def test_the_drawing_is_one_path_and_nothing_else(tmp_path: Path) -> None:
    """An SVG without script, style or address, in the colour around it; silence is a line, the loudest at the edge."""
    made = drawn(spoken(tmp_path / "in.wav", seconds=6.0), 6.0)
    body = waveform.drawing(waveform.read(waveform.document(made)))
    root = etree.fromstring(body)
    assert [etree.QName(node).localname for node in root.iter()] == ["svg", "path"]
    assert (root.get("fill"), root.get("aria-hidden"), root.get("viewBox")) == ("currentColor", "true", "0 0 959 128")
    path = root[0].get("d") or ""
    bars = [bar.replace("h3v", " ").replace("h-3z", "").split() for bar in path.split("M")[1:]]
    assert [int(left) for left, _, _ in bars] == list(range(0, 960, 4))
    spans = [(int(top), int(top) + int(height)) for _, top, height in bars]
    assert min(height for _, _, height in bars) == "1"
    assert (min(top for top, _ in spans) == 0) or (max(bottom for _, bottom in spans) == 128)
    assert all(0 <= top < bottom <= 128 for top, bottom in spans)
    loud = 80  # a third of the way: the knock
    assert spans[loud][1] == 128
    assert len(body) < 6000


@pytest.mark.parametrize("stereo", [False, True])
def test_it_comes_of_the_decode_that_measures(stereo: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The delivered file is not decoded again for it; from a cache that lost it, the same comes of the file."""
    path = spoken(tmp_path / "in.wav", seconds=12.0, channels=1 + stereo)
    write_episode(write_show(tmp_path), "01-een", audio=path.read_bytes())
    monkeypatch.setattr(measure, "HALVED_FROM_S", 10.0)
    separately = waveform.peaks
    monkeypatch.setattr(waveform, "peaks", None)
    first, _ = delivered(tmp_path)
    monkeypatch.setattr(waveform, "peaks", separately)
    for kept in (tmp_path / ".omroep" / "waveforms").iterdir():
        kept.unlink()
    again, _ = delivered(tmp_path)
    assert [each.type for each in first.waveform] == ["image/svg+xml"]
    assert [each.body for each in first.waveform] == [each.body for each in again.waveform]


def test_the_show_can_ask_for_its_numbers(tmp_path: Path) -> None:
    """Then they are published beside the drawing, which stays as it was; nothing is mastered again for them."""
    write_tone(tmp_path / "in.wav", seconds=2)
    write_episode(write_show(tmp_path), "01-een", audio=(tmp_path / "in.wav").read_bytes())
    (drawing,) = delivered(tmp_path)[0].waveform
    write_show(tmp_path, audio={"waveform_data": True})
    masters = {path: path.stat().st_mtime_ns for path in (tmp_path / ".omroep" / "masters").iterdir()}
    data, again = delivered(tmp_path)[0].waveform
    assert again == drawing
    assert masters == {path: path.stat().st_mtime_ns for path in (tmp_path / ".omroep" / "masters").iterdir()}
    assert (data.type, data.key.startswith("waveforms/een.")) == ("application/json", True)
    assert json.loads(data.body or b"")["length"] in range(1590, 1610)


def test_silence_can_be_drawn() -> None:
    """A line, and no division by nothing."""
    silent = Peaks(rate_hz=44100, samples_per_bucket=27, lowest=[0] * 1600, highest=[0] * 1600)
    assert b"M0 64h3v1h-3z" in waveform.drawing(silent)
