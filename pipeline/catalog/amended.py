"""An episode's front matter with some keys set anew, every other character as it was."""

import re
from collections.abc import Mapping

from pipeline.catalog import located
from pipeline.errors import Problem, ShowError

_FRONT = re.compile(r"(\ufeff?---[ \t]*\r?\n)(.*?)(?=^---[ \t]*(?:\r?\n|\Z))", re.DOTALL | re.MULTILINE)
_QUOTED = re.compile(r"\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*')")


def front_matter(text: str, values: Mapping[str, str], *, file: str) -> str:
    """`text`, an `episode.md`, with these values in place of what stood under their keys, or as the last ones.

    A value is YAML as it stands behind its key: on the same line, or from the next one on and indented. A comment
    behind or below the old value stays. ShowError where what comes of it would not be read as the same settings but
    for these.
    """
    found = _FRONT.match(text)
    if not found:
        raise _unchanged(values, file)
    before, end = found[2], "\r\n" if found[1].endswith("\r\n") else "\n"
    after = before
    for key, value in values.items():
        after = _with(after, key, value, end)
    if _said(after, file) != {**_said(before, file), **_said(_lines(values), file)}:
        raise _unchanged(values, file)
    return text[: found.start(2)] + after + text[found.end(2) :]


def _with(front: str, key: str, value: str, end: str) -> str:
    lines, (first, *below) = front.splitlines(keepends=True), value.split("\n")
    at = next((place for place, line in enumerate(lines) if re.match(rf"{re.escape(key)}[ \t]*:(?=\s)", line)), None)
    if at is None:
        closed = front if front.endswith("\n") or not front else front + end
        return closed + "".join(f"{line}{end}" for line in (_line(key, first), *below))
    old = lines[at].partition(":")[2].rstrip("\r\n")
    made = (_line(key, first) + _comment(old), *below)
    return "".join((*lines[:at], *(f"{line}{end}" for line in made), *lines[_end(lines, at) :]))


def _line(key: str, value: str) -> str:
    return f"{key}: {value}" if value else f"{key}:"


def _end(lines: list[str], at: int) -> int:
    """Where the value that begins on line `at` is over; comments below it are not of it."""
    stop = at + 1
    while stop < len(lines) and re.match(r"[ \t]+\S", lines[stop]):
        stop += 1
    while stop > at + 1 and re.match(r"[ \t]+#", lines[stop - 1]):
        stop -= 1
    return stop


def _comment(old: str) -> str:
    """The comment behind a value, with the space before it."""
    quoted = _QUOTED.match(old)
    found = re.search(r"\s+#.*$", old[quoted.end() :] if quoted else old)
    return found[0].rstrip() if found else ""


def _said(front: str, file: str) -> dict[str, object]:
    document, problems = located.read(front.replace("\r\n", "\n"), file=file, first_line=2)
    if problems:
        raise ShowError(*problems)
    return dict(document.value)


def _lines(values: Mapping[str, str]) -> str:
    return "".join(f"{_line(key, value)}\n" for key, value in values.items())


def _unchanged(values: Mapping[str, str], file: str) -> ShowError:
    what = f"{', '.join(f'`{key}`' for key in values)} cannot be written here without touching something else."
    return ShowError(Problem(what=what, file=file, mend=f"Write it yourself: {_lines(values).strip()}"))
