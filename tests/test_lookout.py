"""What a watcher decides, from what it has seen and when: no files, no clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline import lookout
from pipeline.lookout import Decision, Kind, Manner, Scene, State, Unit

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MANNER = Manner(settle_s=5, look_s=30)
START = State()
SHOW = {"feed": Unit(kind=Kind.SHOW, mark="f1")}


def episode(mark: str) -> Unit:
    return Unit(kind=Kind.EPISODE, mark=mark)


def recording(mark: str) -> Unit:
    return Unit(kind=Kind.RECORDING, mark=mark)


def after(*scenes: tuple[float, Scene], state: State = START) -> State:
    """What is known after these scenes at these moments."""
    for at_s, scene in scenes:
        state = lookout.seen(state, SHOW | dict(scene), at_s)
    return state


def decided(state: State, at_s: float, now: datetime = NOW) -> Decision:
    return lookout.decide(state, MANNER, at_s, now)


def made(state: State, at_s: float, due: datetime | None = None) -> State:
    """After making what is decided at that moment."""
    decision = decided(state, at_s)
    assert decision.make
    return lookout.done(state, decision, due)


ONE = {"episodes/01": episode("a")}


def test_it_begins_when_all_is_at_rest() -> None:
    """Not before the show's own files have been the same for as long as is asked."""
    state = after((0, ONE))
    assert decided(state, 4.5) == Decision(moving=("episodes/01", "feed"), look_in_s=0.5)
    assert decided(state, 5).make == "to begin with"


def test_what_was_written_long_before_it_begins_is_at_rest() -> None:
    """Only what is younger than the settling time is still changing, by the file system's own word."""
    ages = {"episodes/01": 3600, "episodes/02": 2, "episodes/03": -60}
    units = {name: replace(episode("a"), written=NOW - timedelta(seconds=age)) for name, age in ages.items()}
    feed = {"feed": replace(SHOW["feed"], written=NOW - timedelta(days=1))}
    state = lookout.seen(lookout.begun(feed | units, 100, NOW), feed | units, 100)
    decision = decided(state, 100)
    assert (decision.make, decision.moving, decision.look_in_s) == ("to begin with", ("episodes/02", "episodes/03"), 3)
    assert decided(state, 104).moving == ("episodes/03",)
    changed = lookout.seen(state, feed | units | {"episodes/01": episode("b")}, 101)
    assert "episodes/01" in decided(changed, 102).moving


def test_nothing_is_done_twice() -> None:
    """Once made, the same scene is no reason, however often it is looked at."""
    state = made(after((0, ONE)), 5)
    for at_s in (5, 6, 100, 10_000):
        state = lookout.seen(state, SHOW | ONE, at_s)
        assert (decided(state, at_s).make, decided(state, at_s).take_in) == ("", ())
    assert decided(state, 10_000).look_in_s == 30


def test_a_change_is_waited_for() -> None:
    """Each write begins the waiting anew; the others go on meanwhile, and it follows when it rests."""
    state = made(after((0, ONE)), 5)
    state = after((10, ONE | {"episodes/02": episode("b1")}), (13, ONE | {"episodes/02": episode("b2")}), state=state)
    assert decided(state, 16).moving == ("episodes/02",)
    assert decided(state, 16).make == ""
    assert decided(state, 18).make == "episodes/02 has changed"
    changed = after((17, {"episodes/01": episode("a2"), "episodes/02": episode("b3")}), state=state)
    changed = after((20, {"episodes/01": episode("a2"), "episodes/02": episode("b4")}), state=changed)
    decision = decided(changed, 22)
    assert (decision.make, decision.moving) == ("episodes/01 has changed", ("episodes/02",))
    rest = lookout.done(changed, decision, None)
    assert decided(rest, 24).make == ""
    assert decided(rest, 25).make == "episodes/02 has changed"


@pytest.mark.parametrize("name", ["feed", "templates"])
def test_while_the_show_itself_changes_nothing_is_done(name: str) -> None:
    """Its settings, cover or templates are everybody's."""
    state = made(after((0, ONE)), 5)
    scene = {"episodes/01": episode("a2"), "episodes/03 Drie.wav": recording("r")}
    state = after((10, scene), (14, scene | {name: Unit(kind=Kind.SHOW, mark="new")}), state=state)
    assert (decided(state, 16).make, decided(state, 16).take_in) == ("", ())
    assert decided(state, 19).take_in == ("episodes/03 Drie.wav",)


