"""The front matter of a new `episode.md`, as one would write it by hand; `catalog.amended` changes one that is."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pipeline.model import Chapter
from pipeline.text import clock

Value: TypeAlias = "str | int | Sequence[str] | None"
"""None: a key that waits for its value."""
_PLAIN = re.compile(r"[^\W_](?:[\w ,.()/!?'’&+–-]*[\w.()!?'’])?")


def composed(keys: Mapping[str, Value], comments: Mapping[str, str]) -> str:
    """A new `episode.md` without notes; `comments` stand behind the lines of their keys."""
    lines = (_line(key, value, comments.get(key, "")) for key, value in keys.items())
    return f"---\n{''.join(lines)}---\n\n"


def yaml(value: Value) -> str:
    """A value as it stands behind its key and on the lines below it."""
    if value is None:
        return ""
    if isinstance(value, (str, int)):
        return scalar(str(value))
    return "".join(f"\n  - {scalar(item)}" for item in value)


def _line(key: str, value: Value, comment: str) -> str:
    first, *below = yaml(value).split("\n")
    return "\n".join([" ".join([f"{key}:", *filter(None, [first, comment and f"# {comment}"])]), *below, ""])


def scalar(text: str) -> str:
    """A text on one line in YAML, between quotes (as JSON, which YAML includes) where it needs them."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def chapter(chapter: Chapter) -> str:
    """A chapter as producers write it: `12:30 Title`."""
    thousandths = round(chapter.start_s * 1000)
    rest = f".{thousandths % 1000:03}" if thousandths % 1000 else ""
    return f"{clock(thousandths // 1000)}{rest} {chapter.title}"
