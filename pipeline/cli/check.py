"""`omroep check`."""

import json
from importlib.metadata import version
from pathlib import Path

import click

from pipeline import checks, publish
from pipeline.checks import sarif as review
from pipeline.checks.rule import Platform
from pipeline.cli import tell, voice
from pipeline.cli.settings import Settings, as_json, platform
from pipeline.errors import Problem, ShowError
from pipeline.text import printable


@click.command()
@platform
@click.option("--strict", is_flag=True, help="Take advice for a problem: exit with 3 when there is any.")
@click.option(
    "--sarif",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it to a file for code review as well (SARIF 2.1.0).",
)
@as_json
@click.pass_obj
def check(settings: Settings, platform: str | None, strict: bool, sarif: Path | None, as_json: bool) -> None:
    """Say what is wrong or could be better, and change nothing.

    Reads every file of the show, opens every recording, and judges both by what Apple, Spotify, the Podcast Standards
    Project and people with a screen reader ask for; `omroep rules` lists it. Nothing is published.
    """
    reading = publish.look(settings.room(None), listen=True)
    found = checks.of_platform(reading.problems, Platform(platform)) if platform else reading.problems
    found = checks.strictly(found) if strict else found
    if sarif:
        _review(sarif, found, settings.root)
    if reading.catalog is None or any(problem.fatal for problem in found):
        raise ShowError(*found)
    if as_json:
        tell.dump({"ok": True, "problems": [tell.problem_json(problem) for problem in found]})
        return
    tell.advise(map(str, found))
    _conclude(reading.catalog.show.title, len(reading.catalog.episodes), found)


def _conclude(title: str, count: int, found: tuple[Problem, ...]) -> None:
    tell.say(f"“{title}” is in order: {tell.episodes(count)}.")
    rules = dict.fromkeys(rule.id for problem in found if (rule := checks.of(problem)))
    if rules:
        voice.echo(printable(f"To read more: omroep rules {' '.join(rules)}"), err=True)


def _review(file: Path, found: tuple[Problem, ...], root: Path) -> None:
    log = review.log(found, version=version("omroep"), folder=_seen_from_here(root))
    try:
        file.write_text(json.dumps(log, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise click.BadParameter(f"{file} cannot be written ({error.strerror}).", param_hint="--sarif") from error


def _seen_from_here(root: Path) -> str:
    """The show's folder as code review names it, which starts where the command is run."""
    here = Path.cwd().resolve()
    return f"{root.relative_to(here).as_posix()}/".removeprefix("./") if root.is_relative_to(here) else ""
