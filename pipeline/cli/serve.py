"""`omroep serve`."""

import click

from pipeline import publish
from pipeline import serve as server
from pipeline.cli import tell
from pipeline.cli.settings import Settings, public_address
from pipeline.guard import NOTHING, wanted
from pipeline.history import Published


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 for a whole network."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port to listen at; 0: any free one."
)
@click.option(
    "--base-url",
    metavar="URL",
    callback=public_address,
    help="Address others reach it at.  [default: http://HOST:PORT/]",
)
@click.pass_obj
def serve(settings: Settings, host: str, port: int, base_url: str | None) -> None:
    """Look at the show and listen to it on this machine.

    Everything is composed for this server's own address, so its feed can be subscribed to with a real podcast app.
    Byte ranges work, so players can seek. Nothing is published. Ctrl-C ends it.
    """
    if host in ("0.0.0.0", "::") and not base_url:  # noqa: S104 -- asked for, and only by who asks
        raise click.UsageError(
            "Say with --base-url at which address others reach this machine, as in http://192.0.2.7:8000/"
        )
    listening = server.bind(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = base_url or f"http://{shown}:{listening.port}/"
    room = settings.room(address)
    with tell.progress() as on_step:
        checked = publish.check(room)
        live = wanted(checked.catalog, Published(), room.now, NOTHING)
        edition = publish.render(room, checked.catalog.show, live, Published(), on_step)
    listening.app = server.site(publish.objects(room, edition), lambda line: None)
    tell.say(f"“{edition.show.title}” is at {address}index.html and its feed at {address}feed.xml. Ctrl-C ends it.")
    listening.serve_forever()
