"""The front matter of an `episode.md`, written, and added to without touching what stands there."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pipeline.model import Chapter
from pipeline.text import clock

Value: TypeAlias = "str | int | Sequence[str] | None"
"""None: a key that waits for its value."""
_PLAIN = re.compile(r"[^\W_](?:[\w ,.()/!?'’&+–-]*[\w.()!?'’])?")
_KEY = r"^{}[ \t]*:[ \t]*(#.*)?$"
_BLOCK = re.compile(r"(---[ \t]*\n(?:.*?\n)?)(---[ \t]*(?:\n|\Z).*)", re.DOTALL)


def composed(keys: Mapping[str, Value], comments: Mapping[str, str]) -> str:
    """A new `episode.md` without notes; `comments` stand behind the lines of their keys."""
    lines = (_line(key, value, comments.get(key, "")) for key, value in keys.items())
    return f"---\n{''.join(lines)}---\n\n"


def added(text: str, keys: Mapping[str, Value]) -> str | None:
    """An `episode.md` with keys that it lacks or has left empty; all else stays as it is, byte for byte.

    None where its front matter is not of the kind that lines can be added to.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    found = re.fullmatch(_BLOCK, text.replace("\r\n", "\n"))
    if not found:
        return None
    front, rest = found[1], found[2]
    for key, value in keys.items():
        empty = re.compile(_KEY.format(re.escape(key)), re.MULTILINE)
        front = _filled(front, empty, key, value) if empty.search(front) else front + _line(key, value, "")
    return (front + rest).replace("\n", ending)


def _filled(front: str, empty: re.Pattern[str], key: str, value: Value) -> str:
    def line(found: re.Match[str]) -> str:
        return _line(key, value, (found[1] or "").removeprefix("#").strip()).rstrip("\n")

    return empty.sub(line, front, count=1)


def _line(key: str, value: Value, comment: str) -> str:
    behind = f" # {comment}" if comment else ""
    if value is None:
        return f"{key}:{behind}\n"
    if isinstance(value, (str, int)):
        return f"{key}: {scalar(str(value))}{behind}\n"
    return f"{key}:{behind}\n" + "".join(f"  - {scalar(item)}\n" for item in value)


def scalar(text: str) -> str:
    """A text on one line in YAML, between quotes (as JSON, which YAML includes) where it needs them."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def chapter(chapter: Chapter) -> str:
    """A chapter as producers write it: `12:30 Title`."""
    thousandths = round(chapter.start_s * 1000)
    rest = f".{thousandths % 1000:03}" if thousandths % 1000 else ""
    return f"{clock(thousandths // 1000)}{rest} {chapter.title}"
