"""What stands beside a shared link: drawn once, of what is on it, and read back as a picture."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from pipeline import theme
from pipeline.digest import of_bytes
from pipeline.model import Picture, Source
from pipeline.pages.colour import palette
from pipeline.pictures import share
from pipeline.pictures.share import Card
from pipeline.store.memory import MemoryStore
from tests import thousand
from tests.shows import write_show

FONT = theme.letters(Path(__file__).parent.parent)
HEBREW = "שלום לכולם"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A show with a plain cover."""
    return write_show(tmp_path)


def card(root: Path, **changes: str) -> Card:
    """What is on an ordinary one."""
    cover = root / "feed" / "cover.png"
    art = Source(sha256=of_bytes(cover.read_bytes()), size=1, path="feed/cover.png")
    made = Card(name="een", art=art, title="Draagvlak", above="Proefshow", below="Zoë Özdemir", colour="#2a1a5e")
    return replace(made, **changes)  # type: ignore[arg-type]


def drawn(root: Path, **changes: str) -> Image.Image:
    """The picture of a card, decoded."""
    body = share.render(root, card(root, **changes), FONT, {}).body
    assert body is not None
    return Image.open(io.BytesIO(body)).convert("RGB")


def ink(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int]:
    """Where two pictures differ so much that one sees it: left, top, right, bottom; all 0 where nowhere."""
    return ImageChops.difference(one, other).convert("L").point(lambda level: 255 * (level > 48)).getbbox() or (
        0,
        0,
        0,
        0,
    )


def test_it_is_what_networks_show(root: Path) -> None:
    """A JPEG of 1200 by 630 without anything else in it, small enough to load at once."""
    made = share.render(root, card(root), FONT, {})
    body = made.body or b""
    with Image.open(io.BytesIO(body)) as found:
        assert (found.format, found.size, dict(found.getexif())) == ("JPEG", (1200, 630), {})
    assert (made.width, made.height, made.type, made.size) == (1200, 630, "image/jpeg", len(body))
    assert len(body) < 150_000


def test_the_words_stand_beside_the_art(root: Path) -> None:
    """A title changes only the place for words, with its margins; in the colour that is readable on the show's."""
    empty = drawn(root, title="...", above="", below="")
    left, top, right, bottom = ink(drawn(root, title="Draagvlak en jobcoaching", above="", below=""), empty)
    assert left >= 64 + 430 + 64 - 8
    assert right <= 1200 - 64 + 8
    assert top >= 64
    assert bottom <= 630 - 64
    assert max(drawn(root).convert("L").tobytes()) > 240
    assert palette("#2a1a5e")["light"]["onbold"] == "#ffffff"


@pytest.mark.parametrize(
    "title",
    [
        "Arbeidsongeschiktheidsverzekeringsmaatschappijmedewerkersvereniging",
        "Wat gebeurt er als je drie maanden lang elke dag met iemand meeloopt die door iedereen over het hoofd wordt "
        * 2,
        "W" * 255,
        "één",
    ],
)
def test_every_title_fits(root: Path, title: str) -> None:
    """However long it or one of its words is, it stays within the margins, and so do fifty guests."""
    empty = drawn(root, title="...", above="", below="")
    guests = ", ".join(f"Gast Nummer {number}" for number in range(50))
    left, top, right, bottom = ink(drawn(root, title=title, below=guests), empty)
    assert left >= 64 + 430 + 64 - 8
    assert right <= 1200 - 64 + 8
    assert top >= 40
    assert bottom <= 630 - 40


@pytest.mark.parametrize("title", [HEBREW, "日本語"])
def test_no_boxes(root: Path, title: str) -> None:
    """What the font has no letters for is not written at all: the art stands alone, in the middle."""
    assert ink(drawn(root, title=title), drawn(root, title="別")) == (0, 0, 0, 0)


def test_a_name_turns_no_other(root: Path) -> None:
    """What would turn the text around it (U+202E) is not in the picture."""
    assert ink(drawn(root, title="om\u202egekeerd"), drawn(root, title="omgekeerd")) == (0, 0, 0, 0)


@pytest.mark.parametrize("text", ["ë ï é ĳ Ĳ ö ü à ç ñ € – ’ “ ” …", "ß ł ő ş ğ İ ž ř å ø æ œ"])
def test_letters_of_our_languages_are_there(text: str) -> None:
    """Dutch and its neighbours can be written."""
    assert all(share._drawable(FONT, char) for char in text if not char.isspace())


def test_its_name_says_what_is_on_it(root: Path) -> None:
    """Each thing that is drawn makes another key; what was published is taken as it is, without its bytes."""
    cover = (root / "feed" / "cover.png").read_bytes() + b"more"
    (root / "feed" / "other.png").write_bytes(cover)
    made = share.render(root, card(root), FONT, {})
    others = [
        *(card(root, **{part: "anders"}) for part in ("title", "above", "below")),
        card(root, colour="#123456"),
        replace(card(root), art=Source(sha256=of_bytes(cover), size=len(cover), path="feed/other.png")),
    ]
    keys = {share.render(root, other, FONT, {}).key for other in others} | {made.key}
    assert len(keys) == 6
    before: Picture = replace(made, body=None)
    assert share.render(root, card(root), FONT, {made.key: before}) is before


def test_only_what_is_on_it_draws_it_again(tmp_path: Path) -> None:
    """New notes upload no picture, a new title just one; a fresh clone none."""
    root, store = thousand.write(tmp_path / "show", 3), MemoryStore()
    thousand.put(root, store)
    shutil.rmtree(root / ".omroep")
    page = root / "episodes" / "0002-aflevering-2" / "episode.md"
    told = page.read_text("utf-8")
    pictures = []
    for text in (told, told.replace("Notities.", "Andere notities."), told.replace('"Aflevering 2"', '"Andere titel"')):
        page.write_text(text, "utf-8")
        store.log.clear()
        thousand.put(root, store)
        pictures.append(
            [key.partition(".")[0] for verb, key in store.log if verb == "put" and key.startswith("images/")]
        )
    assert pictures == [[], [], ["images/aflevering-2-share"]]
