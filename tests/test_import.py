"""Moving in: what a feed says becomes a show's folder, and publishing that says the same again."""

import calendar
import re
from collections.abc import Mapping
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import feedparser
import podcastparser
import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from pipeline import catalog, cli, feed, importer, notes, sidecars
from pipeline.catalog import located, written
from pipeline.download import Courier, Failure
from pipeline.errors import Exit, ShowError
from pipeline.importer import Desk, Outcome, keys, markdown
from pipeline.model import Edition, Episode
from pipeline.text import shorten, xml_safe
from tests import records
from tests.cases import cases
from tests.shows import SHOW, TRANSCRIPT, write_episode, write_show
from tests.test_feed import OPEN

BASE = str(SHOW["base_url"])


def square(side: int = 1400) -> bytes:
    made = BytesIO()
    Image.new("RGB", (side, side), "#2a1a5e").save(made, "JPEG")
    return made.getvalue()


PICTURE = square()


class Shelf(Courier):
    """A courier that has what it is asked for on a shelf; pictures are all the same."""

    def __init__(self, bodies: Mapping[str, bytes]) -> None:
        super().__init__()
        self.bodies = bodies
        self.asked: list[str] = []

    def read(self, address: str, *, most: int) -> bytes | Failure:
        self.asked.append(address)
        if address.endswith(".jpg"):
            return PICTURE
        return self.bodies.get(address) or Failure("the server answers 404")


def shelf(edition: Edition) -> Shelf:
    """What listeners get beside the audio of an edition."""
    made = sidecars.compose(edition)
    return Shelf({edition.show.base_url + item.key: item.body for item in made if isinstance(item.body, bytes)})


def moved_in(root: Path, body: bytes, courier: Courier, **desk: Any) -> Outcome:
    """A feed written to a file and imported to `root`; a recording is put where each is missed."""
    source = root.parent / f"{root.name}.xml"
    source.write_bytes(body)
    settings = {"base_url": BASE, "audio": False, "mine": True, "skip_missing": True, **desk}
    outcome = importer.bring(Desk(root=root, courier=courier, fit=lambda path: None, **settings), str(source))
    for each in outcome.absent:
        (root / each.file).write_bytes(b"not here")
    return outcome


def body(edition: Edition) -> bytes:
    made = feed.compose(edition).body
    assert isinstance(made, bytes)
    return made


HASHED = (
    (re.compile(r"(/(?:images|audio)/[\w-]+)\.[0-9a-f]{16}\."), r"\1."),  # of bytes that are made anew
    (re.compile(r'value="sha256-[^"]*"'), 'value=""'),
)
"""What must differ between two publishes of one show from other files."""
MOVED = "{http://www.itunes.com/dtds/podcast-1.0.dtd}new-feed-url"
"""Not taken along: a show that moves in would at once send its listeners away."""


def elements(parent: etree._Element) -> list[str]:
    """Each child of a channel or item as canonical text, less what must differ."""
    found = []
    for child in parent:
        if child.tag == "item" or child.tag == MOVED:
            continue
        said = etree.canonicalize(etree.tostring(deepcopy(child), encoding="unicode", with_tail=False), strip_text=True)
        for sign, instead in HASHED:
            said = sign.sub(instead, said)
        found.append(said)
    return found


def told(body: bytes) -> list[list[str]]:
    """The elements of a channel, then those of each of its items."""
    channel = etree.fromstring(body)[0]
    return [elements(channel), *(elements(item) for item in channel.iter("item"))]


@pytest.mark.parametrize("case", cases("feed"), ids=lambda case: case.name)
def test_every_tag_comes_back(case: Path, tmp_path: Path) -> None:
    """Export, import, export: for each tag of the table the second feed is the first, but for hashes of new bytes."""
    said = yaml.load((case / "case.yaml").read_text("utf-8"), yaml.BaseLoader)
    first = write_show(tmp_path / "first", **said.get("show", {}))
    episode = {key: value if value != "null" else None for key, value in said.get("episode", {}).items()}
    write_episode(first, "01-een", notes=said.get("notes", "Notities."), audio=b"sound", **episode)
    edition = records.edition(catalog.load(first))
    moved_in(tmp_path / "second", body(edition), shelf(edition))
    again = records.edition(catalog.load(tmp_path / "second"))
    assert told(body(again)) == told(body(edition))


