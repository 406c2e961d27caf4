"""Hostile text in every key: refused at its line, or carried whole into what is published, where it does nothing."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.parsers import expat

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline import catalog, feed, pages, sidecars, theme
from pipeline.audio.tags import Tags, id3
from pipeline.catalog import schema
from pipeline.model import Catalog, Chapter
from pipeline.text import xml_bytes, xml_safe
from tests import hostile, records
from tests.hostile import FORMS, TEXTS, Place, name, places, typed
from tests.test_audio import FFMPEG

ROOT = Path(__file__).parent.parent
DUTCH = theme.load(ROOT, "nl")
ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
UNSEEN = {
    *(f"episode·{people}·0·organisation" for people in ("guests", "hosts")),
    *("show·hosts·0·organisation", "show·destination", "episode·topics·0", "show·listen_on·0·name"),
}
"""Texts that no element of the main feed has: they are on pages, or for omroep alone."""
TAGS = {"a", "b", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre"}
TAGS |= {"strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}


@dataclass(frozen=True)
class Taken:
    """What was taken of what was typed."""

    catalog: Catalog
    said: Mapping[Place, str]


def taken(root: Path, text: str, form: str, notes: str = "Notities.") -> Taken:
    """A text typed into every place at once; those that are refused are so in words, at their line, and left alone."""
    refused: set[Place] = set()
    while True:
        said = typed(text, form, frozenset(refused))
        lines = hostile.write(root, said, notes)
        reading = catalog.read(root)
        if not reading.problems and reading.catalog:
            return Taken(reading.catalog, said)
        told = {lines[problem.file, problem.line or 0] for problem in reading.problems}
        assert told - refused, [str(problem) for problem in reading.problems]
        assert all(len(str(problem)) < 800 for problem in reading.problems)
        refused |= told


def folded(text: str) -> str:
    return " ".join(text.split()).lower()


def strings(body: bytes) -> set[str]:
    """Every text and value of an attribute, by lxml and by expat, who agree."""
    nodes = list(etree.fromstring(body).iter())
    found = {text for node in nodes for text in (node.text or "", *node.attrib.values())}
    heard: list[str] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: heard.extend((*attributes.values(), ""))
    parser.CharacterDataHandler = heard.append
    parser.Parse(body, True)
    assert {folded(text) for text in found} <= {folded(text) for text in heard}
    return found


def fed(made: Catalog) -> bytes:
    body = feed.compose(records.edition(made)).body
    assert isinstance(body, bytes)
    return body


def carried(got: Taken) -> set[str]:
    """The names of the places whose text the feed holds, as it was typed less white space."""
    found = {folded(text) for text in strings(fed(got.catalog))}
    return {name(place) for place, said in got.said.items() if folded(said) in found}


# --- everything that a producer can type ------------------------------------------------------------------------------


def test_every_key_is_tried() -> None:
    """The show of these tests has every key of the schema, and no other."""

    def leaves(model: type[schema.Keys], at: str) -> Iterator[str]:
        for key, inner in schema.names(model).items():
            yield from leaves(inner, f"{at}·{key}") if inner and issubclass(inner, schema.Keys) else [f"{at}·{key}"]

    wanted = {*leaves(schema.ShowKeys, "show"), *leaves(schema.EpisodeKeys, "episode")}
    assert wanted == {"·".join(str(key) for key in place if not isinstance(key, int)) for place in places()}


@cache
def free() -> frozenset[Place]:
    """The places that take any words."""
    with tempfile.TemporaryDirectory() as folder:
        return frozenset(taken(Path(folder), "zomaar", "after words").said)


def test_the_feed_carries_every_text_that_is_free(tmp_path: Path) -> None:
    """But for those that are for pages, or for omroep alone; the notes stand in two elements."""
    got = taken(tmp_path, "zomaar", "after words", notes="*Zomaar.*")
    assert {name(place) for place in got.said} - carried(got) == UNSEEN
    assert len(got.said) > 35
    item = etree.fromstring(fed(got.catalog)).find("channel/item")
    assert item is not None
    assert "<em>Zomaar.</em>" in (item.findtext(ENCODED) or "")


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_refused_or_arrives(text: str, tmp_path: Path) -> None:
    """What XML cannot carry is refused, whatever the key; all else comes back from the feed as it was typed."""
    typed_text = TEXTS[text]
    for form in FORMS:
        got = taken(tmp_path, typed_text, form, notes=typed_text)
        assert bool(got.said) == (xml_safe(typed_text) == typed_text)
        if got.said and form == "after words":
            assert set(got.said) == free()
            missing = {name(place) for place in got.said} - carried(got) - UNSEEN
            assert missing <= {"show·categories·0"}  # where `>` parts a category from its subcategory
            assert got.catalog.show.description == f"show·description {typed_text}".strip()
        if form == "bare" or set(got.said) - free():  # it stands in an address, too
            harmless(got, typed_text)


@settings(max_examples=20, deadline=None)
@given(text=st.text(st.characters(), min_size=1, max_size=40), notes=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_refused_or_arrives(text: str, notes: str) -> None:
    """Any characters at all, behind words, in every key; what is a half of a character is refused by YAML."""
    halves = any("\ud800" <= char <= "\udfff" for char in text)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if halves:
            lines = hostile.write(root, {("show", "title"): text}, "Notities.")
            (problem,) = catalog.read(root).problems
            assert lines[problem.file, problem.line or 0] == ("show", "title")
            return
        got = taken(root, text, "after words", notes.replace("\n---", ""))
        assert bool(got.said) == (xml_safe(text) == text)
        assert {name(place) for place in got.said} - carried(got) - UNSEEN <= {"show·categories·0"}
        allowed(fed(got.catalog))


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\ufffe"])
def test_a_raw_character_is_refused_at_its_line(char: str, tmp_path: Path) -> None:
    """Not escaped, as a broken editor would leave it in the file."""
    lines = hostile.write(tmp_path, {}, "Notities.")
    path = tmp_path / "feed/show.yaml"
    path.write_text(path.read_text("utf-8").replace("De Proevers", f"é{char}"), "utf-8")
    told = [lines[problem.file, problem.line or 0] for problem in catalog.read(tmp_path).problems]
    assert told == [("show", "author")]


def test_notes_that_are_no_text_are_refused_at_their_line(tmp_path: Path) -> None:
    """Half a character cannot be UTF-8."""
    hostile.write(tmp_path, {}, "Notities.\n\nhalf \ud800 teken")
    (problem,) = catalog.read(tmp_path).problems
    lines = (tmp_path / problem.file).read_bytes().split(b"\n")
    assert b"half" in lines[(problem.line or 0) - 1]


# --- far too much of it -----------------------------------------------------------------------------------------------


def test_ten_megabytes_are_refused_in_a_sentence(tmp_path: Path) -> None:
    """In any key: at the line where it begins."""
    for place in (("show", "title"), ("show", "description"), ("episode", "chapters", 0, "title")):
        lines = hostile.write(tmp_path, {place: "x" * 10_000_000}, "Notities.")
        (problem,) = catalog.read(tmp_path).problems
        assert lines[problem.file, problem.line or 0] == place
        assert len(str(problem)) < 200


def test_what_is_long_is_not_repeated_whole(tmp_path: Path) -> None:
    """A message is read by people: of a text of some thousands of characters it repeats the beginning."""
    for place in places():
        lines = hostile.write(tmp_path, {place: f"https://example.org/{'9' * 9000} {'x' * 900}"}, "Notities.")
        for problem in catalog.read(tmp_path).problems:
            assert lines[problem.file, problem.line or 0][: len(place)] in (place, place[:-1])
            assert len(str(problem)) < 800, name(place)


def test_lists_end(tmp_path: Path) -> None:
    """A thousand of anything is more than a show has, written below each other or with commas."""
    for key, value in (("topics", "a," * 1001), ("topics", ["a"] * 1001)):
        hostile.write(tmp_path, {("episode", key): value}, "Notities.")  # type: ignore[dict-item]
        (problem,) = catalog.read(tmp_path).problems
        assert "1000" in str(problem)


def test_a_file_that_is_no_text_is_not_read(tmp_path: Path) -> None:
    """Of twenty megabytes and more."""
    hostile.write(tmp_path, {}, "Notities.")
    (tmp_path / "episodes/01-een/episode.md").write_bytes(b"x" * 20_000_001)
    (problem,) = catalog.read(tmp_path).problems
    assert "far too large" in str(problem)


# --- it does nothing --------------------------------------------------------------------------------------------------


def harmless(got: Taken, text: str) -> None:
    """Everything that is published of a show parses, and holds nothing that runs."""
    edition = records.edition(got.catalog)
    allowed(fed(got.catalog))
    for made in (*feed.further(edition, str), *pages.compose(edition, DUTCH), *sidecars.compose(edition)):
        assert isinstance(made.body, bytes)
        _READ.get(made.key.rpartition(".")[2], lambda body, text: None)(made.body, text)  # type: ignore[no-untyped-call]


class Listing(HTMLParser):
    """Every element and its attributes, by Python's own parser."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """As HTMLParser has it."""
        self.found.append((tag, dict(attrs)))


