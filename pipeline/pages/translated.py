"""Texts of templates in the show's language: constant ones as they are compiled, and not on every page again."""

import gettext
from collections.abc import Callable, Iterable

from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup

from pipeline.pages.escaping import escaped

_CALL = ["name", "lparen", "string", "rparen"]
_SAFE = (("pipe", "|"), ("name", "safe"))
_NUMBERS = (int, float)
"""What a text may want as it is: `%(count)d`."""


class Translated(Extension):
    """`_("…")` becomes `"…"|safe`, with what `translations` have for it, as jinja2's own extension would say it.

    What is to be filled in, after a `%`, is left to `filling`.
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


def filling(translations: gettext.NullTranslations) -> Callable[..., Markup]:
    """`_("%(name)s …", name=…)`: gives the translation of a text, with what is put into it escaped.

    As `_` of jinja2's own extension, which asks for a context and wraps every value that it has been given.
    """

    def filled(text: str, /, **values: object) -> Markup:
        said = {name: value if type(value) in _NUMBERS else escaped(value) for name, value in values.items()}
        return Markup(translations.gettext(text) % said)  # noqa: S704 -- what is put in is escaped, the text is ours

    return filled
