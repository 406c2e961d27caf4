"""The formats in which other programs write chapters, told apart by their content."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from lxml import etree


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A chapter as it was written."""

    line: int
    start: str
    title: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that holds no chapter."""

    line: int
    why: str
    """A sentence without its full stop."""


Marks: TypeAlias = Iterator[Mark | Fault]


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """One way to write chapters."""

    name: str
    source: str
    """Where it is specified."""
    example: str
    """One chapter."""
    sign: re.Pattern[str]
    """What is found in its files and in none of the formats after it."""
    marks: Callable[[str], Marks]
    """The chapters of a file's text, and its lines that hold none."""


def of(text: str) -> Format | None:
    """The format of a file, by the first sign that is found in it."""
    return next((format for format in FORMATS if format.sign.search(text)), None)


# --- XML and JSON -----------------------------------------------------------------------------------------------------


def _simple_chapters(text: str) -> Marks:
    if declared := re.search(r"<!(DOCTYPE|ENTITY)", text):
        line = text.count("\n", 0, declared.start()) + 1
        yield Fault(line, "A file of chapters may not declare a document type or entities")
        return
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        yield Fault(error.lineno or 1, f"This is not valid XML: {error.msg}")
        return
    for element in root.iter("{*}chapter"):
        told = {str(name): str(value) for name, value in element.attrib.items()}
        line = element.sourceline if isinstance(element.sourceline, int) else 1
        yield Mark(line=line, start=told.get("start", ""), title=told.get("title", ""), link=told.get("href"))


def _json(start: str, link: str) -> Callable[[str], Marks]:
    """Reads a list of objects, alone or as `chapters` of an object; their keys `start` and `link` are so called."""

    def marks(text: str) -> Marks:
        try:
            rows = tuple(_rows(text))
        except json.JSONDecodeError as error:
            yield Fault(error.lineno, f"This is not valid JSON: {error.msg}")
        except RecursionError:
            yield Fault(1, "This is JSON that is nested too deeply")
        else:
            for line, row in rows:
                if not isinstance(row, dict):
                    yield Fault(line, "A chapter should be an object in braces")
                elif row.get("toc") is not False:  # a silent chapter is not shown
                    told = {key: str(row.get(key) or "") for key in (start, "title", link)}
                    yield Mark(line=line, start=told[start], title=told["title"], link=told[link] or None)

    return marks


_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
"""Numbers stay as they were typed, so that nothing is lost before they are rounded."""


def _rows(text: str) -> Iterator[tuple[int, Any]]:
    """Line and value of each item in the list of chapters; JSONDecodeError or RecursionError where it is not JSON."""
    _DECODER.decode(text)
    line, seen = 1, 0
    for at in _lists(text, _after(text, 0), ("chapters", "data")):
        for start, value in _items(text, at):
            line, seen = line + text.count("\n", seen, start), start
            yield line, value


def _lists(text: str, at: int, keys: tuple[str, ...]) -> Iterator[int]:
    """Where the list of chapters begins: here, under `chapters`, or so under `data` (as in the answer of an API)."""
    if text[at] == "[":
        yield at
    if text[at] == "{":
        parts = list(_items(text, at))
        for (_, key), (value_at, _) in zip(parts[::2], parts[1::2], strict=True):
            if key in keys:
                yield from _lists(text, value_at, keys[:1])


def _items(text: str, at: int) -> Iterator[tuple[int, Any]]:
    """Place and value of everything in the list or object (keys and values in turn) that begins at `at`."""
    at = _after(text, at + 1)
    while text[at] not in "]}":
        value, end = _DECODER.raw_decode(text, at)
        yield at, value
        at = _after(text, end)


def _after(text: str, at: int) -> int:
    while text[at] in " \t\r\n,:":
        at += 1
    return at


# --- a chapter a line -------------------------------------------------------------------------------------------------


def _lines(text: str) -> Iterator[tuple[int, str]]:
    return ((place, line.strip(" ")) for place, line in enumerate(text.split("\n"), 1) if line.strip())


