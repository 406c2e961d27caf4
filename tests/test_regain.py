"""Keeping an MP3's own frames: another level is exact, nothing else changes, and what cannot be kept says why."""

import subprocess
import tempfile
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import miniaudio
import mutagen.apev2
import mutagen.id3
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.mp3 import MP3, BitrateMode
from mutagen.mp3._util import XingHeader

from pipeline.audio import frames, inspect, measure, recipe, regain, route
from pipeline.audio.balance import Balance
from pipeline.audio.frames import NotFrames, Stream
from pipeline.audio.master import Master, master
from pipeline.audio.measure import Levels
from pipeline.audio.spots import Take
from pipeline.model import Mastering
from tests.shows import write_episode, write_show, write_tone
from tests.test_audio import FFMPEG, delivered, loudness, mastered, recording

STEP = 2 ** (1 / 4)
PLAIN = ("-b:a", "128k", "-id3v2_version", "0")
BARE = (*PLAIN, "-write_xing", "0")
MARK = b"ZOOM H5 van Ria"


def speech(seconds: float, *, rate: int, channels: int, level: float = 0.15) -> numpy.ndarray:
    """Syllables of noise and tone, other ones left and right, with hard beginnings and half a second of nothing."""
    rng = numpy.random.default_rng(7)
    at = numpy.arange(int(seconds * rate)) / rate
    voice = numpy.sin(2 * numpy.pi * 180 * at) + 0.5 * numpy.sin(2 * numpy.pi * 1230 * at)
    sounds = [voice + side * rng.normal(0, 0.4, len(at)) for side in (0.6, 1.0)[:channels]]
    syllables = (at * 4 % 1 < 0.7) * (1 - at * 4 % 1)
    pause = (at < 1.0) | (at > 1.5)
    return numpy.stack([level * sound * syllables * pause for sound in sounds], axis=1)


def encode(sound: numpy.ndarray, rate: int, target: Path, *options: str) -> Path:
    """LAME's, by ffmpeg, from 32-bit floats."""
    shape = ["-f", "f32le", "-ar", str(rate), "-ac", str(sound.shape[1])]
    command = [FFMPEG.path, "-v", "error", "-y", *shape, "-i", "pipe:0", *options, f"file:{target}"]
    subprocess.run(command, input=sound.astype("<f4").tobytes(), check=True)
    return target


@lru_cache
def encoded(
    channels: int = 2, rate: int = 44100, seconds: float = 3.0, options: Sequence[str] = ("-b:a", "128k")
) -> bytes:
    """The bytes of an MP3 of `speech`."""
    with tempfile.TemporaryDirectory() as folder:
        sound = speech(seconds, rate=rate, channels=channels)
        return encode(sound, rate, Path(folder) / "x.mp3", *options).read_bytes()


def by_ffmpeg(path: Path) -> numpy.ndarray:
    command: list[str | Path] = [FFMPEG.path, "-v", "error", "-i", path, "-f", "f32le", "-c:a", "pcm_f32le", "-"]
    return numpy.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, "<f4").astype(float)


def by_minimp3(path: Path) -> numpy.ndarray:
    return numpy.frombuffer(miniaudio.mp3_read_file_f32(str(path)).samples, "<f4").astype(float)


Decoder = Callable[[Path], numpy.ndarray]
DECODERS = pytest.mark.parametrize("decode", [by_ffmpeg, by_minimp3])
ROUNDING: dict[Decoder, float] = {by_ffmpeg: 5e-7, by_minimp3: 1.2 / 32768}
"""By which a decoder's samples are off: single precision; 16 bits, not always rounded to the nearest."""


def walked(path: Path, stream: Stream) -> list[bytes]:
    with path.open("rb") as file:
        return list(frames.walk(file, stream.start))


def copied(body: bytes, folder: Path, steps: int) -> tuple[Path, Path]:
    """A file with `body`, and what we make of it."""
    source, target = folder / "in.mp3", folder / "out.mp3"
    source.write_bytes(body)
    regain.copy(source, frames.stream(source), target, steps=steps)
    return source, target