def allowed(body: bytes) -> None:
    """The HTML in a feed has only the elements of notes, with addresses of the web."""
    for node in etree.fromstring(body).iter("description", ENCODED):
        parent = node.getparent()
        if parent is None or parent.tag != "item":
            continue  # the channel's is plain text
        for tag, attributes in Listing(node.text or "").found:
            assert tag in TAGS
            assert set(attributes) <= {"a": {"href", "rel"}, "ol": {"start"}}.get(tag, set())
            assert re.match(r"(https?://|mailto:)", attributes.get("href") or "https://")


@cache
def tame() -> set[tuple[str, str]]:
    """Every attribute of every element of a site in which nobody means harm."""
    with tempfile.TemporaryDirectory() as folder:
        hostile.write(
            Path(folder), {}, "# K\n\n- *a* **b** [c](https://example.org/)\n\n> d `e`\n\n| f |\n|---|\n| g |"
        )
        edition = records.edition(catalog.load(Path(folder)))
        made = (item.body for item in pages.compose(edition, DUTCH) if item.key.endswith(".html"))
        return {pair for body in made if isinstance(body, bytes) for pair in pairs(lxml.html.document_fromstring(body))}


def pairs(page: lxml.html.HtmlElement) -> Iterator[tuple[str, str]]:
    for element in page.iter():
        if isinstance(element.tag, str):
            yield from ((element.tag, attribute) for attribute in ("", *map(str, element.attrib)))


