"""Show notes: Markdown in, safe HTML or plain text out."""

import html as entities
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

import nh3
from cmarkgfm import cmark, markdown_to_html_with_extensions

from pipeline.text import xml_safe

LONGEST = 100_000
"""Characters of Markdown that are read: some fourteen thousand words, and still fast for every known pattern."""
DEEPEST = 50
"""Levels of nesting: an HTML parser's time grows with the square of the depth."""
_WIDEST = 2_000_000
"""Characters of HTML from one text: a wide, ragged table fills in every empty cell."""

_EXTENSIONS = ["table", "autolink", "strikethrough"]
_BLOCKS = {"blockquote", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
_INLINE = {"a", "b", "br", "code", "del", "em", "i", "strong"}
_TABLE = {"table", "tbody", "td", "th", "thead", "tr"}
_ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
_OUTSIDE = re.compile(r"(https?://|mailto:)", re.IGNORECASE)

_HEADINGS: Mapping[str, str] = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6", "h6": "h6"}
"""A page's h1 is the episode, the h2 above its notes says that they are notes: a note's own headings begin at h3."""

_FEED_TAGS = {"a", "b", "em", "i", "li", "ol", "p", "strong", "ul"}
"""What Apple Podcasts shows of a description (Apple-823)."""
_FEED_ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}}
_FEED_SPELLING: Mapping[str, str] = {
    **{f"<{slash}{tag}>": "" for slash in ("", "/") for tag in ("table", "thead", "tbody")},
    **{f"<h{level}>": "<p><strong>" for level in "3456"},
    **{f"</h{level}>": "</strong></p>" for level in "3456"},
    "<pre>": "<p>",
    "</pre>": "</p>",
    "<tr>": "<p>",
    "</tr>": "</p>",
    "</td>": " ",
    "</th>": " ",
    "<br>": " ",
}
"""What stands for the tags that a description cannot have."""

_BLOCK_END = re.compile(r"</(?:p|h[3-6]|li|tr|pre)>|<br>|<hr>")
_TAG = re.compile(r"<[^>]*>")
_LINK = re.compile(r'<a(?: [a-z]+="[^"]*")*>|</a>')
_NESTING = re.compile(r"<(/?)(?:blockquote|ul|ol|em|strong|del|a)\b")
_SENTENCE_END = re.compile(r"""[.!?…]["'”’)»]*(?=\s|$)""")
_WORD_END = re.compile(r"\S(?=\s)")


@lru_cache(maxsize=2048)  # a page, its search words and the feed ask one after the other
def html(markdown: str) -> str:
    """Show notes as HTML for a page: GitHub-flavoured Markdown less raw HTML and pictures, headings from h3 down.

    Links are `http`, `https` or `mailto`. Raises ValueError for a text over `LONGEST` characters, nested deeper than
    `DEEPEST`, or that would become more than 2 million characters of HTML.
    """
    return clean(re.sub(r"(?<=</)h[1-6](?=>)|(?<=<)h[1-6](?=>)", lambda tag: _HEADINGS[tag[0]], _rendered(markdown)))


def clean(markup: str) -> str:
    """`markup` less every tag, attribute and address that notes may not have; cleaning notes twice equals once."""
    return _leading(
        nh3.clean(
            markup,
            tags=_BLOCKS | _INLINE | _TABLE,
            attributes=_ATTRIBUTES,
            attribute_filter=_kept,
            link_rel="noopener",
            url_schemes=_SCHEMES,
        )
    )


def _leading(markup: str) -> str:
    """Clean markup in which every link leads somewhere; of others only their words are left."""
    open_links: list[bool] = []

    def kept(tag: re.Match[str]) -> str:
        if tag[0] != "</a>":
            open_links.append(' href="' in tag[0])
            return tag[0] if open_links[-1] else ""
        return tag[0] if open_links.pop() else ""

    return _LINK.sub(kept, markup)