KINDS = [
    (channels, rate, ("-b:a", f"{kbps}k", *more))
    for channels, rate, kbps, more in [
        (1, 44100, 64, ()),
        (1, 48000, 96, ()),
        (2, 44100, 128, ()),
        (2, 44100, 128, ("-joint_stereo", "0")),
        (2, 48000, 64, ()),
        (2, 44100, 192, ("-reservoir", "0")),
        (2, 48000, 320, ()),
        (2, 44100, 128, ("-write_xing", "0")),
    ]
]


@DECODERS
@pytest.mark.parametrize("steps", [-7, -1, 2])
@pytest.mark.parametrize(("channels", "rate", "options"), KINDS)
def test_a_step_is_exact(
    channels: int, rate: int, options: Sequence[str], steps: int, decode: Decoder, tmp_path: Path
) -> None:
    """By two decoders: n steps are n times 1.505 dB, and no sample is off by more than rounding."""
    source, target = copied(encoded(channels, rate, options=options), tmp_path, steps)
    before, after = decode(source), decode(target)
    assert len(after) == len(before) > 2 * rate * channels
    gain = 20 * numpy.log10(numpy.sqrt(numpy.mean(after**2) / numpy.mean(before**2)))
    assert gain == pytest.approx(steps * 1.50515, abs=0.002)
    assert numpy.abs(after - before * STEP**steps).max() <= ROUNDING[decode] * (1 + STEP**steps)


@DECODERS
@pytest.mark.parametrize(("channels", "rate", "options"), KINDS)
def test_untouched_is_untouched(
    channels: int, rate: int, options: Sequence[str], decode: Decoder, tmp_path: Path
) -> None:
    """Every sample that decodes is the one that decoded before, and every frame is the same bytes."""
    source, target = copied(encoded(channels, rate, options=options), tmp_path, 0)
    assert numpy.array_equal(decode(source), decode(target))
    assert walked(source, frames.stream(source)) == walked(target, frames.stream(target))
    stream = MP3(target).info
    assert stream is not None
    assert (stream.bitrate_mode, stream.sketchy, stream.channels) == (BitrateMode.CBR, False, channels)
    assert round(stream.length * rate) * channels == len(by_ffmpeg(target))


GAIN_BITS = {1: (39, 98), 2: (41, 100, 159, 218)}
"""Where ISO 11172-3, 2.4.1.7 puts global_gain: behind 9 + 5 + 4 (9 + 3 + 8) bits, each 21 bits into its 59."""


@pytest.mark.parametrize(("channels", "rate", "options"), KINDS)
def test_only_gains_differ(channels: int, rate: int, options: Sequence[str], tmp_path: Path) -> None:
    """Bit for bit, whatever is not a global gain stands as it stood."""
    source, target = copied(encoded(channels, rate, options=options), tmp_path, -2)
    mask = (1 << 8 * (36 if channels == 2 else 21)) - 1
    for bit in GAIN_BITS[channels]:
        mask &= ~(255 << 8 * (36 if channels == 2 else 21) - 32 - bit - 8)
    old, new = (walked(path, frames.stream(path)) for path in (source, target))
    assert len(old) == len(new)
    size = 36 if channels == 2 else 21
    for before, after in zip(old, new, strict=True):
        assert before[size:] == after[size:]
        assert int.from_bytes(before[:size], "big") & mask == int.from_bytes(after[:size], "big") & mask


