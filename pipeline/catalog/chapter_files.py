"""Finding and reading the file that holds an episode's chapters."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.catalog import chapter_formats, files, values
from pipeline.catalog.chapter_formats import FORMATS, Fault, Mark
from pipeline.errors import Problem
from pipeline.model import Chapter, Origin

LARGEST = 1_000_000
"""Bytes; a chapter takes a hundred."""
LONGEST_TITLE = 255
_NAMES = frozenset({"chapters", "hoofdstukken", "labels"})
_SUFFIXES = (".txt", ".json", ".xml", ".psc")
_CLOCK = re.compile(r"(?:(\d{1,3}):(?=\d\d:))?(\d{1,4}):(\d\d(?:[.,]\d{1,9})?)")
_SECONDS = re.compile(r"\d{1,7}(?:[.,]\d{1,20})?(?:[eE]-\d\d?)?")
_PLAIN = FORMATS[-1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What could be read of a file of chapters, and everything that was wrong with it."""

    chapters: tuple[Chapter, ...] = ()
    """In order of time, to the millisecond."""
    origin: Origin
    problems: tuple[Problem, ...] = ()


def lying_in(folder: Path) -> list[Path]:
    """The files of a folder that are chapters by their names.

    `chapters`, `hoofdstukken` or `labels`, alone or as the last word before `.txt`, `.json`, `.xml`; or any `.psc`.
    """
    return [path for path in files.ending(folder, _SUFFIXES) if is_named_so(path)]


def is_named_so(path: Path) -> bool:
    """Whether a file is one of chapters by its name, as `lying_in` has it."""
    suffix = path.suffix.lower()
    return suffix == ".psc" or (suffix in _SUFFIXES and path.stem.lower().rpartition(".")[2] in _NAMES)


def read(path: Path, root: Path) -> Reading:
    """The chapters of a file that `files.trouble` passed, in whichever of `FORMATS` it is written."""
    name = path.relative_to(root).as_posix()
    if path.stat().st_size > LARGEST:
        what = "The file is far too large to be chapters."
        return _refused(Problem(what=what, file=name, mend="Name the file that holds the chapters."))
    text = files.text(path, root)
    return _refused(text) if isinstance(text, Problem) else parse(text, name)


def parse(text: str, name: str) -> Reading:
    """The chapters in the text of a file called `name`, in whichever of `FORMATS` it is written."""
    format = chapter_formats.of(text)
    if format is None:
        what = "The file holds no chapters that omroep can read."
        return _refused(Problem(what=what, file=name, mend=f"Write a chapter a line, such as {_PLAIN.example}"))
    return judged(name, tuple(format.marks(text)), f"Write it as {format.example}")


def _refused(problem: Problem) -> Reading:
    return Reading(origin=Origin(file=problem.file, lines={}), problems=(problem,))


def judged(file: str, marks: tuple[Mark | Fault, ...], mend: str) -> Reading:
    """What `marks` come to; `mend` says how their format wants them."""
    if not marks:
        return _refused(Problem(what="There are no chapters in the file.", file=file, mend=mend))
    read = [(mark.line, _chapter(mark, file, mend) if isinstance(mark, Mark) else mark) for mark in marks]
    rows = sorted(
        ((line, made) for line, made in read if isinstance(made, Chapter)), key=lambda row: (row[1].start_s, row[0])
    )
    problems: list[Problem] = []
    for line, made in read:
        if isinstance(made, Fault):
            problems.append(Problem(what=f"{made.why}.", file=file, line=line, mend=mend))
        elif isinstance(made, tuple):
            problems += made
    return Reading(
        chapters=tuple(chapter for _, chapter in rows),
        origin=Origin(file=file, lines={(): 1, **{("chapters", place): line for place, (line, _) in enumerate(rows)}}),
        problems=tuple(problems),
    )


def _chapter(mark: Mark, file: str, mend: str) -> Chapter | tuple[Problem, ...]:
    parts: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, read, correction in _PARTS:
        try:
            parts[name] = read(mark)
        except ValueError as error:
            problems.append(Problem(what=f"{error}.", file=file, line=mark.line, mend=correction or mend))
    return tuple(problems) or Chapter(**parts)


def _start_s(mark: Mark) -> float:
    """Seconds or a clock (Normal Play Time, RFC 2326 section 3.6), with a point or a comma; to the millisecond."""
    if not mark.start:
        raise ValueError("The chapter has no time")
    clock, seconds = _CLOCK.fullmatch(mark.start), _SECONDS.fullmatch(mark.start)
    if seconds:
        return round(float(mark.start.replace(",", ".")), 3)
    hour, minute, second = clock.groups("0") if clock else ("0", "0", "60")
    if float(second.replace(",", ".")) >= 60 or (clock and clock[1] and int(minute) >= 60):
        raise ValueError(f"`{mark.start}` is not a time")
    return round(int(hour) * 3600 + int(minute) * 60 + float(second.replace(",", ".")), 3)


def _title(mark: Mark) -> str:
    try:
        title = values.line(mark.title)
    except ValueError as error:
        raise ValueError(f"The title of the chapter at {mark.start} {error}") from error
    if len(title) > LONGEST_TITLE:
        raise ValueError(f"The title of the chapter at {mark.start} is longer than {LONGEST_TITLE} characters")
    return title


def _link(mark: Mark) -> str | None:
    try:
        return values.address(mark.link) if mark.link else None
    except ValueError as error:
        raise ValueError(f"The link of the chapter at {mark.start}: {error}") from error


_PARTS: tuple[tuple[str, Callable[[Mark], Any], str], ...] = (
    ("start_s", _start_s, ""),
    ("title", _title, "Write what listeners will read, or remove the chapter."),
    ("link", _link, "Correct it, or leave it out."),
)
"""What makes a chapter, how it is read of a mark, and how to mend it (otherwise than the format's example shows)."""
