"""A preview that is made again as its files change, and tells the pages that are open."""

import html
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Condition

from watchfiles import watch
from werkzeug.wrappers import Request, Response

from pipeline.digest import of_bytes
from pipeline.errors import OmroepError, Problem, refusal
from pipeline.model import Cache, Key, Kind, Object
from pipeline.serve import OnRequest, Site, site

OnTurn = Callable[["Turn"], None]
"""Called when something was made, or was not."""
_TURNS = "/.omroep/turns"
_OWN = {f"/.omroep/live{ending}": kind for ending, kind in ((".js", "text/javascript"), (".css", "text/css"))}
"""What pages of a preview load besides their own, by path: files beside this one."""
_GATHER_MS = 200
_AWAKE_S = 10.0
"""Seconds after which a silent connection is tried, to notice that its page has been left."""
_NEVER = (
    b'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>omroep</title></head>\n'
    b"<body></body>\n</html>\n"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What is shown now."""

    number: int
    objects: tuple[Object, ...]
    """The last that could be made."""
    problems: tuple[Problem, ...]
    """Why nothing newer could be."""


class Live:
    """A WSGI application over what `build` makes; when that fails, the last that was made, with the problems on it."""

    def __init__(self, build: Callable[[], tuple[Object, ...]], on_turn: OnTurn, on_request: OnRequest) -> None:
        self._build = build
        self._on_turn = on_turn
        self._on_request = on_request
        self._turned = Condition()
        self._turn = Turn(number=0, objects=(), problems=())
        self._site = self._made()

    def refresh(self) -> None:
        """Make it again, and tell the pages that are open."""
        try:
            turn = Turn(number=self._turn.number + 1, objects=self._build(), problems=())
        except OmroepError as error:
            turn = replace(self._turn, number=self._turn.number + 1, problems=tuple(error.problems))
        except OSError as error:
            turn = replace(self._turn, number=self._turn.number + 1, problems=(refusal(error),))
        with self._turned:
            self._turn = turn
            self._site = self._made()
            self._turned.notify_all()
        self._on_turn(turn)

    def follow(self, folders: Iterable[Path]) -> None:
        """Make it again whenever a file in `folders` changes, until the program ends."""
        heard = watch(
            *folders,
            debounce=_GATHER_MS,
            step=_GATHER_MS // 2,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        for _ in heard:
            self.refresh()

    def __call__(self, environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request."""
        path = Request(environ).path
        if path == _TURNS:
            answer = Response(self._turns(), mimetype="text/event-stream", headers={"Cache-Control": "no-store"})
            return answer(environ, start_response)  # type: ignore[arg-type]
        if path in _OWN:
            body = Path(__file__).with_name(path.rpartition("/")[2]).read_bytes()
            return Response(body, mimetype=_OWN[path])(environ, start_response)  # type: ignore[arg-type]
        return self._site(environ, start_response)

    def _turns(self) -> Iterator[bytes]:
        """Server-sent events: the number of the turn now, and of each that follows."""
        told = -1
        while True:
            now = self._after(told)
            yield f"data: {now}\n\n".encode() if now != told else b": awake\n\n"
            told = now

    def _after(self, told: int) -> int:
        """The number of the turn, as soon as it is another than `told`, or after a while."""
        with self._turned:
            self._turned.wait_for(lambda: self._turn.number != told, _AWAKE_S)
            return self._turn.number

    def _made(self) -> Site:
        turn = self._turn
        pages = tuple(_page(item, turn) if item.type.startswith("text/html") else item for item in turn.objects)
        empty = (_empty(key, turn) for key in ("index.html", "404.html"))
        return site(pages or empty, self._on_request, shared=False)


def _empty(key: str, turn: Turn) -> Object:
    """What is shown while nothing could be made yet."""
    blank = Object(
        key=Key(key),
        kind=Kind.PAGE,
        type="text/html; charset=utf-8",
        cache=Cache.SHORT,
        sha256=of_bytes(_NEVER),
        size=len(_NEVER),
        body=_NEVER,
    )
    return _page(blank, turn)


def _page(item: Object, turn: Turn) -> Object:
    """A page with the script that follows the turns, and with what is wrong."""
    body = item.body if isinstance(item.body, bytes) else b""
    script = f'<script src="/.omroep/live.js" data-seen="{turn.number}"></script>'
    head = f'<link rel="stylesheet" href="/.omroep/live.css">\n{script}\n</head>'
    body = body.replace(b"</head>", head.encode(), 1).replace(b"</body>", _told(turn.problems) + b"</body>", 1)
    return replace(item, body=body, size=len(body), sha256=of_bytes(body))


def _told(problems: tuple[Problem, ...]) -> bytes:
    if not problems:
        return b""
    rows = "".join(f"<li>{html.escape(str(problem))}</li>" for problem in problems)
    title = "What you see is older: something has to be mended first"
    return f'<aside class="omroep-live" role="alert"><h2>{title}</h2><ul>{rows}</ul></aside>\n'.encode()
