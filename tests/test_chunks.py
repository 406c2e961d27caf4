"""Encoding in parts: the same bytes for any number of cores, and the bytes of one serial encode."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import pytest
from mutagen.mp3 import MP3, BitrateMode

from pipeline.audio import chunks, encode, frames, recipe
from pipeline.audio.balance import Balance
from pipeline.audio.chunks import PERIOD, WARM_UP, Part
from pipeline.audio.frames import FRAME
from pipeline.audio.inspect import Format
from pipeline.audio.measure import Levels
from pipeline.audio.recipe import Job
from pipeline.errors import AudioError
from pipeline.model import Mastering
from tests.shows import write_tone
from tests.test_audio import FFMPEG, decoded

SECONDS = 60


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute in stereo: a tone that swells, with noise that differs from left to right."""
    folder = tmp_path_factory.mktemp("speech")
    tone = write_tone(folder / "tone.wav", seconds=10)
    noise = f"anoisesrc=d={SECONDS}:a=0.05:c=pink:r=44100:seed="
    graph = f"[0]asplit[a][b];{noise}1[n];{noise}2[m];[a][n]amix[l];[b][m]amix[r];[l][r]join=channel_layout=stereo"
    command: list[str | Path] = [FFMPEG.path, "-v", "error", "-stream_loop", "-1", "-i", tone]
    subprocess.run([*command, "-filter_complex", graph, "-t", str(SECONDS), folder / "speech.wav"], check=True)
    return folder / "speech.wav"


def job(*, channels: int, bitrate: int, rate: int) -> Job:
    format = Format(container="wav", codec="pcm_s16le", channels=2, rate_hz=44100, claimed_s=None)
    heard = Levels(
        loudness_lufs=-18.0,
        range_lu=1.0,
        duration_s=SECONDS,
        samples=0,
        balance=Balance.SAME if channels == 1 else Balance.BOTH,
    )
    mastering = Mastering(bitrate_mono_kbps=bitrate, bitrate_stereo_kbps=bitrate, rate_hz=rate)
    return recipe.job(mastering, format, heard, start_s=0.0, end_s=SECONDS)


