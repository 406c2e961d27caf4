"""An episode's front matter with one key set anew, every other character as it was."""

import re

from pipeline.catalog import located
from pipeline.errors import Problem, ShowError

_FRONT = re.compile(r"(\ufeff?---[ \t]*\r?\n)(.*?)(?=^---[ \t]*(?:\r?\n|\Z))", re.DOTALL | re.MULTILINE)
_QUOTED = re.compile(r"\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*')")


def front_matter(text: str, key: str, value: str, *, file: str) -> str:
    """`text`, an `episode.md`, with the line `key: value` in place of what stood under that key, or as the last one.

    `value` is YAML on one line. A comment behind the old value stays. ShowError where what comes of it would not be
    read as the same settings but for this one.
    """
    found = _FRONT.match(text)
    if not found:
        raise _unchanged(key, value, file)
    before, end = found[2], "\r\n" if found[1].endswith("\r\n") else "\n"
    after = _with(before, key, value, end)
    if _without(before, key, file) != _without(after, key, file):
        raise _unchanged(key, value, file)
    return text[: found.start(2)] + after + text[found.end(2) :]


def _with(front: str, key: str, value: str, end: str) -> str:
    lines = front.splitlines(keepends=True)
    at = next((place for place, line in enumerate(lines) if re.match(rf"{re.escape(key)}[ \t]*:(?=\s)", line)), None)
    if at is None:
        closed = front if front.endswith("\n") or not front else front + end
        return f"{closed}{key}: {value}{end}"
    stop = at + 1
    while stop < len(lines) and re.match(r"[ \t]+\S", lines[stop]):
        stop += 1
    old = lines[at].partition(":")[2].rstrip("\r\n")
    return "".join((*lines[:at], f"{key}: {value}{_comment(old)}{end}", *lines[stop:]))


def _comment(old: str) -> str:
    """The comment behind a value, with the space before it."""
    quoted = _QUOTED.match(old)
    found = re.search(r"\s+#.*$", old[quoted.end() :] if quoted else old)
    return found[0].rstrip() if found else ""


def _without(front: str, key: str, file: str) -> dict[str, object]:
    document, problems = located.read(front.replace("\r\n", "\n"), file=file, first_line=2)
    if problems:
        raise ShowError(*problems)
    return {name: value for name, value in document.value.items() if name != key}


def _unchanged(key: str, value: str, file: str) -> ShowError:
    what = f"`{key}` cannot be written here without touching something else."
    return ShowError(Problem(what=what, file=file, mend=f"Write it yourself: {key}: {value}"))
