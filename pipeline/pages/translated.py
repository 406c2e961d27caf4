"""Constant texts of templates, put in the show's language as they are compiled and not on every page again."""

import gettext
from collections.abc import Iterable

from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

_CALL = ["name", "lparen", "string", "rparen"]
_SAFE = (("pipe", "|"), ("name", "safe"))


class Translated(Extension):
    """`_("…")` becomes `"…"|safe`, with what `translations` have for it, as jinja2's own extension would say it.

    What is to be filled in, after a `%`, is left to that extension.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.translations = gettext.NullTranslations()

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """The tokens of a template, some of them in the place of such a call."""
        held: list[Token] = []
        for token in stream:
            held.append(token)
            if (said := self._said(held)) is not None:
                yield from (Token(token.lineno, kind, value) for kind, value in (("string", said), *_SAFE))
                held.clear()
            elif len(held) == len(_CALL):
                yield held.pop(0)
        yield from held

    def _said(self, tokens: list[Token]) -> str | None:
        if [token.type for token in tokens] != _CALL or tokens[0].value != "_":
            return None
        said = self.translations.gettext(tokens[2].value)
        return None if "%" in said else said
