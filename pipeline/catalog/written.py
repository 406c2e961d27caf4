"""Settings written as YAML that `located` reads as the same texts."""

from collections.abc import Mapping
from typing import Any

import yaml

_WIDTH = 100
_BREAKS = frozenset("\x85\u2028\u2029\ufeff")
"""Ends of lines to some readers of YAML and not to others (YAML 1.2 section 5.4), so always spelled out."""


class _Writer(yaml.SafeDumper):
    """Leaves bare what YAML would take for a number, a date or a yes: to omroep all of it is text (see `located`)."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 -- the library's own name for "nothing but text"

    def ignore_aliases(self, data: Any) -> bool:
        """Write a text out wherever it stands; anchors are not read."""
        return True


def _text(writer: _Writer, text: str) -> yaml.ScalarNode:
    style = '"' if _BREAKS & set(text) else "|" if "\n" in text else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _text)


def document(values: Mapping[str, Any]) -> str:
    """Texts, lists and mappings of them as lines of YAML, in their order; with quotes only where they are needed."""
    return yaml.dump(
        dict(values), Dumper=_Writer, default_flow_style=False, allow_unicode=True, sort_keys=False, width=_WIDTH
    )
