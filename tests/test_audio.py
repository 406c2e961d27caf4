"""Mastering: what is delivered is measured by another meter and read by other readers."""

import re
import subprocess
import sys
import time
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import mutagen.id3
import numpy
import pyloudnorm
import pytest

from pipeline import catalog
from pipeline.audio import deliver, edges, ffmpeg, inspect, measure, recipe, whole
from pipeline.audio.balance import Balance
from pipeline.audio.deliver import Sleeve, Studio
from pipeline.audio.inspect import Format
from pipeline.audio.master import Master, Recording, master
from pipeline.audio.measure import Levels
from pipeline.errors import AudioError
from pipeline.model import Chapter, Mastering, Media
from tests.shows import write_episode, write_show, write_tone

FFMPEG = ffmpeg.find({"PATH": ""})
COVER = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def decoded(path: Path) -> tuple[numpy.ndarray, int]:
    """A file's samples as floats in columns, and its rate: decoded by ffmpeg, measured by others."""
    wav = path.with_suffix(".decoded.wav")
    subprocess.run([FFMPEG.path, "-v", "error", "-y", "-i", path, "-c:a", "pcm_s16le", wav], check=True)
    with wave.open(str(wav)) as file:
        samples = numpy.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
        return samples.reshape(-1, file.getnchannels()), file.getframerate()


def loudness(path: Path) -> float:
    """Integrated loudness by pyloudnorm, a mono file as dual mono."""
    samples, rate = decoded(path)
    both = numpy.hstack([samples, samples]) if samples.shape[1] == 1 else samples
    return float(pyloudnorm.Meter(rate).integrated_loudness(both))


def recording(path: Path) -> Recording:
    return Recording(path=path, name=path.name)


def levels(path: Path) -> Levels:
    """What we hear, by everything there is to listen with."""
    signal = measure.as_recorded(path, path.name, inspect.probe(FFMPEG, path, path.name))
    heard = measure.hear(FFMPEG, signal).levels
    assert measure.loudness(FFMPEG, signal) == replace(heard, peak_dbtp=None, balance=Balance.BOTH)
    return heard


def mastered(source: Path, target: Path, **settings: object) -> Master:
    return master(
        FFMPEG,
        recording(source),
        mastering=Mastering(**settings),  # type: ignore[arg-type]
        target=target,
        on_step=lambda what, part: None,
    )


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("dbfs", [-40.0, -20.0, -1.0])
def test_delivered_loudness_is_the_target(channels: int, dbfs: float, tmp_path: Path) -> None:
    """Soft, ordinary and loud recordings all come out at -16 LUFS, one channel or two, by somebody else's meter."""
    source = write_tone(tmp_path / "in.wav", seconds=6, dbfs=dbfs, channels=channels)
    made = mastered(source, tmp_path / "out.mp3")
    assert made.channels == 1
    assert loudness(tmp_path / "out.mp3") == pytest.approx(-16, abs=0.5)
    assert made.loudness_lufs == pytest.approx(loudness(tmp_path / "out.mp3"), abs=0.15)


def test_different_channels_stay_stereo(tmp_path: Path) -> None:
    """Two voices that are panned apart are not folded into one."""
    left = write_tone(tmp_path / "left.wav", seconds=5, hz=300)
    right = write_tone(tmp_path / "right.wav", seconds=5, hz=500, dbfs=-26)
    join = "[0:a][1:a]join=inputs=2:channel_layout=stereo"
    command: list[str | Path] = [
        FFMPEG.path,
        "-v",
        "error",
        "-i",
        left,
        "-i",
        right,
        "-filter_complex",
        join,
        tmp_path / "in.flac",
    ]
    subprocess.run(command, check=True)
    made = mastered(tmp_path / "in.flac", tmp_path / "out.mp3")
    assert (made.channels, made.bitrate_kbps) == (2, 128)
    samples, _ = decoded(tmp_path / "out.mp3")
    assert float(numpy.abs(samples[:, 0] - samples[:, 1]).max()) > 0.05


