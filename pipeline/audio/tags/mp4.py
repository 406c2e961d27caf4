"""The iTunes-style atoms of a delivered M4A; its chapters are written with the container (see `containers`)."""

from pathlib import Path
from typing import Any

from mutagen.mp4 import MP4, MP4Cover

from pipeline.audio.tags import Tags, kept

PODCAST = 21
"""Media kind, in `stik`."""


def write(path: Path, tags: Tags) -> None:
    """Put atoms into the M4A `path`, which has none yet."""
    atoms: dict[str, Any] = {
        "\xa9nam": [tags.title],
        "\xa9ART": [tags.artist],
        "\xa9alb": [tags.album],
        "\xa9day": [tags.year],
        "\xa9gen": ["Podcast"],
        "\xa9url": [tags.page],
        "covr": [MP4Cover(tags.cover, MP4Cover.FORMAT_JPEG)],
        "pcst": True,
        "stik": [PODCAST],
    }
    atoms |= {"\xa9cmt": [tags.comment], "desc": [tags.comment]} if tags.comment else {}
    atoms |= {"trkn": [(tags.number, 0)]} if tags.number else {}
    atoms |= {"disk": [(tags.season, 0)]} if tags.season else {}
    with kept(path):
        file: Any = MP4(path)
        file.tags.clear()
        file.tags.update(atoms)
        file.save(padding=lambda info: 0)
