"""`omroep serve`."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from pipeline import composing, publish, rehearsal, rendering, theme
from pipeline import serve as server
from pipeline.cli import tell
from pipeline.cli.settings import Settings, public_address
from pipeline.guard import NOTHING, wanted
from pipeline.history import Published
from pipeline.serve.live import Live, Turn

if TYPE_CHECKING:
    from pipeline.model import Object
    from pipeline.rendering import Newsroom


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
@click.option(
    "--live", is_flag=True, help="Make it again as files change, and show drafts and scheduled episodes, marked."
)
@click.pass_obj
def serve(settings: Settings, host: str, port: int, base_url: str | None, live: bool) -> None:
    """Look at the show and listen to it on this machine.

    Everything is composed for this server's own address, so its feed can be subscribed to with a real podcast app.
    Byte ranges work, so players can seek. Nothing is published. With --live, pages that are open follow what you
    write, and say what is wrong with it. Ctrl-C ends it.
    """
    if host in ("0.0.0.0", "::") and not base_url:  # noqa: S104 -- asked for, and only by who asks
        raise click.UsageError(
            "Say with --base-url at which address others reach this machine, as in http://192.0.2.7:8000/"
        )
    listening = server.bind(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = base_url or f"http://{shown}:{listening.port}/"
    names = (host, urlsplit(address).hostname or "")
    if live:
        again = Live(lambda: _rehearsed(settings.later().room(address)), _tell, lambda line: None)
        listening.app = server.near(listening, again, *names)
        _follow(settings, again)
    else:
        here = server.site(_objects(settings.room(address)), lambda line: None)
        listening.app = server.near(listening, here, *names)
    tell.say(f"The show is at {address}index.html and its feed at {address}feed.xml. Ctrl-C ends it.")
    listening.serve_forever()


def _objects(room: Newsroom) -> tuple[Object, ...]:
    """What listeners may have now."""
    with tell.progress() as on_step:
        checked = publish.check(room)
        live = wanted(checked.catalog, Published(), room.now, NOTHING)
        return composing.objects(room.root, rendering.edition(room, checked.catalog.show, live, Published(), on_step))


def _rehearsed(room: Newsroom) -> tuple[Object, ...]:
    """What its makers may see now."""
    with tell.progress() as on_step:
        catalog = publish.check(room).catalog
        edition = rendering.edition(room, catalog.show, rehearsal.wanted(catalog), Published(), on_step)
    words = theme.load(room.root, catalog.show.language, catalog.show.theme).translations
    return composing.objects(room.root, rehearsal.marked(edition, room.now, words.gettext))


def _follow(settings: Settings, again: Live) -> None:
    """Make the show again as its files change, beside the server."""
    again.refresh()
    folders = [place for name in ("episodes", "feed", "templates") if (place := settings.root / name).is_dir()]
    Thread(target=again.follow, args=[folders], daemon=True).start()


def _tell(turn: Turn) -> None:
    tell.problems(turn.problems, as_json=False)
    if turn.number > 1 and not turn.problems:
        tell.say("Made again.")