def encoded(speech: Path, folder: Path, attempt: Job, cores: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(recipe, "PARTS_FROM_S", 30.0)
    monkeypatch.setattr(chunks, "_LEAST", 5 * WARM_UP)
    target = folder / f"{cores}.mp3"
    inputs = ["-i", str(speech)]
    encode.encode(FFMPEG, attempt, inputs, target, name="x", folder=folder, cores=cores, on_part=lambda part: None)
    return target


@pytest.mark.parametrize(
    ("channels", "bitrate", "rate"),
    [(1, 64, 44100), (1, 96, 44100), (2, 128, 44100), (2, 192, 44100), (1, 96, 48000), (2, 128, 48000)],
)
def test_parts_are_the_serial_encode(
    channels: int, bitrate: int, rate: int, speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One, two and three cores give the same file, and its frames are those of one encoder that never stopped."""
    attempt, join, joined = job(channels=channels, bitrate=bitrate, rate=rate), chunks.join, list[int]()

    def counting(parts: Sequence[Part], *further: Any, **named: Any) -> None:
        join(parts, *further, **named)
        joined.append(len(parts))

    monkeypatch.setattr(chunks, "join", counting)
    files = [encoded(speech, tmp_path, attempt, cores, monkeypatch).read_bytes() for cores in (1, 2, 3)]
    assert files[0] == files[1] == files[2]
    assert joined == [1, 2, 3]  # none of them fell back on one core
    serial = tmp_path / "serial.mp3"
    graph = f"{recipe.graph(attempt)}[out]"
    options = ["-c:a", "libmp3lame", "-b:a", f"{bitrate}k", "-ar", str(rate), "-reservoir", "0", "-write_xing", "0"]
    command: list[str | Path] = [FFMPEG.path, "-v", "error", "-i", speech, "-filter_complex", graph, "-map", "[out]"]
    subprocess.run([*command, *options, "-id3v2_version", "0", "-f", "mp3", serial], check=True)
    assert files[0].endswith(serial.read_bytes())


def test_a_part_is_limited_as_it_is_in_the_whole(speech: Path) -> None:
    """Its limiter has heard only the ten seconds before, hard as it works, and every sample is that of the whole."""
    attempt = recipe.louder(job(channels=2, bitrate=128, rate=44100), 34.0)
    part = Part(first=49 * 40, frames=None)
    start, _ = part.samples
    assert f"atrim=start_sample={start - 10 * 44100},asetpts=PTS-STARTPTS,alimiter" in recipe.cut(attempt, part)
    whole, own = (heard(speech, graph) for graph in (recipe.graph(attempt), recipe.cut(attempt, part)))
    limit = 10 ** (attempt.limit_dbfs / 20)
    assert (abs(whole) > 0.99 * limit).any(axis=1).reshape(-1, 4410).any(axis=1).mean() > 0.9  # in most tenths
    assert numpy.array_equal(own, whole[start:])


def heard(path: Path, graph: str) -> numpy.ndarray:
    """What comes out of a filter graph, to the last bit."""
    command: list[str | Path] = [FFMPEG.path, "-v", "error", "-i", path, "-filter_complex", f"{graph}[out]"]
    raw = subprocess.run([*command, "-map", "[out]", "-f", "f64le", "-"], capture_output=True, check=True).stdout
    return numpy.frombuffer(raw, "<f8").reshape(-1, 2)


def test_the_length_is_exact_for_other_readers(speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """mutagen reads the Info frame; ffmpeg's decoder gives back every sample that went in, and not one more."""
    attempt = job(channels=2, bitrate=128, rate=44100)
    file = encoded(speech, tmp_path, attempt, 2, monkeypatch)
    stream = MP3(file).info
    assert stream is not None
    assert (stream.bitrate_mode, stream.bitrate, stream.sketchy) == (BitrateMode.CBR, 128000, False)
    assert round(stream.length * 44100) == attempt.samples
    samples, _ = decoded(file)
    assert len(samples) == attempt.samples


def test_the_check_sum_is_the_one_that_others_write(speech: Path, tmp_path: Path) -> None:
    """Of a file with ffmpeg's own Info frame, our sum over its first 190 bytes is the one that stands there."""
    target = tmp_path / "theirs.mp3"
    subprocess.run(
        [FFMPEG.path, "-v", "error", "-t", "5", "-i", speech, "-b:a", "128k", "-id3v2_version", "0", target], check=True
    )
    body = target.read_bytes()
    assert body[36:40] in (b"Info", b"Xing")
    assert frames.tag_check_sum(body[:190]) == int.from_bytes(body[190:192], "big")


def test_a_seam_that_does_not_fit_is_noticed(speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When an encoder makes something else of a part, one core does all of it, and the file is right all the same."""
    attempt = job(channels=1, bitrate=96, rate=44100)
    right = encoded(speech, tmp_path, attempt, 1, monkeypatch).read_bytes()
    real, counts = chunks.join, []

    def spoilt(parts: tuple[Part, ...], files: list[Path], target: Path, *, samples: int) -> None:
        counts.append(len(parts))
        if len(parts) > 1:
            body = bytearray(files[1].read_bytes())
            at = WARM_UP * len(body) // (len(body) * 8 * 44100 // 96000 // FRAME) - 150
            body[at] ^= 1
            files[1].write_bytes(body)
        real(parts, files, target, samples=samples)

    monkeypatch.setattr(chunks, "join", spoilt)
    assert encoded(speech, tmp_path, attempt, 2, monkeypatch).read_bytes() == right
    assert counts == [2, 1]


def test_a_part_that_is_not_all_there_is_noticed(speech: Path, tmp_path: Path) -> None:
    """Frames are missing of one in the middle, or there is something else at the end of the last."""
    plain = tmp_path / "plain.mp3"
    options = ["-b:a", "96k", "-ac", "1", "-write_xing", "0", "-id3v2_version", "0"]
    subprocess.run([FFMPEG.path, "-v", "error", "-i", speech, "-t", "3", *options, plain], check=True)
    with plain.open("rb") as file:
        count = sum(1 for _ in frames.walk(file, 0))
    chunks.join([Part(first=0, frames=count)], [plain], tmp_path / "out.mp3", samples=0)
    with pytest.raises(chunks.SeamError, match=f"{count} frames where {count + 1} were expected"):
        chunks.join([Part(first=0, frames=count + 1)], [plain], tmp_path / "out.mp3", samples=0)
    chunks.join([Part(first=0, frames=None)], [plain], tmp_path / "out.mp3", samples=0)
    plain.write_bytes(plain.read_bytes() + b"garbage")
    with pytest.raises(chunks.SeamError, match="only frames were expected"):
        chunks.join([Part(first=0, frames=None)], [plain], tmp_path / "out.mp3", samples=0)


def test_what_never_fits_is_told(speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than publish a file with a seam in it."""

    def never(*_: object, **__: object) -> None:
        raise chunks.SeamError("no")

    monkeypatch.setattr(chunks, "join", never)
    with pytest.raises(AudioError, match="do not fit together"):
        encoded(speech, tmp_path, job(channels=1, bitrate=96, rate=44100), 2, monkeypatch)


@pytest.mark.parametrize("minutes", [0, 1, 5, 10, 61, 180, 1440])
@pytest.mark.parametrize("cores", [1, 2, 3, 8, 64])
def test_parts_cover_the_whole_once(minutes: int, cores: int) -> None:
    """They follow each other without a gap, begin where the padding begins anew, and none is hardly worth it."""
    samples = minutes * 60 * 44100 + 777
    parts = chunks.split(samples, cores)
    assert 1 <= len(parts) <= cores
    assert [part.first for part in parts] == [
        sum(part.frames or 0 for part in parts[:place]) for place in range(len(parts))
    ]
    assert all(part.first % PERIOD == 0 for part in parts)
    assert [part.frames is None for part in parts] == [False] * (len(parts) - 1) + [True]
    assert all((part.frames or 999) >= 5 * WARM_UP for part in parts)


def test_short_recordings_keep_the_reservoir() -> None:
    """By their length alone, so that every machine makes the same bytes."""
    short = job(channels=1, bitrate=96, rate=44100)
    assert recipe.in_parts(short) is False
    assert list(recipe.encoder(short))[list(recipe.encoder(short)).index("-reservoir") + 1] == "1"
