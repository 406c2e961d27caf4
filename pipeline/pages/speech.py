"""A transcript as it is read: by chapter, by speaker, in paragraphs."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby

from pipeline.model import Chapter, Cue

PARAGRAPH = 500
"""Characters after which a speaker's paragraph ends with the sentence."""
_LONGEST = 1500
"""Characters after which it ends anyway: what a machine wrote down may have no sentences, or be one subtitle."""
_PIECE = re.compile("|".join(rf".{{1,{PARAGRAPH}}}{end}" for end in (r"[.!?](?: |$)", r"(?: |$)", "")))
"""Of a longer one as many sentences as fit in a paragraph, else words, else characters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """A paragraph of one speaker."""

    start_s: float
    speaker: str | None
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """What is said in one chapter, or before the first."""

    chapter: Chapter | None
    turns: tuple[Turn, ...]


def passages(chapters: Sequence[Chapter], cues: Iterable[Cue]) -> tuple[Passage, ...]:
    """Cues in order of time, grouped; times are of the same file. Chapters in which nothing is said are absent."""
    starts = [chapter.start_s for chapter in chapters]

    def place(cue: Cue) -> int:
        """Index of its chapter, or -1; by its middle, as marks and subtitles are never set to one frame."""
        return bisect_right(starts, (cue.start_s + cue.end_s) / 2) - 1

    return tuple(
        Passage(chapter=chapters[index] if index >= 0 else None, turns=tuple(_turns(group)))
        for index, group in groupby(chain.from_iterable(map(_pieces, cues)), key=place)
    )


def _pieces(cue: Cue) -> Iterator[Cue]:
    """A cue, or one for each piece of a long one, as if every character took as long to say."""
    if len(cue.text) <= _LONGEST:
        yield cue
        return
    each_s = (cue.end_s - cue.start_s) / len(cue.text)
    for found in _PIECE.finditer(cue.text):
        start_s, end_s = (round(cue.start_s + place * each_s, 3) for place in found.span())
        yield replace(cue, start_s=start_s, end_s=end_s, text=found[0].rstrip())


def _turns(cues: Iterable[Cue]) -> Iterator[Turn]:
    for speaker, spoken in groupby(cues, key=lambda cue: cue.speaker):
        for paragraph in _paragraphs(spoken):
            yield Turn(start_s=paragraph[0].start_s, speaker=speaker, text=" ".join(cue.text for cue in paragraph))


def _paragraphs(cues: Iterable[Cue]) -> Iterator[list[Cue]]:
    paragraph: list[Cue] = []
    length = 0
    for cue in cues:
        paragraph.append(cue)
        length += len(cue.text)
        if length > _LONGEST or (length > PARAGRAPH and cue.text.endswith((".", "!", "?"))):
            yield paragraph
            paragraph, length = [], 0
    if paragraph:
        yield paragraph
