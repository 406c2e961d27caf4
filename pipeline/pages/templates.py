"""Templates and what they are given: the environment that renders them, and what is told of one that cannot be."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined, TemplateError, TemplateSyntaxError

from pipeline.errors import Problem, ShowError
from pipeline.model import Edition
from pipeline.pages import compiled, filters, look
from pipeline.pages.calling import Calling
from pipeline.pages.escaping import Escaping
from pipeline.pages.look import Theme
from pipeline.pages.once import Once
from pipeline.pages.translated import Translated, filling
from pipeline.text import xml_bytes


class _Environment(Environment):
    """Whose templates have the same globals as long as it lives, in one dict: a chain of them is slow to read."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Those of the environment, and over them a template's own."""
        return {**self.globals, **(d or {})}


_INDENTED = re.compile(r"^[ \t]+", re.MULTILINE)
"""What templates have for who reads them; what is put into them, such as notes, keeps its own."""


def environment(edition: Edition, theme: Theme) -> Environment:
    """What renders the templates of a theme, with the filters of `filters.table`."""
    jinja = _Environment(
        loader=DictLoader({name: _INDENTED.sub("", text) for name, text in theme.templates.items()}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", Once, Translated],
        bytecode_cache=compiled.of(theme.words, str(theme.locale), edition.show.timezone),
    )
    jinja.context_class = Calling
    jinja.template_class = Escaping
    jinja.policies["ext.i18n.trimmed"] = True
    jinja.extensions[Once.identifier].forget = not look.ours(theme)  # type: ignore[attr-defined]
    jinja.extensions[Translated.identifier].translations = theme.translations  # type: ignore[attr-defined]
    jinja.install_gettext_translations(theme.translations, newstyle=True)  # type: ignore[attr-defined]
    jinja.globals["_"] = filling(theme.translations)
    jinja.filters |= filters.table(edition, theme)
    return jinja


def rendered(jinja: Environment, template: str, context: Mapping[str, Any]) -> bytes:
    """A template with its context, less what neither HTML nor XML can carry. Raises ShowError where it is broken."""
    try:
        return xml_bytes(jinja.get_template(template).render(context))
    except TemplateSyntaxError as error:
        raise ShowError(_broken(error.name or template, error, error.lineno)) from error
    except TemplateError as error:
        raise ShowError(_broken(template, error, None)) from error
    except RecursionError as error:
        round_about = TemplateError("it leads back to itself")
        raise ShowError(_broken(template, round_about, None)) from error


def _broken(template: str, error: TemplateError, line: int | None) -> Problem:
    return Problem(
        what=f"The template {template} cannot be rendered: {error.message or type(error).__name__}.",
        file=f"templates/{template}",
        line=line,
        mend="Mend it, or remove it to have omroep's own again.",
        rule="template",
    )
