"""Where a transcript is read: on its episode's page, and on pages of its own where that page would grow heavy."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, groupby, pairwise, takewhile
from operator import attrgetter, ge, itemgetter

from markupsafe import escape

from pipeline import addresses, sidecars
from pipeline.model import Chapter, Cue, Edition, Entry, Episode, Key, Slug
from pipeline.pages import shelves, speech
from pipeline.pages.speech import Passage, Turn

WHOLE = 12_000
"""Bytes of a transcript, about, up to which all of it stands on its episode's page."""
OPENING = 5_000
"""Bytes of a longer one that stand there."""
PART = 25_000
"""Bytes of a page of its own, so that it is at most 60 kB with what is around it and its style."""
TITLES = 50
"""Episodes on a full page of the list of transcripts; they are counted from the oldest, so that it stays as it is."""

_AROUND = 160
"""Bytes of a paragraph besides its words and its speaker."""
_Row = tuple[Chapter | None, Turn, int]
"""A paragraph, and about how many bytes of HTML it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A page of a transcript."""

    key: Key
    start_s: float
    end_s: float
    passages: tuple[Passage, ...]
    goes_on: bool
    """Its first passage goes on with the chapter in which the part before it ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Transcript:
    """An episode's transcript as it lies on the site."""

    opening: tuple[Passage, ...]
    """What stands on the episode's page; empty where nothing is said."""
    rest: Turn | None
    """The first paragraph that is not in `opening`."""
    parts: tuple[Part, ...]
    """All of it, on pages of its own; empty where `opening` is all."""


def laid_out(entry: Entry, chapters: tuple[Chapter, ...], cues: tuple[Cue, ...]) -> Transcript:
    """The transcript of an entry with these `chapters` and `cues`, in seconds of its delivered file."""
    passages = speech.passages(chapters, cues)
    if not is_long(entry):
        return Transcript(opening=passages, rest=None, parts=())
    rows = [(passage.chapter, turn, _weight(turn)) for passage in passages for turn in passage.turns]
    count = _fitting(rows, OPENING)
    return Transcript(
        opening=_grouped(rows[:count]),
        rest=next((turn for _, turn, _ in rows[count:]), None),
        parts=tuple(_parts(entry, [_grouped(run) for run in _runs(rows)])),
    )


def is_long(entry: Entry) -> bool:
    """Whether its transcript has pages of its own."""
    cues = entry.episode.transcript
    said = sum(len(cue.text.encode("utf-8", "ignore")) for cue in cues)
    speakers = sum(1 for _ in groupby(cues, key=attrgetter("speaker")))
    return said + _AROUND * (speakers + said // speech.PARAGRAPH) > WHOLE


def page_key(episode: Episode, number: int = 1) -> Key:
    """Where a part of a transcript is."""
    return Key(f"episodes/{episode.slug}/transcript{f'-{number}' if number > 1 else ''}.html")


def begins(entry: Entry) -> str:
    """Where a transcript is read from its beginning: on a page of its own, or on its episode's."""
    return page_key(entry.episode) if is_long(entry) else f"{addresses.page(entry.episode.slug)}#transcript"


def is_page(key: Key) -> bool:
    """Whether that is a page of a transcript, or of the list of them."""
    return re.fullmatch(r"episodes/[^/]+/transcript(-\d+)?\.html|transcripts/(index|\d+)\.html", key) is not None


def whose(key: Key) -> Slug | None:
    """The web name of the episode of whose transcript that is a page."""
    found = re.fullmatch(r"episodes/([^/]+)/transcript(-\d+)?\.html", key)
    return Slug(found[1]) if found else None


def listed(edition: Edition) -> tuple[shelves.Older, ...]:
    """The pages of the list of transcripts, oldest first: full ones that stay as they are, and last the newest."""
    spoken = tuple(entry for entry in edition.entries if sidecars.is_spoken(entry))
    full = shelves.slices(spoken, "transcripts", TITLES, max(0, len(spoken) // TITLES - 1))
    newest = shelves.Older(key=Key("transcripts/index.html"), entries=spoken[len(full) * TITLES :])
    return (*full, newest) if spoken else ()


def _weight(turn: Turn) -> int:
    said = escape(turn.text + (turn.speaker or "")).encode("utf-8", "ignore")
    return len(said) + _AROUND


def _fitting(rows: Sequence[_Row], most: int) -> int:
    """How many of the first rows are about `most` bytes, up to a chapter if one begins in the second half of them."""
    weights = accumulate(weight for _, _, weight in rows)
    count = max(1, sum(1 for _ in takewhile(partial(ge, most), weights)))
    if count == len(rows):
        return count
    return next((place for place in range(count, count // 2, -1) if rows[place][0] != rows[place - 1][0]), count)


def _runs(rows: list[_Row]) -> Iterator[list[_Row]]:
    while rows:
        count = _fitting(rows, PART)
        yield rows[:count]
        rows = rows[count:]


def _grouped(rows: Sequence[_Row]) -> tuple[Passage, ...]:
    return tuple(
        Passage(chapter=chapter, turns=tuple(turn for _, turn, _ in those))
        for chapter, those in groupby(rows, key=itemgetter(0))
    )


def _parts(entry: Entry, runs: list[tuple[Passage, ...]]) -> Iterator[Part]:
    starts = [run[0].turns[0].start_s for run in runs]
    ends = [*starts[1:], entry.media.duration_s]
    goes_on = [False, *(before[-1].chapter == after[0].chapter for before, after in pairwise(runs))]
    for number, (start_s, end_s, run, on) in enumerate(zip(starts, ends, runs, goes_on, strict=True), start=1):
        key = page_key(entry.episode, number)
        yield Part(key=key, start_s=start_s, end_s=end_s, passages=run, goes_on=on)
