"""What of the keys that a feed gave omroep's own schema takes, and what it does not."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pipeline.catalog.complaints import complaints
from pipeline.catalog.schema import Keys
from pipeline.model import Origin

_MOST = 1000
"""Times that something is left out; each takes at least one thing away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """Keys that the schema takes."""

    keys: Mapping[str, Any]
    refused: tuple[str, ...]
    """What was left out of them, a sentence each."""
    missing: tuple[str, ...]
    """What the schema needs and is not there."""


def fitted(keys: Mapping[str, Any], schema: type[Keys], zone: ZoneInfo | None = None) -> Fitted:
    """As much of `keys` as `schema` takes: the least part that it refuses is left out, again and again."""
    kept: dict[str, Any] = deepcopy({key: value for key, value in keys.items() if value not in (None, "", [], {})})
    refused: list[str] = []
    before: tuple[int | str, ...] = ()
    for _ in range(_MOST):
        try:
            schema.model_validate(kept, context={"zone": zone})
            return Fitted(keys=kept, refused=tuple(refused), missing=())
        except ValidationError as error:
            told = complaints(error, schema, Origin(file="", lines={}))
            wrong = [(details, problem.what) for details, problem in zip(error.errors(), told, strict=True)]
        missing = [str(details["loc"][0]) for details, _ in wrong if _is_missing(details)]
        faulty = [(details, what) for details, what in wrong if not _is_missing(details)]
        if not faulty:
            return Fitted(keys=kept, refused=tuple(refused), missing=tuple(missing))
        details, what = faulty[0]
        _leave_out(kept, details)
        place = details["loc"]
        if details["type"] != "missing" or place != before:  # else it was left out just now, and that was told
            refused.append(f"{place[0]}: {what}" if len(place) > 1 else what)
        before = place
    return Fitted(keys={}, refused=tuple(refused), missing=())


def _is_missing(details: ErrorDetails) -> bool:
    return details["type"] == "missing" and len(details["loc"]) == 1


def _leave_out(kept: dict[str, Any], details: ErrorDetails) -> None:
    """Take away what is at the place of an error: what is around it where a key is missing, or a text stands there."""
    steps = list(details["loc"][:-1] if details["type"] == "missing" else details["loc"])
    around: Any = kept
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        if last or not isinstance(around[step], list | dict) or not _has(around[step], steps[place + 1]):
            del around[step]
            return
        around = around[step]


def _has(around: list[Any] | dict[str, Any], step: int | str) -> bool:
    return step in around if isinstance(around, dict) else isinstance(step, int) and step < len(around)
