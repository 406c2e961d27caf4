"""What `tests.test_spread` has made of shows of many episodes, by processes of their own and by its own."""

import os
from collections.abc import Iterable
from pathlib import Path

from pipeline import catalog, cli, composing, digest, pages, theme
from pipeline.errors import ShowError
from pipeline.model import Object
from pipeline.pages.parts import Run
from pipeline.store.memory import MemoryStore
from tests import large, thousand

ROOT = Path(__file__).parent.parent


def told(made: Iterable[Object]) -> str:
    """All there is to tell objects by, their order and bytes among it."""
    return digest.of_record([(item.key, digest.of_bytes(bytes(item.body or b"")), item) for item in made])


def large_site(run: Run) -> str:
    """All that is told and remembered of a large site."""
    site = pages.site(large.edition(catalog.load(ROOT), 130), theme.load(ROOT, "nl"), {}, "this", run)
    return f"{told(site.objects)} {digest.of_record(sorted(site.made.items()))}"


def broken(run: Run, root: Path) -> str:
    """What is told of templates that cannot be rendered."""
    try:
        pages.compose(large.edition(catalog.load(ROOT), 40), theme.load(root, "nl"), run)
    except ShowError as error:
        return f"{error.problems} {error.__cause__!r}"
    return "nothing"


def published(root: Path) -> str:
    """What a store holds after a publish, and whether a process was begun for it: thirty episodes are many here."""
    composing._MANY = 30
    begun = list[int]()
    os.register_at_fork(before=lambda: begun.append(1))
    store = MemoryStore()
    thousand.put(root, store)
    return f"{told(store.objects[key] for key in sorted(store.objects) if 'log' not in key)} {bool(begun)}"


def publishes(root: Path, place: str) -> None:
    """The real program publishes a show of many episodes; beside it is told whether a process was begun for it."""
    composing._MANY = 30
    begun = list[int]()
    os.register_at_fork(before=lambda: begun.append(1))
    with thousand.mastered(root / ".omroep"):
        status = cli.run(["--show", str(root), "publish", "--to", place])
    root.with_suffix(".told").write_text(f"{status} {bool(begun)}")
