"""What a rule is: who asks what of a show, how badly breaking it ends, and how to find where it is broken."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from pipeline.errors import Problem
from pipeline.model import Catalog, Entry, Episode, Show, Slug


class Platform(StrEnum):
    """Who asks: a rule belongs to everyone who asks the same."""

    APPLE = "apple"
    SPOTIFY = "spotify"
    PSP = "psp-1"
    PODCASTING = "podcasting-2.0"
    RSS = "rss"
    ACCESS = "accessibility"


EVERYONE = frozenset(Platform)
Where = tuple[str | int, ...]
About = TypeVar("About", Show, Episode, Catalog, Entry)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One place where a rule is broken."""

    where: Where
    """The path of keys; `("notes",)` for the notes, empty for the file as a whole."""
    what: str
    mend: str = ""
    """The way out here, where more can be said than the rule's own remedy."""
    of: Slug | None = None
    """The episode, where a rule looks at all of them."""
    below: int = 0
    """Lines below the beginning of what stands at `where`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What is asked, by whom, and what a listener notices where it is not done."""

    id: str
    asks: str
    """One sentence."""
    source: str
    """The document that asks it, with its section."""
    platforms: frozenset[Platform]
    why: str
    """What a listener would notice."""
    remedy: str
    """The way out, as an instruction."""
    fatal: bool = False
    """Whether breaking it stops a publish; otherwise it is advice."""

    def problem(self, what: str, *, file: str, line: int | None, mend: str = "") -> Problem:
        """This demand, broken at a place."""
        return Problem(
            what=what,
            file=file,
            line=line,
            why=self.why,
            mend=mend or self.remedy,
            fatal=self.fatal,
            rule=f"{self.id} ({self.source})",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule(Demand, Generic[About]):
    """A demand, and where a show, an episode, all of them or a delivered one breaks it."""

    find: Callable[[About, Catalog], Iterable[Finding]] = field(repr=False)


def id_of(problem: Problem) -> str:
    """The id of the rule that a problem breaks; empty where none does."""
    return problem.rule.partition(" (")[0]
