"""A local web server for composed objects: ranges, conditions and types as a bucket has."""

import os
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from ipaddress import ip_address
from pathlib import Path

from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.utils import send_file
from werkzeug.wrappers import Request, Response

from pipeline.errors import Problem, StoreError
from pipeline.model import Key, Kind, Object

Listening = BaseWSGIServer
"""A server whose `app` can be set, and which answers from `serve_forever` on."""
OnRequest = Callable[[str], None]
"""Called with a line about each request."""
Application = Callable[[dict[str, object], Callable[..., object]], Iterable[bytes]]
"""What answers requests (PEP 3333)."""
_SHARED = frozenset({Kind.AUDIO, Kind.SIDECAR, Kind.FEED})
"""What web players on other sites ask for."""


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


def near(listening: Listening, app: Application, *names: str) -> Application:
    """`app` for who means this machine; where only that can reach it, under its address, `localhost` and `names` alone.

    Any web site can have a name of its own lead to this machine (DNS rebinding), and its pages may then read all that
    answers to that name. Such a request is misdirected (421: RFC 9110, 15.5.20).
    """
    bound = ip_address(listening.socket.getsockname()[0])
    if not bound.is_loopback:
        return app
    known = {"localhost", str(bound), *map(str.lower, names)}

    def answer(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        asked = re.sub(r":\d*$", "", str(environ.get("HTTP_HOST", "localhost"))).strip("[]").lower()
        misdirected = Response("This server has another name.", 421)
        return app(environ, start_response) if asked in known else misdirected(environ, start_response)  # type: ignore[arg-type]

    return answer


def site(objects: Iterable[Object], on_request: OnRequest, *, shared: bool = True) -> "Site":
    """The application that serves `objects` under their keys; where not `shared`, no page of others may read them."""
    return Site({item.key: item for item in objects}, on_request, shared=shared)


class Site:
    """A WSGI application over objects; `/` is `index.html`, and what is not there is answered with `404.html`."""

    def __init__(self, objects: Mapping[Key, Object], on_request: OnRequest, *, shared: bool) -> None:
        self.shared = shared
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
        answer = _sent(found, request) if found else Response("", status=404)
        if found and self.shared and found.kind in _SHARED:
            answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer


def _sent(item: Object, request: Request) -> Response:
    body = item.body if isinstance(item.body, Path) else BytesIO(item.body or b"")
    try:
        response = send_file(body, request.environ, mimetype=item.type, etag=item.sha256, conditional=True, max_age=0)
    except RequestedRangeNotSatisfiable:
        return Response("", status=416, headers={"Content-Range": f"bytes */{item.size}"})
    response.headers["Content-Type"] = item.type  # send_file adds a second charset
    return response


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing: `Site` tells what was asked."""
