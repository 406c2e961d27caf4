"""`omroep init`."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from pipeline import founding, theme
from pipeline.catalog import values
from pipeline.checks import languages
from pipeline.checks.nearest import meant
from pipeline.checks.vocabularies import APPLE_CATEGORIES
from pipeline.cli import tell
from pipeline.cli.settings import Settings
from pipeline.founding import Plans

_Accept = Callable[[Any], str]
_FINER = "omroep rules show-category has those below them, as in `Business > Careers`."


def _category(value: str) -> str:
    known = [*APPLE_CATEGORIES, *(f"{main} > {sub}" for main, subs in APPLE_CATEGORIES.items() for sub in subs)]
    written = " > ".join(part.strip() for part in value.split(">"))
    if written not in known:
        near = meant(written, known)
        mend = f"Did you mean `{near}`?" if near else f"Choose from: {', '.join(APPLE_CATEGORIES)}. {_FINER}"
        raise ValueError(f"`{value}` is not a category of Apple's. {mend}")
    return written


def _language(value: str) -> str:
    return languages.spelled(values.language(value))


def _address(value: str) -> str:
    """As `values.folder_address`; on one's own machine no certificate is needed."""
    found = values.folder_address(value)
    if not found.startswith("https://") and urlsplit(found).hostname not in _HERE:
        raise ValueError(f"`{value}` should begin with https://")
    return found


_HERE = ("localhost", "127.0.0.1")
_ASKED: Mapping[str, tuple[str, str | None, _Accept]] = {
    "language": ("Language (nl, en, …)", None, _language),
    "title": (founding.ASK_TITLE, None, values.line),
    "author": (founding.ASK_AUTHOR, None, values.line),
    "email": (founding.ASK_EMAIL, None, values.email),
    "base_url": (founding.ASK_ADDRESS, None, _address),
    "category": (founding.ASK_CATEGORY, "Society & Culture", _category),
    "timezone": (founding.ASK_ZONE, "", values.zone_name),
}
"""What has to be known: the question, what it is when left out (the zone: this machine's), and what is accepted.

The language comes first, for the rest is asked in it.
"""


def _accepted(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    accept = {**{name: accept for name, (_, _, accept) in _ASKED.items()}, **_UNASKED}[str(parameter.name)]
    try:
        return accept(value) if value is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_UNASKED: Mapping[str, _Accept] = {"description": values.line}


@click.command()
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option("--title", metavar="TEXT", callback=_accepted, help="Name of the show.")
@click.option("--author", metavar="NAME", callback=_accepted, help="Who makes it.")
@click.option("--email", metavar="ADDRESS", callback=_accepted, help="Where directories write to; public.")
@click.option("--base-url", metavar="URL", callback=_accepted, help="Address at which it will be found.")
@click.option("--language", metavar="TAG", callback=_accepted, help="Such as nl or en.")
@click.option("--category", metavar="TEXT", callback=_accepted, help="Of Apple's list.  [default: Society & Culture]")
@click.option("--description", metavar="TEXT", callback=_accepted, help="What it is about.")
@click.option("--timezone", metavar="ZONE", callback=_accepted, help="Such as Europe/Amsterdam.  [default: this one's]")
@click.pass_obj
def init(settings: Settings, /, folder: Path, **said: str | None) -> None:
    """Make a new show, ready to publish.

    In FOLDER, or here: a folder for episodes, a show.yaml with comments, and a cover with its name on it unless there
    is one in feed/. Asks on a terminal for what no option says. Nothing that is there is written over.
    """
    founding.vacant(folder.resolve())
    plans = Plans(**{**said, **_answers(said, _zone(settings.environ))})  # type: ignore[arg-type]
    for line in founding.found(folder.resolve(), plans):
        tell.say(line)


def _answers(said: Mapping[str, str | None], zone: str) -> dict[str, str]:
    """What is asked for because no option says it; without a terminal only what may be left out is."""
    missing = {
        name: (question, zone if name == "timezone" else default, accept)
        for name, (question, default, accept) in _ASKED.items()
        if said[name] is None
    }
    if not sys.stdin.isatty():
        needed = [f"--{name.replace('_', '-')}" for name, (_, default, _) in missing.items() if default is None]
        if needed:
            raise click.UsageError(f"There is no terminal to ask on; add {', '.join(needed)}.")
        return {name: str(default) for name, (_, default, _) in missing.items()}
    answers: dict[str, str] = {}
    for name, (question, default, accept) in missing.items():
        say = theme.spoken(said["language"] or answers.get("language", "en")).gettext
        answers[name] = click.prompt(say(question), default=default, value_proc=_proof(accept), err=True)
    return answers


def _proof(accept: _Accept) -> _Accept:
    def proof(value: Any) -> str:
        try:
            return accept(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    return proof


def _zone(environ: Mapping[str, str]) -> str:
    """The time zone of this machine, where it can be told."""
    local = Path("/etc/localtime")
    linked = str(local.readlink()).partition("zoneinfo/")[2] if local.is_symlink() else ""
    for zone in (environ.get("TZ", "").lstrip(":"), linked):
        try:
            return values.zone_name(zone)
        except ValueError:
            continue
    return "UTC"