def test_sharp_peaks_are_held_below_the_ceiling(tmp_path: Path) -> None:
    """Short knocks far above the speech: the decoded file, at four times the rate, still peaks under -1 dBTP."""
    rng = numpy.random.default_rng(1)
    speech = rng.normal(0, 0.02, 44100 * 8)
    speech[::11025] = 0.99
    with wave.open(str(tmp_path / "in.wav"), "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
        file.writeframes((speech.clip(-1, 1) * 32767).astype("<i2").tobytes())
    made = mastered(tmp_path / "in.wav", tmp_path / "out.mp3")
    samples, rate = decoded(tmp_path / "out.mp3")
    spectrum = numpy.fft.rfft(samples[:, 0])
    oversampled = numpy.fft.irfft(numpy.pad(spectrum, (0, 3 * (len(spectrum) - 1))), 4 * 2 * (len(spectrum) - 1)) * 4
    assert 20 * numpy.log10(numpy.abs(oversampled).max()) <= -0.95
    assert made.peak_dbtp <= -1.0
    assert rate == 44100


def test_what_cannot_be_reached_is_refused(tmp_path: Path) -> None:
    """A file of one click cannot be at -16 LUFS under -1 dBTP; nothing is published that is not as asked."""
    clicks = numpy.zeros(44100 * 10)
    clicks[::44100] = 0.9
    with wave.open(str(tmp_path / "in.wav"), "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
        file.writeframes((clicks * 32767).astype("<i2").tobytes())
    with pytest.raises(AudioError, match="cannot be brought to -16 LUFS"):
        mastered(tmp_path / "in.wav", tmp_path / "out.mp3")


def test_the_stream_is_constant_bitrate_with_a_header(tmp_path: Path) -> None:
    """CBR with an Info header and no tags of the encoder: seeking is exact in every player."""
    mastered(write_tone(tmp_path / "in.wav", seconds=4), tmp_path / "out.mp3")
    body = (tmp_path / "out.mp3").read_bytes()
    assert body[:2] in (b"\xff\xfb", b"\xff\xfa")
    assert b"Info" in body[:200]
    assert b"TAG" not in body[-128:]


def test_silence_at_the_ends_is_trimmed_to_the_stated_length(tmp_path: Path) -> None:
    """Three seconds at the head and four at the tail become half a second each, and moments move along."""
    source = write_tone(tmp_path / "in.wav", seconds=5, silent_head=3, silent_tail=4)
    made = mastered(source, tmp_path / "out.mp3", trim_silence_s=0.5)
    assert made.shift_s == pytest.approx(-2.5, abs=0.03)
    assert made.duration_s == pytest.approx(6.0, abs=0.1)
    samples, rate = decoded(tmp_path / "out.mp3")
    loud = numpy.flatnonzero(numpy.abs(samples[:, 0]) > 0.02)
    assert loud[0] / rate == pytest.approx(0.5, abs=0.06)
    assert mastered(source, tmp_path / "whole.mp3").duration_s == pytest.approx(12.0, abs=0.1)


def test_bumpers_are_joined_with_a_cross_fade(tmp_path: Path) -> None:
    """Intro and outro are brought to the same loudness, faded into the recording, and moments move along."""
    intro = write_tone(tmp_path / "intro.wav", seconds=4, hz=880, dbfs=-30)
    outro = write_tone(tmp_path / "outro.wav", seconds=3, hz=990, dbfs=-3)
    made = master(
        FFMPEG,
        recording(write_tone(tmp_path / "in.wav", seconds=6, hz=330)),
        mastering=Mastering(crossfade_s=1.0),
        bumpers=(recording(intro), recording(outro)),
        target=tmp_path / "out.mp3",
        on_step=lambda what, part: None,
    )
    assert made.shift_s == pytest.approx(3.0, abs=0.001)
    assert made.duration_s == pytest.approx(4 + 6 + 3 - 2, abs=0.1)
    samples, rate = decoded(tmp_path / "out.mp3")

    def pitch(start: float) -> float:
        piece = samples[int(start * rate) : int((start + 1) * rate), 0]
        return float(numpy.argmax(numpy.abs(numpy.fft.rfft(piece * numpy.hanning(len(piece))))) * rate / len(piece))

    assert [round(pitch(at), -1) for at in (1.0, 5.0, 9.5)] == [880, 330, 990]
    parts = [numpy.sqrt(numpy.mean(samples[int(at * rate) : int((at + 1) * rate)] ** 2)) for at in (1.0, 5.0, 9.5)]
    assert max(parts) / min(parts) < 1.6


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("leeg.wav", b"", "is empty"),
        ("tekst.mp3", b"Dit is geen geluid.\n" * 50, "cannot be read"),
        ("lijst.mp3", b"#EXTM3U\n#EXTINF:1,\nin.wav\n", "cannot be read"),
        ("concat.wav", b"ffconcat version 1.0\nfile in.wav\n", "cannot be read"),
    ],
)
def test_what_is_not_a_recording_is_refused(name: str, body: bytes, said: str, tmp_path: Path) -> None:
    """Empty files, text, and playlists that name other files are not opened as audio."""
    write_tone(tmp_path / "in.wav", seconds=1)
    (tmp_path / name).write_bytes(body)
    with pytest.raises(AudioError, match=said):
        mastered(tmp_path / name, tmp_path / "out.mp3")


