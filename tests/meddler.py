"""Servers that never answer, and somebody on the way who passes on what is sent, but not as it was."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

Change = Callable[[bytes], bytes]


@contextmanager
def between(endpoint: str, change: Change) -> Iterator[str]:
    """An address that leads to `endpoint`; `change` has its way with every block that goes there."""
    with serving(lambda client: relay(client, endpoint, change)) as address:
        yield address


def relay(client: socket.socket, endpoint: str, change: Change = bytes) -> None:
    """Pass on one connection to its end."""
    there = urlsplit(endpoint)
    with client, socket.create_connection((str(there.hostname), int(there.port or 80))) as server:
        back = threading.Thread(target=_pump, args=(server, client, bytes), daemon=True)
        back.start()
        _pump(client, server, change)
        back.join()


@contextmanager
def serving(meet: Callable[[socket.socket], None]) -> Iterator[str]:
    """An address where `meet` gets every connection, each in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=_quietly, args=(meet, listening.accept()[0]), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


def _quietly(meet: Callable[[socket.socket], None], client: socket.socket) -> None:
    with suppress(OSError):
        meet(client)


def _pump(one: socket.socket, other: socket.socket, change: Change) -> None:
    with suppress(OSError):
        while block := one.recv(1 << 16):
            other.sendall(change(block))
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)
