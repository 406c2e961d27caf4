"""What a page looks like: the records of a theme, read elsewhere and used here."""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass

from babel import Locale

from pipeline.model import Digest


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """A file that pages refer to."""

    name: str
    """As in `templates/assets/`, such as `style.css`."""
    type: str
    """Media type, with its charset where it is text."""
    body: bytes
    """As it is stored; for `.css` a Jinja template (see `pages._assets` for what it may name)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Theme:
    """Templates, assets and words in the show's language."""

    templates: Mapping[str, str]
    """Jinja sources by name, style sheets as `assets/style.css`; those stood in for as `theme:…` and `omroep:…`."""
    assets: tuple[Asset, ...]
    translations: gettext.NullTranslations
    """From the English of the templates to the show's language; gives English where it has nothing."""
    locale: Locale
    """How dates and numbers are written."""
    words: Digest
    """Of all translations, as they were read."""
    sources: Digest
    """Of all templates and translations, as they were read."""


def ours(theme: Theme) -> bool:
    """Whether all templates of pages are omroep's own, so that it is known what each of them names."""
    named = {
        name: text for name, text in theme.templates.items() if not name.startswith(("assets/", "omroep:", "theme:"))
    }
    return all(theme.templates.get(f"omroep:{name}") == text for name, text in named.items())
