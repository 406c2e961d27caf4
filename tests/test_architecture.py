"""The house as ARCHITECTURE.md draws it: who may import whom, and who may touch the world."""

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from botocore import awsrequest

PACKAGE = Path(__file__).parent.parent / "pipeline"

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"model"}),
    frozenset({"text", "digest", "formats"}),
    frozenset({"errors", "history", "names"}),
    frozenset({"addresses", "channels", "consent", "notes", "sidecars"}),
    frozenset({"feed", "pages", "checks", "preview", "standing", "changes", "guard", "lookout", "intake"}),
    frozenset({"release", "rehearsal"}),
    frozenset({"plan", "prune", "audit", "tidings"}),
    frozenset({"rollback"}),
    frozenset({"remembered"}),
    frozenset({"catalog", "audio", "pictures", "placing", "spread", "store", "theme", "unchanged"}),
    frozenset({"apply", "composing", "outside", "rendering", "sparing", "watch"}),
    frozenset({"publish", "report", "serve", "notify", "download", "onlooker", "ingest", "founding"}),
    frozenset({"upkeep", "verify", "doctor", "importer", "archive", "masters"}),
    frozenset({"cli"}),
)
"""From the ground up: a room imports only from floors below its own (and from itself)."""

PURE = frozenset().union(*FLOORS[:8])
"""Rooms that touch no file, socket, process or clock."""
WORLD = frozenset(
    [
        "os",
        "sys",
        "io",
        "subprocess",
        "socket",
        "shutil",
        "tempfile",
        "time",
        "random",
        "secrets",
        "threading",
        "multiprocessing",
        "asyncio",
        "concurrent",
        "glob",
        "urllib.request",
        "http",
        "logging",
        "boto3",
        "botocore",
        "click",
        "rich",
        "mutagen",
        "pydub",
        "PIL",
        "urllib3",
        "werkzeug",
        "yaml",
        "imageio_ffmpeg",
        "numpy",
    ]
)
ONLY_IN: dict[str, str | tuple[str, ...]] = {
    "boto3": "store.s3",
    "botocore": "store",
    "feedgen": "feed",
    "mutagen": "audio.tags",
    "numpy": "audio",
    "pydub": "audio.edges",
    "PIL": "pictures",
    "imageio_ffmpeg": "audio.ffmpeg",
    "rcssmin": "pages.lean",
    "rjsmin": "pages.lean",
    "segno": "pages.qr",
    "subprocess": ("audio.ffmpeg", "masters.lfs"),
    "click": "cli",
    "rich": "cli",
    "urllib3": ("outside", "download", "store.s3"),  # boto3 lets some of its exceptions through
    "wcwidth": "preview.fitting",
    "watchfiles": ("serve.live", "watch"),
    "werkzeug": "serve",
    "markdownify": "importer.markdown",
    "yaml": ("catalog.located", "catalog.written"),
}
"""A library that one room owns: nobody else may know of it."""
_TOUCHES = (".now", ".today", ".utcnow", ".read_text", ".read_bytes")
_SPEAKS = frozenset({"print", "input", "os.getenv", "sys.exit", "datetime.now"})
_HEARS = frozenset({"os.environ", "sys.argv", "sys.stdout"})


def modules() -> list[str]:
    paths = [path.relative_to(PACKAGE).with_suffix("") for path in sorted(PACKAGE.rglob("*.py"))]
    return [".".join(path.parts).removesuffix(".__init__") for path in paths if path.parts != ("__init__",)]


@cache
def source(module: str) -> ast.Module:
    path = PACKAGE.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text("utf-8"))


