"""Odd and hostile recordings: taken as they sound, or refused with a reason; nothing else is opened."""

import re
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import mutagen.id3
import numpy
import pytest

from pipeline.audio import ffmpeg, inspect, measure, whole
from pipeline.errors import AudioError
from tests import corpus
from tests.shows import write_tone
from tests.test_audio import FFMPEG, decoded, levels, loudness, mastered, script
from tests.tools import require

ID3 = b"ID3\x03\0\0\0\0\0\x14" + b"TIT2\0\0\0\x0a\0\0\0" + b"Titel".ljust(9, b"\0")


def converted(tone: Path, name: str, *options: str) -> Path:
    """`tone` as another file beside it."""
    made = tone.parent / name
    subprocess.run([FFMPEG.path, "-v", "error", "-y", "-i", tone, *options, made], check=True)
    return made


def wav(path: Path, samples: numpy.ndarray, *, kind: int = 1, rate: int = 44100, channels: int = 1) -> Path:
    """A WAV of samples as they are; `kind` is 1 for integers, 3 for floats."""
    width, body = samples.dtype.itemsize, samples.tobytes()
    shape = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * width, channels * width, 8 * width)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + shape + b"data" + struct.pack("<I", len(body)) + body
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    return path


def sine(seconds: float = 4, hz: float = 440, rate: int = 44100) -> numpy.ndarray:
    return 0.2 * numpy.sin(2 * numpy.pi * hz * numpy.arange(int(seconds * rate)) / rate)


# --- what is taken ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("24.wav", ["-c:a", "pcm_s24le"]),
        ("32.wav", ["-c:a", "pcm_s32le"]),
        ("64-float.wav", ["-c:a", "pcm_f64le"]),
        ("telephone.wav", ["-c:a", "pcm_alaw", "-ar", "8000"]),
        ("mu-law.wav", ["-c:a", "pcm_mulaw"]),
        ("adpcm.wav", ["-c:a", "adpcm_ms"]),
        ("384.wav", ["-ar", "384000"]),
        ("eight.wav", ["-ac", "8"]),
        ("rf64.wav", ["-rf64", "always"]),
        ("a.w64", []),
        ("a.caf", []),
        ("little-endian.aifc", ["-c:a", "pcm_s16le", "-f", "aiff"]),
        ("20.flac", ["-sample_fmt", "s32", "-bits_per_raw_sample", "20"]),
        ("broadcast.mp2", ["-c:a", "mp2"]),
        ("browser.webm", ["-c:a", "libopus", "-f", "webm", "-live", "1"]),
        ("a.mka", ["-c:a", "flac"]),
        ("a.wma", ["-c:a", "wmav2"]),
        ("phone.3gp", ["-c:a", "aac"]),
        ("phone.amr", ["-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1", "-b:a", "12.2k"]),
    ],
)
def test_what_recorders_phones_and_browsers_write_is_taken(name: str, options: list[str], tmp_path: Path) -> None:
    """Every depth, law, rate and container that a producer may have comes out at the target, whole."""
    tone = write_tone(tmp_path / "in.wav", seconds=3)
    made = mastered(converted(tone, name, *options), tmp_path / "out.mp3")
    assert loudness(tmp_path / "out.mp3") == pytest.approx(-16, abs=0.5)
    assert made.duration_s == pytest.approx(3.0, abs=0.12)


