"""Publishers: the command line in a process group of its own, from a warmed nursery or as the real executable."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent.parent
OMROEP = Path(sys.executable).with_name("omroep")


@dataclass(frozen=True, kw_only=True)
class End:
    """How a publisher ended."""

    status: int
    """Negative: the signal that ended it."""
    said: str
    """On both outputs."""
    took_s: float


@dataclass(frozen=True, kw_only=True)
class Clone:
    """A producer's machine: a checkout and its local memory."""

    show: Path
    cache: Path
    now: str | None = None


class Nursery:
    """Forks publishers, one at a time, from `package` (the folder that holds `pipeline/`)."""

    def __init__(self, scratch: Path, show: Path, cache: Path, *, package: Path = HERE) -> None:
        self.scratch = scratch
        scratch.mkdir(parents=True, exist_ok=True)
        environ = os.environ | {"PYTHONPATH": f"{package}{os.pathsep}{HERE}", "OMROEP_CACHE": str(cache)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.nursery", str(show)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(scratch / "nursery.log").open("wb"),
            text=True,
            env=environ,
            cwd=scratch,
        )

    def begin(
        self,
        clone: Clone,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        hurry: bool = True,
        stop: Mapping[str, Any] | None = None,
    ) -> int:
        """Start one; its process group."""
        own = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "OMROEP_CACHE": str(clone.cache)}
        order = {
            "arguments": ["--show", str(clone.show), *arguments],
            "environ": own | dict(environ or {}),
            "folder": str(self.scratch),
            "out": str(self.scratch / "out"),
            "err": str(self.scratch / "err"),
            "now": clone.now,
            "hurry": hurry,
            "stop": dict(stop) if stop else None,
        }
        self._began = time.monotonic()
        self._tell(order)
        return int(self._heard()["pid"])

    def end(self) -> End:
        """Wait for the one that was started."""
        status = int(self._heard()["status"])
        took = time.monotonic() - self._began
        said = "".join((self.scratch / name).read_text("utf-8", "replace") for name in ("out", "err"))
        return End(status=status, said=said, took_s=took)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)

    def _tell(self, order: object) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def _heard(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError((self.scratch / "nursery.log").read_text("utf-8", "replace"))
        heard: dict[str, Any] = json.loads(line)
        return heard


def cloned(show: Path, cache: Path, to: Path, *, now: str | None = None) -> Clone:
    """A fresh clone on a machine of its own; audio that was mastered once is there already."""
    if to.exists():
        shutil.rmtree(to)
    shutil.copytree(show, to / "show")
    shutil.copytree(cache, to / "cache")
    return Clone(show=to / "show", cache=to / "cache", now=now)