# --- feeds of other hosts ---------------------------------------------------------------------------------------------


class Files(Courier):
    """A courier that finds what an address ends in among the files of a case; every cover is there."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def read(self, address: str, *, most: int) -> bytes | Failure:
        found = self.folder / address.partition("?")[0].rstrip("/").rpartition("/")[2]
        if found.is_file():
            return found.read_bytes()
        return PICTURE if address.endswith((".jpg", ".png")) else Failure("the server answers 404")


def foreign(case: Path, root: Path) -> Outcome:
    return moved_in(root, (case / "feed.xml").read_bytes(), Files(case / "files"))


BINARY = (".jpg", ".mp3", ".m4a")


def texts(root: Path, outcome: Outcome) -> dict[str, str]:
    """Everything that an import wrote, and what it said could not be taken along."""
    written = {
        path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.suffix not in (".jpg", ".mp3")
    }
    found = {name: path.read_text("utf-8") for name, path in written.items() if path.is_file()}
    missing = [f"{file} needs {key}" for file, key in outcome.missing]
    left = [": ".join(part for part in (each.where, each.what, each.why) if part) for each in outcome.left]
    return found | {"left.txt": "\n".join((*missing, *left)) + "\n"}


@pytest.mark.parametrize("case", cases("import"), ids=lambda case: case.name)
def test_a_feed_of_another_host(case: Path, tmp_path: Path) -> None:
    """It becomes the files in `expected`, and what stays behind is told in its left.txt."""
    outcome = foreign(case, tmp_path / "show")
    expected = {
        path.relative_to(case / "expected").as_posix(): path.read_text("utf-8")
        for path in (case / "expected").rglob("*")
        if path.is_file()
    }
    assert texts(tmp_path / "show", outcome) == expected


def imported_from(root: Path) -> tuple[Episode, ...]:
    """Its episodes that can be read; those without a date cannot."""
    reading = catalog.read(root)
    assert reading.catalog
    return reading.catalog.episodes


@pytest.mark.parametrize("case", cases("import"), ids=lambda case: case.name)
def test_other_readers_see_the_episodes_that_were_imported(case: Path, tmp_path: Path) -> None:
    """feedparser and podcastparser find in the old feed the guids, titles, moments and audio that the show has now."""
    root = tmp_path / "show"
    outcome = foreign(case, root)
    imported = {episode.guid: episode for episode in imported_from(root)}
    source = (case / "feed.xml").read_bytes()
    read = feedparser.parse(source)
    addresses = {each.address for each in outcome.absent}
    by_guid = {entry.get("id") or entry.enclosures[0].href: entry for entry in read.entries[::-1] if entry.enclosures}
    for guid, episode in imported.items():
        if guid.strip() in by_guid:  # feedparser trims guids
            entry = by_guid[guid.strip()]
            assert entry.title.endswith(episode.title)
            assert calendar.timegm(entry.published_parsed) == episode.published.timestamp()
            assert entry.enclosures[0].href in addresses
    dated = {guid for guid, entry in by_guid.items() if entry.get("published_parsed")}
    assert dated <= {guid.strip() for guid in imported}
    theirs = podcastparser.parse("https://feed.example/", BytesIO(source))["episodes"]
    moments = {each["guid"].strip(): each["published"] for each in theirs[::-1]}
    assert {
        guid.strip(): episode.published.timestamp() for guid, episode in imported.items() if guid.strip() in moments
    } == {guid: moments[guid] for guid in moments if guid in {each.strip() for each in imported}}


# --- what is written --------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=80).filter(
    lambda text: bool(xml_safe(text).strip())
)
ODD = [
    "no",
    "~",
    "null",
    "010",
    "12:30",
    "2020-10-05",
    "!!python/object:os.system",
    "*a",
    "&a",
    "- a",
    "? a",
    "# a",
    "a: b",
]


@given(st.lists(st.one_of(TEXTS, st.sampled_from(ODD)), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_as_it_was_written(texts: list[str]) -> None:
    """What `written` writes, `located` reads as the same texts, whatever YAML would make of them."""
    texts = [xml_safe(text) for text in texts]
    values = {"title": texts[0], "list": texts, "people": [{"name": text, "role": texts[-1]} for text in texts]}
    read, problems = located.read(written.document(values), file="show.yaml")
    assert (problems, read.value) == ((), values)


@given(
    texts=st.lists(
        st.one_of(TEXTS, st.sampled_from([*ODD, "---", "../../etc/passwd", "<script>x</script>"])),
        min_size=8,
        max_size=8,
    ),
    number=st.integers(-5, 2_000_000),
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_feed_says_is_written_in_order(
    texts: list[str], number: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any texts in its tags become files inside the show that are read without a problem, the guid to the letter."""
    root = tmp_path_factory.mktemp("any") / "show"
    said = [escape(xml_safe(text)) for text in texts]
    item = (
        f"<item><title>{said[0]}</title><guid>{said[1]}</guid><link>https://x.example/{said[2]}</link>"
        f"<pubDate>Tue, 12 Mar 2024 04:00:00 -0400</pubDate><itunes:episode>{number}</itunes:episode>"
        f"<description>{said[3]}</description><itunes:summary>{said[4]}</itunes:summary><category>{said[5]}</category>"
        f'<podcast:person role="{quoted(texts[6])}">{said[6]}</podcast:person><podcast:txt>{said[7]}</podcast:txt>'
        '<enclosure url="https://x.example/a.mp3" length="1" type="audio/mpeg"/></item>'
    )
    funding = f'<podcast:funding url="{quoted(texts[2])}">{said[5]}</podcast:funding>'
    outcome = moved_in(root, rss(f"<copyright>{said[3]}</copyright>{funding}{item}"), Shelf({}))
    reading = catalog.read(root)
    assert [str(problem) for problem in reading.problems] == []
    assert reading.catalog
    (episode,) = reading.catalog.episodes
    assert episode.guid == xml_safe(texts[1])
    assert episode.title == shorten(" ".join(xml_safe(texts[0]).split()), 255)
    assert all(path.resolve().is_relative_to(root.resolve()) for path in root.rglob("*"))
    assert re.fullmatch(r"[0-9]+-[a-z0-9-]+", outcome.written[0])


