"""`{% once … %}`: a part of a template that is the same on many pages, rendered once for all of them."""

from collections.abc import Callable, Hashable

from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup


class Once(Extension):
    """`{% once here, key %} … {% endonce %}` renders what it holds once for each value of what it names.

    What it holds may depend on nothing else that differs between the pages of an environment. Whoever stands in for
    some of it need not know that: `forget` has it rendered for every page.
    """

    tags = {"once"}  # noqa: RUF012 (as jinja2 declares it)

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.forget = False
        self._made: dict[Hashable, Markup] = {}

    def parse(self, parser: Parser) -> nodes.Node:
        """A call of `_once` with the place of the tag, what it names, and what it holds."""
        line = next(parser.stream).lineno
        named = [] if parser.stream.current.test("block_end") else [parser.parse_tuple()]
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        place = nodes.Const(f"{parser.name}:{line}")
        return nodes.CallBlock(self.call_method("_once", [place, *named]), [], [], body).set_lineno(line)

    def _once(self, place: str, named: Hashable = (), *, caller: Callable[[], Markup]) -> Markup:
        if self.forget:
            return caller()
        if (place, named) not in self._made:
            self._made[place, named] = caller()
        return self._made[place, named]
