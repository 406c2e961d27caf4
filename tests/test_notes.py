"""Show notes: what comes out is safe, stays as it is, and fits."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import notes
from tests.cases import cases

ALLOWED = {"a", "blockquote", "br", "code", "del", "em", "hr", "li", "ol", "p", "pre", "strong", "ul"}
ALLOWED |= {"h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"}
ALLOWED_ATTRIBUTES = {("a", "href"), ("a", "rel"), ("ol", "start")}

MARKDOWN = [
    "# ",
    "## ",
    "*",
    "**",
    "_",
    "`",
    "```\n",
    ">",
    "- ",
    "1. ",
    "[",
    "](",
    ")",
    "!",
    "|",
    "|-|",
    "\\",
    "\n",
    "\n\n",
    "---",
    "~~",
]
WORDS = ["a", "é", "中", "\u202e", "\x00", "\ufeff", "\x85", " ", "&", ";", "<", ">", '"', "'", "&lt;", "&#x6a;"]
LINKS = ["www.x.nl", "https://x.nl", "javascript:alert(1)", "data:text/html,x", "a@b.nl", "//x.nl", "<https://x.nl>"]
HTML = [
    "<script>",
    "</script>",
    "<b onclick=x>",
    "<svg>",
    "<style>",
    "<!--",
    "-->",
    "<img src=x onerror=y>",
    "<p>",
    "</p>",
]
HTML += ["<a href=x>", "<table>", "<td>", "<select>", "<template>", "<noscript>", "</title>", "<![CDATA[", "]]>"]
NOTES = st.lists(st.sampled_from(MARKDOWN + WORDS + LINKS + HTML), max_size=40).map("".join) | st.text(max_size=200)


def tree(markup: str) -> lxml.html.HtmlElement:
    """Markup as lxml reads it, in a div."""
    return lxml.html.fragment_fromstring(markup, create_parent="div")


@pytest.mark.parametrize("case", cases("notes"), ids=lambda case: case.name)
def test_golden(case: Path) -> None:
    """Each case's Markdown becomes its HTML."""
    expected = (case / "out.html").read_text("utf-8")
    assert expected == notes.html((case / "in.md").read_text("utf-8"))


@given(NOTES)
def test_only_what_is_allowed_comes_out(markdown: str) -> None:
    """No tag, attribute or address that is not on the list, whatever went in."""
    for element in tree(notes.html(markdown)).iterdescendants():
        assert element.tag in ALLOWED
        assert {(element.tag, name) for name in element.attrib} <= ALLOWED_ATTRIBUTES
        if element.tag == "a":
            assert re.match(r"https?://|mailto:", element.get("href", ""), re.IGNORECASE)


@pytest.mark.parametrize("address", ["www.utrecht.nl", "/over.html", "#kop", "javascript:alert(1)", "ftp://a.nl"])
def test_of_a_link_that_leads_nowhere_only_its_words_are_left(address: str) -> None:
    """On a page and in a feed: a link that cannot be followed is none; those around it stay."""
    said = f"Zie [*de* site]({address}) en [deze](https://a.nl/)."
    assert notes.html(said) == ('<p>Zie <em>de</em> site en <a href="https://a.nl/" rel="noopener">deze</a>.</p>\n')
    assert notes.description_html(said) == '<p>Zie <em>de</em> site en <a href="https://a.nl/">deze</a>.</p>'


@given(NOTES)
def test_cleaning_twice_equals_once(markdown: str) -> None:
    """Notes are stable under cleaning."""
    assert notes.clean(notes.html(markdown)) == notes.html(markdown)


@given(NOTES, st.integers(min_value=0, max_value=200))
def test_a_description_fits_and_is_well_formed(markdown: str, limit: int) -> None:
    """Only Apple's tags, all closed, within the limit."""
    description = notes.description_html(markdown, limit)
    assert len(description.encode()) <= limit
    root = ElementTree.fromstring(f"<div>{description.replace('&nbsp;', ' ')}</div>")
    assert {element.tag for element in root.iter()} <= {"div", "p", "ol", "ul", "li", "a", "b", "i", "strong", "em"}


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (72, "<p>Eén zin. Nog <strong>een zin. En</strong> meer.</p>\n<p>Slot.</p>"),
        (67, "<p>Eén zin. Nog <strong>een zin. En</strong> meer.</p>"),
        (52, "<p>Eén zin. Nog <strong>een zin.</strong></p>"),
        (30, "<p>Eén zin.</p>"),
        (15, "<p>Eén…</p>"),
        (10, ""),
    ],
)
def test_a_description_ends_where_a_reader_would(limit: int, expected: str) -> None:
    """After a paragraph, else a sentence, else a word; tags that were open are closed."""
    markdown = "Eén zin. Nog **een zin. En** meer.\n\nSlot."
    assert expected == notes.description_html(markdown, limit)


def test_what_a_description_cannot_have_is_spelled_otherwise() -> None:
    """Headings become bold paragraphs, table rows become lines: no word is lost."""
    described = notes.description_html("## Kop\n\n|a|b|\n|-|-|\n|1|2|\n\n> citaat `code`\n\n<b>x</b>")
    assert [" ".join(p.text_content().split()) for p in tree(described)] == ["Kop", "a b", "1 2", "citaat code", "x"]
    assert described.startswith("<p><strong>Kop</strong></p>")


def test_long_notes_are_cut_at_a_sentence() -> None:
    """4000 bytes by default, counted as UTF-8, and nothing after the last whole sentence."""
    described = notes.description_html("Één zin over inclusie. " * 400)
    assert 3950 < len(described.encode()) <= 4000
    assert described.endswith("inclusie.</p>")


def test_plain_text() -> None:
    """A line per block, no markup, no character references."""
    assert notes.text("## Kop & zo\n\nEen *zin*\nmet [link](https://x.nl).\n\n- a\n- b") == (
        "Kop & zo\nEen zin\nmet link.\na\nb"
    )


@pytest.mark.parametrize("pattern", ["[", "*a **", ">", "> ", "`", "<", "&", "- ", "![[]()", "[a](", "_a_ ~", "|a\n"])
def test_a_megabyte_of_trouble_ends(pattern: str) -> None:
    """Refused or rendered, at any length, long before anybody would wait for it."""
    script = (
        "import sys\nfrom pipeline import notes\n"
        "for size in (1_000_000, notes.LONGEST):\n"
        "    try:\n        notes.html((sys.argv[1] * size)[:size])\n"
        "        notes.description_html((sys.argv[1] * size)[:size])\n"
        "    except ValueError as error:\n        print(error)\n"
    )
    subprocess.run([sys.executable, "-c", script, pattern], check=True, timeout=20)


@pytest.mark.parametrize(
    ("markdown", "complaint"),
    [
        ("a" * (notes.LONGEST + 1), "100001 characters"),
        (">" * (notes.DEEPEST + 1) + "a", "nested more than 50 deep"),
        ("|" + "a|" * 2000 + "\n|" + "-|" * 2000 + "\n" + "b\n" * 2000, "too wide"),
    ],
)
def test_what_is_refused(markdown: str, complaint: str) -> None:
    """Too long, too deep, too wide: each is said."""
    with pytest.raises(ValueError, match=complaint):
        notes.html(markdown)


def test_the_greatest_depth_is_rendered() -> None:
    """The limit itself is allowed."""
    assert notes.html(">" * notes.DEEPEST + "a").count("<blockquote>") == notes.DEEPEST