@given(
    side=st.binary(min_size=32, max_size=32),
    silent=st.sets(st.integers(0, 3)),
    mono=st.booleans(),
    protected=st.booleans(),
    steps=st.integers(-30, 30),
)
def test_every_field_but_the_gains_survives(
    side: bytes, silent: set[int], mono: bool, protected: bool, steps: int
) -> None:
    """For any side information: read as text of ones and zeros, only gains of what is not empty have moved."""
    head = bytes([0xFF, 0xFA if protected else 0xFB, 0x90, 0xC4 if mono else 0x44])
    begin = head + (b"cc" if protected else b"")
    channels, size = (1, 17) if mono else (2, 32)
    empty = int.from_bytes(side[:size], "big")
    for bit in [bit for place, bit in enumerate(GAIN_BITS[channels]) if place in silent]:
        empty &= ~(0xFFF << 8 * size - (bit - 21) - 12)  # part2_3_length, the first of a granule's fields
    frame = (begin + empty.to_bytes(size, "big")).ljust(417, b"m")
    found = frames.header(head)
    assert found
    assert (found.channels, found.protected, found.length) == (channels, protected, 417)

    def bits(of: bytes) -> str:
        return f"{int.from_bytes(of[len(begin) : len(begin) + size], 'big'):0{8 * size}b}"

    want = list(bits(frame))
    for bit in GAIN_BITS[channels]:
        gain, length = int("".join(want[bit : bit + 8]), 2), int("".join(want[bit - 21 : bit - 9]), 2)
        if gain + steps > 255:
            return  # refused before it comes to this
        want[bit : bit + 8] = f"{max(0, gain + steps) if length else gain:08b}"
    made = frames.shifted(frame, steps)
    assert bits(made) == "".join(want)
    assert (made[:4], made[len(begin) + size :]) == (head, frame[len(begin) + size :])


@pytest.mark.parametrize("name", [b"LAME", b"Lavf", b"Lavc", b"Blad", b"\0\0\0\0"])
def test_delays_count_where_decoders_believe_them(name: bytes, tmp_path: Path) -> None:
    """Of encoders that decoders do not know, nothing is taken off at the ends, before and after."""
    body = bytearray(encoded(options=PLAIN))
    assert body[156:160] == b"Lavc"
    body[156:160] = name
    source, target = copied(bytes(body), tmp_path, 0)
    assert numpy.array_equal(by_ffmpeg(source), by_ffmpeg(target))


# --- check sums -------------------------------------------------------------------------------------------------------


def protected(body: bytes, folder: Path) -> bytes:
    """The same sound with a check sum in each frame, in place of two bytes of stuffing at the frame's end."""
    (folder / "plain.mp3").write_bytes(body)
    made = b""
    for frame in walked(folder / "plain.mp3", frames.stream(folder / "plain.mp3")):
        side = f"{int.from_bytes(frame[4:21], 'big'):0136b}"
        used = sum(int(side[start : start + 12], 2) for start in (18, 77))
        assert int(side[:9], 2) == 0, "it borrows from the frame before"
        assert 8 * 21 + used <= 8 * (len(frame) - 2), "there is no room for a check sum"
        head = bytes([frame[0], frame[1] & 0xFE, *frame[2:4]])
        made += head + theirs(head[2:] + frame[4:21]) + frame[4:-2]
    return made


def theirs(body: bytes) -> bytes:
    """CRC-16 by long division, as ISO 11172-3, 2.4.3.1 draws it."""
    register = 0xFFFF
    for bit in f"{int.from_bytes(body, 'big'):0{8 * len(body)}b}":
        carry = (register >> 15) ^ int(bit)
        register = (register << 1) & 0xFFFF ^ (0x8005 if carry else 0)
    return register.to_bytes(2, "big")


@pytest.mark.parametrize(("kbps", "told"), [(128, 128), (256, 255), (320, 255)])
def test_the_info_frame_tells_the_bitrate(kbps: int, told: int, tmp_path: Path) -> None:
    """As LAME writes it, and as mutagen reads it: above 255 it says 255."""
    _, target = copied(encoded(options=("-b:a", f"{kbps}k")), tmp_path, 0)
    frame = target.read_bytes()[:2000]
    lame = XingHeader(BytesIO(frame[frame.index(b"Info") :])).lame_header
    assert lame
    assert lame.bitrate == told