HEAD = (
    '<atom:link rel="self" href="https://x.example/feed.xml"/>'
    "<title>Proef</title><description>Een proef.</description><language>nl</language><itunes:author>Wij</itunes:author>"
    '<itunes:image href="https://x.example/cover.jpg"/><itunes:category text="Arts"/>'
)


def rss(inside: str) -> bytes:
    """A feed of the usual namespaces."""
    return f"{OPEN}<channel>{HEAD}{inside}</channel></rss>".encode()


def quoted(text: str) -> str:
    return escape(xml_safe(text), {'"': "&quot;", "'": "&apos;", "\n": " ", "\t": " "})


def item(inside: str = "", *, guid: str = "g1", title: str = "Een") -> str:
    return (
        f"<item><title>{title}</title><guid>{guid}</guid><pubDate>Tue, 12 Mar 2024 04:00:00 GMT</pubDate>{inside}"
        f'<enclosure url="https://x.example/{guid}.mp3" length="1" type="audio/mpeg"/></item>'
    )


WORDS = st.sampled_from(
    (
        *"ab*_~#=+!-|<>&\\[]().:é",
        *(" ", "\n", "\n\n", "- ", "1. ", "> ", "## ", "**", "~~", "`x`", "  \n", "    ", "&lt;", "&amp;lt;"),
        *("[x](https://e.org/y_(z)?a=1&b=2)", "https://e.org/a_b", "| a | b |\n|---|---|\n| 1 | 2 |\n"),
    )
)


@given(st.lists(WORDS, min_size=1, max_size=16).map("".join))
@example(">>>- - +")
@settings(max_examples=250, deadline=None)
def test_notes_say_the_same_when_they_are_rendered_again(notes_before: str) -> None:
    """Rendered, made Markdown again and rendered again they are the same HTML; where they are not, that is told.

    Some cannot: emphasis within a word that begins with a full stop, say, has no spelling in Markdown.
    """
    first = notes.html(notes_before)
    assume(
        not re.search(r"(?s)<h\d>(?:(?!</h).)*<br>", first)
    )  # the break of a heading becomes a space, and is not told
    written = markdown.of(first)
    if markdown.same(first, written):
        assert shape(notes.html(written)) == shape(first)


