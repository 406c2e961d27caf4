"""What a report tells, as records: of each episode how it came and how it is heard, and how they lie to each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from pipeline.audio.account import Account
from pipeline.audio.clip import Clip
from pipeline.audio.master import Master
from pipeline.errors import Problem
from pipeline.model import Episode, Finding, Show
from pipeline.standing import State

ALIKE_LU = 0.5
"""From the median: what lies further away makes a listener reach for the volume (EBU R128 section i)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One of the two files of an episode: the recording, or what listeners get."""

    account: Account | None = None
    missing: str = ""
    """Why there is no account, in a sentence or two."""
    problems: tuple[Problem, ...] = ()
    """Where it is here and cannot be listened to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A finding, and how it can be heard."""

    number: int
    """From 1, as it is marked in the chart."""
    finding: Finding
    does: str
    """What omroep does about it; empty where this omroep no longer knows."""
    mend: str
    """What the producer can do; empty where nothing needs to be done."""
    heard_s: float | None
    """Where listeners hear it; None where they do not, or it is everywhere."""
    before: Clip | None = None
    after: Clip | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One episode."""

    episode: Episode
    state: State
    made: Master | None
    """What was measured when it was mastered; None where it was not yet."""
    outdated: bool
    """Mastered with other settings than the show has now."""
    before: Side
    after: Side
    moments: tuple[Moment, ...] = ()

    @property
    def shift_s(self) -> float:
        """From a moment in the recording to that moment as listeners get it."""
        return self.made.shift_s if self.made else 0.0

    @property
    def duration_s(self) -> float | None:
        """Of what listeners get, else of the recording."""
        account = self.after.account or self.before.account
        return self.made.duration_s if self.made else account.levels.duration_s if account else None

    @property
    def loudness_lufs(self) -> float | None:
        """Of what listeners get: heard just now, else as it was measured when it was made."""
        account = self.after.account
        return account.levels.loudness_lufs if account else self.made.loudness_lufs if self.made else None

    @property
    def peak_dbtp(self) -> float | None:
        """True peak of what listeners get."""
        account = self.after.account
        return account.levels.peak_dbtp if account else self.made.peak_dbtp if self.made else None

    @property
    def range_lu(self) -> float | None:
        """Loudness range of what listeners get."""
        account = self.after.account
        return account.levels.range_lu if account else self.made.range_lu if self.made else None

    @property
    def to_do(self) -> tuple[Moment, ...]:
        """What only the producer can mend."""
        return tuple(moment for moment in self.moments if not moment.finding.mended)


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A show."""

    show: Show
    sheets: tuple[Sheet, ...]

    @property
    def measured(self) -> tuple[tuple[Sheet, float], ...]:
        """Episodes of which it is known how loud they are delivered, and that."""
        return tuple((sheet, level) for sheet in self.sheets if (level := sheet.loudness_lufs) is not None)

    @property
    def middle_lufs(self) -> float | None:
        """The median of how loud they are."""
        levels = [level for _, level in self.measured]
        return median(levels) if levels else None

    @property
    def apart_lu(self) -> float:
        """From the softest to the loudest."""
        levels = [level for _, level in self.measured]
        return max(levels) - min(levels) if levels else 0.0

    @property
    def outside(self) -> tuple[tuple[Sheet, float], ...]:
        """Episodes that lie more than `ALIKE_LU` from the median, and by how much."""
        return tuple((sheet, off) for sheet, off in self._deviations() if abs(off) > ALIKE_LU)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why something could not be listened to."""
        return tuple(
            problem for sheet in self.sheets for side in (sheet.before, sheet.after) for problem in side.problems
        )

    def deviation_lu(self, sheet: Sheet) -> float | None:
        """By how much an episode lies from the median."""
        return next((off for other, off in self._deviations() if other is sheet), None)

    def _deviations(self) -> Iterator[tuple[Sheet, float]]:
        middle = self.middle_lufs
        if middle is not None:
            yield from ((sheet, round(level - middle, 2)) for sheet, level in self.measured)