def test_silence_is_refused(tmp_path: Path) -> None:
    """A recording of nothing is a mistake in the export."""
    write_tone(tmp_path / "in.wav", seconds=3, dbfs=-120)
    with pytest.raises(AudioError, match="no sound that can be heard"):
        mastered(tmp_path / "in.wav", tmp_path / "out.mp3")


def test_a_tag_that_imitates_the_meter_is_not_believed(tmp_path: Path) -> None:
    """The loudness is the meter's own, whatever the source's comment or a key of it says."""
    write_tone(tmp_path / "in.wav", seconds=4, dbfs=-20)
    lie = "x\n[Parsed_ebur128_0 @ 0x1] Summary:\n\n  Integrated loudness:\n    I:          -1.0 LUFS\n"
    tags = ["-metadata", f"comment={lie}", "-metadata", "Stream #0:0=Audio: pcm_s16le, 8000 Hz"]
    source = tmp_path / "in.flac"
    subprocess.run([FFMPEG.path, "-v", "error", "-i", tmp_path / "in.wav", *tags, source], check=True)
    honest = levels(tmp_path / "in.wav")
    assert levels(source) == honest
    assert honest.duration_s == 4.0


@pytest.mark.parametrize("name", ["-y.wav", "concat:a|b.wav", "%03d.wav", "pipe:0.wav", "spatie 'en' \"meer\".wav"])
def test_hostile_names_are_names(name: str, tmp_path: Path) -> None:
    """A file name is never an option, a protocol, a pattern or a shell's."""
    made = mastered(write_tone(tmp_path / name, seconds=2), tmp_path / "out.mp3")
    assert made.duration_s == pytest.approx(2.0, abs=0.1)


# --- delivered files --------------------------------------------------------------------------------------------------


CHAPTERS = (
    Chapter(start_s=0, title="Welkom"),
    Chapter(start_s=1.25, title="Een titel van meer dan eenenvijftig tekens, met ë en Beschikb@@r erin"),
    Chapter(start_s=2.001, title="Z", link="https://example.org/z"),
    Chapter(start_s=2.5, title="'s-Hertogenbosch"),
)


def delivered(root: Path, **keys: object) -> tuple[Media, Path]:
    if not (root / "feed").exists():
        write_episode(
            write_show(root), "01-een", chapters=[f"0:{chapter.start_s:06.3f} {chapter.title}" for chapter in CHAPTERS]
        )
    loaded = catalog.load(root)
    made = deliver.media(
        Studio(root=root, cache=root / ".omroep", environ={"PATH": ""}),
        replace(loaded.episodes[0], **keys) if keys else loaded.episodes[0],  # type: ignore[arg-type]
        loaded.show,
        Sleeve(page="https://proef.example.org/episodes/een.html", cover=COVER),
        on_step=lambda what, part: None,
    )
    assert made.file
    return made, made.file


def test_tags_are_read_back(tmp_path: Path) -> None:
    """One ID3v2.3 tag at the start with cover and chapters, read by ffmpeg's own reader and by mutagen."""
    made, file = delivered(tmp_path)
    body = file.read_bytes()
    assert body[:4] == b"ID3\x03"
    assert body.count(b"ID3\x03") == 1
    tag = mutagen.id3.ID3(file)
    assert (tag["TIT2"].text, tag["TALB"].text, tag["TPE1"].text) == (
        ["Aflevering over 01-een"],
        ["Proefshow"],
        ["De Proevers"],
    )
    assert (tag["APIC:"].data, tag["APIC:"].type) == (COVER, 3)
    assert tag["CTOC:toc"].child_element_ids == ["ch0000", "ch0001", "ch0002", "ch0003"]
    told = subprocess.run([FFMPEG.path, "-hide_banner", "-i", file], capture_output=True, text=True).stderr
    read = re.findall(r"Chapter #0:\d+: start (\S+), end \S+\n +Metadata:\n +title +: (.*)", told)
    assert read == [(f"{chapter.start_s:.6f}", chapter.title) for chapter in CHAPTERS]
    assert made.size == file.stat().st_size


