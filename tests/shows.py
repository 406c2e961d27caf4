"""Shows for tests: folders as a producer would make them, with real sound."""

import json
import wave
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.catalog import podcast_guid

SHOW: dict[str, object] = {
    "title": "Proefshow",
    "description": "Een show om mee te proeven.",
    "language": "nl",
    "author": "De Proevers",
    "owner": {"name": "De Proevers", "email": "proef@example.org"},
    "base_url": "https://proef.example.org/",
    "guid": podcast_guid("https://proef.example.org/feed.xml"),
    "cover": "cover.png",
    "cover_alt": "Een effen vlak.",
    "categories": ["Business > Careers"],
    "timezone": "Europe/Amsterdam",
}
TRANSCRIPT = "WEBVTT\n\n00:00:00.500 --> 00:00:02.000\n<v Presentatie>Dit is een proef.\n"


def yaml(values: Mapping[str, object]) -> str:
    """Keys and values as YAML (JSON is YAML, and quotes everything that needs it)."""
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def write_show(root: Path, **changes: object) -> Path:
    """A show without episodes; a change of None leaves a key out."""
    (root / "feed").mkdir(parents=True, exist_ok=True)
    (root / "episodes").mkdir(exist_ok=True)
    values = {key: value for key, value in (SHOW | changes).items() if value is not None}
    (root / "feed" / "show.yaml").write_text(yaml(values), "utf-8")
    if not (root / "feed" / "cover.png").exists():
        (root / "feed" / "cover.png").write_bytes(_cover())
    return root


@cache
def _cover() -> bytes:
    """Made once: to compress it takes longer than all else of a small show."""
    Image.new("RGB", (1400, 1400), "#2a1a5e").save(made := BytesIO(), "PNG")
    return made.getvalue()


def write_episode(
    root: Path, folder: str, *, notes: str = "Notities.", audio: bytes | None = None, **keys: object
) -> Path:
    """An episode with a short recording (or the bytes given); a key of None is left out."""
    place = root / "episodes" / folder
    place.mkdir(parents=True, exist_ok=True)
    number = int("".join(char for char in folder if char.isdigit()) or "1")
    values: dict[str, object] = {
        "title": f"Aflevering over {folder}",
        "date": f"2020-10-{number:02}",
        "number": number,
        "guid": f"guid-of-{folder}",
        "summary": "Een korte samenvatting.",
        "audio": "audio.wav",
        "transcript": "transcript.vtt",
    }
    values = {key: value for key, value in (values | keys).items() if value is not None}
    (place / "episode.md").write_text(f"---\n{yaml(values)}---\n\n{notes}\n", "utf-8")
    if audio is not None:
        (place / "audio.wav").write_bytes(audio)
    elif not (place / "audio.wav").exists():
        write_tone(place / "audio.wav", seconds=3.0, hz=200 + 37 * number)
    (place / "transcript.vtt").write_text(TRANSCRIPT, "utf-8")
    return place


def write_tone(
    path: Path,
    *,
    seconds: float,
    hz: float = 440.0,
    dbfs: float = -20.0,
    channels: int = 1,
    rate: int = 44100,
    silent_head: float = 0.0,
    silent_tail: float = 0.0,
) -> Path:
    """A sine that swells four times a second, as speech does, with digital silence around it."""
    at = np.arange(int((silent_head + seconds + silent_tail) * rate)) / rate
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * at)
    heard = (silent_head <= at) & (at < silent_head + seconds)
    frames = np.rint(32767 * 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * at) * swell * heard).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(frames, channels).tobytes())
    return path