def description_html(markdown: str, limit_bytes: int = 4000) -> str:
    """Show notes as a feed's description: only p, ol, ul, li, a, b, i, strong, em, in at most `limit_bytes` of UTF-8.

    Longer notes end after a sentence or paragraph; where not even one sentence fits, after a word and `…`; where not
    even a word fits, there is nothing. The limit is Apple's (Apple-823). Raises ValueError as `html` does.
    """
    spelled = _TAG.sub(lambda tag: _FEED_SPELLING.get(tag[0], tag[0]), html(markdown))
    markup = nh3.clean(spelled, tags=_FEED_TAGS, attributes=_FEED_ATTRIBUTES, link_rel=None, url_schemes=_SCHEMES)
    return _cut(re.sub(r"\n{2,}", "\n", markup).strip(), limit_bytes)


@lru_cache(maxsize=2048)  # search words, and every list and page that tells how the notes begin
def text(markdown: str) -> str:
    """Show notes as plain text, a block on each line. Raises ValueError as `html` does."""
    lines = _BLOCK_END.sub("\n", html(markdown)).split("\n")
    plain = (" ".join(entities.unescape(_TAG.sub("", line)).split()) for line in lines)
    return "\n".join(line for line in plain if line)


def _rendered(markdown: str) -> str:
    if len(markdown) > LONGEST:
        raise ValueError(f"The notes are {len(markdown)} characters long; at most {LONGEST} are read.")
    markup: str = markdown_to_html_with_extensions(
        xml_safe(markdown), options=cmark.Options.CMARK_OPT_VALIDATE_UTF8, extensions=_EXTENSIONS
    )
    if len(markup) > _WIDEST or _depth(markup) > DEEPEST:
        raise ValueError(f"The notes are nested more than {DEEPEST} deep, or hold a table that is too wide.")
    return markup


def _depth(markup: str) -> int:
    deepest = depth = 0
    for closing in _NESTING.findall(markup):
        depth += -1 if closing else 1
        deepest = max(deepest, depth)
    return deepest


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """Addresses relative to what? Notes are read on pages and in apps, so only absolute ones mean anything."""
    return value if (tag, attribute) != ("a", "href") or _OUTSIDE.match(value) else None


class _Place(NamedTuple):
    """Where a text may end: before this character, with these tags still open."""

    end: int
    open: tuple[str, ...]
    rank: int
    """0 after a paragraph or item, 1 after a sentence, 2 after a word."""


def _cut(markup: str, limit_bytes: int) -> str:
    if len(markup.encode()) <= limit_bytes:
        return markup
    near = takewhile(lambda place: place.end <= limit_bytes, _places(markup))
    fitting = [place for place in near if len(_ended(markup, place).encode()) <= limit_bytes]
    good = [place for place in fitting if place.rank < 2]
    return _ended(markup, (good or fitting)[-1]) if fitting else ""


def _ended(markup: str, place: _Place) -> str:
    closing = "".join(f"</{tag}>" for tag in reversed(place.open))
    return f"{markup[: place.end]}{'…' if place.rank == 2 else ''}{closing}"


def _places(markup: str) -> Iterator[_Place]:
    """Every place where clean markup may end, in order."""
    open_tags: list[str] = []
    for token in re.finditer(r"<(/?)(\w+)[^>]*>|[^<]+", markup):
        if token[2] is None:
            yield from _places_in_text(token, tuple(open_tags))
        elif not token[1]:
            open_tags.append(token[2])
        else:
            open_tags.pop()
            if token[2] in {"p", "li", "ul", "ol"}:
                yield _Place(token.end(), tuple(open_tags), 0)


def _places_in_text(token: re.Match[str], open_tags: tuple[str, ...]) -> Iterator[_Place]:
    ends = {token.start() + end.end(): 2 for end in _WORD_END.finditer(token[0])}
    ends |= {token.start() + end.end(): 1 for end in _SENTENCE_END.finditer(token[0])}
    return (_Place(index, open_tags, rank) for index, rank in sorted(ends.items()) if open_tags)