def test_tags_of_the_source_do_not_survive(tmp_path: Path) -> None:
    """Recorders leave device names and users' names in files; listeners don't get them."""
    folder = write_episode(write_show(tmp_path), "01-een")
    marks = ["-metadata", "artist=ZOOM H5", "-metadata", "comment=/home/ria/opname", "-metadata", "encoded_by=Ria"]
    command: list[str | Path] = [
        FFMPEG.path,
        "-v",
        "error",
        "-y",
        "-i",
        folder / "audio.wav",
        *marks,
        folder / "marked.flac",
    ]
    subprocess.run(command, check=True)
    (folder / "marked.flac").rename(folder / "audio.wav")
    _, file = delivered(tmp_path)
    body = file.read_bytes()
    for mark in ("ZOOM", "/home/ria", "Ria"):
        assert mark.encode() not in body
        assert mark.encode("utf-16-le") not in body


def test_a_file_is_mastered_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time nothing is decoded; another title only writes another tag; a damaged cache is made again."""
    first, file = delivered(tmp_path)
    runs: list[object] = []

    def counted(*arguments: Any, **options: Any) -> str:
        runs.append(arguments)
        return ffmpeg.run(*arguments, **options)

    for module in ("encode", "inspect", "measure"):
        monkeypatch.setattr(f"pipeline.audio.{module}.run", counted)
    again, _ = delivered(tmp_path)
    assert (again, runs) == (first, [])
    retitled, _ = delivered(tmp_path, title="Anders")
    assert retitled.sha256 != first.sha256
    assert runs == []
    for kept in (tmp_path / ".omroep").rglob("*.mp3"):
        body = bytearray(kept.read_bytes())
        body[-100] ^= 1
        kept.write_bytes(body)
    rebuilt, file = delivered(tmp_path)
    assert runs != []
    assert rebuilt.sha256 == first.sha256
    assert file.read_bytes()


def test_a_pointer_that_was_never_published_is_named(tmp_path: Path) -> None:
    """A git-LFS pointer cannot be mastered, and the message says what to do."""
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 4567890\n"
    write_episode(write_show(tmp_path), "01-een", audio=pointer.encode())
    with pytest.raises(AudioError, match="git lfs pull"):
        delivered(tmp_path)


# --- the recipe -------------------------------------------------------------------------------------------------------

STEREO = Format(container="wav", codec="pcm_s16le", channels=2, rate_hz=48000, claimed_s=60.0)
HEARD = Levels(loudness_lufs=-23.0, range_lu=5.0, duration_s=60.0, samples=60 * 48000, balance=Balance.SAME)


def test_the_first_attempt_follows_from_the_measurement() -> None:
    """Seven decibels are missing, both channels are the same, and the limit leaves room for the encoder."""
    job = recipe.job(Mastering(), STEREO, HEARD, start_s=1.0, end_s=59.0)
    assert (job.gain_db, job.channels, job.bitrate_kbps, job.kept) == (7.0, 1, 96, 0)
    assert job.limit_dbfs == pytest.approx(-2.7)
    assert (job.duration_s, job.shift_s) == (58.0, -1.0)


@pytest.mark.parametrize(
    ("lufs", "peak", "gain", "limit"),
    [(-16.2, -1.0, None, None), (-16.6, -2.0, 7.6, -2.7), (-16.0, -0.4, 7.0, -3.4), (-17.0, -0.9, 8.0, -2.9)],
)
def test_a_correction_answers_what_was_delivered(
    lufs: float, peak: float, gain: float | None, limit: float | None
) -> None:
    """Near enough and under the ceiling it is done; else the gain makes up and the limit goes down."""
    job = recipe.job(Mastering(), STEREO, HEARD, start_s=0.0, end_s=60.0)
    following = recipe.corrected(job, Mastering(), replace(HEARD, loudness_lufs=lufs, peak_dbtp=peak))
    assert (following and following.gain_db, following and following.limit_dbfs) == (
        pytest.approx(gain) if gain else None,
        pytest.approx(limit) if limit else None,
    )


def test_another_setting_is_another_recipe() -> None:
    """Every setting counts, also one that stands at its default today."""
    base = Mastering()
    changed = [
        replace(base, loudness_lufs=-19.0),
        replace(base, peak_dbtp=-2.0),
        replace(base, rate_hz=48000),
        replace(base, bitrate_mono_kbps=64),
        replace(base, trim_silence_s=0.0),
    ]
    identities = [recipe.identity(mastering) for mastering in (base, *changed)]
    assert len(set(identities)) == len(identities)


def test_silence_is_never_all_that_is_kept() -> None:
    """Trimming does not eat a recording."""
    assert edges.kept(HEARD, (60.0, 60.0), keep_s=0.5) == (0.0, 60.0)
    assert edges.kept(HEARD, (0.2, 3.0), keep_s=0.5) == (0.0, 57.5)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.aiff", ["-c:a", "pcm_s16be"]),
        ("a.m4a", ["-c:a", "aac"]),
        ("a.opus", ["-c:a", "libopus", "-ar", "48000"]),
        ("a.ogg", ["-c:a", "libvorbis"]),
        ("a.flac", []),
        ("a.mp3", ["-c:a", "libmp3lame"]),
        ("eight-bit.wav", ["-c:a", "pcm_u8", "-ar", "8000"]),
        ("float-at-192.wav", ["-c:a", "pcm_f32le", "-ar", "192000"]),
        ("surround.wav", ["-ac", "6"]),
    ],
)
def test_every_kind_of_recording_is_mastered(name: str, options: list[str], tmp_path: Path) -> None:
    """Containers, codecs, rates, depths and channels of the world all come out at the target, as 44.1 kHz MP3."""
    tone = write_tone(tmp_path / "in.wav", seconds=5, dbfs=-30)
    subprocess.run([FFMPEG.path, "-v", "error", "-i", tone, *options, tmp_path / name], check=True)
    made = mastered(tmp_path / name, tmp_path / "out.mp3")
    assert loudness(tmp_path / "out.mp3") == pytest.approx(-16, abs=0.5)
    assert made.duration_s == pytest.approx(5.0, abs=0.12)
    assert decoded(tmp_path / "out.mp3")[1] == 44100


def test_the_voice_in_the_middle_of_a_surround_recording_stays(tmp_path: Path) -> None:
    """Soft music left and right, a voice in the centre: it is the voice that listeners hear."""
    music, voice = (
        write_tone(tmp_path / f"{hz}.wav", seconds=5, hz=hz, dbfs=db) for hz, db in ((220, -40), (1000, -20))
    )
    graph = "[0]asplit=2[l][r];[l][r][1]join=inputs=3:channel_layout=3.0:map=0.0-FL|1.0-FR|2.0-FC[out]"
    inputs: list[str | Path] = ["-i", music, "-i", voice, "-filter_complex", graph, "-map", "[out]"]
    subprocess.run([FFMPEG.path, "-v", "error", *inputs, tmp_path / "in.wav"], check=True)
    mastered(tmp_path / "in.wav", tmp_path / "out.mp3")
    samples, rate = decoded(tmp_path / "out.mp3")
    spectrum = numpy.abs(numpy.fft.rfft(samples[:, 0]))
    heard = [20 * numpy.log10(spectrum[round(hz * len(samples) / rate) - 9 :][:19].max()) for hz in (1000, 220)]
    assert heard[0] - heard[1] > 10


WHOLE = [
    ("a.wav", []),
    ("a.aiff", ["-c:a", "pcm_s16be"]),
    ("a.flac", []),
    ("a.mp3", ["-c:a", "libmp3lame"]),
    ("a.ogg", ["-c:a", "libvorbis"]),
    ("a.opus", ["-c:a", "libopus", "-ar", "48000"]),
    ("a.m4a", ["-c:a", "aac"]),
]


@pytest.mark.parametrize(("name", "options"), WHOLE)
@pytest.mark.parametrize("part", [0.5, 0.97])
def test_half_a_file_is_not_taken_for_a_whole_one(name: str, options: list[str], part: float, tmp_path: Path) -> None:
    """A copy that was cut off decodes without a word; what its container promises tells. The whole file is fine."""
    tone = write_tone(tmp_path / "in.wav", seconds=40)
    subprocess.run([FFMPEG.path, "-v", "error", "-i", tone, *options, tmp_path / name], check=True)
    assert mastered(tmp_path / name, tmp_path / "out.mp3").duration_s == pytest.approx(40, abs=0.12)
    body = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(body[: int(len(body) * part)])
    with pytest.raises(AudioError, match=r"not complete|cannot be read"):
        mastered(tmp_path / name, tmp_path / "out.mp3")


def test_only_the_end_of_an_ogg_stream_is_its_end(tmp_path: Path) -> None:
    """A last page that is marked in another way (here: as continuing a packet) leaves the stream unfinished."""
    options = ["-c:a", "libopus", "-ar", "48000"]
    tone = write_tone(tmp_path / "in.wav", seconds=3)
    subprocess.run([FFMPEG.path, "-v", "error", "-i", tone, *options, tmp_path / "in.opus"], check=True)
    body = bytearray((tmp_path / "in.opus").read_bytes())
    assert not whole.cut_off(tmp_path / "in.opus", "ogg")
    body[body.rfind(b"OggS") + 5] = 1
    (tmp_path / "in.opus").write_bytes(body)
    assert whole.cut_off(tmp_path / "in.opus", "ogg")


def test_a_recording_of_unknown_length_is_whole(tmp_path: Path) -> None:
    """Recorders that stream write a size of nothing or of everything into their header."""
    body = bytearray(write_tone(tmp_path / "in.wav", seconds=3).read_bytes())
    for size in (b"\0\0\0\0", b"\xff\xff\xff\xff"):
        body[4:8] = size
        (tmp_path / "in.wav").write_bytes(body)
        assert mastered(tmp_path / "in.wav", tmp_path / "out.mp3").duration_s == pytest.approx(3, abs=0.12)


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "too short to have a loudness"), (0.0, "no sound comes out")])
def test_too_little_is_told(seconds: float, said: str, tmp_path: Path) -> None:
    """A file that was cut off in the export."""
    with pytest.raises(AudioError, match=said):
        mastered(write_tone(tmp_path / "in.wav", seconds=seconds), tmp_path / "out.mp3")


def test_a_recording_that_changes_while_it_is_read_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old metadata never goes with new audio: a copy that was still under way is tried again later."""
    folder = write_episode(write_show(tmp_path), "01-een")

    def changing(*arguments: Any, **options: Any) -> str:
        if "libmp3lame" in arguments[1]:
            write_tone(folder / "audio.wav", seconds=3.0, hz=777)
        return ffmpeg.run(*arguments, **options)

    monkeypatch.setattr("pipeline.audio.encode.run", changing)
    with pytest.raises(AudioError, match="changed while it was being read"):
        delivered(tmp_path)
    assert not list((tmp_path / ".omroep").rglob("*.mp3"))


