"""Reading a WebVTT or SRT transcript into cues, and one that is published back into its episode."""

import html
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import webvtt
from webvtt.errors import MalformedCaptionError, MalformedFileError

from pipeline import sidecars
from pipeline.catalog.files import text
from pipeline.errors import Problem
from pipeline.model import Cue, Entry, Episode, Key, Kind, Release

_TAG = re.compile(r"</?[a-z][^<>]*>|<\d\d:[\d:.]*>|</>", re.IGNORECASE)
_TIMES = re.compile(r"^.*-->.*$", re.MULTILINE)
_FORMATS = {".vtt": "vtt", ".srt": "srt"}
SUFFIXES = tuple(_FORMATS)


def read(path: Path, root: Path) -> tuple[Cue, ...] | Problem:
    """The cues of a transcript in order of time; voice tags become speakers, other markup is dropped (WebVTT 4.2.2)."""
    name = path.relative_to(root).as_posix()
    body = text(path, root)
    if isinstance(body, Problem):
        return body
    if path.suffix.lower() not in _FORMATS:
        return Problem(what="A transcript is a .vtt or .srt file.", file=name, mend="Export it as WebVTT.")
    return cues(body, name)


def cues(body: str, name: str) -> tuple[Cue, ...] | Problem:
    """The cues in the text of a transcript, whose format the ending of `name` tells."""
    try:
        captions = webvtt.from_buffer(StringIO(body), format=_FORMATS[Path(name).suffix.lower()]).captions
    except (MalformedFileError, MalformedCaptionError, ValueError) as error:
        return Problem(what=f"The transcript cannot be read: {error}.", file=name, mend="Export it again as WebVTT.")
    lost = len(_TIMES.findall(body)) - len(captions)
    if not captions or lost:
        what = f"{lost or 'All'} of the transcript's times cannot be read."
        mend = "Write them as 00:01:02.500 --> 00:01:05.000."
        return Problem(what=what, file=name, why="Listeners would miss those lines.", mend=mend)
    found = (
        Cue(
            start_s=_seconds(caption.start),
            end_s=_seconds(caption.end),
            text=_said(caption.raw_text),
            speaker=_said(caption.voice) if caption.voice else None,
        )
        for caption in captions
    )
    return tuple(sorted((cue for cue in found if cue.text), key=lambda cue: cue.start_s))


def published(entry: Entry, release: Release) -> Key | None:
    """Where `release` has the transcript of one of its entries: records do not hold it."""
    beginning = f"transcripts/{entry.episode.slug}."
    return next((it.key for it in release.objects if it.kind is Kind.SIDECAR and it.key.startswith(beginning)), None)


def again(entry: Entry, key: Key, body: bytes | None) -> Episode | None:
    """The episode with its transcript, from what lies under its key; None where that is lost or damaged."""
    found = cues((body or b"").decode("utf-8", "replace"), key)
    if isinstance(found, Problem):
        return None
    episode = replace(entry.episode, transcript=tuple(_back(cue, entry.media.shift_s) for cue in found))
    made = sidecars.transcript(replace(entry, episode=episode))
    return episode if made and made.key == key else None


def _back(cue: Cue, shift_s: float) -> Cue:
    """A cue in the time of the recording, as its producer wrote it."""
    return replace(cue, start_s=cue.start_s - shift_s, end_s=cue.end_s - shift_s)


def _seconds(stamp: str) -> float:
    clock, _, fraction = stamp.partition(".")
    total = 0
    for part in clock.split(":"):
        total = total * 60 + int(part)
    return total + int(fraction.ljust(3, "0")) / 1000


def _said(markup: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", markup)).split())
