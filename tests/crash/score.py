"""What a run of the rig found: points tried, faults that really fired, looks from outside, violations."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Score:
    """Adds up over trials, parts and processes."""

    points: int = 0
    left_out: int = 0
    """Points that this run did not try."""
    looks: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    """By fault and exit status."""
    violations: list[str] = field(default_factory=list)
    took_s: dict[str, list[float]] = field(default_factory=dict)
    """What was measured."""
    notes: list[str] = field(default_factory=list)
    """What could not be tried here, and how each mutant was caught."""

    def add(self, other: "Score") -> None:
        self.points += other.points
        self.left_out += other.left_out
        self.looks += other.looks
        self.fired += other.fired
        self.ended += other.ended
        self.violations += other.violations
        self.notes += other.notes
        for what, times in other.took_s.items():
            self.took_s.setdefault(what, []).extend(times)

    def blame(self, where: str, found: Iterable[str]) -> None:
        self.violations += [f"{where}: {each}" for each in found]

    def told(self, name: str) -> str:
        lines = [
            f"{name}: {self.points} of {self.points + self.left_out} points tried, {self.fired.total()} faults fired, "
            f"{self.looks} looks from outside, {len(self.violations)} violations",
            *(f"  {fault}: {count}" for fault, count in sorted(self.fired.items())),
            *(f"  {what}: at most {max(times):.2f} s" for what, times in sorted(self.took_s.items())),
            *(f"  note: {note}" for note in dict.fromkeys(self.notes)),
            *(f"  VIOLATION {each}" for each in list(dict.fromkeys(self.violations))[:40]),
        ]
        return "\n".join(lines)
