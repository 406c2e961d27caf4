"""Whether two sites tell the same: every page of one beside that of the other."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from urllib.parse import urljoin

from lxml import etree, html
from lxml.html.defs import empty_tags

_HOST = "https://site.invalid/"
_ADDRESSES = {"href", "src", "data-art", "data-script", "data-stemmer"}
_LISTS = {"srcset": ", ", "data-blocks": " ", "data-fresh": " ", "data-parts": " "}
"""Attributes that hold several addresses, and what is between them."""

Told = Iterable[str]
"""What a file tells, piece by piece in its order: elements with their attributes, words, data."""


@dataclass(frozen=True, kw_only=True)
class Unlike:
    """What may differ."""

    keys: str
    """A pattern of names of files, as of a shell."""
    pieces: re.Pattern[str] = re.compile("")
    """What is left out of both; all of it where a file may be lacking."""
    why: str


def differences(ours: Path, theirs: Path, unlike: Sequence[Unlike]) -> Iterator[str]:
    """Every file of one site that the other lacks or that tells something else there, with the first lines of it."""
    here, there = _keys(ours), _keys(theirs)
    for key in sorted(here ^ there):
        if not any(fnmatch(key, one.keys) for one in unlike):
            yield f"{key}: only {'ours' if key in here else 'theirs'}"
    for key in sorted(here & there):
        mine, other = (_told(key, (site / key).read_bytes(), unlike) for site in (ours, theirs))
        if mine != other:
            lines = unified_diff(mine, other, "ours", "theirs", n=1, lineterm="")
            yield "\n".join([key, *islice(lines, 20)])


def _keys(site: Path) -> set[str]:
    return {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}


def _told(key: str, body: bytes, unlike: Sequence[Unlike]) -> list[str]:
    left_out = [one.pieces for one in unlike if fnmatch(key, one.keys)]
    told = _WAYS.get(Path(key).suffix, _text)(key, body)
    return [piece for piece in told if not any(pattern.match(piece) for pattern in left_out)]


def page(key: str, body: bytes) -> Told:
    """A page: white space is one blank, addresses are whole, attributes have no order, JSON-LD is data."""
    return _element(html.document_fromstring(body.decode()), urljoin(_HOST, key))


def _element(element: html.HtmlElement, address: str) -> Iterator[str]:
    if not isinstance(element.tag, str):  # a comment
        return
    attributes = " ".join(f'{name}="{_attribute(name, value, address)}"' for name, value in sorted(element.items()))
    yield f"<{element.tag} {attributes}>" if attributes else f"<{element.tag}>"
    if element.get("type") == "application/ld+json":
        yield from _json(element.text or "")
    else:
        yield from _words(element.text)
        for below in element:
            yield from _element(below, address)
            yield from _words(below.tail)
    if element.tag not in empty_tags:
        yield f"</{element.tag}>"


def _words(text: str | None) -> Iterator[str]:
    if folded := " ".join((text or "").split()):
        yield folded


def _attribute(name: str, value: str, address: str) -> str:
    if name in _LISTS:
        parts = (part.partition(" ") for part in value.split(_LISTS[name]))
        return _LISTS[name].join(urljoin(address, first) + between + rest for first, between, rest in parts if first)
    return urljoin(address, value) if name in _ADDRESSES else value


def _json(text: str) -> Told:
    """As data: the order of names says nothing, and 47 is 47.0."""
    told = json.loads(text, parse_int=float)
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).splitlines()


def _data(key: str, body: bytes) -> Told:
    return _json(body.decode())


def _tree(key: str, body: bytes) -> Told:
    return [f"{element.tag} {(element.text or '').strip()}" for element in etree.fromstring(body).iter()]


def _text(key: str, body: bytes) -> Told:
    return body.decode("utf-8", "replace").splitlines()


_WAYS: Mapping[str, Callable[[str, bytes], Told]] = {
    ".html": page,
    ".json": _data,
    ".webmanifest": _data,
    ".xml": _tree,
}
