"""`omroep completion`."""

import click
from click.shell_completion import get_completion_class

_VARIABLE = "_OMROEP_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete omroep's words.

    bash: add  eval "$(omroep completion bash)"  to ~/.bashrc (bash 4.4 or newer). zsh: the same with zsh, in ~/.zshrc.
    fish: omroep completion fish > ~/.config/fish/completions/omroep.fish
    """
    made = get_completion_class(shell)
    if made:
        complete = made(context.find_root().command, {}, "omroep", _VARIABLE)
        click.echo(complete.source_template % complete.source_vars())
