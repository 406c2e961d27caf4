"""Where commands stand in the papers: in blocks, below which heading, and in running text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs import BLOCK, ROOT
from tests.tutorial import commands

UNIT = ROOT / "docs" / "omroep-watch.service"
PAPERS = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), UNIT)
SHELLS = {"console", "bash", "sh", "shell", "zsh", "shell-session", "terminal"}
_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})([^\n]*)\n(.*?)^[ \t]*\2[ \t]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_STEP = re.compile(r"^\s*- run: (.+)$", re.MULTILINE)
_PROMPT = re.compile(r"^\$ ", re.MULTILINE)
_PROGRAM = re.compile(r"^(?:sudo |exec )?(?:omroep|make|pip|pipx|uv|python3?|git|aws|weed|systemctl) \S", re.MULTILINE)
_FOLLOWED = "<!-- run -->\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A block that holds commands."""

    paper: str
    """The file, seen from the repository."""
    section: str
    """The heading above it."""
    nth: int
    """Which one it is below that heading, from 0."""
    commands: tuple[tuple[str, tuple[str, ...]], ...]
    """Each with the lines that it prints."""
    followed: bool
    """Whether `tutorial.follow` runs it."""

    @property
    def place(self) -> tuple[str, str, int]:
        """What it is known by."""
        return self.paper, self.section, self.nth


def name(paper: Path) -> str:
    """The file, seen from the repository."""
    return paper.relative_to(ROOT).as_posix() if paper.is_relative_to(ROOT) else paper.name


def blocks(paper: Path) -> Iterator[Block]:
    """Every block with commands, less the help texts that `make docs` writes and compares."""
    text = _as_markdown(paper)
    helps = [found.span() for found in BLOCK.finditer(text)]
    count: dict[str, int] = {}
    for found in _FENCE.finditer(text):
        told = tuple((command, tuple(printed)) for command, printed in _commands(found))
        if told and not any(start <= found.start() < end for start, end in helps):
            section = _HEADING.findall(f"# {paper.name}\n{without_blocks(text[: found.start()])}")[-1]
            nth = count[section] = count.get(section, -1) + 1
            followed = text[: found.start()].endswith(_FOLLOWED)
            yield Block(paper=name(paper), section=section, nth=nth, commands=told, followed=followed)


def _as_markdown(paper: Path) -> str:
    """A unit's commands stand in the comments at its head."""
    text = paper.read_text("utf-8")
    if paper.suffix != UNIT.suffix:
        return text
    told = "".join(f"$ {line}\n" for line in re.findall(r"^#   (\S.*)$", text, re.MULTILINE))
    return f"```console\n{told}```\n"


def without_blocks(text: str) -> str:
    """The text less all blocks, with commands or without."""
    return _FENCE.sub("", text)


def spoken(paper: Path) -> Iterator[str]:
    """What stands between backticks in running text and tables."""
    yield from re.findall(r"(?<!`)`([^`\n]+)`(?!`)", without_blocks(paper.read_text("utf-8")))


def _commands(found: re.Match[str]) -> Iterator[tuple[str, list[str]]]:
    body = re.sub(rf"^{found[1]}", "", found[4], flags=re.MULTILINE)
    yield from commands(body)
    yield from ((step, []) for step in _STEP.findall(body))
    if not _PROMPT.search(body) and (found[3].strip() in SHELLS or _PROGRAM.search(body)):
        yield body.strip(), []
