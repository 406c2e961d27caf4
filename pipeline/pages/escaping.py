"""How templates escape what they are given."""

from collections.abc import Callable, MutableMapping
from types import CodeType
from typing import Any

from jinja2 import Environment, Template
from markupsafe import Markup, escape


class Escaping(Template):
    """A template that says the same as jinja2's own, and does not wrap every text to mark it safe, only to join it."""

    @classmethod
    def from_code(
        cls,
        environment: Environment,
        code: CodeType,
        globals: MutableMapping[str, Any],
        uptodate: Callable[[], bool] | None = None,
    ) -> Template:
        """As jinja2 makes it; its code asks for `escape` by name, and gets `escaped`."""
        made = super().from_code(environment, code, globals, uptodate)
        made.root_render_func.__globals__["escape"] = escaped
        return made


def escaped(value: object) -> str:
    """What `markupsafe.escape` says, as plain text where that is what it was given and nothing in it is special."""
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[return-value]  # it is one
    if kind is str and not ("&" in value or "<" in value or ">" in value or '"' in value or "'" in value):  # type: ignore[operator]
        return value  # type: ignore[return-value]
    return escape(value)