def imports(module: str) -> Iterator[str]:
    """Dotted names that a module imports anywhere in it, ours without `pipeline.`."""
    for node in ast.walk(source(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("pipeline.") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            base = node.module or ""
            yield from (f"{base}.{alias.name}".removeprefix("pipeline.") for alias in node.names)


def calls(module: str) -> Iterator[str]:
    """What it calls, as it is written."""
    yield from (ast.unparse(node.func) for node in ast.walk(source(module)) if isinstance(node, ast.Call))


def attributes(module: str) -> Iterator[str]:
    """What it takes of others, as it is written."""
    yield from (ast.unparse(node) for node in ast.walk(source(module)) if isinstance(node, ast.Attribute))


def room(name: str) -> str:
    return name.partition(".")[0]


def owns(module: str, library: str) -> bool:
    owners = ONLY_IN[library]
    return any(f"{module}.".startswith(f"{owner}.") for owner in ([owners] if isinstance(owners, str) else owners))


def floor(name: str) -> int:
    found = [place for place, rooms in enumerate(FLOORS) if room(name) in rooms]
    assert found, f"{name} has no floor: add it to FLOORS and to ARCHITECTURE.md"
    return found[0]


ALL = modules()
ROOMS = frozenset(room(module) for module in ALL)


def test_there_are_modules() -> None:
    """The other tests look at something."""
    assert len(ALL) > 30
    assert frozenset().union(*FLOORS) == ROOMS


def test_the_paper_draws_this_house() -> None:
    """ARCHITECTURE.md has each room, once, on its floor."""
    rows = re.findall(
        r"^\| (\d+)(?:–(\d+))? \| (.+?) \|", (PACKAGE.parent / "ARCHITECTURE.md").read_text("utf-8"), re.M
    )
    drawn = [
        (name, range(int(low or top), int(top) + 1))
        for top, low, names in rows
        for name in re.findall(r"`(\w+)`", names)
    ]
    assert sorted(name for name, _ in drawn) == sorted(ROOMS)
    assert [name for name, floors in drawn if floor(name) not in floors] == []


def test_imports_point_down() -> None:
    """A room knows only the floors below it."""
    across = [(module, name) for module in ALL for name in imports(module) if room(name) in ROOMS - {room(module)}]
    assert across
    assert [
        f"{module} imports {name}, which is not below it" for module, name in across if floor(name) >= floor(module)
    ] == []


def test_pure_rooms_touch_nothing() -> None:
    """Below the floor of files, nothing can reach the world."""
    pure = [module for module in ALL if room(module) in PURE]
    imported = [(module, name) for module in pure for name in imports(module)]
    assert [(module, name) for module, name in imported for world in WORLD if f"{name}.".startswith(f"{world}.")] == []
    called = [(module, name) for module in pure for name in calls(module)]
    assert called
    assert [(module, name) for module, name in called if name == "open" or name.endswith(_TOUCHES)] == []


def test_a_library_has_one_owner() -> None:
    """A library can be replaced in one place."""
    owned = [(module, name) for module in ALL for name in imports(module) if room(name) in ONLY_IN]
    assert {room(name) for _, name in owned} == ONLY_IN.keys()
    assert [f"{module} imports {name}" for module, name in owned if not owns(module, room(name))] == []


def test_only_the_command_line_reads_the_environment_and_prints() -> None:
    """The environment, the clock and the terminal come in as arguments."""
    others = [module for module in ALL if room(module) != "cli"]
    assert [(module, name) for module in others for name in calls(module) if name in _SPEAKS] == []
    assert [(module, name) for module in others for name in attributes(module) if name in _HEARS] == []
    assert {name for name in calls("cli") if name in _SPEAKS} or {*attributes("cli")} & _HEARS


def test_no_drawers() -> None:
    """A name says what a room owns."""
    drawers = {"util", "utils", "helper", "helpers", "misc", "common", "manager", "handler", "data", "info"}
    assert not [module for module in ALL if drawers & set(module.split("."))]


def test_a_module_says_what_it_owns() -> None:
    """In one sentence."""
    told = {module: (ast.get_docstring(source(module)) or "").strip() for module in ALL}
    assert [module for module, text in told.items() if not text or "\n" in text] == []


def test_each_module_imports_alone() -> None:
    """No module needs another to have been imported first, and there are no cycles."""
    for module in ALL:
        ours = [name for name in sys.modules if name == "pipeline" or name.startswith("pipeline.")]
        kept = {name: sys.modules.pop(name) for name in ours}
        pools: tuple[Any, ...] = (awsrequest.AWSHTTPConnectionPool, awsrequest.AWSHTTPSConnectionPool)
        watched = [pool.ConnectionCls for pool in pools]  # by `store.s3.deadline`, not by a second copy of it
        try:
            importlib.import_module(f"pipeline.{module}")
        finally:
            for name in [name for name in sys.modules if name == "pipeline" or name.startswith("pipeline.")]:
                del sys.modules[name]
            sys.modules.update(kept)
            for pool, connection in zip(pools, watched, strict=True):
                pool.ConnectionCls = connection
