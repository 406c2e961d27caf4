"""A warmed process that forks a publisher for each line of its input: a true process group, without its start-up."""

import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
import time
from contextlib import suppress
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from tests.crash import stops

HURRY = 40
"""How many times faster a publisher's clock runs where it waits: for an answer, before it tries again, a deadline."""

_SHORTEST_S = 0.4
"""A wait for the wire itself is never cut below this: the machine may be busy."""


def main() -> None:
    """Read orders, fork, and say the number and then the end of each."""
    _remember()
    _warm(Path(sys.argv[1]))
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            _publish(order)
        with suppress(OSError):
            os.setpgid(pid, pid)
        print(json.dumps({"pid": pid}), flush=True)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)


def _warm(show: Path) -> None:
    """Import and fill what a first run fills, by building a show and opening a bucket that is never asked."""
    os.environ.setdefault("PATH", os.defpath)
    from pipeline import cli

    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:  # noqa: PTH123
        kept, sys.stdout = sys.stdout, nowhere
        status = cli.run(["--show", str(show), "build", "--to", f"{folder}/site"])
        sys.stdout = kept
    if status:
        raise SystemExit(f"the nursery could not build {show}: {status}")
    from pipeline.store import s3

    with suppress(Exception):
        s3.connect("s3://show/warm")


def _remember() -> None:
    """What libraries read and compile anew in every run, once: it is not theirs what is tried here."""
    from botocore.loaders import JSONFileLoader
    from jinja2 import Environment

    for owner, name in ((JSONFileLoader, "load_file"), (Environment, "_generate"), (Environment, "_compile")):
        _once(owner, name)


def _once(owner: Any, name: str) -> None:
    true, made = getattr(owner, name), {}

    def remembered(self: Any, *arguments: Any, **options: Any) -> Any:
        key = repr((arguments, sorted(options.items())))
        if key not in made:
            made[key] = true(self, *arguments, **options)
        return made[key]

    setattr(owner, name, remembered)


def _publish(order: dict[str, Any]) -> None:
    """In the child: become a publisher, and never return."""
    status = 1
    try:
        for number, path in ((1, order["out"]), (2, order["err"])):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # the rig may have been started with it ignored
        os.environ.clear()
        os.environ.update(order["environ"])
        os.chdir(order["folder"])
        if order["now"]:
            _set_clock(datetime.fromisoformat(order["now"]))
        if order["hurry"]:
            _hurry()
        if order["stop"]:
            stops.install(order["stop"])
        sys.argv = ["omroep", *order["arguments"]]
        importlib.import_module("pipeline.cli").main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _set_clock(now: datetime) -> None:
    """What the command line takes for now; the signatures of requests keep the true time."""
    ahead = now - datetime.now(now.tzinfo)

    class Moved(datetime):
        """Now, moved."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Moved":
            moved = datetime.now(tz) + ahead
            return cls.fromtimestamp(moved.timestamp(), tz)

    settings: Any = importlib.import_module("pipeline.cli.settings")
    if settings.datetime is not datetime:
        raise RuntimeError("pipeline.cli.settings is no longer where the clock is read")
    settings.datetime = Moved


def _hurry() -> None:
    """Let every wait be over sooner, and deadlines with them."""
    sleep, monotonic, set_timeout = time.sleep, time.monotonic, socket.socket.settimeout
    began = monotonic()
    patch: Any = time
    patch.sleep = lambda seconds: sleep(seconds / HURRY)
    patch.monotonic = lambda: began + (monotonic() - began) * HURRY

    def sooner(self: socket.socket, seconds: float | None) -> None:
        set_timeout(self, max(seconds / HURRY, _SHORTEST_S) if seconds else seconds)

    patched: Any = socket.socket
    patched.settimeout = sooner


if __name__ == "__main__":
    main()
