"""How much is said and how it looks: as asked by --quiet and --verbose, and as the terminal takes it."""

import os
import re
import shutil
import sys
from enum import IntEnum
from typing import Any, TextIO

import click

from pipeline.cli.settings import Settings
from pipeline.text import printable


class Voice(IntEnum):
    """How much is said."""

    QUIET = 0
    """Nothing but problems, and JSON that was asked for."""
    PLAIN = 1
    VERBOSE = 2
    """Each file that is written, too, and what was found around."""


_ASKED = "omroep.voice"
_SETTINGS = ("OMROEP_", "AWS_")
"""Variables that change what is done; their names are told, and never what they hold."""
_DUMB = frozenset({"", "dumb"})
_NARROWEST = 40
_INDENT = "  "
_WHOLE = re.compile(
    r"(?:episodes|feed|templates)/[^:`]*:(?:\d+:)?"  # where it is
    r"|[^\s`]*(?:`[^`]*`[^\s`]*)+"  # from the first backquote on: between the second and third stand other words
    r"|omroep [a-z]+(?: --[a-z-]+(?: [\w./:-]+)?)*\S*"
    r"|\S+"
)


def voice() -> Voice:
    """As asked of this command line."""
    context = click.get_current_context(silent=True)
    return Voice(context.find_root().meta.get(_ASKED, Voice.PLAIN)) if context else Voice.PLAIN


def _heard(context: click.Context, option: click.Parameter, asked: bool) -> None:
    if asked:
        context.meta[_ASKED] = Voice[str(option.name).upper()]
        surroundings(context)


def options(*, hidden: bool) -> list[click.Parameter]:
    """`--quiet` and `--verbose`; every command takes them, and the program's own help tells of them."""
    told = {"quiet": "Say nothing but what is wrong.", "verbose": "Say more: every file, and what was found around."}
    return [
        click.Option(
            [f"-{name[0]}", f"--{name}"], is_flag=True, expose_value=False, callback=_heard, help=help, hidden=hidden
        )
        for name, help in told.items()
    ]


def detail(text: str) -> None:
    """A line on standard error for who asked for more."""
    if voice() is Voice.VERBOSE:
        click.echo(printable(text), err=True)


def surroundings(context: click.Context) -> None:
    """What this runs with, for who asked for more: versions, places, and the names of variables that are set."""
    settings = context.find_object(Settings)
    if settings is None or voice() is not Voice.VERBOSE:
        return
    import platform
    from importlib.metadata import version

    detail(f"omroep {version('omroep')}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    detail(f"show: {settings.root}")
    detail(f"cache: {settings.cache}")
    named = sorted(name for name in settings.environ if name.startswith(_SETTINGS))
    detail(f"set: {', '.join(named) or 'nothing'}")


def painted(word: str, colour: str, stream: TextIO) -> str:
    """`word` in a colour, where the stream is a terminal that shows some and nobody has set NO_COLOR."""
    plain = not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM", "") in _DUMB
    return word if plain else click.style(word, fg=colour, bold=True)


def room(stream: TextIO | None = None) -> int | None:
    """Columns of the terminal on a stream (standard output); None where it is a file or a program: any line will do."""
    stream = stream or sys.stdout
    return max(_NARROWEST, shutil.get_terminal_size().columns) if stream.isatty() else None


def folded(text: str, wide: int | None) -> str:
    """`text` on lines of at most `wide` columns, indented from the second on; words, file names and commands whole."""
    from pipeline.preview.fitting import columns

    if wide is None:
        return text
    lines = [""]
    for word in _WHOLE.findall(text):
        begun = f"{lines[-1]} {word}" if lines[-1].strip() else lines[-1] + word
        if columns(begun) > wide and lines[-1].strip():
            lines.append(_INDENT + word)
        else:
            lines[-1] = begun
    return "\n".join(lines)


def echo(text: Any, *, err: bool = False) -> None:
    """A line that those who asked for quiet do without."""
    if voice() is not Voice.QUIET:
        click.echo(text, err=err)
