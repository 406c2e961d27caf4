"""Everything that is raised on purpose, as sentences a producer can act on, with their exit statuses."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from pipeline.text import printable


class Exit(IntEnum):
    """Exit statuses of `omroep`; documented in docs/commands.md, never renumbered."""

    DONE = 0
    BUG = 1
    USAGE = 2
    SHOW = 3
    """Something in the show's own files needs mending."""
    AUDIO = 4
    """A recording could not be mastered."""
    STORE = 5
    """The destination could not be read or written."""
    REFUSED = 6
    """The publish would have broken a promise to listeners."""
    DAMAGED = 7
    """What is published is not what it should be, and listeners would notice."""
    UNTOLD = 8
    """Everything is published, but a hub or podping that should have been told of it was not."""
    PARTIAL = 9
    """The rest is done; what something is wrong with is left as it was: of a publish, as listeners had it."""
    INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong: what, where, why it matters, and the way out."""

    what: str
    """A sentence that begins with its subject."""
    file: str = ""
    """Relative to the show's root; empty where no file is to blame."""
    line: int | None = None
    why: str = ""
    """What a listener would notice."""
    mend: str = ""
    """The way out, as an instruction."""
    fatal: bool = True
    """False for a warning."""
    rule: str = ""
    """Id of the rule in `checks` that found it, with its source."""

    def __str__(self) -> str:
        place = self.file + (f":{self.line}" if self.line else "")
        parts = [f"{place}: " if place else "", self.what]
        parts += [f" {part}" for part in (self.why, self.mend) if part]
        return printable("".join(parts)).replace("\n", "\\u000a")  # a name with a newline in it tells no other problem


def refusal(error: OSError) -> Problem:
    """What the system does not let be done, where nobody has told it in better words."""
    place = f"`{error.filename}`" if error.filename else "A file"
    what = f"{place} cannot be read or written: {error.strerror or error}."
    return Problem(what=what, mend="Let the user that runs omroep read and write there, and see that there is room.")


class OmroepError(Exception):
    """Root of all errors that are not bugs: one or more problems and an exit status."""

    status = Exit.SHOW

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems: Sequence[Problem] = problems


class ShowError(OmroepError):
    """The show's own files need mending."""


class AudioError(OmroepError):
    """A recording could not be read or mastered."""

    status = Exit.AUDIO


class StoreError(OmroepError):
    """The destination could not be read or written."""

    status = Exit.STORE


class Conflict(StoreError):
    """An object is no longer what it was when the plan was made: somebody else published."""

    status = Exit.REFUSED


class Refused(OmroepError):
    """The publish would break a promise to listeners."""

    status = Exit.REFUSED
