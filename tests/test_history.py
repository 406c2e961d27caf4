"""The log beside the feed: what it tells, and what a publisher that was stopped or disturbed leaves in it."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from pipeline.history import Event, History, Turn, entry, event
from pipeline.model import Digest

A, B, C = (Digest(hashlib.sha256(name).hexdigest()) for name in (b"a", b"b", b"c"))
turns = st.sampled_from(list(Turn))
releases = st.sampled_from([A, B, C])


def log(*told: Event) -> History:
    return History.of((each.key, None) for each in told)


def published(number: int, release: Digest) -> Event:
    return Event(number=number, turn=Turn.PUBLISHED, release=release)


@given(number=st.integers(1, 999_999), turn=turns, release=releases)
def test_a_key_tells_all(number: int, turn: Turn, release: Digest) -> None:
    """A listing is enough: nothing else has to be read to know what happened."""
    told = Event(number=number, turn=turn, release=release)
    assert event(entry(told).key, None) == told


def test_other_keys_are_no_events() -> None:
    """The feed, which is listed with the log, and whatever else lies there."""
    for key in ("feed.xml", "feed.log/x.json", f"feed.log/000001-sung-{A}.json", f"feed.log/000001-published-{A}.txt"):
        assert event(key, None) is None


def test_an_ordinary_life() -> None:
    """Published, published again: the second is live, both are past."""
    told = log(published(2, B), published(1, A))
    assert (told.number, told.live, told.forward, told.past) == (2, B, B, frozenset({A, B}))
    assert told.settled(B)
    assert not told.settled(A)
    assert told.then(B, C) == (published(3, C),)


def test_after_going_back() -> None:
    """What is live is not what was published last."""
    told = log(published(1, A), published(2, B), Event(number=3, turn=Turn.RETURNED, release=A))
    assert (told.live, told.forward) == (A, B)
    assert told.settled(A)


def test_a_disturbance_counts_whatever_has_its_number() -> None:
    """Two entries may be written with one number at once: nobody may then rely on the pages."""
    told = log(published(1, A), published(2, B), Event(number=2, turn=Turn.UNSETTLED, release=C))
    assert not told.settled(B)
    assert told.live == B
    assert told.then(B, B) == (published(3, B),)


def test_who_was_stopped_after_the_switch_is_put_down_by_the_next() -> None:
    """A release that went live and was never logged comes first, as going back where it was live before."""
    assert log(published(1, A)).then(B, C) == (published(2, B), published(3, C))
    assert log(published(1, A)).then(B, B) == (published(2, B),)
    assert log().then(None, A) == (published(1, A),)
    again = log(published(1, A), published(2, B)).then(A, C)
    assert again == (Event(number=3, turn=Turn.RETURNED, release=A), published(4, C))


@given(st.lists(st.tuples(turns, releases), max_size=6), st.one_of(st.none(), releases), releases)
def test_what_is_told_settles_it(told: list[tuple[Turn, Digest]], live: Digest | None, following: Digest) -> None:
    """Whatever the log said before, after its entries the new release is known to be live and whole."""
    before = log(*(Event(number=place + 1, turn=turn, release=each) for place, (turn, each) in enumerate(told)))
    written = before.then(live, following)
    after = log(*before.events, *written)
    assert after.live == following
    assert after.settled(following) or (live == following and before.settled(following))
    assert len({each.key for each in (*before.events, *written)}) == len(before.events) + len(written)
