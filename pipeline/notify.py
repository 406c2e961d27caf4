"""The story of telling WebSub hubs and podping that a feed has changed, and of remembering that they know."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from queue import Empty, Queue
from threading import Thread

from pipeline.audit.seen import Seen
from pipeline.errors import Problem, StoreError
from pipeline.history import Heard, History, entry
from pipeline.outside import say
from pipeline.store import Store
from pipeline.text import shorten
from pipeline.tidings import Manner, Tiding

PATIENCE_S = 10.0
"""For one of them to take the news of one feed."""
_MORE_S = 1.0
"""For each further feed."""
_LOOK_UP_S = 0.2
"""A signal may come without waking this thread (see `apply`)."""
_SAID = 200
"""Characters that are passed on of what a hub said."""
TOKEN = "OMROEP_PODPING_TOKEN"  # noqa: S105 -- its name, not the token
"""Where the environment has the token with which podping is told."""
_NO_TOKEN = f"{TOKEN} is not set"
_NO_ENTRY = (401, 403)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came of telling one of them."""

    tiding: Tiding
    failure: str = ""
    """Why they may not know, as the end of a sentence; empty where they were told."""
    heard: Heard | None = None
    """What was written down; None where it could not be."""

    @property
    def problem(self) -> Problem:
        """For the producer."""
        return Problem(
            what=f"{self.tiding.address} was not told that the feed changed: {self.failure}.",
            why="Everything is published. Apps that rely on it notice hours later, when they look by themselves.",
            mend=_MENDS.get(self.failure, "") + "Run `omroep notify` to tell it, or publish again.",
        )


_MENDS: Mapping[str, str] = {_NO_TOKEN: f"Put the token that you got from podping into {TOKEN}. "}


def tell(store: Store, due: Iterable[Tiding], log: History, token: str | None) -> tuple[Answer, ...]:
    """Tell everybody at once, and write down in `store` who was told; in the order of `due`.

    Ends within `PATIENCE_S` and a second for each further feed, whatever they do; nothing is raised for them.
    """
    found = _answers(tuple(due), (token or "").strip())
    heard = _written(store, [answer.tiding for answer in found if not answer.failure], log.number)
    return tuple(answer if answer.failure else replace(answer, heard=heard) for answer in found)


def _answers(due: tuple[Tiding, ...], token: str) -> list[Answer]:
    failures: dict[Tiding, str] = dict.fromkeys(due, "it takes too long")
    came: Queue[tuple[Tiding, str]] = Queue()
    for tiding in due:
        # A daemon, for nothing else ends the look-up of a name or an answer that comes letter by letter.
        Thread(target=_send, args=(tiding, token, came.put), daemon=True).start()
    until = time.monotonic() + max(map(_patience_s, due), default=0)
    waiting = len(due)
    while waiting and time.monotonic() < until:
        try:
            tiding, failure = came.get(timeout=_LOOK_UP_S)
        except Empty:
            continue
        failures[tiding] = failure
        waiting -= 1
    return [Answer(tiding=tiding, failure=failure) for tiding, failure in failures.items()]


def _patience_s(tiding: Tiding) -> float:
    return PATIENCE_S + _MORE_S * (len(tiding.feeds) - 1)


def _send(tiding: Tiding, token: str, done: Callable[[tuple[Tiding, str]], None]) -> None:
    """Tell of one feed after another, until one is not taken."""
    failure = _NO_TOKEN if tiding.manner is Manner.PODPING and not token else ""
    for feed in () if failure else tiding.feeds:
        if failure := _SENDERS[tiding.manner](tiding, feed, token):
            break
    done((tiding, failure))


def _websub(tiding: Tiding, feed: str, token: str) -> str:
    # WebSub leaves it to each hub how publishers tell it (section 7). They do it as PubSubHubbub 0.3 has it (section
    # 7.1), some with the name that WebSub has for a feed.
    return _told(tiding, "POST", {"hub.mode": "publish", "hub.url": feed, "hub.topic": feed}, {})


def _podping(tiding: Tiding, feed: str, token: str) -> str:
    # podping.cloud's README, “Requests”.
    fields = {"url": feed, "reason": "update"} | ({"medium": tiding.medium} if tiding.medium else {})
    return _told(tiding, "GET", fields, {"Authorization": token})


_SENDERS: Mapping[Manner, Callable[[Tiding, str, str], str]] = {Manner.WEBSUB: _websub, Manner.PODPING: _podping}


def _told(tiding: Tiding, method: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """What went wrong; of an answer to a token nothing is passed on, for it may be in it."""
    seen = say(method, tiding.address, fields, headers=headers, within_s=PATIENCE_S)
    if seen.status is None:
        return seen.failure
    if 200 <= seen.status < 300:
        return ""
    if 300 <= seen.status < 400:
        return f"it leads elsewhere (status {seen.status}); name the address where it is now in show.yaml"
    if headers:
        return f"it does not take the token in {TOKEN}" if seen.status in _NO_ENTRY else f"it says {seen.status}"
    return f"it says {seen.status}{_reason(seen)}"


def _reason(seen: Seen) -> str:
    """What a hub says of it in plain text."""
    plain = seen.headers.get("content-type", "").startswith("text/plain")
    said = " ".join((seen.body or b"").decode("utf-8", "replace").split()) if plain else ""
    return f" (“{shorten(said, _SAID)}”)" if said else ""


def _written(store: Store, told: list[Tiding], number: int) -> Heard | None:
    """What was written down; where that fails, they are told again some time, which does no harm."""
    if not told:
        return None
    heard = Heard(number=number, feeds=told[0].state, who=tuple(tiding.who for tiding in told))
    try:
        store.put(entry(heard))
    except StoreError:
        return None
    return heard
