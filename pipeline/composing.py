"""From an edition to every object that the store must hold; what was made of the same before is not made again."""

from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline import feed, pages, sidecars, spread, theme, unchanged
from pipeline.history import Published
from pipeline.model import Cache, Digest, Edition, Kind, Object, rendered, shown, stored
from pipeline.pages.look import Theme
from pipeline.pages.parts import Run, in_turn
from pipeline.remembered import records

_LIBRARIES = ("babel", "cmarkgfm", "jinja2", "markupsafe", "nh3")
"""Those that have a say in the bytes of a page of an episode."""
_MANY = 200
"""Episodes from which on all cores make the pages: of fewer, they are there before a second process has begun."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Memory:
    """What pages were made of; only a cache: lose it, and they are made again."""

    made: tuple[tuple[Digest, Object], ...]


def objects(root: Path, edition: Edition) -> tuple[Object, ...]:
    """Everything that the store must hold for `edition` of the show at `root`, the unstamped feed among it."""
    look = theme.load(root, edition.show.language, edition.show.theme)
    return _all(edition, site(edition, look))


def following(root: Path, edition: Edition, before: Published, memory: Path) -> tuple[Object, ...]:
    """The same, where it follows on `before`: pages that would be just as they are there have no body.

    What it was all made of is remembered in the file `memory`.
    """
    look = theme.load(root, edition.show.language, edition.show.theme)
    with spread.uncollected():
        made = pages.site(edition, look, _known(memory, before), _program(), _run(edition))
    with suppress(OSError):  # then they are made again
        records.keep(memory, _Memory(made=tuple(made.made.items())))
    return _all(edition, _with_feeds(edition, look, made.objects))


def _all(edition: Edition, web: tuple[Object, ...]) -> tuple[Object, ...]:
    return (
        *(stored(made) for entry in (*edition.entries, *edition.withdrawn) for made in rendered(entry.media)),
        *(stored(picture) for picture in dict.fromkeys(shown(edition))),
        *sidecars.compose(edition),
        *web,
        feed.compose(edition, pages.feed_style(web)),
    )


def site(edition: Edition, look: Theme) -> tuple[Object, ...]:
    """What a browser shows beside the main feed: assets, pages and further feeds."""
    with spread.uncollected():
        made = pages.compose(edition, look, _run(edition))
    return _with_feeds(edition, look, made)


def _run(edition: Edition) -> Run:
    return spread.over_cores if len(edition.entries) >= _MANY else in_turn


def _with_feeds(edition: Edition, look: Theme, made: tuple[Object, ...]) -> tuple[Object, ...]:
    return (*made, *feed.further(edition, look.translations.gettext, pages.feed_style(made)))


def _known(memory: Path, before: Published) -> dict[Digest, Object]:
    """What listeners have just as it is remembered; nothing after a publish that may have left other pages there."""
    if before.release is None or not before.settled:
        return {}
    live = {item.key: item.sha256 for item in before.release.objects}
    remembered = records.recalled(memory, _read)
    return {of: made for of, made in remembered.made if live.get(made.key) == made.sha256} if remembered else {}


def _read(told: Any) -> _Memory:
    return _Memory(made=tuple((of, _object(made)) for of, made in told["made"]))


def _object(told: Any) -> Object:
    return Object(**told | {"kind": Kind(told["kind"]), "cache": Cache(told["cache"])})


def _program() -> str:
    """What makes the pages."""
    return " ".join((unchanged.program(), *(f"{name} {version(name)}" for name in _LIBRARIES)))
