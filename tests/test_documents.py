"""The papers: what they say of commands, keys and files is so."""

import ast
import re
import subprocess
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from PIL import Image

from pipeline import catalog
from pipeline.catalog import chapter_files, chapter_formats, schema
from pipeline.cli import commands, omroep
from pipeline.errors import Exit, ShowError
from tests import papers
from tests.docs import BLOCK, CHECKS, DOCUMENTS, FEED, between, renewed, rows_of_checks, with_tags
from tests.shell import Run
from tests.shows import write_episode, write_show, write_tone

ROOT = Path(__file__).parent.parent
PRODUCERS = (ROOT / "docs" / "producers.md").read_text("utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text("utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_help_texts_are_the_programs_own(document: Path) -> None:
    """`make docs` would change nothing."""
    text = document.read_text("utf-8")
    assert BLOCK.search(text)
    assert renewed(text) == text


def test_the_table_of_rules_is_the_programs_own() -> None:
    """`make docs` would change nothing of docs/rules.md."""
    text = CHECKS.read_text("utf-8")
    assert between(text, "rules", rows_of_checks()) == text
    assert "`show-owner`" in text


def test_the_tables_of_tags_are_the_programs_own() -> None:
    """`make docs` would change nothing of docs/feed.md."""
    text = FEED.read_text("utf-8")
    assert with_tags(text) == text
    assert text.count("| `itunes:explicit` |") == 2


def test_every_command_is_documented() -> None:
    """With its whole help."""
    told = {found[2].split()[1] for found in BLOCK.finditer(COMMANDS)} - {"--help"}
    modules = {path.stem for path in (ROOT / "pipeline" / "cli").glob("*.py")}
    assert told == {
        name.rstrip("_") for name in modules - {"__init__", "commands", "settings", "tell", "voice", "board"}
    }


def test_the_list_of_commands_says_what_each_says() -> None:
    """The list is made without importing the commands, so their first lines stand there twice."""
    for name, about in commands.ABOUT.items():
        command = commands.Commands().get_command(click.Context(click.Command("omroep")), name)
        assert command
        assert (command.help or "").partition("\n")[0] == about


def options(command: click.Command) -> set[str]:
    return {"--help", "-h", *(name for param in command.params for name in param.opts)}


FOREIGN = {"--endpoint-url": "aws", "--require-hashes": "pip"}
"""Options of other programs that the papers name by themselves."""


@pytest.mark.parametrize("paper", papers.PAPERS, ids=papers.name)
def test_commands_in_running_text_are_the_programs_own(paper: Path) -> None:
    """Each command that is named, each option behind it or alone, and each target of make."""
    context = click.Context(omroep)
    every = {name: omroep.get_command(context, name) for name in commands.ABOUT}
    known = options(omroep).union(*(options(command) for command in every.values() if command))
    targets = set(re.findall(r"^([\w./]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for span in papers.spoken(paper):
        program, *words = span.split()
        if program == "omroep" and words and not words[0].startswith("-"):
            command = every.get(words[0])
            assert command, span
            assert {word for word in words if word.startswith("-")} <= options(command) | options(omroep), span
        elif program == "make":
            assert words[0] in targets, span
        elif re.match(r"--[a-z]", program):
            assert program in known | {*FOREIGN}, span


def test_every_exit_status_is_documented() -> None:
    """A script may rely on them."""
    assert {int(number) for number in re.findall(r"^\| (\d+) \|", COMMANDS, re.MULTILINE)} == {*map(int, Exit)}


def sections() -> tuple[str, str, str]:
    episode, _, rest = PRODUCERS.partition("## The show")
    show, _, audio = rest.partition("Under `audio:`")
    return episode, show, audio


@pytest.mark.parametrize(
    ("text", "keys"),
    list(zip(sections(), (schema.EpisodeKeys, schema.ShowKeys, schema.AudioKeys), strict=True)),
    ids=["episode", "show", "audio"],
)
def test_every_key_is_documented(text: str, keys: type[schema.Keys]) -> None:
    """Each key has its row, and no row is of a key that does not exist."""
    rows = [found[1] for found in re.finditer(r"^\| (`.*?) \|", text, re.MULTILINE)]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert told == set(schema.names(keys))


def test_every_example_of_a_file_of_chapters_is_one(tmp_path: Path) -> None:
    """Each format has its example, and all are the same two chapters."""
    section = PRODUCERS.partition("### Chapters")[2].partition("## The show")[0]
    examples = re.findall(r"^```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert {format.name for text in examples if (format := chapter_formats.of(text))} == {
        format.name for format in chapter_formats.FORMATS
    }
    for text in examples:
        (tmp_path / "chapters.txt").write_text(text, "utf-8")
        reading = chapter_files.read(tmp_path / "chapters.txt", tmp_path)
        assert reading.problems == ()
        assert [(chapter.start_s, chapter.title) for chapter in reading.chapters] == [
            (0.0, "Welkom"),
            (750.5, "Gedeeld werkgeverschap"),
        ]


def test_the_readmes_episode_is_an_episode(tmp_path: Path) -> None:
    """The example in the README is read without a complaint."""
    found = re.search(r"```markdown\n(.*?)\n```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert found
    folder = write_show(tmp_path) / "episodes" / "04-gedeeld-werkgeverschap"
    folder.mkdir()
    (folder / "episode.md").write_text(found[1], "utf-8")
    write_tone(folder / "opname.wav", seconds=1)
    (episode,) = catalog.load(tmp_path).episodes
    assert (episode.number, len(episode.chapters), episode.guests[0].organisation) == (4, 2, "BC group")


@pytest.mark.parametrize(("name", "language", "word"), [("start.md", "en", "typed"), ("start.nl.md", "nl", "typ")])
def test_what_a_beginner_sees_is_whole(name: str, language: str, word: str, tmp_path: Path, run: Run) -> None:
    """All that the first ingest says, but for the date; and that the signs of an edit are no part of it."""
    text = (ROOT / "docs" / name).read_text("utf-8")
    sample = re.search(r'"(episodes/01 .*\.wav)"\n\$ omroep ingest\n(.*?)```', text, re.DOTALL)
    assert sample
    write_tone(write_show(tmp_path, language=language) / sample[1], seconds=1)
    said = re.sub(r"\d{4}-\d\d-\d\d", "…", run(tmp_path, "ingest").stdout)
    assert sample[2].strip() == said.strip()
    edit = text.partition("```diff")[0].splitlines()[-3]
    assert all(sign in edit for sign in ("`-`", "`+`", word))


@pytest.mark.parametrize("name", ["README.md", "docs/start.md", "docs/commands.md", "docs/operating.md"])
def test_it_is_said_where_to_stand(name: str) -> None:
    """And how else to name the show; nobody is asked for a page's address to name an episode."""
    text = (ROOT / name).read_text("utf-8")
    assert re.search(r"[Rr]un `?(omroep|it)`? in (the show's|that) folder|is run in the show's folder", text)
    assert "part of its page's address" not in text


def settings() -> Iterator[tuple[str, str]]:
    """Every example of settings in the papers, by where it stands."""
    for paper in papers.PAPERS:
        found = re.finditer(r"^( *)```yaml\n(.*?)^ *```$", paper.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        texts = [textwrap.dedent(each[2]) for each in found]
        yield from ((papers.name(paper), text) for text in texts if not text.startswith("- run:"))


@pytest.mark.parametrize(("paper", "text"), list(settings()))
def test_every_example_of_settings_is_taken(paper: str, text: str, tmp_path: Path) -> None:
    """In show.yaml, or in an episode's front matter where the keys are of those: read without a complaint."""
    root = write_show(tmp_path)
    folder = write_episode(root, "01-een")
    Image.new("RGB", (600, 600)).save(folder / "marco.jpg")
    (root / "templates" / "nacht").mkdir(parents=True)
    keys = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    if elsewhere := "\n  url:" in text:
        (folder / "audio.wav").unlink()
    if elsewhere or not keys <= set(schema.names(schema.ShowKeys)):
        place, above = folder / "episode.md", "---\n"
    else:
        place, above = root / "feed" / "show.yaml", ""
    others = [line for line in place.read_text("utf-8").splitlines() if line.partition(":")[0] not in keys]
    text = f"{above}{text.replace('1f3c…', '1f3c' * 16)}" + "\n".join(others).removeprefix(above)
    place.write_text(text, "utf-8")
    assert catalog.load(root).episodes


def test_the_readmes_message_is_what_is_said(tmp_path: Path) -> None:
    """The problem in the README is told to the letter when that mistake is made."""
    (shown,) = re.findall(r"^problem: .*$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    folder = write_show(tmp_path) / "episodes" / "02-werving"
    folder.mkdir()
    write_tone(folder / "opname.wav", seconds=1)
    (folder / "episode.md").write_text("---\ntitle: Werving\ndate: 2020-10-13\nnumber: 2\nguets: [Jan]\n---\n", "utf-8")
    with pytest.raises(ShowError) as caught:
        catalog.load(tmp_path)
    assert [f"problem: {problem}" for problem in caught.value.problems] == [shown]


def test_what_it_says_is_what_it_says() -> None:
    """The sentences by which a producer finds a row in docs/operating.md are the program's, but for what varies (…)."""
    table = (ROOT / "docs" / "operating.md").read_text("utf-8").partition("| it says |")[2].partition("\n\n")[0]
    told = [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()[2:]]
    assert len(told) > 10
    sentences = "\n".join(said for path in (ROOT / "pipeline").rglob("*.py") for said in _constants(path))
    for sentence in (each for row in told for each in row.split("; ")):
        pattern = re.escape(sentence.replace("“X”", "“…”")).replace("…", "…+")
        assert re.search(pattern, sentences), sentence


def _constants(path: Path) -> Iterator[str]:
    """Every text in a module, with … for what is put into it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"\{\w+\}", "…", node.value)


def test_links_between_documents_lead_somewhere() -> None:
    """Of every relative link in README, docs and the papers beside it, the file is there."""
    papers = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert len(papers) > 10
    for paper in papers:
        for link in re.findall(r"\]\((?!https?://)([^)#]+)", paper.read_text("utf-8")):
            assert (paper.parent / link).exists(), f"{paper.name} leads to {link}"


def test_the_readme_begins_with_two_commands() -> None:
    """That do everything from nothing."""
    first = "\n".join((ROOT / "README.md").read_text("utf-8").splitlines()[:25])
    assert re.findall(r"^\$ (make \w+)", first, re.MULTILINE) == ["make publish", "make test"]
    told = subprocess.run(["make", "-n", "publish", "test", "serve"], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr


def test_every_dependency_is_imported() -> None:
    """What the project depends on does real work in it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[>=; ]", line)[0] for line in project["dependencies"]} - {"audioop-lts", "tzdata"}
    modules = {"imageio-ffmpeg": "imageio_ffmpeg", "pillow": "PIL", "pyyaml": "yaml", "webvtt-py": "webvtt"}
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "pipeline").rglob("*.py"))
    for name in names:
        assert re.search(rf"^\s*(from|import) {modules.get(name, name)}\b", code, re.MULTILINE), name


def test_architecture_is_short() -> None:
    """It is read whole, or not at all."""
    assert len((ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()) <= 150


def test_every_test_has_its_sentence() -> None:
    """What it holds, in words."""
    for path in (ROOT / "tests").glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert ast.get_docstring(node), f"{path.name}: {node.name}"
