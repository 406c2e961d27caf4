"""Stops a process at one of the system calls that change its destination folder: before it, after it, in the middle."""

import builtins
import io
import os
import signal
from collections.abc import Callable
from typing import Any

CALLS = ("replace", "rename", "link", "fsync", "fdatasync", "unlink", "remove", "rmdir", "mkdir", "ftruncate")
_PLACES = {"replace": 2, "rename": 2, "link": 2}
"""How many of a call's arguments are files, where it is more than one."""
_WRITING = frozenset("wxa+")


def install(order: dict[str, Any]) -> None:
    """Count what concerns `beneath`; stop dead at number `at` (counted from 1, each call twice: before and after).

    Every number that was reached is written to the file `log`, with the name of its call.
    """
    beneath, at, log = order["beneath"], order["at"], order["log"]
    count = 0
    note = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def reached(what: str) -> None:
        nonlocal count
        count += 1
        os.write(note, f"{what}\n".encode())
        if count == at:
            os.killpg(0, signal.SIGKILL)

    def ours(place: Any) -> bool:
        if isinstance(place, int):
            place = os.readlink(f"/proc/self/fd/{place}")  # noqa: PTH115
        return str(os.path.abspath(os.fspath(place))).startswith(beneath)  # noqa: PTH100

    def named(place: Any) -> str:
        if isinstance(place, int):
            place = os.readlink(f"/proc/self/fd/{place}")  # noqa: PTH115
        return str(os.path.relpath(os.fspath(place), beneath))

    def wrapped(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def stopping(*arguments: Any, **options: Any) -> Any:
            if not (arguments and ours(arguments[0])):
                return call(*arguments, **options)
            shown = f"{name} {' '.join(map(named, arguments[: _PLACES.get(name, 1)]))}"
            reached(f"before {shown}")
            made = call(*arguments, **options)
            reached(f"after {shown}")
            return made

        return stopping

    patch: Any = os
    for name in CALLS:
        setattr(patch, name, wrapped(name, getattr(os, name)))
    true_open = io.open

    def opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if not (_WRITING & set(mode)) or not ours(file):
            return true_open(file, mode, *arguments, **options)
        reached(f"before open {named(file)}")
        made = true_open(file, mode, *arguments, **options)
        reached(f"after open {named(file)}")
        return made

    for place in (io, builtins):
        patched: Any = place
        patched.open = opened
