"""Whether two sites tell the same: every page of one beside that of the other."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from urllib.parse import urljoin

from lxml import etree, html

_HOST = "https://site.invalid/"
_ADDRESSES = {"href", "src", "data-art", "data-script", "data-stemmer"}
_LISTS = {"srcset": ", ", "data-blocks": " ", "data-fresh": " ", "data-parts": " "}
"""Attributes that hold several addresses, and what is between them."""

Told = Sequence[str]
"""What a page tells, piece by piece in its order: elements with their attributes, words, data."""


def differences(ours: Path, theirs: Path, unlike: Mapping[str, re.Pattern[str]]) -> Iterator[str]:
    """Every page or data file of one site that the other lacks or tells otherwise.

    `unlike`: by key, what is left out of both before they are compared, or an empty pattern for what only one has.
    """
    here, there = _keys(ours), _keys(theirs)
    yield from (f"{key}: only ours" for key in sorted(here - there) if key not in unlike)
    yield from (f"{key}: only theirs" for key in sorted(there - here) if key not in unlike)
    for key in sorted(here & there):
        told = [_told(key, (site / key).read_bytes(), unlike.get(key)) for site in (ours, theirs)]
        if told[0] != told[1]:
            lines = unified_diff(*told, "ours", "theirs", n=1, lineterm="")
            yield "\n".join([key, *islice(lines, 40)])


def _keys(site: Path) -> set[str]:
    return {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}


def _told(key: str, body: bytes, left_out: re.Pattern[str] | None) -> Told:
    way = _WAYS.get(Path(key).suffix, _bytes)
    return [piece for piece in way(key, body) if not left_out or not left_out.search(piece)]


def page(key: str, body: bytes) -> Iterator[str]:
    """A page of HTML: white space is one blank, addresses are whole, data is data."""
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


def _bytes(key: str, body: bytes) -> Told:
    return body.decode("utf-8", "replace").splitlines()


_WAYS: Mapping[str, Callable[[str, bytes], Iterator[str] | Told]] = {
    ".html": page,
    ".json": _data,
    ".webmanifest": _data,
    ".xml": _tree,
}
