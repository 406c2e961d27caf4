"""A sample of the crash rig; `make crash` runs all of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import seaweed
from tests.crash import parts, stage
from tests.crash.campaign import Rig
from tests.crash.faults import FAULTS
from tests.crash.folder import FolderRig
from tests.crash.machine import Life, LifeInAFolder
from tests.crash.mutants import MUTANTS, bred
from tests.crash.reader import FEED
from tests.crash.rivals import Arena


@pytest.fixture(scope="module")
def rig(s3_server: seaweed.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A real bucket behind a wire that can fail."""
    folder = tmp_path_factory.mktemp("crash")
    shows = stage.write(folder / "shows")
    parts.master(shows, folder / "mastering", only={"base", "after everything"})
    (folder / "rig").mkdir()
    made = Rig(s3_server, shows, folder / "rig")
    yield made
    made.close()


def test_faults_at_the_switch_are_harmless(rig: Rig) -> None:
    """Every fault at the one write that listeners notice: whole meanwhile, and done by one rerun."""
    course = rig.course("edit")
    (switch,) = [point for point in course.points if (point.method, point.key) == ("PUT", FEED)]
    for name, fault in FAULTS.items():
        if fault.hits(switch):
            rig.trial(course, name, switch)
    assert rig.score.violations == []
    assert rig.score.fired.total() >= 14


def test_a_refused_condition_that_holds_is_asked_again(rig: Rig) -> None:
    """409 or 412 for a new page that nobody else wrote: it is there before the feed leads to it."""
    course = rig.course("add")
    rig.score.violations.clear()
    page = next(point for point in course.points if point.key == "episodes/drie.html")
    for name in ("409", "412"):
        rig.trial(course, name, page)
        assert rig.score.ended[f"{name}: 0"]
    assert rig.score.violations == []


def test_a_stop_in_a_folder_is_harmless(rig: Rig) -> None:
    """Stopped at every seventh system call that changes the folder."""
    folder = FolderRig(rig.shows, rig.scratch, rig.nursery)
    way = folder.way("edit")
    for at in range(1, len(way.calls) + 1, 7):
        folder.trial(way, at)
    assert [*folder.score.violations, *folder.lasting(way)] == []
    assert folder.score.fired.total() > 5


def test_two_publishers_lose_nothing(rig: Rig) -> None:
    """One is held before its switch and before its last write; the other runs to its end."""
    arena = Arena(rig)
    rig.score.violations.clear()
    case = arena.case("different episodes")
    switch = next(point for point in case.points if (point.method, point.key) == ("PUT", FEED))
    for point in (switch, case.points[-1]):
        arena.fight(case, point)
    arena.close()
    assert rig.score.violations == []


@pytest.mark.parametrize("life", [Life, LifeInAFolder])
def test_a_life_of_a_show(life: type[Life]) -> None:
    """Some lives of a show, drawn at random but the same each time."""
    few = settings(
        max_examples=2,
        stateful_step_count=8,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(life, settings=few)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_can_be_bred(name: str, tmp_path: Path) -> None:
    """What each breakage changes is there exactly once, so that `make mutants` tries what it says."""
    bred(MUTANTS[name], tmp_path)
