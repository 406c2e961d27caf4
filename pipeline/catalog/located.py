"""YAML as text with line numbers: every scalar stays the text that was typed, and the schema decides what it means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from pipeline.catalog.values import MOST
from pipeline.errors import Problem
from pipeline.model import Origin

DEEPEST = 12
"""Levels of nesting; a show needs four."""
LONGEST = 1_000_000
"""Characters of settings in one file."""

Loc: TypeAlias = tuple[str | int, ...]
"""A path of keys and positions from the top of the document."""
Plain: TypeAlias = "str | list[Plain] | dict[str, Plain] | None"


@dataclass(frozen=True, slots=True)
class Located:
    """A document's values, and the lines on which they were written."""

    value: dict[str, Plain]
    origin: Origin


def read(text: str, *, file: str, first_line: int = 1) -> tuple[Located, tuple[Problem, ...]]:
    """The mapping in `text` (empty where it cannot be read), and what is wrong with it.

    `first_line` is the line of `file` that `text` starts on. Only plain data is accepted: no tags, no anchors or
    aliases, no doubled keys, no deep nesting.
    """
    reader = _Reader(file=file, first_line=first_line)
    node = reader.compose(text)
    value = None if reader.problems else reader.value(node, ())
    if not isinstance(value, dict) and not reader.problems:
        reader.problem("The file should hold `key: value` lines", 0, "Write one setting a line, such as `title: ...`.")
    origin = Origin(file=file, lines=reader.lines)
    return Located(value if isinstance(value, dict) else {}, origin), tuple(reader.problems)


def _read_wrong(error: yaml.MarkedYAMLError, lines: list[str]) -> tuple[str, int, str]:
    """What is wrong, on which line of `lines`, and the way out.

    The parser names the place where it could not go on; a slip is often on a line before that.
    """
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    begun = error.context_mark.line if error.context_mark else line
    said = error.problem or ""
    if lines[line][column : column + 1] == "\t":
        return "A tab stands here where YAML takes only spaces", line, "Indent with spaces."
    if "unexpected end of stream" in said or "did not find expected key" in said:
        for place in range(begun, line + 1):
            if _QUOTE_OPENED.match(lines[place]):
                return "A quote is opened here and not closed on this line", place, _QUOTED
            if _QUOTE_CLOSED.match(lines[place]):
                return "Text stands here behind the quote that closes it", place, _QUOTED
    if "could not find expected ':'" in said:
        return _NO_COLON, begun, _COLON
    if "mapping values are not allowed" in said and lines[line].find(":") == column:
        above = max((place for place in range(line) if lines[place].strip()), default=line)
        if not re.search(r":(\s|$)", lines[above]):
            return _NO_COLON, above, _COLON
        return "This line is indented further than it may be", line, "Begin it where the line above begins."
    return f"This is not valid YAML: {said}", line, _hint(said)


_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
"""Between lines, as the parser counts them (YAML 1.1, section 5.4)."""
_QUOTE_OPENED = re.compile(r"""(?:[^:#]*:|\s*-)\s+(?:"(?:[^"\\]|\\.)*|'(?:[^']|'')*)$""")
_QUOTE_CLOSED = re.compile(r"""(?:[^:#]*:|\s*-)\s+(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*[^\s#]""")
_QUOTED = 'Put the whole text between double quotes, also when it begins with a quote itself: title: "\'s Ochtends".'
_NO_COLON = "Here is no colon with a space behind it"
_COLON = "Write it as `title: ...`."


def _hint(said: str) -> str:
    if "mapping values are not allowed" in said:
        return 'Put the text between quotes when it holds a colon: title: "Werk: een begin".'
    if "cannot start any token" in said:
        return "Put the text between quotes."
    return "Check the indentation, the quotes and the colons on this line and the one above it."


@dataclass
class _Reader:
    file: str
    first_line: int
    problems: list[Problem] = field(default_factory=list)
    lines: dict[Loc, int] = field(default_factory=dict)
    depth: int = 0

    def problem(self, what: str, line: int, mend: str) -> None:
        self.problems.append(Problem(what=f"{what}.", file=self.file, line=self.first_line + line, mend=mend))

    def compose(self, text: str) -> yaml.Node | None:
        if len(text) > LONGEST:
            lines = text.split("\n")
            longest = max(range(len(lines)), key=lambda place: len(lines[place]))
            self.problem("The file is far too large to be metadata", longest, "Shorten what begins here.")
            return None
        try:
            for event in yaml.parse(text, Loader=yaml.CSafeLoader):
                self.vet(event)
                if self.depth > DEEPEST:
                    break
            return None if self.problems else yaml.compose(text, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            self.problem(*_read_wrong(error, [*_BREAK.split(text), ""]))
        except yaml.reader.ReaderError as error:
            line = text.encode()[: error.position].count(b"\n")
            self.problem("This line holds characters that YAML does not allow", line, "Remove control characters.")
        return None

    def vet(self, event: yaml.Event) -> None:
        line = event.start_mark.line if event.start_mark else 0
        if isinstance(event, yaml.CollectionStartEvent):
            self.depth += 1
            if self.depth == DEEPEST + 1:
                self.problem("Lists are nested too deeply", line, "Flatten them.")
        elif isinstance(event, yaml.CollectionEndEvent):
            self.depth -= 1
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            self.problem(
                "YAML anchors and aliases (`&name`, `*name`) are not read",
                line,
                "Write the text out, or put it between quotes if it really starts with & or *.",
            )
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag:
            self.problem("YAML tags (`!name`) are not read", line, "Remove it, or put the text between quotes.")

    def value(self, node: yaml.Node | None, loc: Loc) -> Plain:
        if node is None:
            return None
        self.lines.setdefault(loc, self.first_line + node.start_mark.line)
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, loc))
        if isinstance(node, yaml.SequenceNode) and len(node.value) > MOST:
            self.problem(f"This list is longer than {MOST} items", node.start_mark.line, "Shorten it.")
            return []
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*loc, place)) for place, item in enumerate(node.value)]
        bare = isinstance(node, yaml.ScalarNode) and not node.style
        return None if bare and node.value == "" else str(node.value)

    def _pairs(self, node: yaml.MappingNode, loc: Loc) -> Iterator[tuple[str, Plain]]:
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problem("A key should be a single word", key.start_mark.line, "Check the indentation.")
                continue
            place = (*loc, key.value)
            if place in self.lines:
                mend = "Remove one of the two; only one can count."
                self.problem(f"`{key.value}` stands here twice", key.start_mark.line, mend)
                continue
            self.lines[place] = self.first_line + key.start_mark.line
            yield str(key.value), self.value(item, place)
