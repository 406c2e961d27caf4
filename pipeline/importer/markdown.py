"""Show notes in HTML as Markdown that means the same when it is rendered again."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

from markdownify import BACKSLASH, MarkdownConverter

from pipeline import notes

_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_BLOCK = re.compile(r"(</?)(?:div|section|article|aside|header|footer|main|figure|figcaption|center|address)\b[^<>]*>")
_HIGH = re.compile(r"(</?)h[12](?=[\s>])", re.IGNORECASE)
_EMPTY = re.compile(
    r"(?:<br>\s*|&nbsp;|\u00a0)+(?=</(?:p|li|h[3-6]|t[dh]|blockquote)>)|(?<=<p>)(?:<br>\s*)+|<p>\s*</p>"
)
_NEEDLESS = re.compile(r"\\(&)(?!#?\w+;)|(?<=[^\s\\])([ \t]*)\\(?=[=+>])")
"""Backslashes that say nothing: before an ampersand that begins no entity, and what has a meaning on a line's start."""
_BARE_LINK = re.compile(r"https?://[^\s<>\\]*[^\s<>\\.,:;!?\"'*_~()\[\]]", re.IGNORECASE)
_HOLLOW = re.compile(r"<(\w+)[^<>]*>(?:\s|<br>)*</\1>")
_SAME_TAG = {"i": "em", "b": "strong"}
_COUNTED = ("em", "strong", "del", "code", "pre", "li", "ul", "ol", "h3", "h4", "h5", "h6", "blockquote", "tr", "hr")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_IN_A_LINK = "/:?#[]@!$&'()*+,;=%~-._"
_LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_DROPPED = (
    ("a picture", re.compile(r"<img\b", re.IGNORECASE)),
    ("a player or frame of another site", re.compile(r"<(?:iframe|audio|video|embed|object)\b", re.IGNORECASE)),
    ("a link that is not http, https or mailto", re.compile(r"<a\b[^>]*href\s*=\s*[\"'](?!https?:|mailto:)", re.I)),
)
"""What notes of ours cannot have."""


class _Writer(MarkdownConverter):
    """The library's converter, where cmark reads otherwise than it expects."""

    def escape(self, text: str, parent_tags: set[str]) -> str:
        """Text without a meaning in Markdown, but for an address, which every page makes a link of anyway."""
        if "a" in parent_tags:
            return self._escaped(text, parent_tags)
        end, done = 0, ""
        for link in _BARE_LINK.finditer(text):
            done += self._escaped(text[end : link.start()], parent_tags) + f"<{_ENTITY.sub('&amp;', link[0])}>"
            end = link.end()
        return done + self._escaped(text[end:], parent_tags)

    def _escaped(self, text: str, parent_tags: set[str]) -> str:
        escaped: str = super().escape(text, parent_tags)  # type: ignore[misc]  # missing in its types
        return _NEEDLESS.sub(r"\1\2", re.sub(r"!(?=\\?\[|$)", r"\\!", escaped))

    def convert_hN(self, n: int, el: Any, text: str, parent_tags: set[str]) -> str:  # noqa: N802 -- the library's name
        """A heading one level up: notes are rendered below the page's own (see `notes.html`)."""
        written: str = super().convert_hN(max(2, n - 1), el, text, parent_tags)  # type: ignore[misc]
        return written

    def convert_a(self, el: Any, text: str, parent_tags: set[str]) -> str:
        """A link, its address in a spelling that no Markdown can end early."""
        href = str(el.get("href") or "")
        if el.get_text() == href and ";" not in href and _BARE_LINK.fullmatch(href):
            return f"<{href}>"
        if href:
            spelled = _ENTITY.sub("&amp;", quote(href, safe=_IN_A_LINK))
            el["href"] = f"<{spelled}>" if set("()") & set(spelled) else spelled
        written: str = super().convert_a(el, text, parent_tags)  # type: ignore[misc]
        return written


_WRITER = _Writer(heading_style="ATX", bullets="-", escape_misc=True, autolinks=False, newline_style=BACKSLASH)


def of(text: str) -> str:
    """HTML, or plain text of several lines, as Markdown."""
    written: str = _WRITER.convert(_clean(text))
    return written.strip()


def plain(text: str) -> str:
    """HTML as plain text, a block on each line; plain text as it is."""
    if not _TAG.search(text):
        return html.unescape(text).strip()
    markup = re.sub(r"</(?:p|h[3-6]|li|tr|pre)>|<br>|<hr>", "\n", _clean(text))
    lines = (" ".join(html.unescape(re.sub(r"<[^>]*>", "", line)).split()) for line in markup.split("\n"))
    return "\n".join(line for line in lines if line)


def same(text: str, markdown: str) -> bool:
    """Whether `markdown` when rendered says what `text` does, and how; ValueError where it is too long to be."""
    return _meaning(_clean(text)) == _meaning(notes.html(markdown))


def dropped(text: str) -> Iterator[str]:
    """What of the HTML `text` has no place in Markdown, each with how often it is there."""
    for what, sign in _DROPPED:
        if count := len(sign.findall(text)):
            yield what if count == 1 else f"{what} ({count} times)"


def _clean(text: str) -> str:
    """`text` as HTML of the tags that notes may have."""
    markup = text if _TAG.search(text) else _lined(html.unescape(text))
    clean = notes.clean(_HIGH.sub(r"\1h3", _BLOCK.sub(r"\1p>", markup)))
    return _EMPTY.sub("", _EMPTY.sub("", clean))  # twice: a paragraph may be empty once its breaks are gone


def _lined(text: str) -> str:
    paragraphs = (part.strip() for part in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")))
    return "".join(f"<p>{html.escape(part).replace(chr(10), '<br>')}</p>" for part in paragraphs if part)


def _meaning(markup: str) -> tuple[str, Counter[str], Counter[str]]:
    """Of clean HTML: its words without their spaces, its addresses (those that are their own words left out), its tags.

    Of elements that hold nothing nothing is seen, so they count for nothing.
    """
    before = ""
    while before != markup:
        before, markup = markup, _HOLLOW.sub("", markup)
    words = html.unescape(re.sub(r"<[^>]*>", "", markup))
    links = ((unquote(html.unescape(href)), re.sub(r"<[^>]*>", "", said)) for href, said in _LINK.findall(markup))
    named = Counter(href for href, said in links if unquote(html.unescape(said)) != href)
    tags = Counter(_SAME_TAG.get(tag, tag) for tag in re.findall(r"<(\w+)", markup))
    return "".join(words.split()), named, Counter({tag: tags[tag] for tag in _COUNTED})