def script(path: Path, *lines: str) -> ffmpeg.Ffmpeg:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return ffmpeg.Ffmpeg(path=str(path), version="0")


def test_a_decoder_is_handed_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes over a decoder with a file finds no keys in its environment."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-key")
    told = ffmpeg.run(script(tmp_path / "env", "env >&2"), [], timeout_s=20)
    assert "PATH=" in told
    assert "canary-key" not in told


def test_a_hanging_decoder_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """After its time it is gone, its children too."""
    hanging = script(tmp_path / "hang", f"sleep 600 & echo $! > {tmp_path}/child", "sleep 600")
    with pytest.raises(ffmpeg.FfmpegError, match="took too long"):
        ffmpeg.run(hanging, [], timeout_s=0.5)
    child = (tmp_path / "child").read_text().strip()
    stat, deadline = Path(f"/proc/{child}/stat"), time.monotonic() + 20
    while stat.exists() and stat.read_text().split()[2] != "Z":
        assert time.monotonic() < deadline, "the child lives on"
        time.sleep(0.05)


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    """Half an hour takes no more than a minute does, give or take a fifth."""
    probe = (
        "import resource,sys; from tests.bench import job; from pathlib import Path;"
        "job(Path(sys.argv[1]), Path(sys.argv[2]));"
        "peak=lambda who: resource.getrusage(who).ru_maxrss;"
        "print(peak(resource.RUSAGE_CHILDREN) + peak(resource.RUSAGE_SELF))"
    )
    tone = write_tone(tmp_path / "tone.wav", seconds=10, rate=16000)
    peaks = []
    for minutes in (1, 30):
        long = tmp_path / f"{minutes}.wav"
        command: list[str | Path] = [
            FFMPEG.path,
            "-v",
            "error",
            "-stream_loop",
            "-1",
            "-i",
            tone,
            "-t",
            str(minutes * 60),
            long,
        ]
        subprocess.run(command, check=True)
        done = subprocess.run(
            [sys.executable, "-c", probe, long, tmp_path / "out.mp3"], capture_output=True, text=True, check=True
        )
        peaks.append(int(done.stdout))
    assert peaks[1] < 1.2 * peaks[0]
