"""Problems as SARIF, which tools for code review show beside the line that causes them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pipeline.checks import READABLE, RULES
from pipeline.checks.rule import Demand, id_of
from pipeline.errors import Problem

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_TOP = "%SRCROOT%"
"""The name that code review has for it (SARIF 2.1.0, section 3.14.14)."""
_LEVELS = {True: "error", False: "warning"}


def log(found: Iterable[Problem], *, version: str, folder: str = "") -> Mapping[str, Any]:
    """One run of omroep `version` as a SARIF log (OASIS SARIF 2.1.0): every rule, and each problem as a result.

    `folder` is the show's, seen from the top of what is reviewed, with its final slash; empty where it is the top
    itself. A problem without a file blames the show's file.
    """
    problems = tuple(found)
    rules = {rule.id: _rule(rule) for rule in RULES}
    rules |= {id: {"id": id} for problem in problems if (id := id_of(problem) or READABLE.id) not in rules}
    driver = {"name": "omroep", "version": version, "rules": list(rules.values())}
    places = list(rules)
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_TOP: {"description": {"text": "The top of what is reviewed."}}},
        "results": [_result(problem, places, folder) for problem in problems],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Demand) -> Mapping[str, Any]:
    help = f"{rule.why} {rule.remedy}\n\nSource: {rule.source}."
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in re.split(r"\W+", rule.id)),
        "shortDescription": {"text": rule.asks},
        "fullDescription": {"text": f"{rule.asks} {rule.why}"},
        "help": {"text": help, "markdown": f"{rule.why}\n\n**{rule.remedy}**\n\nSource: {rule.source}."},
        "defaultConfiguration": {"level": _LEVELS[rule.fatal]},
        "properties": {"source": rule.source, "tags": sorted(rule.platforms)},
    }


def _result(problem: Problem, places: Sequence[str], folder: str) -> Mapping[str, Any]:
    id = id_of(problem) or READABLE.id
    address = quote(folder + (problem.file or "feed/show.yaml"))
    location: dict[str, Any] = {"artifactLocation": {"uri": address, "uriBaseId": _TOP}}
    if problem.line:
        location["region"] = {"startLine": problem.line}
    return {
        "ruleId": id,
        "ruleIndex": places.index(id),
        "level": _LEVELS[problem.fatal],
        "message": {"text": " ".join(part for part in (problem.what, problem.why, problem.mend) if part)},
        "locations": [{"physicalLocation": location}],
    }