def a_page(body: bytes, text: str) -> None:
    """No element or attribute that a tame page has not, and no address that is a program."""
    page = lxml.html.document_fromstring(body)
    assert {*pairs(page)} - tame() <= {("code", ""), ("pre", ""), ("br", ""), ("del", "")}
    for element in page.iter():
        for attribute in ("href", "src", "action", "data", "poster", "srcset"):
            address = re.sub(r"[\x00-\x20\x7f-\x9f]", "", str(element.get(attribute, ""))).lower()
            assert not address.startswith(("javascript:", "data:text", "vbscript:")), address
    for script in page.iter("script"):
        if script.get("type") == "application/ld+json":
            json.loads(script.text or "")


def a_list(body: bytes, text: str) -> None:
    """Chapters are JSON, and each title is a text."""
    assert all(isinstance(chapter["title"], str) for chapter in json.loads(body).get("chapters", []))


def subtitles(body: bytes, text: str) -> None:
    """The cues that were there, the last of which says what was typed; nothing in it is markup."""
    cues = body.decode().split("\n\n")[1:]
    assert len(cues) == body.count(b"-->") == (2 if xml_safe(text).split() else 1)
    if len(cues) == 2:
        _, _, said = cues[1].partition("<v Ria>")
        assert "<" not in said
        assert folded(unescape(said)) == folded(xml_safe(text))


_READ = {
    "html": a_page,
    "json": a_list,
    "vtt": subtitles,
    "xml": lambda body, text: etree.fromstring(body),
}


def test_tags_in_a_recording_are_text(tmp_path: Path) -> None:
    """Titles of the episode and its chapters come back from ffmpeg as they were, however they look."""
    path = tmp_path / "een.mp3"
    silence = ["-f", "lavfi", "-i", "anullsrc=r=44100", "-t", "0.2", "-map_metadata", "-1", "-id3v2_version", "0"]
    subprocess.run([FFMPEG.path, "-v", "error", *silence, path], check=True)
    texts = [folded(text) for text in TEXTS.values() if xml_safe(text) == text]
    chapters = tuple(Chapter(start_s=float(place), title=text) for place, text in enumerate(texts))
    words = dict.fromkeys(("title", "artist", "album", "comment"), texts[0])
    facts = {"year": "2020", "page": "https://example.org/", "number": 1, "season": 1, "duration_s": 99.0}
    id3.write(path, Tags(**words, **facts, chapters=chapters, cover=b"", cover_sha256=records.sha("")))  # type: ignore[arg-type]
    told = subprocess.run([FFMPEG.path, "-v", "error", "-i", path, "-f", "ffmetadata", "-"], capture_output=True)
    read = re.findall(r"^title=((?:\\[^x]|[^\\\n])*)$", told.stdout.decode(), re.MULTILINE)
    assert [re.sub(r"\\(.)", r"\1", title, flags=re.DOTALL) for title in read] == [texts[0], *texts]


@given(st.text(st.characters(exclude_categories=())))
def test_a_page_loses_what_xml_cannot_carry(text: str) -> None:
    """Of any text, lone surrogates among it, the bytes of a page are those of a feed."""
    for each in (text, f"a\x00\t{text}\ufffe\ud800\x7f\x85"):
        assert xml_bytes(each) == xml_safe(each).encode()
        etree.fromstring(b"<a>" + xml_bytes(each).replace(b"&", b"").replace(b"<", b"") + b"</a>")
