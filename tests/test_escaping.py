"""What templates are filled with: escaped and translated as jinja2 and markupsafe do it, who take longer."""

import gettext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup, escape

from pipeline.pages.escaping import Escaping, escaped
from pipeline.pages.translated import filling

TEXTS = st.text(st.characters(codec="utf-8")) | st.text("ab&<>\"' é%")
VALUES = TEXTS | TEXTS.map(Markup) | st.integers() | st.floats() | st.none() | st.booleans()


class Address(str):
    """A text of a kind of its own, as keys of objects may be."""


class Drawn:
    """What says itself what it is in HTML."""

    def __html__(self) -> str:
        return "<svg/>"


@given(VALUES | TEXTS.map(Address) | st.builds(Drawn))
def test_a_value_is_escaped_as_ever(value: object) -> None:
    """Whatever it is."""
    assert str(escaped(value)) == str(escape(value))


@pytest.mark.parametrize(
    "source",
    [
        "{{ value }}",
        "<p>{{ value }}{{ value ~ '<b>' }}</p>",
        "{% macro shown(it) %}<i>{{ it }}</i>{% endmacro %}{{ shown(value) }}{% set k = shown(value) %}{{ k ~ value }}",
        "{% set kept %}{{ value }}&amp;{% endset %}{{ kept }}{{ kept|upper }}",
        "{% filter upper %}{{ value }}{% endfilter %}",
        "{% macro each() %}{{ caller(value) }}{% endmacro %}{% call(it) each() %}{{ it }}&{% endcall %}",
        "{{ [value, '<'|safe]|join(', ') }}{{ value|replace('a', '<') }}",
        "{{ value|safe }}{{ '%s & %s'|format(value, value) }}",
    ],
)
@given(value=TEXTS | TEXTS.map(Markup) | st.integers())
def test_a_template_says_the_same(source: str, value: object) -> None:
    """In output, macros, blocks that are set, filters and joined texts: where a text is marked safe, or is not."""
    plain, ours = Environment(autoescape=True), Environment(autoescape=True)
    ours.template_class = Escaping
    assert ours.from_string(source).render(value=value) == plain.from_string(source).render(value=value)


WORDS: dict[str, str] = {
    "By %(name)s": "Door %(name)s",
    "%(count)d of %(name)s, 100%%": "%(count)d van %(name)s, 100%%",
}


class Dutch(gettext.NullTranslations):
    """Two sentences."""

    def gettext(self, message: str) -> str:
        return WORDS.get(message, message)


@pytest.mark.parametrize("text", [*WORDS, "Not translated: <b>%(name)s</b>"])
@given(name=VALUES, count=st.integers())
def test_a_sentence_is_filled_as_ever(text: str, name: Any, count: int) -> None:
    """With names that are escaped, numbers, and signs of per cent; it is safe, so that it is not escaped again."""
    jinja = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    jinja.install_gettext_translations(Dutch(), newstyle=True)  # type: ignore[attr-defined]
    ours = filling(Dutch())
    wanted = jinja.from_string("{{ gettext(text, name=name, count=count) }}").render(text=text, name=name, count=count)
    assert ours(text, name=name, count=count) == wanted
    assert isinstance(ours(text, name=name, count=count), Markup)
