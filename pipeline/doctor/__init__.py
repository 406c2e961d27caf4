"""Asking this machine and a destination whether they can keep omroep's promises."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from pipeline.errors import OmroepError

Subject = TypeVar("Subject")


class Answer(StrEnum):
    """How a question was answered."""

    OK = "ok"
    WEAK = "weak"
    """Publishing works, and a promise cannot be kept."""
    BROKEN = "broken"
    """Publishing does not work, or listeners do not get what is published."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What an examination showed."""

    answer: Answer
    told: str
    """A sentence."""
    mend: str = ""
    """The way out, where it is another than the probe's."""


def ok(told: str) -> Outcome:
    """As it should be."""
    return Outcome(answer=Answer.OK, told=told)


def weak(told: str, mend: str = "") -> Outcome:
    """Something is not promised here."""
    return Outcome(answer=Answer.WEAK, told=told, mend=mend)


def broken(told: str, mend: str = "") -> Outcome:
    """This does not work."""
    return Outcome(answer=Answer.BROKEN, told=told, mend=mend)


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe(Generic[Subject]):
    """One question, and what it means for listeners and producers."""

    id: str
    question: str
    means: str
    """What is lost when the answer is not yes."""
    mend: str
    ask: Callable[[Subject], Outcome]
    gate: bool = False
    """Without it no later question has an answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A question with its answer."""

    id: str
    question: str
    answer: Answer
    told: str
    means: str = ""
    mend: str = ""
    """Empty, both of them, where all is well."""


def examined(probes: Sequence[Probe[Subject]], subject: Subject) -> Iterator[Finding]:
    """The answers of `subject`, in order; none after a gate that is closed."""
    for probe in probes:
        found = finding(probe, subject)
        yield found
        if probe.gate and found.answer is Answer.BROKEN:
            return


def finding(probe: Probe[Subject], subject: Subject) -> Finding:
    """One answer; a failure that is told in words is a broken one."""
    try:
        outcome = probe.ask(subject)
    except OmroepError as error:
        outcome = broken(error.problems[0].what, error.problems[0].mend)
    well = outcome.answer is Answer.OK
    return Finding(
        id=probe.id,
        question=probe.question,
        answer=outcome.answer,
        told=outcome.told,
        means="" if well else probe.means,
        mend="" if well else outcome.mend or probe.mend,
    )
