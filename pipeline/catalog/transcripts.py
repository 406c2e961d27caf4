"""Reading a WebVTT or SRT transcript into cues, and one that is published back into its episode."""

import html
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import webvtt
from webvtt.errors import MalformedCaptionError, MalformedFileError

from pipeline import sidecars
from pipeline.catalog.files import text
from pipeline.errors import Problem
from pipeline.model import Cue, Entry, Episode, Key, Kind, Release
from pipeline.names import folded

_TAG = re.compile(r"</?[a-z][^<>]*>|<\d\d:[\d:.]*>|</>", re.IGNORECASE)
_TIMES = re.compile(r"^.*-->.*$", re.MULTILINE)
_LABEL = re.compile(r"([^:]+?)\s*:(?:\s+|$)")
_SHORT = re.compile(r"[\w.'’&-]+(?: [\w.'’&-]+){0,2}")
"""Three words at most."""
_FORMATS = {".vtt": "vtt", ".srt": "srt"}
SUFFIXES = tuple(_FORMATS)


def read(path: Path, root: Path, people: Collection[str] = ()) -> tuple[Cue, ...] | Problem:
    """The cues of a transcript in order of time; voice tags become speakers, other markup is dropped (WebVTT 4.2.2).

    SRT has no such tags: there a name and a colon before a line say who speaks it. It is one of `people`, the hosts
    and guests, or one of at most three words with a capital, and is seen twice.
    """
    name = path.relative_to(root).as_posix()
    body = text(path, root)
    if isinstance(body, Problem):
        return body
    if path.suffix.lower() not in _FORMATS:
        return Problem(what="A transcript is a .vtt or .srt file.", file=name, mend="Export it as WebVTT.")
    return cues(body, name, people)


def cues(body: str, name: str, people: Collection[str] = ()) -> tuple[Cue, ...] | Problem:
    """The cues in the text of a transcript, whose format the ending of `name` tells; see `read`."""
    try:
        captions = webvtt.from_buffer(StringIO(body), format=_FORMATS[Path(name).suffix.lower()]).captions
    except (MalformedFileError, MalformedCaptionError, ValueError) as error:
        return Problem(what=f"The transcript cannot be read: {error}.", file=name, mend="Export it again as WebVTT.")
    lost = len(_TIMES.findall(body)) - len(captions)
    if not captions or lost:
        what = f"{lost or 'All'} of the transcript's times cannot be read."
        mend = "Write them as 00:01:02.500 --> 00:01:05.000."
        return Problem(what=what, file=name, why="Listeners would miss those lines.", mend=mend)
    labelled = name.lower().endswith(".srt")
    told = [[*map(_said, each.raw_text.splitlines() if labelled else [each.raw_text])] for each in captions]
    speakers = _speakers(told, people) if labelled else frozenset()
    found = (
        Cue(start_s=_seconds(caption.start), end_s=_seconds(caption.end), text=text, speaker=speaker)
        for caption, lines in zip(captions, told, strict=True)
        for speaker, text in _turns(lines, _said(caption.voice or ""), speakers)
    )
    return tuple(sorted((cue for cue in found if cue.text), key=lambda cue: cue.start_s))


def _speakers(told: Iterable[list[str]], people: Collection[str]) -> frozenset[str]:
    """What stands before a colon and is a name, folded."""
    labels = [found[1] for lines in told for line in lines if (found := _LABEL.match(line))]
    seen, known = Counter(map(folded, labels)), {folded(name) for name in people}
    return frozenset(
        name for label in labels if (name := folded(label)) in known or (seen[name] > 1 and _may_be_a_name(label))
    )


def _may_be_a_name(label: str) -> bool:
    """As “Ria”, “Ria de Boer” and “Speaker 1” may, and “Let op” may not."""
    ends = label.rpartition(" ")[2][0]
    return bool(_SHORT.fullmatch(label)) and label[0].isupper() and (ends.isupper() or ends.isdigit())


def _turns(lines: Iterable[str], voice: str, speakers: Collection[str]) -> Iterator[tuple[str | None, str]]:
    """Who says what in a subtitle: most are of one person, and some of two who answer each other."""
    said: list[tuple[str, list[str]]] = [(voice, [])]
    for line in lines:
        label = _LABEL.match(line)
        if label and folded(label[1]) in speakers:
            said.append((label[1], [line[label.end() :]]))
        else:
            said[-1][1].append(line)
    yield from ((speaker or None, " ".join(filter(None, words))) for speaker, words in said)


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