@pytest.mark.parametrize("steps", [-3, 0, 2])
def test_check_sums_hold(steps: int, tmp_path: Path) -> None:
    """A decoder that is told to look at them has nothing to say; spoil one and it has."""
    plain = encoded(1, 44100, options=("-b:a", "320k", "-reservoir", "0"))
    _, target = copied(protected(plain, tmp_path), tmp_path, steps)
    strict: list[str | Path] = [FFMPEG.path, "-v", "error", "-err_detect", "crccheck", "-i"]
    rest = ["-f", "null", "-"]
    assert subprocess.run([*strict, target, *rest], capture_output=True).stderr == b""
    body = bytearray(target.read_bytes())
    body[frames.stream(target).start + 4] ^= 1
    (tmp_path / "spoilt.mp3").write_bytes(body)
    assert b"CRC mismatch" in subprocess.run([*strict, tmp_path / "spoilt.mp3", *rest], capture_output=True).stderr
    before, after = by_minimp3(tmp_path / "in.mp3"), by_minimp3(target)
    assert numpy.abs(after - before * STEP**steps).max() <= ROUNDING[by_minimp3] * (1 + STEP**steps)


# --- what lies around the frames --------------------------------------------------------------------------------------


def v2(size: int = 200, *, footer: bool = False) -> bytes:
    length = bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])
    flags = b"\x10" if footer else b"\0"
    return b"ID3\x04\0" + flags + length + MARK.ljust(size, b"\0") + (b"3DI\x04\0" + flags + length if footer else b"")


V1 = b"TAG" + MARK.ljust(125, b"\0")
LYRICS = b"LYRICSBEGININD0000200EAL00015" + MARK + b"000044LYRICS200"


def ape(folder: Path) -> bytes:
    """As mutagen writes it."""
    tag = mutagen.apev2.APEv2()
    tag["Artist"] = MARK.decode()
    (folder / "tag").write_bytes(b"")
    tag.save(folder / "tag")
    return (folder / "tag").read_bytes()


def test_no_tag_of_the_source_survives(tmp_path: Path) -> None:
    """ID3v2.4 at either end, APEv2, Lyrics3, ID3v1, its enhanced form and padding: gone, and the sound is all there."""
    plain = encoded(options=("-b:a", "128k", "-id3v2_version", "0"))
    body = v2() + v2(70000) + b"\0" * 500 + plain + v2(footer=True) + ape(tmp_path) + LYRICS + b"TAG+".ljust(227) + V1
    source, target = copied(body + bytes(2000), tmp_path, -1)
    assert source.read_bytes().count(MARK) == 6
    made = target.read_bytes()
    assert not [
        tag for tag in (MARK, b"ID3", b"TAG", b"APE", b"LYRICS", b"Lavf", b"Lavc") if tag in made[:2000] + made[-2000:]
    ]
    (tmp_path / "plain.mp3").write_bytes(plain)
    assert numpy.abs(by_ffmpeg(target) - by_ffmpeg(tmp_path / "plain.mp3") / STEP).max() < 1e-6


def test_a_little_of_something_else_in_front_is_left_out(tmp_path: Path) -> None:
    """A recording that was cut out of a broadcast begins in the middle of a frame."""
    plain = encoded(options=("-b:a", "128k", "-id3v2_version", "0", "-write_xing", "0"))
    _, target = copied(plain[200:], tmp_path, 0)
    assert walked(target, frames.stream(target))[0] == plain[417:][: 418 if plain[419] & 2 else 417]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (encoded(options=("-q:a", "4")), None),
        (encoded(options=("-abr", "1", "-b:a", "120k")), None),
        (encoded(rate=22050), "does not begin with frames"),
        (encoded(options=BARE)[:-150], "cut off"),
        (encoded(options=PLAIN)[:-150], "cut off"),
        (encoded(options=BARE)[:20000] + b"garbage" + encoded(options=BARE)[20000:], "something other than sound"),
        (encoded(options=BARE) + b"garbage", "something other than sound"),
        (encoded(options=BARE) + V1 + v2() + encoded(options=BARE), "something other than sound"),
        (encoded(options=BARE) + encoded(rate=48000, options=BARE), "of another kind"),
        (encoded(options=PLAIN) + encoded(options=BARE), "counts 116 frames, and there are 232"),
        (b"", "does not begin"),
        (b"\xff" * 300000, "does not begin"),
        (v2(2000000), "does not begin"),
        (v2() * 5000, "does not begin"),
        (encoded(options=PLAIN)[:417], "does not begin"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value or b'')}",
)
def test_what_is_not_only_frames_is_told(body: bytes, said: str | None, tmp_path: Path) -> None:
    """Bitrates that vary are seen; for anything between, behind or in place of frames there is a reason."""
    (tmp_path / "in.mp3").write_bytes(body)
    if said is None:
        assert frames.stream(tmp_path / "in.mp3").constant is False
        return
    with pytest.raises(NotFrames, match=said):
        frames.stream(tmp_path / "in.mp3")


