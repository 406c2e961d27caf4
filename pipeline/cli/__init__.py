"""The command line: words to settings, settings to one call, what is printed, and the exit status."""

import os
import signal
import sys
from io import TextIOWrapper

import click

from pipeline.cli import tell, voice
from pipeline.cli.commands import Commands
from pipeline.cli.settings import Settings
from pipeline.errors import Exit, OmroepError
from pipeline.text import printable


@click.group(
    cls=Commands,
    params=voice.options(hidden=False),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 2 wrong command line, 3 the show needs mending, 4 audio, 5 destination, 6 refused, "
    "7 damaged, 8 published, but not everybody was told, 9 published but for what something is wrong with.",
)
@click.option(
    "--show",
    "root",
    type=click.Path(exists=True, file_okay=False),
    default=".",
    envvar="OMROEP_SHOW",
    help="Folder of the show (holds episodes/ and feed/).  [default: this folder]",
)
@click.version_option(package_name="omroep", message="omroep %(version)s")
@click.pass_context
def omroep(context: click.Context, root: str) -> None:
    """Publish a podcast from a folder: mastered audio, a feed, and a web site.

    Put a recording and an episode.md in a folder under episodes/, then: omroep publish
    """
    context.obj = Settings.of(root)
    voice.surroundings(context)


def main() -> None:
    """Run the command line and exit; after an interrupt at once, without waiting for writes that had begun."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show “é” still gets the sentence
    os.environ.setdefault("PATH", os.defpath)  # pydub cannot be imported without one
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # being asked to stop is being interrupted
    status = run(sys.argv[1:])
    if status == Exit.INTERRUPTED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit status: what the command returns, or that of an error.

    Problems are told, one a line, on standard error.
    """
    try:
        status = omroep.main(args=arguments, prog_name="omroep", standalone_mode=False)
    except OmroepError as error:
        tell.problems(error.problems, as_json="--json" in arguments)
        return error.status
    except click.ClickException as error:
        click.echo(printable(error.format_message()), err=True)
        click.echo(f"See: {_asked(error)} --help", err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. What listeners have is whole; run it again to go on.", err=True)
        return Exit.INTERRUPTED
    return int(status or 0)


def _asked(error: click.ClickException) -> str:
    """The command whose words were wrong."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    return context.command_path if context else "omroep"
