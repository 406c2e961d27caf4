"""The show in this repository, published by the real program and served, for every test that listens to it."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest

from pipeline import serve
from pipeline.model import Cache, Digest, Key, Kind, Object

ROOT = Path(__file__).parent.parent
OMROEP = Path(sys.executable).with_name("omroep")


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """A published folder, and where it is served."""

    address: str
    folder: Path


def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a run have in common."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def once(place: Path, make: Callable[[Path], object]) -> Path:
    """`place`, a folder below what is `shared`: whoever comes first makes it, the others wait for that."""
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            making = place.with_name(f"{place.name}.making")
            make(making)
            making.rename(place)
    return place


def site(folder: Path) -> Path:
    """The show built below `folder`."""
    return once(folder / "site", lambda place: _built(folder, place))


def _built(shared: Path, to: Path, *more: str) -> None:
    command: list[str | Path] = [OMROEP, "--show", ROOT, "build", "--to", to, *more]
    done = subprocess.run(command, capture_output=True, text=True, env={"OMROEP_CACHE": str(shared / "cache")})
    assert done.returncode == 0, done.stderr
    assert "advice" not in done.stderr


@contextmanager
def served(shared: Path, folder: Path) -> Iterator[Served]:
    """The show published for an address on this machine, and served there by omroep's own server."""
    site(shared)  # its audio is in the cache then
    listening = serve.bind("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.port}/"
    _built(shared, folder / "site", "--base-url", address)
    listening.app = serve.site(objects(folder / "site"), lambda line: None)
    Thread(target=listening.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield Served(address=address, folder=folder / "site")
    finally:
        listening.shutdown()
        listening.server_close()


def objects(folder: Path) -> Iterator[Object]:
    """What the folder holds, with the types that its release gives each."""
    (record,) = (folder / "releases").iterdir()
    for item in json.loads(record.read_text("utf-8"))["objects"]:
        path = folder / item["key"]
        yield Object(
            key=Key(item["key"]),
            kind=Kind(item["kind"]),
            type=item["type"],
            cache=Cache(item["cache"]),
            sha256=Digest(item["sha256"]),
            size=path.stat().st_size,
            body=path,
        )
