"""The edges of a recording, in bounded windows: where sound begins and ends, and how bumpers join it (pydub)."""

import warnings
from pathlib import Path

from pipeline.audio.ffmpeg import Ffmpeg
from pipeline.audio.inspect import Format, window
from pipeline.audio.measure import Levels

with (
    warnings.catch_warnings()
):  # pydub looks for a system ffmpeg, which we never let it use, and warns when there is none
    warnings.simplefilter("ignore")
    from pydub import AudioSegment
    from pydub.silence import detect_leading_silence

WINDOW_S = 60.0
"""How far from either end silence is looked for: memory stays the same whatever the length."""
_RATE_HZ = 16000
_BELOW_SPEECH_DB = 30.0
"""What is this much softer than the recording as a whole is taken for silence."""


def sound(ffmpeg: Ffmpeg, path: Path, format: Format, levels: Levels) -> tuple[float, float]:
    """Seconds of silence at the head and at the tail, each at most `WINDOW_S` and resolved to 10 ms."""
    threshold = min(-35.0, max(-70.0, levels.loudness_lufs - _BELOW_SPEECH_DB))
    channels = min(format.channels, 2)
    length = min(WINDOW_S, levels.duration_s)
    head, tail = (
        _segment(window(ffmpeg, path, start_s=start, length_s=length, rate_hz=_RATE_HZ, channels=channels), channels)
        for start in (0.0, max(0.0, levels.duration_s - length))
    )
    return (
        detect_leading_silence(head, silence_threshold=threshold) / 1000,
        detect_leading_silence(tail.reverse(), silence_threshold=threshold) / 1000,
    )


def kept(levels: Levels, silence: tuple[float, float], *, keep_s: float) -> tuple[float, float]:
    """What remains when longer silences at the ends are trimmed to `keep_s`: start and end in seconds."""
    head, tail = (max(0.0, found - keep_s) for found in silence)
    start, end = head, levels.duration_s - tail
    return (round(start, 3), round(end, 3)) if end - start >= 1.0 else (0.0, levels.duration_s)


def joined(first: bytes, second: bytes, *, rate_hz: int, channels: int, crossfade_s: float) -> bytes:
    """Two pieces of signed 32-bit PCM as one, the end of the first faded into the start of the second."""
    before, after = (
        AudioSegment(data=piece, sample_width=4, frame_rate=rate_hz, channels=channels) for piece in (first, second)
    )
    return bytes(before.append(after, crossfade=round(crossfade_s * 1000)).raw_data)


def _segment(pcm: bytes, channels: int) -> AudioSegment:
    whole = len(pcm) - len(pcm) % (2 * channels)
    return AudioSegment(data=pcm[:whole], sample_width=2, frame_rate=_RATE_HZ, channels=channels)