def test_of_a_film_the_sound_is_taken(tmp_path: Path) -> None:
    """Picture and second track are left out, and that is said; sound that begins late is not cut at its end."""
    first, second = (write_tone(tmp_path / f"{hz}.wav", seconds=4, hz=hz) for hz in (440, 900))
    film = ["-f", "lavfi", "-i", "testsrc=d=5:s=64x48:r=5", "-itsoffset", "1", "-i", str(first), "-i", str(second)]
    maps = ["-map", "0", "-map", "1", "-map", "2", "-c:v", "mjpeg", "-c:a", "pcm_s16le", str(tmp_path / "film.mov")]
    subprocess.run([FFMPEG.path, "-v", "error", *film, *maps], check=True)
    made = mastered(tmp_path / "film.mov", tmp_path / "out.mp3")
    assert "of 2 tracks of sound the first was taken" in made.done
    assert made.duration_s == pytest.approx(4.0, abs=0.05)
    samples, rate = decoded(tmp_path / "out.mp3")
    heard = numpy.argmax(numpy.abs(numpy.fft.rfft(samples[-rate:, 0])))
    assert heard == pytest.approx(440, abs=5)
    assert numpy.abs(samples[-rate // 4 :, 0]).max() > 0.05


def test_a_gap_in_the_timestamps_loses_nothing(tmp_path: Path) -> None:
    """A recorder that paused leaves a hole in its clock, not in what is delivered."""
    tone = write_tone(tmp_path / "in.wav", seconds=6)
    paused = converted(tone, "paused.mka", "-af", "asetpts='PTS+if(gte(T,2),3/TB,0)'", "-c:a", "flac")
    assert mastered(paused, tmp_path / "out.mp3").duration_s == pytest.approx(6.0, abs=0.05)
    samples, rate = decoded(tmp_path / "out.mp3")
    assert numpy.abs(samples[-rate // 4 :, 0]).max() > 0.05


def test_every_channel_of_a_surround_recording_is_heard(tmp_path: Path) -> None:
    """5.1 with another tone in each channel: left, right, centre and back are all there, each on its side."""
    tones = {"FL": 300, "FR": 500, "FC": 700, "LFE": 60, "BL": 1100, "BR": 1300}
    files = [write_tone(tmp_path / f"{name}.wav", seconds=3, hz=hz) for name, hz in tones.items()]
    inputs = [word for file in files for word in ("-i", str(file))]
    maps = "|".join(f"{place}.0-{name}" for place, name in enumerate(tones))
    graph = ["-filter_complex", f"join=inputs=6:channel_layout=5.1:map={maps}", str(tmp_path / "in.wav")]
    subprocess.run([FFMPEG.path, "-v", "error", *inputs, *graph], check=True)
    mastered(tmp_path / "in.wav", tmp_path / "out.mp3")
    samples, rate = decoded(tmp_path / "out.mp3")
    spectra = numpy.abs(numpy.fft.rfft(samples[rate : 2 * rate], axis=0))

    def heard(side: int) -> set[str]:
        loud = spectra[:, side].max() / 10
        return {name for name, hz in tones.items() if spectra[hz - 2 : hz + 3, side].max() > loud}

    assert (heard(0), heard(1)) == ({"FL", "FC", "BL"}, {"FR", "FC", "BR"})


@pytest.mark.parametrize("odd", [numpy.nan, numpy.inf, -numpy.inf])
def test_what_is_no_number_spoils_nothing_after_it(odd: float, tmp_path: Path) -> None:
    """A plug-in's NaN in a 32-bit float file does not silence the rest; peaks over full scale are brought down."""
    samples = (sine() * 20).astype("<f4")
    samples[44100:44103] = odd
    mastered(wav(tmp_path / "in.wav", samples, kind=3), tmp_path / "out.mp3")
    heard, rate = decoded(tmp_path / "out.mp3")
    seconds = [float(numpy.sqrt(numpy.mean(heard[at * rate : (at + 1) * rate] ** 2))) for at in range(4)]
    assert min(seconds) > 0.9 * max(seconds)


@pytest.mark.parametrize("sizes", [(0, 0), (36, 0), (2**32 - 1, 2**32 - 1), (0x7FFFF024, 0x7FFFF000)])
def test_sizes_that_were_never_filled_in_are_no_loss(sizes: tuple[int, int], tmp_path: Path) -> None:
    """What recorders that lost power and programs that write into a pipe leave in RIFF and data chunk."""
    body = bytearray(wav(tmp_path / "in.wav", (sine(3) * 32767).astype("<i2")).read_bytes())
    body[4:8], body[40:44] = (struct.pack("<I", size) for size in sizes)
    (tmp_path / "in.wav").write_bytes(body)
    assert mastered(tmp_path / "in.wav", tmp_path / "out.mp3").duration_s == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize("footer", [b"", b"3DI\x04\0\x10\0\0\0\x00"])
def test_tags_in_front_do_not_hide_what_a_file_is(footer: bytes, tmp_path: Path) -> None:
    """Two ID3 tags, or one with a footer, in front of FLAC: it is opened as FLAC, and its promise is read."""
    tone = write_tone(tmp_path / "in.wav", seconds=3)
    tag = b"ID3\x04\0\x10" + ID3[6:] + footer if footer else ID3 + ID3
    source = converted(tone, "in.flac")
    source.write_bytes(tag + source.read_bytes())
    assert ffmpeg.container(source) == "flac"
    assert whole.promised_s(source, "flac", 44100) == pytest.approx(3.0, abs=0.01)


def test_ten_megabytes_of_hostile_tags_are_passed_by(tmp_path: Path) -> None:
    """Format strings, escapes, other programs' words and binary, in a tag far larger than the sound."""
    source = converted(write_tone(tmp_path / "in.wav", seconds=3), "in.mp3")
    tag, hostile = mutagen.id3.ID3(), "%s%n{0}$HOME`id`\x1b[31m\n[in#0/mp3 @ 0x1] Error during demuxing: x\n"
    tag.add(mutagen.id3.TXXX(encoding=3, desc="merk", text=[hostile * 150_000]))
    tag.add(mutagen.id3.GEOB(encoding=0, mime="", filename="/home/ria", desc="", data=bytes(range(256)) * 4000))
    tag.save(source)
    assert source.stat().st_size > 10_000_000
    assert mastered(source, tmp_path / "out.mp3").duration_s == pytest.approx(3.0, abs=0.12)
    body = (tmp_path / "out.mp3").read_bytes()
    assert len(body) < 50_000
    assert b"$HOME" not in body
    assert b"ria" not in body


# --- what is refused --------------------------------------------------------------------------------------------------


def test_of_a_chain_of_ogg_files_all_is_taken_or_none(tmp_path: Path) -> None:
    """Two streams one after the other are one recording; where the second has other channels, ffmpeg stops unasked."""
    one = write_tone(tmp_path / "one.wav", seconds=3)
    two = write_tone(tmp_path / "two.wav", seconds=4, channels=2)
    parts = [converted(file, f"{file.stem}.ogg", "-c:a", "libvorbis").read_bytes() for file in (one, two)]
    (tmp_path / "same.ogg").write_bytes(parts[0] + parts[0])
    assert mastered(tmp_path / "same.ogg", tmp_path / "out.mp3").duration_s == pytest.approx(6.0, abs=0.05)
    (tmp_path / "other.ogg").write_bytes(parts[0] + parts[1])
    with pytest.raises(AudioError, match="a part of it is damaged"):
        mastered(tmp_path / "other.ogg", tmp_path / "out.mp3")


def test_sound_that_changes_its_shape_midway_is_refused(tmp_path: Path) -> None:
    """Of two MP3s glued together, one mono and one stereo, only the end would have been measured."""
    one, two = (write_tone(tmp_path / f"{count}.wav", seconds=3, channels=count) for count in (1, 2))
    bare = ["-write_xing", "0", "-id3v2_version", "0"]
    parts = [converted(file, f"{file.stem}.mp3", *bare).read_bytes() for file in (one, two)]
    (tmp_path / "in.mp3").write_bytes(b"".join(parts))
    with pytest.raises(AudioError, match="halfway it changes to 44100 Hz, stereo"):
        mastered(tmp_path / "in.mp3", tmp_path / "out.mp3")


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    """And what is said is that."""
    film = ["-f", "lavfi", "-i", "testsrc=d=1:s=64x48:r=5", "-c:v", "mjpeg", str(tmp_path / "in.mov")]
    subprocess.run([FFMPEG.path, "-v", "error", *film], check=True)
    with pytest.raises(AudioError, match="there is no sound in it"):
        mastered(tmp_path / "in.mov", tmp_path / "out.mp3")


HALVED = [
    ("a.w64", []),
    ("a.caf", []),
    ("rf64.wav", ["-rf64", "always"]),
    ("front.m4a", ["-c:a", "aac", "-movflags", "+faststart"]),
    ("a.mka", ["-c:a", "flac"]),
    ("a.webm", ["-c:a", "libopus"]),
    ("a.wma", ["-c:a", "wmav2"]),
]


@pytest.mark.parametrize(("name", "options"), HALVED)
def test_half_of_it_is_not_taken_for_a_whole(name: str, options: list[str], tmp_path: Path) -> None:
    """Whatever container tells where it ends is believed, also where ffmpeg decodes half of it without a word."""
    source = converted(write_tone(tmp_path / "in.wav", seconds=5), name, *options)
    assert not whole.cut_off(source, ffmpeg.container(source))
    body = source.read_bytes()
    for part in (0.5, 0.97):
        source.write_bytes(body[: int(len(body) * part)])
        with pytest.raises(AudioError, match="not complete"):
            inspect.probe(FFMPEG, source, name)


def test_where_an_mp3_counts_its_frames_is_found(tmp_path: Path) -> None:
    """Behind junk, in mono and stereo, in MPEG-2, and in Fraunhofer's own header."""
    for rate, channels in ((44100, 1), (44100, 2), (22050, 1), (22050, 2)):
        tone = write_tone(tmp_path / "in.wav", seconds=3, rate=rate, channels=channels)
        source = converted(tone, "in.mp3", "-q:a", "5", "-id3v2_version", "0")
        source.write_bytes(b"\0" * 64 + source.read_bytes())
        assert whole.promised_s(source, "mp3", rate) == pytest.approx(3.0, abs=0.12)
    vbri = bytes.fromhex("fffb9064") + bytes(32) + b"VBRI" + bytes(10) + (1000).to_bytes(4, "big")
    (tmp_path / "vbri.mp3").write_bytes(vbri + bytes(400))
    assert whole.promised_s(tmp_path / "vbri.mp3", "mp3", 44100) == pytest.approx(1000 * 1152 / 44100)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("bare.mp3", ["-write_xing", "0", "-b:a", "128k"]),
        ("a.aac", ["-c:a", "aac"]),
        ("stream.webm", ["-c:a", "libopus", "-live", "1"]),
    ],
)
def test_what_does_not_tell_its_length_is_taken_as_it_is(name: str, options: list[str], tmp_path: Path) -> None:
    """A stream without a length, cut in half, cannot be told from a shorter one: docs/producers.md says so."""
    source = converted(write_tone(tmp_path / "in.wav", seconds=6), name, *options)
    body = source.read_bytes()
    source.write_bytes(body[: len(body) // 2])
    assert mastered(source, tmp_path / "out.mp3").duration_s == pytest.approx(3.0, abs=0.6)


# --- work is bounded --------------------------------------------------------------------------------------------------


def test_a_day_of_silence_is_refused_at_once(tmp_path: Path) -> None:
    """A small file that decodes to 24 hours is not decoded to find out."""
    silence = ["-f", "lavfi", "-i", "anullsrc=r=1000:cl=mono:d=86400", "-c:a", "flac", "-frame_size", "65535"]
    subprocess.run([FFMPEG.path, "-v", "error", *silence, tmp_path / "in.flac"], check=True)
    assert (tmp_path / "in.flac").stat().st_size < 100_000
    with pytest.raises(AudioError, match="says that it lasts 24:00:00; the longest that is taken is 12:00:00"):
        inspect.probe(FFMPEG, tmp_path / "in.flac", "in.flac")


def test_what_is_longer_than_it_says_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoding ends soon after the longest time there may be, whatever is still to come."""
    tone = write_tone(tmp_path / "in.wav", seconds=10)
    source = converted(tone, "in.webm", "-c:a", "libopus", "-live", "1")  # says no length
    for module in (inspect, measure):
        monkeypatch.setattr(module, "LONGEST_S", 4.0)
    monkeypatch.setattr(measure, "_BUMPERS_S", 1.0)
    heard = levels(source)
    assert heard.duration_s == 5.0
    with pytest.raises(AudioError, match="is longer than it says; the longest that is taken is 0:04"):
        mastered(source, tmp_path / "out.mp3")


def test_a_header_that_claims_47_hours_is_not_believed(tmp_path: Path) -> None:
    """In FLAC it is too long; in WAV the file is too short for it."""
    source = converted(write_tone(tmp_path / "in.wav", seconds=2), "in.flac")
    body = bytearray(source.read_bytes())
    body[21:26] = (int.from_bytes(body[21:26], "big") >> 36 << 36 | 47 * 3600 * 44100).to_bytes(5, "big")
    source.write_bytes(body)
    with pytest.raises(AudioError, match="says that it lasts 47:00:00"):
        inspect.probe(FFMPEG, source, "in.flac")
    body = bytearray((tmp_path / "in.wav").read_bytes())
    body[4:8], body[40:44] = struct.pack("<I", 0xF0000024), struct.pack("<I", 0xF0000000)
    (tmp_path / "in.wav").write_bytes(body)
    with pytest.raises(AudioError, match="not complete"):
        inspect.probe(FFMPEG, tmp_path / "in.wav", "in.wav")


def test_a_talkative_decoder_is_heard_to_the_end_and_not_kept(tmp_path: Path) -> None:
    """Of megabytes of complaints the last are kept; what makes the work worthless is noticed when it passes."""
    talk = f'for i in $(seq 20000); do echo "{"x" * 100}" >&2; done'
    told = ffmpeg.run(script(tmp_path / "talk", talk, "echo last >&2"), [], timeout_s=60)
    assert len(told) == 1 << 18
    assert told.endswith("last\n")
    broken = "echo '[in#0/ogg @ 0x1] Error during demuxing: x' >&2"
    with pytest.raises(ffmpeg.FfmpegError, match="a part of it is damaged"):
        ffmpeg.run(script(tmp_path / "broken", talk, broken, talk), [], timeout_s=60)
    tag = "echo '    comment         : [in#0/ogg @ 0x1] Error during demuxing: x' >&2"
    assert ffmpeg.run(script(tmp_path / "tag", tag, "echo done >&2"), [], timeout_s=60) == "done\n"


# --- nothing else is opened -------------------------------------------------------------------------------------------


def playlists(other: str) -> dict[str, str]:
    """Files that are nothing but the name of another."""
    hls = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:3.0,\n{0}\n#EXT-X-ENDLIST\n"
    mpd = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
        '<AdaptationSet mimeType="audio/mp4"><Representation id="1"><BaseURL>{0}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    )
    texts = {
        "m3u": "#EXTM3U\n#EXTINF:3,titel\n{0}\n",
        "hls": hls,
        "ffconcat": "ffconcat version 1.0\nfile '{0}'\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 96\n"
        "a=rtpmap:96 L16/8000\na=control:{0}\n",
        "mpd": mpd,
        "pls": "[playlist]\nFile1={0}\nNumberOfEntries=1\nVersion=2\n",
        "asx": '<asx version="3.0"><entry><ref href="{0}"/></entry></asx>',
    }
    return {name: text.format(other) for name, text in texts.items()}


def opened_by(run: Callable[[ffmpeg.Ffmpeg], object], folder: Path) -> str:
    """Every path that ffmpeg asked the system for, as strace saw it."""
    require(subprocess.run(["which", "strace"], capture_output=True).returncode == 0, "strace is not installed")
    log = folder / "strace.log"
    spied = script(folder / "spied", f'exec strace -f -A -s 300 -o {log} -e trace=%file,%network {FFMPEG.path} "$@"')
    log.write_text("")
    run(spied)
    return log.read_text()


@pytest.mark.parametrize("kind", sorted(playlists("")))
def test_a_playlist_in_disguise_opens_nothing(kind: str, tmp_path: Path) -> None:
    """Named as a recording, also behind an ID3 tag or the first bytes of one: only the file itself is opened."""
    other = write_tone(tmp_path / "geheim.wav", seconds=3)
    text = playlists(other.name)[kind].encode()
    files = [tmp_path / f"lijst.{suffix}" for suffix in ("mp3", "wav", "m4a")] + [tmp_path / "tag.mp3"]
    for file in files:
        file.write_bytes((ID3 if file.stem == "tag" else b"") + text)

    def probed(spied: ffmpeg.Ffmpeg) -> None:
        for file in files:
            with pytest.raises(AudioError, match="cannot be read"):
                inspect.probe(spied, file, file.name)

    seen = opened_by(probed, tmp_path)
    assert all(str(file) in seen for file in files)
    assert "geheim" not in seen
    assert "AF_INET" not in seen


def test_a_playlist_would_be_opened_by_plain_ffmpeg(tmp_path: Path) -> None:
    """The disguise is one that works: without our arguments the other file is opened."""
    other = write_tone(tmp_path / "geheim.wav", seconds=3)
    (tmp_path / "lijst.mp3").write_text(playlists(other.name)["ffconcat"])
    plain = ["-i", str(tmp_path / "lijst.mp3"), "-f", "null", "-"]
    assert "geheim" in opened_by(lambda spied: ffmpeg.run(spied, plain, timeout_s=60), tmp_path)


def grown(body: bytes, path: tuple[bytes, ...], entry: bytes) -> bytes:
    """A QuickTime file whose box at `path` holds `entry` in place of what it held."""
    kind, at = path[0], 0
    while body[at + 4 : at + 8] != kind:
        at += int.from_bytes(body[at : at + 4], "big")
    end = at + int.from_bytes(body[at : at + 4], "big")
    inner = grown(body[at + 8 : end], path[1:], entry) if path[1:] else entry
    return body[:at] + struct.pack(">I", len(inner) + 8) + kind + inner + body[end:]


def elsewhere(path: str) -> bytes:
    """What `dref` holds to say that the sound is in another file (QuickTime's alias, its record 2 an absolute path)."""
    name = path.encode() + b"\0" * (len(path) % 2)
    alias = bytes(10) + b"\1" + b"/".ljust(27, b"\0") + bytes(12) + b"\1" + b"x".ljust(63, b"\0") + bytes(16)
    alias += struct.pack(">HH", 1, 1) + bytes(16) + struct.pack(">HH", 2, len(name)) + name + b"\xff\xff\0\0"
    return struct.pack(">II", 0, 1) + struct.pack(">I", len(alias) + 12) + b"alis" + bytes(4) + alias


def test_a_reference_to_sound_in_another_file_is_not_followed(tmp_path: Path) -> None:
    """QuickTime can say that its samples lie elsewhere; ffmpeg follows that only when asked, and we do not ask."""
    other = write_tone(tmp_path / "geheim.wav", seconds=3)
    source = converted(write_tone(tmp_path / "in.wav", seconds=3), "in.mov", "-c:a", "pcm_s16le")
    path = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")
    source.write_bytes(grown(source.read_bytes(), path, elsewhere(str(other))))

    def probed(spied: ffmpeg.Ffmpeg) -> None:
        with pytest.raises(AudioError, match="no sound comes out of it"):
            inspect.probe(spied, source, source.name)

    assert "geheim" not in opened_by(probed, tmp_path)
    asked = ["-enable_drefs", "1", "-use_absolute_path", "1", "-i", str(source), "-f", "null", "-"]
    assert "geheim" in opened_by(lambda spied: ffmpeg.run(spied, asked, timeout_s=60), tmp_path)


# --- the rig of `make corpus` -----------------------------------------------------------------------------------------


def test_the_real_program_takes_or_refuses_odd_files(tmp_path: Path) -> None:
    """As `make corpus` does with whole folders: here a few made-up files, and some of mutagen's where they are."""
    tone = write_tone(tmp_path / "in.wav", seconds=2)
    tagged = converted(tone, "tagged.m4a", "-c:a", "aac", "-metadata", "artist=ZOOM H5 van Ria")
    half = converted(tone, "half.flac")
    half.write_bytes(half.read_bytes()[:-5000])
    (tmp_path / "tekst.mp3").write_text("Dit is geen geluid.\n" * 50)
    assert corpus.tags(tagged) >= {"ZOOM H5 van Ria"}
    verdicts = [corpus.tried(file) for file in (tagged, half, tmp_path / "tekst.mp3")]
    assert [each.kind for each in verdicts] == ["accepted", "refused", "refused"], verdicts
    with corpus.cache() as cache:
        more = [corpus.tried(file) for file in corpus.files(corpus.mutagens_place(cache))[:6]]
    assert not [each for each in more if each.kind == "VIOLATION"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["echo Traceback >&2", "exit 1"], "status 1"),
        (["echo '{\"problems\": []}'", "exit 4"], "without a problem"),
        (["sleep 60 $5/opname & sleep 60"], "not done after"),
        (["kill -SEGV $$"], "status -11"),
        (["touch $TMPDIR/rest", "echo '{\"problems\": []}'", "exit 4"], "left behind: rest"),
        (["sleep 60 > /dev/null 2>&1 & exit 4"], "left running"),
    ],
)
def test_the_rig_sees_what_is_wrong(
    lines: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash, a hang, silence, litter, and a process that is left: each is a violation."""
    fake = script(tmp_path / "omroep", *lines)
    monkeypatch.setattr(corpus, "_OMROEP", Path(fake.path))
    monkeypatch.setattr(corpus, "MOST_S", 2.0)
    verdict = corpus.tried(write_tone(tmp_path / "in.wav", seconds=0.1))
    assert (verdict.kind, re.search(re.escape(said), verdict.why) is not None) == ("VIOLATION", True), verdict
