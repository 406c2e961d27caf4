"""The faults of the wire, as a table: what is done, to which requests, and what the publisher may then end with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lxml import etree

from tests.crash.wire import (
    CHANGES,
    LISTING,
    RESET,
    SILENCE,
    Asked,
    Forward,
    Outcome,
    Play,
    Point,
    Reply,
    Wire,
    refusal,
    with_body,
)
from tests.crash.wire import flipped as flip

_S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"
KILLED = -9
DONE, DESTINATION, REFUSED = 0, 5, 6


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One kind of trouble."""

    play: Play
    ends: frozenset[int]
    """Exit statuses that are right; where it is not 0, a rerun without the fault must be."""
    hits: Callable[[Point], bool] = lambda point: True
    says: str = ""
    """A word that the message must have where it ends in one of `DESTINATION` and `REFUSED`."""


def writes(point: Point) -> bool:
    return point.method in CHANGES


def reads(point: Point) -> bool:
    return point.method == "GET"


def conditional(point: Point) -> bool:
    return point.method == "PUT"


def _kill_before(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
    wire.kill()
    return RESET


def _kill_after(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
    forward(asked)
    wire.kill()
    return RESET


def _lost(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
    forward(asked)
    return RESET


def _cut(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
    return replace(forward(asked), cut=True)


def _drip(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
    return replace(forward(asked), pace_s=0.004)


def _failed_but_applied(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
    forward(asked)
    return refusal(500, "InternalError")


def _flipped_request(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
    return forward(with_body(asked, flip(asked.body)))


def _flipped_reply(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
    reply = forward(asked)
    return replace(reply, body=flip(reply.body)) if reply.body else reply


def answers(status: int, code: str) -> Play:
    """Without asking the server."""
    return lambda wire, asked, forward: refusal(status, code)


def breaks(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
    """The connection, before anything reached the server."""
    return RESET


def hangs(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
    """The server got nothing, and says nothing."""
    return SILENCE


def stale(older: Mapping[str, Reply]) -> Play:
    """A read as a lagging replica answers it: what was there one publish ago."""

    def play(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
        if asked.point.key == LISTING:
            return _listed(forward(asked), wire.stage.prefix, older)
        return older.get(asked.point.key) or refusal(404, "NoSuchKey")

    return play


def _listed(reply: Reply, prefix: str, older: Mapping[str, Reply]) -> Reply:
    """The listing as it was."""
    tree = etree.fromstring(reply.body)
    folder = prefix.split("/", 2)[2]
    for row in tree.findall(f"{_S3}Contents"):
        held = older.get(row.findtext(f"{_S3}Key", "").removeprefix(folder))
        told = row.find(f"{_S3}ETag")
        if held is None or told is None:
            tree.remove(row)
        else:
            told.text = dict(held.headers)["ETag"]
    return replace(reply, body=etree.tostring(tree), headers=(("Content-Type", "application/xml"),))


def holds(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
    """Everything of this publisher waits from here on; it goes on when the gate is opened."""
    wire.gate.clear()
    wire.held.set()
    wire.stage.turn.release()  # others go on meanwhile
    wire.gate.wait()
    wire.stage.turn.acquire()
    return RESET if wire.dead else forward(asked)


def interrupts(wire: Wire, asked: Asked, forward: Forward) -> Outcome:
    """Ctrl-C while the server is busy with this request."""
    wire.interrupt()
    return SILENCE


_RIDDEN_OUT = frozenset({DONE})
_TOLD = frozenset({DONE, DESTINATION, REFUSED})

FAULTS: Mapping[str, Fault] = {
    "stopped before": Fault(play=_kill_before, ends=frozenset({KILLED})),
    "stopped after": Fault(play=_kill_after, ends=frozenset({KILLED})),
    "reply lost": Fault(play=_lost, ends=_RIDDEN_OUT),
    "500": Fault(play=answers(500, "InternalError"), ends=_RIDDEN_OUT),
    "500 though applied": Fault(play=_failed_but_applied, ends=_RIDDEN_OUT, hits=writes),
    "503": Fault(play=answers(503, "SlowDown"), ends=_RIDDEN_OUT),
    "reset": Fault(play=breaks, ends=_RIDDEN_OUT),
    "hang": Fault(play=hangs, ends=_RIDDEN_OUT),
    "drip": Fault(play=_drip, ends=_RIDDEN_OUT),
    "reply cut": Fault(play=_cut, ends=_RIDDEN_OUT),
    "409": Fault(play=answers(409, "ConditionalRequestConflict"), ends=_TOLD, hits=conditional),
    "412": Fault(play=answers(412, "PreconditionFailed"), ends=_TOLD, hits=conditional),
    "clock refused": Fault(
        play=answers(403, "RequestTimeTooSkewed"), ends=frozenset({DONE, DESTINATION}), says="clock"
    ),
    "byte flipped on the way there": Fault(play=_flipped_request, ends=_TOLD, hits=conditional),
    "byte flipped on the way back": Fault(play=_flipped_reply, ends=_TOLD, hits=reads),
}
STALE = Fault(play=stale({}), ends=_TOLD, hits=reads)