@given(st.binary(max_size=2000), st.integers(0, 9000))
def test_damage_is_never_a_fault(damage: bytes, at: int) -> None:
    """Whatever bytes are written over an MP3, it is a stream or it says why not."""
    body = bytearray(encoded(options=PLAIN)[:9000])
    body[at : at + len(damage)] = damage
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        with suppress(NotFrames):
            assert frames.stream(Path(file.name)).frames > 0


def test_memory_stays_the_same_whatever_the_length(tmp_path: Path) -> None:
    """Five minutes take no more than what is read at once."""
    bare = encoded(options=BARE)
    source, target = tmp_path / "in.mp3", tmp_path / "out.mp3"
    source.write_bytes(bare * 100)
    tracemalloc.start()
    regain.copy(source, frames.stream(source), target, steps=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert source.stat().st_size > 4_500_000
    assert peak < 2_500_000


# --- the choice -------------------------------------------------------------------------------------------------------

STREAM = Stream(start=0, frames=9, first=b"\xff\xfb\x90\x44", constant=True, highest_gain=180, delays=None)
MONO = replace(STREAM, first=b"\xff\xfb\x90\xc4")
HEARD = Levels(loudness_lufs=-16.0, range_lu=3.0, duration_s=60.0, samples=60 * 44100, peak_dbtp=-3.0)


def first(kbps: int, *, mono: bool = False, rate: int = 44100) -> bytes:
    """The header of a frame."""
    bitrate = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320).index(kbps)
    return bytes([0xFF, 0xFB, bitrate << 4 | (44100, 48000).index(rate) << 2, 0xC4 if mono else 0x44])


@pytest.mark.parametrize(
    ("lufs", "peak", "steps"),
    [
        (-16.0, -1.0, 0),
        (-16.49, -3.0, 0),
        (-15.51, -3.0, 0),
        (-13.0, -0.5, -2),
        (-19.2, -4.1, 2),
        (-26.3, -14.0, 7),
        (-4.1, 2.0, -8),
    ],
)
def test_the_nearest_step_is_taken(lufs: float, peak: float, steps: int) -> None:
    """Where it comes within half a unit and under the ceiling."""
    way = route.choose(STREAM, replace(HEARD, loudness_lufs=lufs, peak_dbtp=peak), Mastering(), ())
    assert way == route.Copy(stream=STREAM, steps=steps)


@pytest.mark.parametrize(
    ("stream", "heard", "said"),
    [
        ({}, {"loudness_lufs": -15.3}, "steps of 1.5 dB come no nearer to -16 LUFS than -15.3"),
        ({}, {"loudness_lufs": -16.7}, "steps of 1.5 dB come no nearer to -16 LUFS than -16.7"),
        ({}, {"loudness_lufs": -19.0, "peak_dbtp": -3.9}, "at that level its peaks would reach -0.89"),
        ({}, {"peak_dbtp": -0.9}, "at that level its peaks would reach -0.9"),
        ({}, {"peak_dbtp": None}, "peaks would reach inf"),
        ({"constant": False}, {}, "its bitrate varies"),
        ({"highest_gain": 254}, {"loudness_lufs": -19.0, "peak_dbtp": -9.0}, "hold no room"),
        ({"first": first(56)}, {}, "56 kbps is less than the 64"),
        ({"first": first(320)}, {}, "320 kbps is more than the 256"),
        ({"first": first(224, mono=True)}, {}, "224 kbps is more than the 192"),
        ({"first": first(160)}, {"balance": Balance.SAME}, "160 kbps is more than the 128"),
    ],
)
def test_each_reason_to_encode_is_named(stream: dict[str, object], heard: dict[str, object], said: str) -> None:
    """One by one."""
    way = route.choose(replace(STREAM, **stream), replace(HEARD, **heard), Mastering(), ())  # type: ignore[arg-type]
    assert isinstance(way, route.Encode)
    (why,) = way.why
    assert said in why


