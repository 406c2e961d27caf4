"""A feed as plain nodes with the tags' usual prefixes: nothing is expanded, fetched or run while it is read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from pipeline.errors import Problem, ShowError

LARGEST = 64_000_000
"""Bytes of one feed; five thousand episodes with long notes take forty million."""
_PREFIXES: Mapping[str, str] = {
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "https://podcastindex.org/namespace/1.0": "podcast",
    "https://github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://www.w3.org/2005/atom": "atom",
    "http://podlove.org/simple-chapters": "psc",
    "http://podlove.org/simple-chapters/": "psc",
    "http://www.google.com/schemas/play-podcasts/1.0": "googleplay",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://search.yahoo.com/mrss/": "media",
    "http://www.spotify.com/ns/rss": "spotify",
}
"""By address in lower case: hosts spell them with other capitals, and call them by other prefixes."""
_DECLARED = re.compile(rb"\A\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*<!DOCTYPE", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Node:
    """An element."""

    tag: str
    """With its usual prefix: `itunes:author`; none in RSS itself."""
    text: str
    """All of its text, that of its children among it."""
    attributes: Mapping[str, str]
    children: tuple["Node", ...] = ()

    def all(self, *tags: str) -> Iterator["Node"]:
        """The children of these tags, in the order of the feed."""
        return (child for child in self.children if child.tag in tags)

    def said(self, *tags: str) -> str:
        """The text of the first child that has one, of the first of `tags` that does."""
        return next((text for tag in tags for child in self.all(tag) if (text := child.text.strip())), "")


def channel(body: bytes, name: str) -> Node:
    """The channel of an RSS feed; ShowError, in which the feed is called `name`, where it holds none.

    A document type is refused, whatever it declares: it could bring in other files, or grow without end.
    """
    if _DECLARED.match(body.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xfe\xff")):
        raise _refused(name, "it declares a document type, which no feed needs", 1)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise _refused(name, f"it is not valid XML: {error.msg}", error.lineno) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise _refused(name, "it declares a document type, which no feed needs", 1)
    found = root.find("{*}channel")
    if found is None:
        raise _refused(name, f"its first element is `{etree.QName(root).localname}`, and there is no channel in it", 1)
    return _node(found)


def _refused(name: str, why: str, line: int | None) -> ShowError:
    mend = "Give the address of the show's RSS feed, or save it, mend it, and give the file."
    return ShowError(Problem(what=f"This is not the feed of a podcast: {why}.", file=name, line=line, mend=mend))


def _node(element: etree._Element) -> Node:
    text, children = [element.text or ""], []
    for child in element:
        if isinstance(child.tag, str):  # no comment, no processing instruction
            children.append(_node(child))
            text.append(children[-1].text)
        text.append(child.tail or "")
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    return Node(_called(element), "".join(text), attributes, tuple(children))


def _called(element: etree._Element) -> str:
    """Its tag: of a namespace that is not known, with the prefix that the feed has for it."""
    name = etree.QName(element)
    prefix = _PREFIXES.get((name.namespace or "").lower(), element.prefix if name.namespace else None)
    return f"{prefix}:{name.localname}" if prefix else name.localname