def test_what_has_just_gone_may_be_on_its_way_to_another_name() -> None:
    """An editor that saves by renaming, a folder that gets another name: nothing is done in between."""
    both = ONE | {"episodes/02": episode("b")}
    state = made(after((0, both)), 5)
    gone = after((10, ONE), state=state)
    assert decided(gone, 12).make == ""
    assert decided(gone, 12).moving == ()
    back = after((12, both), state=gone)
    assert decided(back, 17).make == ""
    renamed = after((12, ONE | {"episodes/02-nieuw": episode("b")}), state=gone)
    assert decided(renamed, 16).make == ""
    assert decided(renamed, 17).make.startswith("episodes/02")
    assert decided(after((16, ONE), state=gone), 16).make == "episodes/02 has changed"


def test_other_changes_wait_for_what_has_just_gone() -> None:
    """A publish in the middle of a rename would take the episode for missing, and be refused."""
    state = made(after((0, ONE | {"episodes/02": episode("b")})), 5)
    state = after((10, {"episodes/01": episode("a2"), "episodes/02": episode("b")}), state=state)
    gone = after((14, {"episodes/01": episode("a2")}), state=state)
    assert decided(state, 15).make == "episodes/01 has changed"
    assert decided(gone, 15).make == ""
    assert decided(gone, 19).make == "episodes/01 has changed, and 1 more"


def test_a_recording_is_offered_once() -> None:
    """With what lies beside it, when all of that is at rest; again when it or the show's settings changed."""
    name = "episodes/03 Drie.wav"
    state = after((0, {name: recording("r1")}), (4, {name: recording("r1"), "episodes/03 drie.vtt": beside("t")}))
    assert decided(state, 8).take_in == ()
    assert decided(state, 9).take_in == (name,)
    state = lookout.offered(state, (name,))
    assert decided(state, 9).take_in == ()
    assert decided(state, 9).make == "to begin with"
    again = after((20, {name: recording("r2"), "episodes/03 drie.vtt": beside("t")}), state=state)
    assert decided(again, 25).take_in == (name,)
    other = lookout.seen(state, {"feed": Unit(kind=Kind.SHOW, mark="f2"), name: recording("r1")}, 20)
    assert decided(other, 25).take_in == (name,)


def beside(mark: str) -> Unit:
    return Unit(kind=Kind.BESIDE, mark=mark)


def test_a_thousand_at_once_are_taken_in_together() -> None:
    """In one go, in the order of their names."""
    many = {f"episodes/{number:04}.wav": recording(str(number)) for number in range(1000)}
    assert decided(after((0, many)), 5).take_in == tuple(sorted(many))


def test_a_scheduled_episode_is_made_at_its_moment() -> None:
    """The watcher looks again just then, and not twice."""
    state = made(after((0, ONE)), 5, due=NOW + timedelta(seconds=7))
    assert (decided(state, 5).make, decided(state, 5).look_in_s) == ("", 7)
    later = NOW + timedelta(seconds=7)
    assert decided(state, 12, later).make == "an episode is due"
    assert decided(lookout.done(state, decided(state, 12, later), None), 12, later).make == ""


def test_passing_trouble_is_tried_again_ever_later() -> None:
    """5, 10, 20 seconds, up to a quarter of an hour; a success begins anew; a change does not wait."""
    state, at_s, pauses = after((0, ONE)), 5.0, []
    for _ in range(10):
        state = lookout.failed(state, decided(state, at_s), at_s, passing=True)
        assert decided(state, at_s).make == ""
        pauses.append(decided(state, at_s).look_in_s)
        assert state.again_s is not None
        at_s = state.again_s
        state = lookout.seen(state, SHOW | ONE, at_s)
        assert decided(state, at_s).make == "to try again"
    assert pauses[:3] == [5, 10, 20]
    assert at_s - 5 == 5 + 10 + 20 + 40 + 80 + 160 + 320 + 640 + 900 + 900
    fixed = lookout.failed(state, decided(state, at_s), at_s, passing=True)
    assert decided(after((at_s, {"episodes/01": episode("a2")}), state=fixed), at_s + 5).make.startswith("episodes/01")
    assert lookout.done(state, decided(state, at_s), None).failures == 0


def test_what_does_not_pass_waits_for_a_change() -> None:
    """A show that cannot be read is not read again until something in it is different."""
    state = after((0, ONE))
    state = lookout.failed(state, decided(state, 5), 5, passing=False)
    assert decided(state, 100_000).make == ""
    assert decided(after((10, {"episodes/01": episode("a2")}), state=state), 15).make == "episodes/01 has changed"