@pytest.mark.parametrize(
    "stream",
    [
        {"first": first(64)},
        {"first": first(256)},
        {"first": first(192, mono=True)},
        {"first": first(128, rate=48000)},
        {"highest_gain": 255},
    ],
)
def test_what_is_good_enough_is_kept(stream: dict[str, object]) -> None:
    """The bounds themselves, and the other rate that apps ask for."""
    assert isinstance(route.choose(replace(STREAM, **stream), HEARD, Mastering(), ()), route.Copy)  # type: ignore[arg-type]


def test_the_same_sound_on_both_sides_is_not_encoded_again_for_that(tmp_path: Path) -> None:
    """Unless it costs a listener more than the show's own stereo would; and it says that it stayed as it was."""
    sound = speech(6.0, rate=44100, channels=1).repeat(2, axis=1)
    made = mastered(mp3_at(-16.0, tmp_path / "in.mp3", sound=sound), tmp_path / "out.mp3")
    assert made.channels == 2
    assert "taken as it is" in made.done[0]
    assert made.done[1:] == ("both its channels are the same, and were left that way",)


def test_what_must_be_done_to_the_sound_is_a_reason(tmp_path: Path) -> None:
    """Trimming, bumpers, levelling, channels of which one is left, an offset; a need of the caller is passed on."""
    (tmp_path / "in.mp3").write_bytes(encoded())
    format = inspect.probe(FFMPEG, tmp_path / "in.mp3", "in.mp3")
    hearing = measure.hear(FFMPEG, measure.as_recorded(tmp_path / "in.mp3", "in.mp3", format))
    take = Take(format=format, hearing=hearing, mastering=Mastering())
    heard, end = hearing.levels, hearing.levels.duration_s
    job = recipe.job(Mastering(), format, heard, start_s=0.0, end_s=end)
    assert route.needs(job, take) == ()
    assert route.needs(replace(job, start_s=1.0), take) == ("silence was trimmed from its ends",)
    assert route.needs(replace(job, end_s=end - 1), take) == ("silence was trimmed from its ends",)
    assert route.needs(replace(job, outro_s=3.0), take) == ("an intro or outro was joined to it",)
    assert route.needs(replace(job, curve=(0.0,)), take) == ("its soft voices were brought up to its loud ones",)
    for balance in (Balance.LEFT, Balance.RIGHT, Balance.OPPOSED):
        lame = replace(take, hearing=replace(hearing, levels=replace(heard, balance=balance)))
        assert route.needs(job, lame) == ("only one of its channels could be delivered",)
    beside = replace(hearing.heard, mean_left=hearing.heard.mean_left + 0.02)
    offset = replace(take, hearing=replace(hearing, heard=beside))
    assert route.needs(job, offset) == ("its wave was put back in the middle",)
    assert route.needs(job, replace(offset, mastering=Mastering(highpass_hz=None))) == ()
    way = route.choose(STREAM, HEARD, Mastering(), ("it hums",))
    assert route.told(way, format, HEARD) == ("mp3 was encoded again, because it hums",)


# --- the whole job ----------------------------------------------------------------------------------------------------