NOTES = (
    "Hallo *wereld* en **meer**, 2 \\* 3 = 6, snake_case, #1 & <b>, C++.",
    "- een\n- twee\n  1. drie\n  2. vier\n\n> citaat\n\n```\ncode *x*\n```\n\n## Kop\n\n### Lager\n\n---\n\neinde!",
    "[een](https://e.org/a_(b)?x=1&y=2), <https://e.org/x_y>, https://e.org/a_b. ![geen](https://e.org/p.jpg)\n\n![x]",
    "| a | b |\n|---|---|\n| 1 | x\\|y |\n\nregel een\\\nregel twee\n\n~~weg~~ wo**r**d ***beide*** `a*b`",
    "1\\. geen lijst\n\n\\- geen\n\n\\> geen\n\n\\# geen kop\n\n    code\n\n5. vijf\n6. zes\n\n&amp;lt; &copy;",
)


@pytest.mark.parametrize("before", NOTES)
def test_what_people_write_in_notes_comes_back(before: str) -> None:
    """All of Markdown that notes usually hold, without exception."""
    first = notes.html(before)
    assert markdown.same(first, markdown.of(first))
    assert shape(notes.html(markdown.of(first))) == shape(first)


def shape(html: str) -> str:
    """HTML less what nobody sees: spaces, empty elements, breaks at ends, links on bare addresses, loose lists."""
    html = re.sub(r'<a href="[^"]*" rel="noopener">(https?:[^<]*)</a>', r"\1", html)
    html = re.sub(r'<a rel="noopener">(.*?)</a>', r"\1", html)
    html = re.sub(r'<ol start="\d+">', "<ol>", html)
    for _ in range(40):  # as deep as the words above can nest
        html = re.sub(r"<(li|h\d|p|em|strong|ul|ol|blockquote|del|code|pre)>(?:\s|<br>)*</\1>", "", html)
    html = re.sub(r"</?p>", "", re.sub(r"(?:<br>\s*)*</p>\s*<p>(?:<br>\s*)*", "¶", html))
    html = re.sub(r"\s+", "", html)
    return re.sub(r"(?:(?<=[>¶])|^)(?:<br>)+|(?:<br>)+(?=[<¶]|$)", "", html)


def test_nothing_stays_behind_unsaid(tmp_path: Path) -> None:
    """Every tag and attribute that nobody knows is told, with the episode it was in."""
    odd = '<podcast:new a="1"/><x:y xmlns:x="urn:x">z</x:y><itunes:block odd="1">Yes</itunes:block>'
    outcome = moved_in(
        tmp_path / "show", rss(odd + item(odd + '<podcast:person img="i">Jan</podcast:person>')), Shelf({})
    )
    told = {(each.where, each.what) for each in outcome.left}
    names = ("podcast:new", "x:y", "itunes:block odd")
    assert told == {(where, name) for where in ("", "Een") for name in names} | {
        ("Een", "podcast:person img"),
    }


def test_every_tag_that_is_taken_is_in_a_row() -> None:
    """No row promises to take a tag that another one, or the list of what omroep makes itself, promises too."""
    for rows in (keys.SHOW, keys.EPISODE):
        taken = [tag for row in rows for tag in row.takes]
        assert len(taken) == len(set(taken))


# --- what hosts and strangers may do ----------------------------------------------------------------------------------


