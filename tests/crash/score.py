"""What a run of the rig found: points tried, faults that really fired, looks from outside, violations."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Score:
    """Adds up over trials, parts and processes."""

    points: int = 0
    looks: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    """By fault and exit status."""
    violations: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was measured, or could not be tried here."""

    def add(self, other: "Score") -> None:
        self.points += other.points
        self.looks += other.looks
        self.fired += other.fired
        self.ended += other.ended
        self.violations += other.violations
        self.notes += other.notes

    def blame(self, where: str, found: Iterable[str]) -> None:
        self.violations += [f"{where}: {each}" for each in found]

    def told(self, name: str) -> str:
        lines = [
            f"{name}: {self.points} points tried, {self.fired.total()} faults fired, {self.looks} looks from outside, "
            f"{len(self.violations)} violations",
            *(f"  {fault}: {count}" for fault, count in sorted(self.fired.items())),
            *(f"  note: {note}" for note in dict.fromkeys(self.notes)),
            *(f"  VIOLATION {each}" for each in list(dict.fromkeys(self.violations))[:40]),
        ]
        return "\n".join(lines)