def mp3_at(
    lufs: float,
    target: Path,
    *,
    peak: float = 0.4,
    rate: int = 44100,
    channels: int = 2,
    sound: numpy.ndarray | None = None,
) -> Path:
    """An MP3 of speech at a loudness to a few hundredths, by somebody else's meter; `peak` is its crest's share."""
    sound = speech(6.0, rate=rate, channels=channels) if sound is None else sound
    if peak > 0.4:
        sound[rate // 10 :: rate] += peak
    gain = 1.0
    for _ in range(3):
        encode(sound * gain, rate, target, "-b:a", "128k")
        gain *= 10 ** ((lufs - loudness(target)) / 20)
    return encode(sound * gain, rate, target, "-b:a", "128k")


@pytest.mark.parametrize(
    ("lufs", "channels", "rate", "by", "said"),
    [
        (-16.2, 2, 44100, 0, "was taken as it is: nothing was encoded again"),
        (-15.7, 1, 48000, 0, "was taken as it is: nothing was encoded again"),
        (-13.0, 2, 48000, -2, "was made 3.0 dB softer without encoding again (2 steps of MP3's global gain)"),
        (-19.0, 1, 44100, 2, "was made 3.0 dB louder without encoding again (2 steps of MP3's global gain)"),
        (-17.6, 2, 44100, 1, "was made 1.5 dB louder without encoding again (1 step of MP3's global gain)"),
    ],
)
def test_the_job_keeps_the_frames(lufs: float, channels: int, rate: int, by: int, said: str, tmp_path: Path) -> None:
    """Of what is near enough, or steps away: other meters find it at the target, and its samples are the source's."""
    source = mp3_at(lufs, tmp_path / "in.mp3", channels=channels, rate=rate)
    made = mastered(source, tmp_path / "out.mp3")
    assert made.done == (f"mp3 at {lufs:.1f} LUFS {said}",)
    assert (made.channels, made.rate_hz, made.bitrate_kbps, made.shift_s) == (channels, rate, 128, 0.0)
    assert made.loudness_lufs == pytest.approx(-16, abs=0.5)
    assert loudness(tmp_path / "out.mp3") == pytest.approx(lufs + by * 1.505, abs=0.1)
    before, after = by_ffmpeg(source), by_ffmpeg(tmp_path / "out.mp3")
    assert made.duration_s == pytest.approx(len(before) / channels / rate, abs=0.001)
    assert numpy.abs(after - before * STEP**by).max() < 1e-5
    assert made.peak_dbtp <= -1.0


@pytest.mark.parametrize(
    ("lufs", "peak", "settings", "said"),
    [
        (-16.7, 0.4, {}, "steps of 1.5 dB come no nearer to -16 LUFS than -16.7"),
        (-19.0, 1.2, {}, "at that level its peaks would reach"),
        (-16.0, 0.4, {"bitrate_stereo_kbps": 56}, "128 kbps is more than the 112"),
        (-16.0, 0.4, {"codec": "aac"}, "what listeners get is M4A"),
    ],
)
def test_the_job_encodes_what_cannot_be_kept(
    lufs: float, peak: float, settings: dict[str, object], said: str, tmp_path: Path
) -> None:
    """It lands on the target all the same, and says why."""
    made = mastered(mp3_at(lufs, tmp_path / "in.mp3", peak=peak), tmp_path / "out.mp3", **settings)
    assert made.done[-1].startswith(f"mp3 was encoded again, because {said}")
    assert made.loudness_lufs == pytest.approx(-16, abs=0.3)
    assert made.peak_dbtp <= -1.0


@pytest.mark.parametrize(
    ("name", "rate", "options", "said"),
    [
        ("a.mp3", 44100, ["-q:a", "4"], "mp3 was encoded again, because its bitrate varies"),
        ("a.mp3", 22050, ["-b:a", "64k"], "mp3 was encoded again, because 22050 Hz is not a rate that apps ask for"),
        ("a.m4a", 44100, ["-c:a", "aac"], "aac was encoded again, because what listeners get is MP3"),
        ("a.ogg", 44100, ["-c:a", "libvorbis"], "vorbis was encoded again, because what listeners get is MP3"),
        ("a.opus", 48000, ["-c:a", "libopus"], "opus was encoded again, because what listeners get is MP3"),
        ("a.wav", 44100, ["-c:a", "libmp3lame"], "mp3 was encoded again, because what listeners get is MP3"),
        ("a.flac", 44100, [], None),
        ("b.wav", 44100, [], None),
    ],
)
def test_whatever_was_lossy_says_that_it_was_encoded_again(
    name: str, rate: int, options: list[str], said: str | None, tmp_path: Path
) -> None:
    """And why; what was lossless has nothing to say."""
    source = encode(speech(3.0, rate=rate, channels=2), rate, tmp_path / name, *options)
    made = mastered(source, tmp_path / "out.mp3")
    told = [sentence for sentence in made.done if "encoded again" in sentence]
    assert [sentence.partition(" and ")[0][: len(said or "")] for sentence in told] == ([said] if said else [])


def test_garbage_between_frames_is_encoded_around(tmp_path: Path) -> None:
    """A file that was damaged on the way is decoded as well as can be, and delivered clean."""
    source = mp3_at(-16.0, tmp_path / "in.mp3")
    body = source.read_bytes()
    source.write_bytes(body[:40000] + b"garbage" * 40 + body[40000:])
    made = mastered(source, tmp_path / "out.mp3")
    assert "something other than sound lies between" in made.done[-1]
    assert frames.stream(tmp_path / "out.mp3").constant


def test_a_copy_that_measures_otherwise_is_not_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written is heard again: were a frame lost on the way, the recording would be encoded."""
    source = mp3_at(-16.0, tmp_path / "in.mp3")
    real = regain.copy

    def losing(source: Path, stream: Stream, target: Path, *, steps: int) -> None:
        real(source, stream, target, steps=steps + 2)

    monkeypatch.setattr(regain, "copy", losing)
    made = mastered(source, tmp_path / "out.mp3")
    assert "encoded again, because steps of 1.5 dB come no nearer to -16 LUFS than" in made.done[-1]
    assert made.loudness_lufs == pytest.approx(-16, abs=0.3)


def test_bumpers_and_trimming_need_another_encoding(tmp_path: Path) -> None:
    """What they do to the sound, no frame can hold."""
    source = mp3_at(-16.0, tmp_path / "in.mp3")

    def job(**settings: object) -> Master:
        return mastered(source, tmp_path / "out.mp3", **settings)

    assert "taken as it is" in job(trim_silence_s=2.0).done[0]
    body = encode(
        numpy.pad(speech(6.0, rate=44100, channels=2), ((2 * 44100, 0), (0, 0))), 44100, source, "-b:a", "128k"
    )
    assert body == source
    assert "because silence was trimmed from its ends" in job(trim_silence_s=0.5).done[-1]
    made = master(
        FFMPEG,
        recording(mp3_at(-16.0, source)),
        mastering=Mastering(),
        bumpers=(recording(write_tone(tmp_path / "intro.wav", seconds=3)), None),
        target=tmp_path / "out.mp3",
        on_step=lambda what, part: None,
    )
    assert "because an intro or outro was joined to it" in made.done[-1]


def test_a_delivered_copy_has_our_tag_alone(tmp_path: Path) -> None:
    """Through the whole of delivering: one ID3v2.3 tag in front of the source's frames, and nothing behind them."""
    folder = write_episode(write_show(tmp_path), "01-een", audio=b"")
    source = mp3_at(-16.0, tmp_path / "plain.mp3")
    plain = walked(source, frames.stream(source))
    (folder / "audio.wav").write_bytes(v2() + source.read_bytes() + ape(tmp_path) + V1)
    made, file = delivered(tmp_path)
    assert "taken as it is" in made.done[0]
    body = file.read_bytes()
    assert MARK not in body
    assert mutagen.id3.ID3(file).version == (2, 3, 0)
    assert str(mutagen.id3.ID3(file)["TIT2"]) == "Aflevering over 01-een"
    assert body.endswith(plain[-1])
    assert walked(file, frames.stream(file)) == plain
    assert made.size == len(body)
