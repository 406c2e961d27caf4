"""What the schema finds wrong, said to a producer."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.catalog.schema import names
from pipeline.errors import Problem
from pipeline.model import Origin
from pipeline.text import shorten

LONGEST_SEEN = 100
"""Characters of a value that a message repeats."""

_IN_DUTCH: Mapping[str, tuple[str, ...]] = {
    "afbeelding": ("image",),
    "auteur": ("author",),
    "beschrijving": ("description", "summary"),
    "categorie": ("categories",),
    "categorieën": ("categories",),
    "datum": ("date",),
    "foto": ("image",),
    "gast": ("guests",),
    "gasten": ("guests",),
    "geluid": ("audio",),
    "hoes": ("cover",),
    "hoofdstukken": ("chapters",),
    "licentie": ("license",),
    "naam": ("name", "title"),
    "nummer": ("number",),
    "omschrijving": ("description", "summary"),
    "omslag": ("cover",),
    "ondertitel": ("subtitle",),
    "onderwerpen": ("topics",),
    "opname": ("audio",),
    "organisatie": ("organisation",),
    "presentatie": ("hosts",),
    "presentator": ("hosts",),
    "presentatoren": ("hosts",),
    "rol": ("role",),
    "samenvatting": ("summary", "description"),
    "seizoen": ("season",),
    "seizoenen": ("seasons",),
    "soort": ("type",),
    "taal": ("language",),
    "tijdzone": ("timezone",),
    "titel": ("title",),
    "transcriptie": ("transcript",),
    "uitschrift": ("transcript",),
}
"""Names that Dutch producers try, and what they may mean, the first that is known where they stand."""
_SAY: Mapping[str, Callable[[ErrorDetails], tuple[str, str]]] = {
    "missing": lambda error: (f"`{_key(error)}` is missing", f"Add a line `{_key(error)}: ...`."),
    "value_error": lambda error: (_own_words(error), ""),
    "string_type": lambda error: (f"`{_key(error)}` should be a text, on one line", "Write a text after the colon."),
    "too_long": lambda error: (
        f"`{_key(error)}` is longer than {error['ctx']['max_length']} characters",
        "Shorten it.",
    ),
    "int_parsing": lambda error: (f"`{_key(error)}` should be a whole number, not `{_seen(error)}`", ""),
    "float_parsing": lambda error: (f"`{_key(error)}` should be a number, not `{_seen(error)}`", ""),
    "greater_than_equal": lambda error: (f"`{_key(error)}` should be at least {error['ctx']['ge']}", ""),
    "less_than_equal": lambda error: (f"`{_key(error)}` should be at most {error['ctx']['le']}", ""),
    "tuple_type": lambda error: (
        f"`{_key(error)}` should be a list",
        "Put each item on a line of its own after a dash.",
    ),
    "model_type": lambda error: (f"`{_key(error)}` should hold keys of its own", "Indent them on the lines below it."),
    "too_short": lambda error: (
        f"`{_key(error)}` is empty" if error["input"] == "" else f"`{_key(error)}` should name at least one",
        "Write something after the colon.",
    ),
    "string_pattern_mismatch": lambda error: (f"`{_key(error)}` cannot be `{_seen(error)}`", ""),
}


def complaints(error: ValidationError, schema: type[BaseModel], origin: Origin) -> Iterator[Problem]:
    """Each thing that `schema` refused as a problem with its line and a way out."""
    details = error.errors()
    meant = {_meant(detail, schema) for detail in details if detail["type"] == "extra_forbidden"}
    for detail in details:
        path = tuple(detail["loc"])
        if detail["type"] == "missing" and path in meant:
            continue  # it is there, misspelt, and that is told already
        what, mend = _said(detail, schema)
        yield Problem(what=f"{what}.", file=origin.file, line=origin.line(*path), mend=mend)


def _meant(error: ErrorDetails, schema: type[BaseModel]) -> tuple[int | str, ...]:
    parents = error["loc"][:-1]
    return (*parents, *_near(_key(error), _known(schema, parents)))


def _said(error: ErrorDetails, schema: type[BaseModel]) -> tuple[str, str]:
    if error["type"] == "extra_forbidden":
        known = _known(schema, error["loc"][:-1])
        return f"`{_key(error)}` is not a key that omroep knows", _nearest(_key(error), known)
    if error["type"] in {"literal_error", "enum"}:
        allowed = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        return f"`{_key(error)}` cannot be `{_seen(error)}`", _nearest(_seen(error), allowed)
    say = _SAY.get(error["type"])
    return say(error) if say else (f"`{_key(error)}` cannot be `{_seen(error)}`", "")


def _own_words(error: ErrorDetails) -> str:
    """What `values` says of a key, as one sentence with it."""
    words = str(error["ctx"]["error"])
    if isinstance(error["input"], str):
        words = words.replace(error["input"], _seen(error))
    return f"`{_key(error)}`{' ' if words.startswith(('is ', 'should ', 'holds ')) else ': '}{words}"


def _known(schema: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    for part in path:
        if isinstance(part, str):
            schema = names(schema).get(part) or schema
    return list(names(schema))


def _nearest(word: str, known: list[str]) -> str:
    near = _near(word, known)
    return f"Did you mean `{near[0]}`?" if near else f"Choose from: {', '.join(known)}."


def _near(word: str, known: list[str]) -> list[str]:
    """The one that is meant, if any: by its name in Dutch, or nearly spelled so."""
    dutch = get_close_matches(word.lower(), _IN_DUTCH, n=1, cutoff=0.8)
    meant = [name for name in (_IN_DUTCH[dutch[0]] if dutch else ()) if name in known]
    return meant[:1] or get_close_matches(word.lower(), known, n=1, cutoff=0.6)


def _key(error: ErrorDetails) -> str:
    keys = [part for part in error["loc"] if isinstance(part, str)]
    return keys[-1] if keys else "the file"


def _seen(error: ErrorDetails) -> str:
    value: Any = error["input"]
    return shorten(value, LONGEST_SEEN) if isinstance(value, str) else type(value).__name__
