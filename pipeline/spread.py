"""Independent work, done by as many processes as there are cores, where that is safe and pays."""

import gc
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, NoReturn, TypeVar

MOST = 8
"""Processes at a time: of more, each would do little and hold much."""
_LEAST = 16
"""Jobs that are worth it: to begin a process takes as long as some pages."""
_TURNS = 128
"""Parts that jobs are done in, each by whoever is free; a turn is a byte."""
_STOPS = (signal.SIGINT, signal.SIGTERM)
_Made = TypeVar("_Made")


def over_cores(jobs: Sequence[Callable[[], _Made]]) -> list[_Made]:
    """What each job returns, in their order.

    Jobs change nothing that another sees, and return what can be pickled. What the first that fails raises is raised
    here, as it is. What a process was to make that was killed is made here as well. Where there is another thread, all
    are done by this process: a lock that is held by one would be held for ever in a copy of it.
    """
    made: dict[int, _Made] = {}
    if len(jobs) >= _LEAST and threading.active_count() == 1:
        with _turns() as turns, uncollected(), ExitStack() as begun:
            others: list[IO[bytes]] = []
            with suppress(OSError):  # there may be no more processes: then fewer do it
                others.extend(begun.enter_context(_forked(lambda: _share(jobs, turns))) for _ in range(_helpers()))
            made |= _share(jobs, turns)
            for other in others:
                with suppress(EOFError, pickle.UnpicklingError):  # it was killed
                    made |= pickle.load(other)  # noqa: S301 -- written by this very program
    return [made[place] if place in made else job() for place, job in enumerate(jobs)]


def _helpers() -> int:
    """One less than the cores that may be used; none where they are not told: macOS, where copies are not safe."""
    return min(MOST, len(os.sched_getaffinity(0))) - 1 if hasattr(os, "sched_getaffinity") else 0


@contextmanager
def _turns() -> Iterator[int]:
    """A pipe that holds every turn: each is read by one process, and then by no other."""
    turns, filling = os.pipe()
    os.write(filling, bytes(range(_TURNS)))
    os.close(filling)
    try:
        yield turns
    finally:
        os.close(turns)


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing is collected: what is there is needed until this ends, and copies share it where none writes to it."""
    collecting = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if collecting:
            gc.enable()


def _share(jobs: Sequence[Callable[[], _Made]], turns: int) -> dict[int, _Made]:
    """What this process made, by place, until no turn is left; when a job fails, nobody takes another.

    As turns are taken in order, every job before the first that fails is done by somebody.
    """
    made: dict[int, _Made] = {}
    while turn := os.read(turns, 1):
        for place in range(turn[0] * len(jobs) // _TURNS, (turn[0] + 1) * len(jobs) // _TURNS):
            try:
                made[place] = jobs[place]()
            except Exception:  # whatever it is: the job is done again, where it can be raised
                os.read(turns, _TURNS)
                return made
    return made


@contextmanager
def _forked(work: Callable[[], object]) -> Iterator[IO[bytes]]:
    """What a copy of this process made, pickled; however this ends, that process has ended."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as told, os.fdopen(writing, "wb") as telling:
        pid = _copied()
        if not pid:
            _work(work, telling)
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
            telling.close()
            yield told
        finally:
            with suppress(ProcessLookupError, ChildProcessError):  # where the system clears them away by itself
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _copied() -> int:
    """The number of a copy of this process, 0 in that copy; in both nothing stops it until they let it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        return os.fork()
    except OSError:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        raise


def _work(work: Callable[[], object], telling: IO[bytes]) -> NoReturn:
    """Tell what `work` made, and end; where it cannot be told, or this is stopped, without a word."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        gc.disable()
        pickle.dump(work(), telling, pickle.HIGHEST_PROTOCOL)
        telling.flush()
    finally:
        os._exit(0)
