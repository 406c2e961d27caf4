"""Jobs that `tests.test_spread` gives to processes of their own: they tell who did them, and import little."""

import os
import signal
import time
from collections.abc import Callable
from functools import partial

from pipeline import spread

MINE = os.getpid()
"""What this module is imported by first: copies of it have another."""
AN_HOUR_S = 3600


def nobody_is_left() -> bool:
    """Whether this process has no other below it, not even one that has ended and was not asked for."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def who() -> int:
    """The process that does it, after a moment in which another can begin."""
    time.sleep(0.01)
    return os.getpid()


def fails_at(*places: int) -> list[Callable[[], int]]:
    """Jobs of which some fail."""

    def job(place: int) -> int:
        if place in places:
            raise ValueError(f"at {place}")
        return who()

    return [partial(job, place) for place in range(64)]


def failure(jobs: list[Callable[[], int]]) -> str:
    """What is raised when they are done."""
    try:
        spread.over_cores(jobs)
    except ValueError as error:
        return str(error)
    return "nothing"


def dies_elsewhere(place: int) -> int:
    """Done by the first process alone: another is killed over it."""
    if who() != MINE:
        os.kill(os.getpid(), signal.SIGKILL)
    return place


def an_hour() -> None:
    """Tells that it has begun, and has long to go."""
    os.write(1, b"begun ")
    time.sleep(AN_HOUR_S)
