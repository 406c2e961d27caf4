"""Styles and scripts as browsers need them, without what only their writers do."""

import posixpath
from collections.abc import Callable, Mapping

from rcssmin import cssmin
from rjsmin import jsmin

_WAYS: Mapping[str, Callable[..., str]] = {".css": cssmin, ".js": jsmin}


def lean(name: str, body: bytes) -> bytes:
    """A file's bytes less comments and white space, by the ending of its name; `/*!` begins a comment that stays."""
    way = _WAYS.get(posixpath.splitext(name)[1])
    return way(body.decode(), keep_bang_comments=True).encode() if way else body
