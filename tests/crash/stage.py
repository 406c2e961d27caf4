"""The shows that are published while things go wrong: small, with a second of sound, and one step between each two."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.shows import write_episode, write_show, write_tone

NOW = "2040-01-01T12:00:00+00:00"
"""Long after every file was written, so that what a machine remembers counts."""
LATER = "2041-06-01T12:00:00+00:00"
DRAFT = ("geheimzinnig", "guid-of-90-concept")
SCHEDULED = ("toekomstmuziek", "guid-of-80-straks")
GUIDS = frozenset(f"guid-of-{name}" for name in ("01-een", "02-twee", "03-drie", "04-vier", "80-straks"))


@dataclass(frozen=True, kw_only=True)
class Step:
    """A change that a producer makes, from what is published to what shall be."""

    change: Callable[[Path], None]
    past: tuple[str, ...] = ("old", "base")
    """What was published before it."""
    command: tuple[str, ...] = ("publish",)
    flags: tuple[str, ...] = ()
    again: frozenset[int] = frozenset({0})
    """Exit statuses of the same command when it is done already."""
    prunes: bool = False
    """Deletes what only earlier releases name."""
    now: str = NOW
    hidden: tuple[str, ...] = (*DRAFT, *SCHEDULED)
    """What must stay unknown all the way."""
    leaving: frozenset[str] = frozenset()
    guids: frozenset[str] = frozenset({"guid-of-01-een", "guid-of-02-twee"})
    """In the feed at the end."""


def edit(show: Path, folder: str, old: str, new: str) -> None:
    path = show / "episodes" / folder / "episode.md"
    text = path.read_text("utf-8")
    assert old in text, (folder, old)
    path.write_text(text.replace(old, new), "utf-8")


def episode(show: Path, folder: str, hz: float, **keys: Any) -> None:
    place = show / "episodes" / folder
    place.mkdir(parents=True, exist_ok=True)
    write_tone(place / "audio.wav", seconds=1.0, hz=hz)
    write_episode(show, folder, guests=["Zoë"], topics=["detachering"], chapters=["0:00 Begin"], **keys)


def write_base(show: Path) -> None:
    """Two episodes, and two that nobody may know of."""
    write_show(show)
    episode(show, "01-een", 300)
    episode(show, "02-twee", 340)
    episode(show, "80-straks", 380, date="2041-05-01", title="Toekomstmuziek", number=80)
    episode(show, "90-concept", 420, date="2020-10-09", status="draft", title="Geheimzinnig", number=90)


def add(show: Path, folder: str = "03-drie", hz: float = 460) -> None:
    episode(show, folder, hz)


def _edit(show: Path) -> None:
    edit(show, "02-twee", "Notities.", "Andere notities.")
    edit(show, "02-twee", "Aflevering over", "Alles over")


def _replace(show: Path) -> None:
    write_tone(show / "episodes/01-een/audio.wav", seconds=1.2, hz=500)


def withdraw(show: Path, folder: str = "02-twee") -> None:
    edit(show, folder, "---\n\nNotities", "status: withdrawn\n---\n\nNotities")


def _rename(show: Path) -> None:
    (show / "episodes/01-een").rename(show / "episodes/01-hernoemd")


def _everything(show: Path) -> None:
    add(show)
    add(show, "04-vier", 540)
    _replace(show)
    withdraw(show)


STEPS: Mapping[str, Step] = {
    "first publish": Step(change=lambda show: None, past=()),
    "add": Step(change=add, guids=frozenset({"guid-of-01-een", "guid-of-02-twee", "guid-of-03-drie"})),
    "edit": Step(change=_edit),
    "replace audio": Step(change=_replace),
    "withdraw": Step(change=withdraw, leaving=frozenset({"guid-of-02-twee"}), guids=frozenset({"guid-of-01-een"})),
    "rename": Step(change=_rename),
    "rename back": Step(change=_edit, past=("base", "after rename")),
    "due": Step(
        change=lambda show: None,
        now=LATER,
        hidden=DRAFT,
        guids=frozenset({"guid-of-01-een", "guid-of-02-twee", "guid-of-80-straks"}),
    ),
    "everything": Step(
        change=_everything,
        leaving=frozenset({"guid-of-02-twee"}),
        guids=frozenset({"guid-of-01-een", "guid-of-03-drie", "guid-of-04-vier"}),
    ),
    "withdraw by flag": Step(
        change=lambda show: None,
        flags=("--withdraw", "twee"),
        leaving=frozenset({"guid-of-02-twee"}),
        guids=frozenset({"guid-of-01-een"}),
    ),
    "roll back": Step(
        change=_everything,
        past=("base", "after everything"),
        command=("rollback", "1"),
        again=frozenset({0, 6}),
        leaving=frozenset({"guid-of-03-drie", "guid-of-04-vier"}),
    ),
    "prune": Step(
        change=_everything,
        past=("old", "base", "after everything"),
        command=("prune", "--older-than", "0", "--yes"),
        prunes=True,
        guids=frozenset({"guid-of-01-een", "guid-of-03-drie", "guid-of-04-vier"}),
    ),
}
UPKEEP = frozenset({"roll back", "prune"})
"""Steps that are not a publish."""


@dataclass(frozen=True, kw_only=True)
class Shows:
    """Where the shows of the rig lie, and audio mastered for all of them."""

    root: Path

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def old(self) -> Path:
        """What was published before `base`."""
        return self.root / "old"

    @property
    def base(self) -> Path:
        return self.root / "base"

    def after(self, step: str) -> Path:
        return self.root / f"after {step}"

    def all(self) -> Iterator[tuple[Path, str]]:
        """Each show with the moment it is published at."""
        yield from ((self.old, NOW), (self.base, NOW))
        yield from ((self.after(name), step.now) for name, step in STEPS.items())


def write(root: Path) -> Shows:
    """All shows, beneath `root`."""
    shows = Shows(root=root)
    write_base(shows.base)
    shutil.copytree(shows.base, shows.old)
    edit(shows.old, "01-een", "Notities.", "Eerste versie.")
    for name, step in STEPS.items():
        shutil.copytree(shows.base, shows.after(name))
        step.change(shows.after(name))
    shows.cache.mkdir()
    return shows
