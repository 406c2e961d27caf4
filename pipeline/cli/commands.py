"""The table of commands; a command's module is imported when it is called."""

from difflib import get_close_matches
from importlib import import_module
from keyword import iskeyword
from typing import cast

import click

from pipeline.cli import voice

ABOUT = {
    "init": "Make a new show, ready to publish.",
    "import": "Move a show in: its feed becomes show.yaml and episodes/.",
    "new": "Begin an episode that has no recording yet.",
    "ingest": "Make a draft of every recording in episodes/ that has no episode yet.",
    "watch": "Keep watching episodes/: make drafts of what is dropped there, and show or publish what is ready.",
    "check": "Say what is wrong or could be better, and change nothing.",
    "rules": "Explain what is asked of a show, by whom, and what to do about it.",
    "preview": "Show how an episode will read in an app, before it is there.",
    "stage": "Put a recording away among the masters, and write in its episode where it is.",
    "plan": "Show what a publish would do, and write nothing.",
    "publish": "Make the destination hold this show.",
    "build": "Publish to a folder, whatever the show's destination.",
    "notify": "Tell hubs and podping, again, that the feed has changed.",
    "status": "Show how every episode stands.",
    "releases": "List what listeners had, and what changed each time.",
    "rollback": "Give listeners an earlier release back.",
    "prune": "Clear away what no recent release needs.",
    "verify": "Look at what is published, as a listener does, and say what is wrong with it.",
    "export": "Write an archive of everything that is published, with checksums.",
    "doctor": "Ask this machine and the destination whether they can keep omroep's promises.",
    "report": "Write pages that show how every episode sounds.",
    "completion": "Print what makes a shell complete omroep's words.",
    "serve": "Look at the show and listen to it on this machine.",
}
"""In the order in which a producer meets them; each is a module of this package with a command of its name.

(`import_` of `import`, which Python keeps for itself.)
"""


class Commands(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(ABOUT)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in ABOUT:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command = cast(click.Command, getattr(import_module(f"pipeline.cli.{name}"), name))
        if not any(param.name == "quiet" for param in command.params):
            command.params += voice.options(hidden=True)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names; of one that there is not, the nearest is told."""
        near = get_close_matches(args[0], ABOUT, n=1) if args[0] not in ABOUT else []
        if near:
            ctx.fail(f"No such command '{args[0]}'. Did you mean {near[0]}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list for `--help`, made without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(ABOUT.items()))
