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
_KEY = r"^{}[ \t]*:[ \t]*(#[^\r\n]*)?(?=\r?$)"
_BLOCK = re.compile(r"(---[ \t]*\r?\n(?:.*?\n)?)(---[ \t]*(?:\r?\n|\Z).*)", re.DOTALL)


def composed(keys: Mapping[str, Value], comments: Mapping[str, str]) -> str:
    """A new `episode.md` without notes; `comments` stand behind the lines of their keys."""
    lines = (_line(key, value, comments.get(key, "")) for key, value in keys.items())
    return f"---\n{''.join(lines)}---\n\n"


def added(text: str, keys: Mapping[str, Value]) -> str | None:
    """An `episode.md` with keys that it lacks or has left empty; all else stays as it is, byte for byte.

    None where its front matter is not of the kind that lines can be added to.
    """
    found = re.fullmatch(_BLOCK, text)
    if not found:
        return None
    front, rest = found[1], found[2]
    ending = "\r\n" if front.partition("\n")[0].endswith("\r") else "\n"
    for key, value in keys.items():
        empty = re.search(_KEY.format(re.escape(key)), front, re.MULTILINE)
        start, end = empty.span() if empty else (len(front), len(front))
        line = _line(key, value, (empty[1] or "").removeprefix("#").strip() if empty else "")
        front = front[:start] + (line.rstrip("\n") if empty else line).replace("\n", ending) + front[end:]
    return front + rest


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
