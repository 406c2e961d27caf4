"""A local web server for composed objects: ranges, conditions and types as a bucket has."""

import os
import socket
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from pathlib import Path

from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.utils import send_file
from werkzeug.wrappers import Request, Response

from pipeline.errors import Problem, StoreError
from pipeline.model import Key, Object

Listening = BaseWSGIServer
"""A server whose `app` can be set, and which answers from `serve_forever` on."""
OnRequest = Callable[[str], None]
"""Called with a line about each request."""


def bind(host: str, port: int) -> Listening:
    """A server that listens at `host` and `port` (0: any free one) and answers nothing yet.

    StoreError when the port is taken.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family) as listening:
            # werkzeug takes over a copy of the socket; given an address it would end the program when that is taken
            bound, fd = listening.getsockname()[1], listening.fileno()
            return make_server(host, bound, Response("", 503), threaded=True, request_handler=_Silent, fd=fd)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        what = f"Port {port} on {host} cannot be listened at: {reason}."
        raise StoreError(Problem(what=what, mend="Choose another with --port or --host.")) from error


def site(objects: Iterable[Object], on_request: OnRequest) -> "Site":
    """The application that serves `objects` under their keys."""
    return Site({item.key: item for item in objects}, on_request)


class Site:
    """A WSGI application over objects; `/` is `index.html`, and what is not there is answered with `404.html`."""

    def __init__(self, objects: Mapping[Key, Object], on_request: OnRequest) -> None:
        self.objects = objects
        self.on_request = on_request

    def __call__(self, environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        response = self.answer(request)
        self.on_request(f"{request.method} {request.path} {response.status_code}")
        return response(environ, start_response)  # type: ignore[arg-type]

    def answer(self, request: Request) -> Response:
        """The response to `request`."""
        if request.method not in ("GET", "HEAD"):
            return Response("", status=405)
        found = self.objects.get(Key(request.path.removeprefix("/") or "index.html"))
        missing = self.objects.get(Key("404.html"))
        if not found and missing:
            return Response(missing.body if isinstance(missing.body, bytes) else b"", status=404, mimetype="text/html")
        return _sent(found, request) if found else Response("", status=404)


def _sent(item: Object, request: Request) -> Response:
    body = item.body if isinstance(item.body, Path) else BytesIO(item.body or b"")
    try:
        response = send_file(body, request.environ, mimetype=item.type, etag=item.sha256, conditional=True, max_age=0)
    except RequestedRangeNotSatisfiable:
        return Response("", status=416, headers={"Content-Range": f"bytes */{item.size}"})
    response.headers["Content-Type"] = item.type  # send_file adds a second charset
    response.headers["Access-Control-Allow-Origin"] = "*"  # web players ask for transcripts and chapters from elsewhere
    return response


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing: `Site` tells what was asked."""