def _stamped(text: str) -> Marks:
    for place, line in _lines(text):
        if line.startswith("#"):
            continue
        start, *rest = line.split(maxsplit=1)
        if not re.match(r"\d+:", start):
            yield Fault(place, "This line does not begin with a time")
            continue
        title = rest[0] if rest else ""
        link = re.search(r"<(https?://[^<>\s]+)>$", title)
        yield Mark(
            line=place,
            start=start,
            title=title[: link.start()] if link else title,
            link=link[1] if link else None,
        )


_NUMBERED = re.compile(r"CHAPTER(\d{1,4})(NAME|URL)?\s*=(.*)", re.IGNORECASE)


def _numbered(text: str) -> Marks:
    told: dict[int, dict[str, tuple[int, str]]] = {}
    for place, line in _lines(text):
        if found := _NUMBERED.fullmatch(line):
            told.setdefault(int(found[1]), {})[(found[2] or "").upper()] = (place, found[3].strip())
        else:
            yield Fault(place, "This line is neither the time of a chapter nor its name")
    for number, parts in told.items():
        if "" not in parts:
            yield Fault(min(parts.values())[0], f"Chapter {number} has a name, but no time")
            continue
        place, times = parts[""]
        title, link = (parts.get(part, (0, ""))[1] for part in ("NAME", "URL"))
        yield Mark(line=place, start=times.partition("-->")[0].strip(), title=title, link=link or None)


def _labels(text: str) -> Marks:
    for place, line in _lines(text):
        if line.startswith("\\"):  # the frequencies of the label above it
            continue
        start, *rest = line.split("\t")
        if rest:
            yield Mark(line=place, start=start.strip(), title=" ".join(rest[1:]))
        else:
            yield Fault(place, "This line holds no tabs between start, end and label")


FORMATS = (
    Format(
        name="Podlove Simple Chapters",
        source="podlove.org/simple-chapters, 1.2; times: Normal Play Time, RFC 2326 section 3.6",
        example='<psc:chapter start="00:12:30.500" title="Title" href="https://example.org/" />',
        sign=re.compile(r"\A\s*<"),
        marks=_simple_chapters,
    ),
    Format(
        name="Podcasting 2.0 chapters",
        source="Podcasting 2.0 namespace, chapters/jsonChapters.md, 1.2.0",
        example='{"startTime": 750.5, "title": "Title", "url": "https://example.org/"}',
        sign=re.compile(r'\A\s*\{(?=.*"startTime")', re.DOTALL),
        marks=_json("startTime", "url"),
    ),
    Format(
        name="Podlove chapters as JSON",
        source="Podlove Web Player 5, configuration of an episode: chapters",
        example='{"start": "00:12:30.500", "title": "Title", "href": "https://example.org/"}',
        sign=re.compile(r"\A\s*\["),
        marks=_json("start", "href"),
    ),
    Format(
        name="an Auphonic production",
        source="Auphonic API, chapters of a production",
        example='{"start": "00:12:30.500", "title": "Title", "url": "https://example.org/"}',
        sign=re.compile(r"\A\s*\{"),
        marks=_json("start", "url"),
    ),
    Format(
        name="numbered chapters",
        source="OGM and mkvmerge's simple chapter format; Xiph wiki, Chapter Extension of VorbisComment",
        example="CHAPTER01=00:12:30.500 and CHAPTER01NAME=Title",
        sign=re.compile(r"^ *CHAPTER\d+(NAME)?\s*=", re.IGNORECASE | re.MULTILINE),
        marks=_numbered,
    ),
    Format(
        name="Audacity labels",
        source="Audacity manual, Importing and Exporting Labels, standard and extended format",
        example="750.500000, a tab, 750.500000, a tab, Title",
        sign=re.compile(r"^[-\d][\d.,]*\t *-?\d", re.MULTILINE),
        marks=_labels,
    ),
    Format(
        name="times with titles",
        source="mp4chaps (mp4v2), native chapter file; mp3chaps; Auphonic, chapters.txt with <link>",
        example="00:12:30.500 Title <https://example.org/>",
        sign=re.compile(r"^ *\d+:\d", re.MULTILINE),
        marks=_stamped,
    ),
)
"""In the order in which a file is tried for them."""
