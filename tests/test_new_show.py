"""The first hour: a new show in any folder, with a cover, and omroep from its wheel with nothing of this repository."""

import os
import pty
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import feedparser
import pytest
import yaml as plain_yaml
from PIL import Image

from pipeline import catalog, cli, consent, founding, pictures, theme
from pipeline.errors import ShowError
from pipeline.founding import Plans
from pipeline.pages.colour import contrast, palette
from pipeline.pictures import poster
from tests.shows import TRANSCRIPT, write_tone
from tests.test_ingest import sentences
from tests.test_publish import OMROEP
from tests.tutorial import follow

ROOT = Path(__file__).parent.parent
PLANS = Plans(
    title="Eén deur: open",
    description=None,
    language="nl",
    author="Ria & Co",
    email="ria@example.org",
    base_url="https://deur.example.org/",
    category="Business > Careers",
    timezone="Europe/Amsterdam",
)
FLAGS = [
    *("--title", PLANS.title, "--author", PLANS.author, "--email", PLANS.email, "--base-url", PLANS.base_url),
    *("--language", "nl", "--category", PLANS.category, "--timezone", PLANS.timezone),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new show, by flags."""
    folder = tmp_path_factory.mktemp("made") / "deur"
    done = subprocess.run(
        [OMROEP, "init", f"{folder}", *FLAGS], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("“Eén deur: open” is nu een show, in deur.")
    return folder


def test_a_new_show_is_in_order(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`omroep check` has one thing to ask of it: an episode."""
    assert cli.run(["--show", f"{made}", "check"]) == 0
    advice, more = capsys.readouterr().err.splitlines()
    assert advice.startswith("advice: feed/show.yaml:1: The show has no episode")
    assert "show-empty" in more
    show = catalog.load(made).show
    assert (show.title, show.author, show.owner and show.owner.email) == (PLANS.title, PLANS.author, PLANS.email)
    assert show.guid == catalog.podcast_guid("https://deur.example.org/feed.xml")
    assert show.description == "Eén deur: open, een podcast van Ria & Co."


def test_its_files_are_what_a_repository_needs(made: Path) -> None:
    """What can be made again is ignored, the empty folder is kept, and each comment is Dutch."""
    names = sorted(
        path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file() and ".omroep" not in path.parts
    )
    assert names == [".gitignore", "episodes/.gitkeep", "feed/cover.png", "feed/show.yaml"]
    assert (made / ".gitignore").read_text() == ".omroep/\npublic/\n*.part\n"
    text = (made / "feed" / "show.yaml").read_text("utf-8")
    assert "guid: " + catalog.load(made).show.guid + " # de blijvende naam van de show: verander die nooit\n" in text
    assert plain_yaml.load(text, Loader=plain_yaml.BaseLoader)["categories"] == ["Business > Careers"]


def test_its_cover_is_one_that_directories_take(made: Path) -> None:
    """3000 by 3000, RGB, in the show's colour, with something written on it."""
    path = made / "feed" / "cover.png"
    assert pictures.unfit(path) is None
    with Image.open(path) as cover:
        assert (cover.size, cover.mode, cover.format) == ((3000, 3000), "RGB", "PNG")
        colours = {f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in _colours(cover)}
    inks = palette(PLANS.colour)["light"]
    assert {inks["bold"], inks["onbold"], inks["softbold"]} <= colours
    assert contrast(inks["bold"], inks["onbold"]) > 7


def _colours(cover: Image.Image) -> list[Any]:
    return [colour for _, colour in cover.getcolors(1 << 24) or []]


@pytest.mark.parametrize(
    ("title", "most"), [("Eén", 1), ("Hottentottententententoonstellingsmakersvergadering", 2), ("woord " * 60, 8)]
)
def test_any_title_has_room_on_a_cover(title: str, most: int) -> None:
    """Large where it is short; cut where one word is wider than the cover; never beyond its edge."""
    letters, lines = poster._fitted(title, theme.letters(ROOT))
    assert len(lines) <= most
    assert all(letters.getlength(line) <= 3000 for line in lines)
    assert (letters.size == 520) == (title == "Eén")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A cover and a .gitignore that are there stay, and what to add is said; a show that is there is not founded."""
    (tmp_path / "feed").mkdir()
    Image.new("RGB", (1400, 1400)).save(tmp_path / "feed" / "cover.jpg")
    (tmp_path / ".gitignore").write_text("public/\n")
    told = founding.found(tmp_path, PLANS)
    assert told[-1] == f"Voeg toe aan {tmp_path.name}/.gitignore: .omroep/, *.part"
    assert (tmp_path / ".gitignore").read_text() == "public/\n"
    assert catalog.load(tmp_path).show.cover.path == "feed/cover.jpg"
    before = (tmp_path / "feed" / "show.yaml").read_bytes()
    with pytest.raises(ShowError, match="a show here already"):
        founding.found(tmp_path, PLANS)
    assert (tmp_path / "feed" / "show.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "add --language, --title, --author, --email, --base-url"),
        ([*FLAGS, "--base-url", "deur"], "not a web address"),
        ([*FLAGS, "--category", "Busines > Careers"], "Did you mean `Business > Careers`?"),
        ([*FLAGS, "--language", "dutch"], "is not a language"),
        ([*FLAGS, "--language", "Ria"], "`Ria` is not a language; write a tag such as nl, en or nl-BE"),
        ([*FLAGS, "--base-url", "http://deur.nl"], "`http://deur.nl` should begin with https://"),
    ],
)
def test_without_a_terminal_nothing_is_guessed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    """What is missing or wrong is named, and no file is made."""
    folder = tmp_path / "deur"
    assert cli.run(["init", f"{folder}", *flags]) == 2
    assert said in capsys.readouterr().err
    assert not folder.exists()


def test_a_language_is_written_as_it_should_be(tmp_path: Path) -> None:
    """However it was typed: nothing is to be said of a show that was made just now."""
    assert cli.run(["init", f"{tmp_path / 'deur'}", *FLAGS, "--language", "NL-be"]) == 0
    assert catalog.load(tmp_path / "deur").show.language == "nl-BE"


def test_on_a_terminal_it_asks(tmp_path: Path) -> None:
    """A question for each thing that no option says, again where the answer will not do."""
    (tmp_path / "feed").mkdir()
    Image.new("RGB", (1400, 1400)).save(tmp_path / "feed" / "cover.png")
    ours, theirs = pty.openpty()
    answers = ["nl", "Deur", "Ria", "geen adres", "ria@example.org", "https://deur.example.org", "Werk", "", ""]
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    with os.fdopen(ours), os.fdopen(theirs) as terminal:
        command: list[str | Path] = [OMROEP, "init", tmp_path]
        done = subprocess.run(command, stdin=terminal, capture_output=True, text=True, env={"TZ": "Europe/Amsterdam"})
    assert done.returncode == 0, done.stderr
    assert "`geen adres` is not an e-mail address" in done.stderr
    assert "Choose from: Arts, Business, " in done.stderr
    assert "omroep rules show-category" in done.stderr
    assert "Arts > Books" not in done.stderr
    assert "Language (nl, en, …): Naam van de show: " in done.stderr
    assert "Tijdzone van de datums van afleveringen [Europe/Amsterdam]:" in done.stderr
    show = catalog.load(tmp_path).show
    assert (show.title, show.base_url, show.timezone) == ("Deur", "https://deur.example.org/", "Europe/Amsterdam")
    assert show.categories[0].main == "Society & Culture"


def test_everything_of_a_new_show_is_said_in_dutch_too() -> None:
    """Each sentence that goes into its files or is told has a translation, and no translation is left over."""
    said = {
        getattr(founding, name) for name in dir(founding) if name.isupper() and isinstance(getattr(founding, name), str)
    } - {founding.COVER, founding.IGNORE_FILE}
    dutch = theme.spoken("nl-BE")
    assert not [sentence for sentence in said if dutch.gettext(sentence) == sentence]
    known = {str(key) for key in dutch._catalog} - {""}  # type: ignore[attr-defined]
    assert known == said | {*sentences(), consent.A_GUEST}
    assert theme.spoken("en").gettext("x") == "x"


# --- the wheel --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `omroep` of a wheel, built from what git would commit, in a virtual environment of its own.

    Its dependencies come from this one, less the editable omroep: a path in a `.pth` brings no other `.pth` along.
    """
    work = tmp_path_factory.mktemp("wheel")
    sources = work / "sources"
    for name in ("pipeline", "templates"):
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    built = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", f"{work}", f"{sources}"]
    subprocess.run(built, check=True)
    shutil.rmtree(sources)
    venv.create(work / "venv", with_pip=False, symlinks=True)
    python = work / "venv" / "bin" / "python"
    (wheel,) = work.glob("omroep-*.whl")
    subprocess.run([*pip, "--python", f"{python}", "install", "--no-deps", "--no-index", f"{wheel}"], check=True)
    (packages,) = (work / "venv" / "lib").glob("python*/site-packages")
    (packages / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    (packages / "templates").mkdir()  # of another package: it is not ours
    return work / "venv" / "bin" / "omroep"


@pytest.mark.parametrize(
    ("document", "titles", "words"),
    [
        ("start.md", ["Looking for work", "A first day"], "All episodes"),
        ("start.nl.md", ["Werk zoeken", "Een eerste dag"], "Alle afleveringen"),
    ],
)
def test_the_wheel_does_what_the_tutorial_says(
    installed: Path, tmp_path: Path, document: str, titles: list[str], words: str
) -> None:
    """From nothing to a second episode, far from this repository: templates, styles, font and Dutch come along."""
    for name, hz in (("recording", 440), ("second", 300)):
        write_tone(tmp_path / f"{name}.wav", seconds=0.5, hz=hz)
    (tmp_path / "second.vtt").write_text(TRANSCRIPT)
    environ = {"PATH": f"{installed.parent}:{os.defpath}", "HOME": f"{tmp_path}", "LC_ALL": "C.UTF-8"}
    assert follow(ROOT / "docs" / document, tmp_path, environ) == 14
    (site,) = tmp_path.glob("*/public")
    feed = feedparser.parse((site / "feed.xml").read_bytes())
    assert [entry.title for entry in feed.entries] == titles
    assert words in (site / "index.html").read_text("utf-8")
    assert list((site / "assets").glob("style.*.css"))
    assert not [path for path in site.rglob("*.html") if str(ROOT) in path.read_text("utf-8")]


def test_the_wheel_is_not_this_repository(installed: Path, tmp_path: Path) -> None:
    """What was run above came out of the wheel, and brings what it reads."""
    code = (
        "import pipeline, pipeline.theme as t, pathlib; print(pipeline.__file__, t._beneath(pathlib.Path('.'), None))"
    )
    told = subprocess.run(
        [str(installed.with_name("python")), "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert str(installed.parent.parent) in told.stdout
    assert "default_templates" in told.stdout
    assert str(ROOT) not in told.stdout


def test_there_is_a_desk_without_a_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no show, the way to one is said."""
    assert cli.run(["--show", f"{tmp_path}", "ingest"]) == 3
    assert "omroep init" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["check", "publish", "status"])
def test_outside_a_show_one_thing_is_said(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where you are and where to go; nothing of a folder that a show would have."""
    assert cli.run(["--show", f"{tmp_path}", verb]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert f"There is no show in {tmp_path}." in line
    assert line.endswith("name it with --show, or make a new show: omroep init")
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed/show.yaml").symlink_to(tmp_path / "nergens")
    cli.run(["--show", f"{tmp_path}", verb])
    assert "`show.yaml` is a link to somewhere else." in capsys.readouterr().err


def test_inside_a_show_the_way_up_is_said(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is told to go to that folder goes to episodes/ first."""
    assert cli.run(["--show", f"{made / 'episodes'}", "ingest"]) == 3
    told = capsys.readouterr().err
    assert f"You are inside the show in {made}: run this there" in told
    assert "omroep init" not in told
