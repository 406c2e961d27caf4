"""Moving in: what a feed says becomes a show's folder, and publishing that says the same again."""

import re
from collections.abc import Mapping
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree
from PIL import Image

from pipeline import catalog, feed, importer, sidecars
from pipeline.download import Courier, Failure
from pipeline.importer import Desk, Outcome
from pipeline.model import Edition
from tests import records
from tests.cases import cases
from tests.shows import SHOW, write_episode, write_show

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
