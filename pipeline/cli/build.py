"""`omroep build`."""

import json
from pathlib import Path

import click

from pipeline.cli.publish import carry_out
from pipeline.cli.settings import DEFAULT, Settings, as_json, asked_for, base_url, folder
from pipeline.errors import Exit


@click.command()
@click.option("--to", metavar="FOLDER", default=DEFAULT, show_default=True, help="The folder; made where it is not.")
@base_url
@as_json
@click.pass_obj
def build(settings: Settings, to: str, base_url: str | None, as_json: bool) -> Exit:
    """Publish to a folder, whatever the show's destination.

    The folder is a complete static web site. It is the same publish, by the same code, as to a bucket; only hubs and
    podping are not told of it, for listeners have nothing new yet. When they do: omroep notify --to FOLDER
    """
    question = json.dumps(["build", to, str(Path.cwd()), base_url])
    asked = asked_for((), (), ())
    return carry_out(settings, folder(to, settings.root), base_url, asked, question, tells=False, as_json=as_json)
