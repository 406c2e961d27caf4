"""Which files in `episodes/` belong together, and which are left alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from pipeline.intake.naming import same


class Kind(Enum):
    """What a file is, by its name."""

    RECORDING = "recording"
    TRANSCRIPT = "transcript"
    PICTURE = "image"
    CHAPTERS = "chapters"


class Why(Enum):
    """Why something is left where it lies."""

    COPYING = "copying"
    CHANGING = "changing"
    CUT_OFF = "cut off"
    UNREADABLE = "unreadable"
    NAME = "name"
    LINK = "link"
    TWINS = "twins"
    SEVERAL = "several"
    KNOWN = "known"
    TAKEN = "taken"
    BESIDE = "beside"
    ODD = "odd"
    MISNAMED = "misnamed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lying:
    """A file as it lies in `episodes/` or in a folder there."""

    name: str
    kind: Kind
    why: Why | None = None
    """Why it may not be touched."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """Something that was left alone."""

    path: str
    """Below `episodes/`."""
    why: Why
    about: str = ""
    """What the sentence needs beside the path."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """A recording without an episode, and what came with it."""

    recording: str
    folder: str | None = None
    """The folder in `episodes/` that it lies in; None where it lies bare."""
    beside: tuple[Lying, ...] = ()

    @property
    def path(self) -> str:
        """Of the recording, below `episodes/`."""
        return f"{self.folder}/{self.recording}" if self.folder else self.recording

    def only(self, kind: Kind) -> str | None:
        """The name of what came with it of a kind; None where it is not just one."""
        names = [each.name for each in self.beside if each.kind is kind]
        return names[0] if len(names) == 1 else None


def bare(files: Sequence[Lying]) -> tuple[tuple[Parcel, ...], tuple[Left, ...]]:
    """What lies loose in `episodes/`: each recording with the files that have its name, less the ending."""
    left = [Left(path=each.name, why=each.why) for each in files if each.why and each.kind is Kind.RECORDING]
    fine = [each for each in files if not each.why]
    by_stem: dict[str, list[Lying]] = defaultdict(list)
    for each in fine:
        if each.kind is Kind.RECORDING:
            by_stem[_stem(each.name)].append(each)
    beside = _beside(fine, by_stem)
    for twins in (twins for twins in by_stem.values() if len(twins) > 1):
        left += [Left(path=each.name, why=Why.TWINS, about=_others(each, twins)) for each in twins]
    parcels = (
        Parcel(recording=alone[0].name, beside=tuple(beside[stem]))
        for stem, alone in by_stem.items()
        if len(alone) == 1
    )
    return tuple(sorted(parcels, key=lambda parcel: same(parcel.recording))), tuple(left)


def within(folder: str, files: Sequence[Lying]) -> tuple[Parcel | None, tuple[Left, ...]]:
    """What lies in a folder without `episode.md`."""
    left = tuple(Left(path=f"{folder}/{each.name}", why=each.why) for each in files if each.why)
    recordings = [each for each in files if each.kind is Kind.RECORDING and not each.why]
    if len(recordings) > 1:
        named = ", ".join(f"`{each.name}`" for each in recordings)
        return None, (*left, Left(path=folder, why=Why.SEVERAL, about=named))
    if not recordings:
        return None, left
    beside = tuple(each for each in files if each.kind is not Kind.RECORDING and not each.why)
    return Parcel(recording=recordings[0].name, folder=folder, beside=beside), left


def _stem(name: str) -> str:
    return same(PurePosixPath(name).stem)


def _beside(files: Iterable[Lying], stems: Iterable[str]) -> defaultdict[str, list[Lying]]:
    """By stem: `03 Detachering.nl.vtt` belongs to `03 Detachering`, unless a longer name fits as well."""
    known = sorted(stems, key=len, reverse=True)
    found: defaultdict[str, list[Lying]] = defaultdict(list)
    for each in files:
        if each.kind is not Kind.RECORDING:
            for stem in _owner(same(each.name), known):
                found[stem].append(each)
    return found


def _owner(name: str, stems: Iterable[str]) -> Iterator[str]:
    yield from [stem for stem in stems if name.startswith(f"{stem}.")][:1]


def _others(one: Lying, twins: Iterable[Lying]) -> str:
    return ", ".join(f"`{each.name}`" for each in twins if each is not one)
