"""Recordings with one fault each, as producers drop them: `python -m tests.faulty FOLDER` writes them all."""

import struct
import sys
import wave
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy
from numpy.typing import NDArray

RATE = 44100
SECONDS = 24

Sound = NDArray[numpy.float64]
"""Columns of channels; 1.0 is full scale."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault, made in good speech."""

    does: str
    """What was done to the recording, in words."""
    make: Callable[[], Sound]
    rate: int = RATE
    claims_s: float | None = None
    """What its header says, where that is not so."""


@lru_cache(maxsize=8)
def speech(seconds: float = SECONDS, *, seed: int = 1, dbfs: float = -24.0) -> Sound:
    """Something that a meter takes for a voice: harmonics of a moving pitch in words and pauses; one column.

    Pauses hold room noise 55 dB under it, as a good recording does. It is kept, and to be copied by who changes it.
    """
    rng = numpy.random.default_rng(seed)
    count = int(seconds * RATE)
    at = numpy.arange(count) / RATE
    pitch = 120 + 25 * numpy.sin(2 * numpy.pi * 0.31 * at) + 9 * numpy.sin(2 * numpy.pi * 1.7 * at)
    phase = 2 * numpy.pi * numpy.cumsum(pitch) / RATE
    voice = sum(numpy.sin(part * phase + part * part) / part for part in range(1, 26))
    words = numpy.clip(1.6 * numpy.sin(2 * numpy.pi * 1.9 * at) + 0.9, 0, 1)
    sentences = numpy.clip(8 * numpy.sin(2 * numpy.pi * 0.25 * at) + 6, 0, 1)
    made = voice * words * sentences
    made *= 10 ** (dbfs / 20) / numpy.sqrt(numpy.mean(made**2))
    noise = rng.normal(0, 10 ** ((dbfs - 55) / 20), count)
    column: Sound = (made + noise)[:, None]
    column.flags.writeable = False
    return column


def _sides(left: Sound, right: Sound) -> Sound:
    return numpy.hstack([left, right])


def _clipped() -> Sound:
    return numpy.clip(speech() * 10, -0.999, 0.999)


def _clipped_and_turned_down() -> Sound:
    return _clipped() * 0.5


def _hum(hz: float) -> Sound:
    at = numpy.arange(SECONDS * RATE)[:, None] / RATE
    return speech() + 0.004 * numpy.sin(2 * numpy.pi * hz * at) + 0.003 * numpy.sin(2 * numpy.pi * 3 * hz * at + 1)


def _hole(start: int, end: int) -> Sound:
    made = speech().copy()
    made[start * RATE : end * RATE] = 0
    return made


def _noisy() -> Sound:
    return speech() + numpy.random.default_rng(5).normal(0, 10 ** (-46 / 20), (SECONDS * RATE, 1))


def _soft_guest() -> Sound:
    made = speech().copy()
    made[8 * RATE : 16 * RATE] *= 10 ** (-19 / 20)
    return made


def _turned_around() -> Sound:
    one = speech()
    other = one.copy()
    other[10 * RATE : 16 * RATE] *= -1
    return _sides(one, 0.8 * other)


FAULTS: dict[str, Fault] = {
    "clipped": Fault(does="recorded 20 dB too loud", make=_clipped),
    "clipped-earlier": Fault(does="recorded too loud, then turned down", make=_clipped_and_turned_down),
    "over": Fault(
        does="saved in floating point, 1.6 dB over full scale", make=lambda: speech() / numpy.abs(speech()).max() * 1.2
    ),
    "soft": Fault(does="recorded 30 dB too soft", make=lambda: speech(dbfs=-54)),
    "soft-guest": Fault(does="one voice 19 dB under the other", make=_soft_guest),
    "noisy": Fault(does="a fan in the room", make=_noisy),
    "hum": Fault(does="a bad cable, on European mains", make=lambda: _hum(50)),
    "hum-60": Fault(does="a bad cable, on American mains", make=lambda: _hum(60)),
    "offset": Fault(does="a sound card that adds a voltage", make=lambda: speech() + 0.02),
    "same": Fault(does="one microphone, exported in stereo", make=lambda: _sides(speech(), speech())),
    "left-only": Fault(does="one microphone on a stereo recorder", make=lambda: _sides(speech(), 0 * speech())),
    "opposed": Fault(does="a cable with its wires swapped", make=lambda: _sides(speech(), -0.9 * speech())),
    "partly-opposed": Fault(does="the same, from 0:10 to 0:16", make=_turned_around),
    "lopsided": Fault(
        does="one voice much closer, each on its own side",
        make=lambda: _sides(speech(), 0.3 * speech(seed=2) + 0.1 * speech()[::-1]),
    ),
    "dead-air": Fault(does="seven seconds missing, from 0:09", make=lambda: _hole(9, 16)),
    "late": Fault(does="four seconds before the first word", make=lambda: _hole(0, 4)),
    "telephone": Fault(does="recorded at 8 kHz", make=lambda: speech()[:: RATE // 8000], rate=8820),
    "lying": Fault(does="a header that claims 18 seconds", make=speech, claims_s=18.0),
}
"""By name."""


def write(path: Path, sound: Sound, *, rate: int = RATE) -> Path:
    """A WAV of 16 bits, or of 32-bit floats where the sound goes over full scale."""
    if numpy.abs(sound).max() > 1:
        body = sound.astype("<f4").tobytes()
        channels = sound.shape[1]
        form = struct.pack("<HHIIHH", 3, channels, rate, rate * channels * 4, channels * 4, 32)
        size = len(body) + 36
        path.write_bytes(
            b"RIFF"
            + struct.pack("<I", size)
            + b"WAVEfmt "
            + struct.pack("<I", 16)
            + form
            + b"data"
            + struct.pack("<I", len(body))
            + body
        )
        return path
    dither = numpy.random.default_rng(9).triangular(-1, 0, 1, sound.shape)
    samples = numpy.where(sound == 0, 0, numpy.round(sound * 32767 + dither * (numpy.abs(sound) < 0.4)))
    with wave.open(str(path), "wb") as file:
        file.setparams((sound.shape[1], 2, rate, 0, "NONE", ""))
        file.writeframes(samples.clip(-32768, 32767).astype("<i2").tobytes())
    return path


def make(name: str, folder: Path) -> Path:
    """One of `FAULTS` as a file."""
    fault = FAULTS[name]
    path = write(folder / f"{name}.wav", fault.make(), rate=fault.rate)
    if fault.claims_s is not None:
        path = _as_mp3_that_claims(path, fault.claims_s)
    return path


def _as_mp3_that_claims(path: Path, seconds: float) -> Path:
    import subprocess

    from pipeline.audio import ffmpeg

    target = path.with_suffix(".mp3")
    encoder = ["-c:a", "libmp3lame", "-b:a", "128k"]
    subprocess.run([ffmpeg.find({"PATH": ""}).path, "-v", "error", "-y", "-i", path, *encoder, target], check=True)
    body = bytearray(target.read_bytes())
    at = body.index(b"Info") + 8
    body[at : at + 4] = round(seconds * RATE / 1152 + 1).to_bytes(4, "big")
    target.write_bytes(body)
    return target


if __name__ == "__main__":
    for each in FAULTS:
        print(make(each, Path(sys.argv[1])))