def bomb(deep: int) -> str:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, deep))
    return f'<!DOCTYPE rss [<!ENTITY e0 "boo">{entities}]>'


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/evil.dtd">',
        bomb(12),
        "<!-- a --><?b c?>" + bomb(3),
    ],
    ids=["a file", "a definition from elsewhere", "a bomb", "behind a comment"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_feed_that_declares_a_type_is_refused(prolog: str, encoding: str, tmp_path: Path) -> None:
    """Before anything in it is expanded or opened."""
    feed = (
        f'<?xml version="1.0" encoding="{encoding}"?>{prolog}{rss(item("<description>&x;&e1;</description>")).decode()}'
    )
    with pytest.raises(ShowError, match="declares a document type"):
        moved_in(tmp_path / "show", feed.encode(encoding), Shelf({}))
    assert not (tmp_path / "show").exists()


@pytest.mark.parametrize("body", [b"", b"<html><p>no</p></html>", b"<rss><channel><title>a", b"\x00\xff", b"<rss/>"])
def test_what_is_no_feed_is_told(body: bytes, tmp_path: Path) -> None:
    """A page, half a feed, nothing: a sentence, not a traceback."""
    with pytest.raises(ShowError, match="This is not the feed of a podcast"):
        moved_in(tmp_path / "show", body, Shelf({}))


def test_html_in_notes_may_hold_a_document_type(tmp_path: Path) -> None:
    """Only before the feed's first element does it mean anything."""
    moved_in(tmp_path / "show", rss(item("<description><![CDATA[<!DOCTYPE html><p>Ja</p>]]></description>")), Shelf({}))
    assert catalog.load(tmp_path / "show").episodes[0].notes == "Ja"


def test_episodes_with_one_name_get_folders_of_their_own(tmp_path: Path) -> None:
    """And one that is added later, or stands beside a folder of the producer's, takes no other's place."""
    root = tmp_path / "show"
    moved_in(root, rss(item(guid="a") + item(guid="b")), Shelf({}))
    (root / "episodes" / "01-een").rename(root / "episodes" / "55-een")
    moved_in(root, rss(item(guid="c") + item(guid="a") + item(guid="b")), Shelf({}))
    slugs = {episode.guid: episode.slug for episode in catalog.read(root).catalog.episodes}  # type: ignore[union-attr]
    assert sorted(slugs) == ["a", "b", "c"]
    assert len(set(slugs.values())) == 3


@pytest.mark.parametrize("feed", ["http://x.example:99999/f", "http://[/f", "/nowhere/feed.xml"])
def test_a_feed_that_is_not_there_is_told(feed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a sentence, with the status that its kind has."""
    assert cli.run(["import", feed, str(tmp_path / "show")]) in (Exit.SHOW, Exit.STORE)
    assert "problem: " in capsys.readouterr().err
    assert not (tmp_path / "show").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its name, and what to do."""
    (tmp_path / "file").write_text("a file")
    (tmp_path / "feed.xml").write_bytes(rss(""))
    assert cli.run(["import", str(tmp_path / "feed.xml"), str(tmp_path / "file" / "show")]) == Exit.SHOW
    told = capsys.readouterr().err
    assert "file/show/feed/show.yaml` cannot be written or read (Not a directory)" in told
    assert "give this user the right to write there" in told


def test_a_folder_of_the_show_that_is_a_link_is_refused(tmp_path: Path) -> None:
    """Nothing is written where it leads."""
    (tmp_path / "show").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "show" / "episodes").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ShowError, match="is a link"):
        moved_in(tmp_path / "show", rss(item()), Shelf({}))
    assert list((tmp_path / "elsewhere").iterdir()) == []


class Late(Shelf):
    """A courier whose transcripts do not come now."""

    def read(self, address: str, *, most: int) -> bytes | Failure:
        return Failure("it takes too long", passing=True) if "vtt" in address else super().read(address, most=most)


def test_what_may_come_later_is_waited_for(tmp_path: Path) -> None:
    """An episode is not written without its transcript while that may come; --skip-missing goes on without it."""
    body = rss(
        item('<podcast:transcript url="https://x.example/t.vtt" type="text/vtt"/>') + item(guid="g2", title="Twee")
    )
    root = tmp_path / "show"
    outcome = moved_in(root, body, Late({}), skip_missing=False)
    assert [problem.what for problem in outcome.later] == [
        "“Een”: its transcript at https://x.example/t.vtt did not come: it takes too long."
    ]
    assert [path.name for path in (root / "episodes").iterdir()] == outcome.written == ["01-twee"]
    came = Shelf({"https://x.example/t.vtt": TRANSCRIPT.encode()})
    assert moved_in(root, body, came, skip_missing=False).written == ["02-een"]
    assert {episode.guid: len(episode.transcript) for episode in catalog.load(root).episodes} == {"g1": 1, "g2": 0}
    skipped = moved_in(tmp_path / "other", body, Late({}))
    assert [(each.where, each.what) for each in skipped.left] == [("Een", "its transcript")]
