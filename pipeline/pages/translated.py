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
        for token in stream:
            if token.type != "name" or token.value != "_":  # as nearly all are
                yield token
                continue
            call = [token, *(following for _, following in zip(_CALL[1:], stream, strict=False))]
            said = self.translations.gettext(call[2].value) if [each.type for each in call] == _CALL else "%"
            if "%" in said:
                yield from call
            else:
                yield from (Token(token.lineno, kind, value) for kind, value in (("string", said), *_SAFE))


def filling(translations: gettext.NullTranslations) -> Callable[..., Markup]:
    """`_("%(name)s …", name=…)`: gives the translation of a text, with what is put into it escaped.

    As `_` of jinja2's own extension, which asks for a context and wraps every value that it has been given.
    """

    def filled(text: str, /, **values: object) -> Markup:
        said = {name: value if type(value) in _NUMBERS else escaped(value) for name, value in values.items()}
        return Markup(translations.gettext(text) % said)  # noqa: S704 -- what is put in is escaped, the text is ours

    return filled
