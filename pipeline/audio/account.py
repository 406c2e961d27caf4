"""How one file sounds, as a record to keep: its levels, curves, silences, findings, and the loudness of each minute."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy
from numpy.typing import NDArray

from pipeline import digest
from pipeline.audio import inspect, measure, memory, meter, recipe
from pipeline.audio.deliver import Studio
from pipeline.audio.ffmpeg import OnTime
from pipeline.audio.findings import findings
from pipeline.audio.inspect import Format
from pipeline.audio.measure import Levels
from pipeline.audio.spots import Take, noise_floor_dbfs, silences
from pipeline.errors import AudioError, Problem
from pipeline.model import Digest, Finding, Mastering
from pipeline.remembered import files

EDITION = 1
"""Raised when an account comes to tell other things, so that those of before are made again."""
POINTS = 1200
"""Of a curve, at most: as many as a wide screen can show, whatever the length."""
LOWEST_DB = -70.0
"""What is softer, silence included, is told as this (the absolute gate of ITU-R BS.1770-4)."""
SILENCE_S = 1.0
"""What is silent for shorter is a pause for breath, and is not told."""
_MOMENTARY = 4
_SHORT_TERM = 30
"""Tenths of a second that a meter's reading tells of; it comes at their end."""
_MINUTE = 600

_Row = NDArray[numpy.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Curves:
    """Levels over time in equal steps over the whole file: at most `POINTS`, to a tenth, from `LOWEST_DB` up."""

    momentary: tuple[float, ...]
    """LUFS of 400 ms, the highest of each step."""
    short_term: tuple[float, ...]
    """LUFS of 3 s, the mean of each step."""
    peak_dbfs: tuple[float, ...]
    """Highest sample of each step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One file as it was heard; moments are seconds of that file."""

    format: Format
    levels: Levels
    curves: Curves
    minutes: tuple[float, ...]
    """LUFS, gated, of each minute of what listeners get; before it was mastered, of what became that minute."""
    silences: tuple[tuple[float, float], ...]
    """Start and end."""
    findings: tuple[Finding, ...]
    noise_floor_dbfs: float | None
    """Level of its pauses; None where it has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A file to be told of."""

    find: Callable[[], Path | None]
    """Where it is on this machine, if it is: asked for only what is not remembered of it."""
    name: str
    """What messages call it."""
    sha256: Digest
    shift_s: float = 0.0
    """From a moment in it to that moment as listeners get it."""


def of(studio: Studio, subject: Subject, mastering: Mastering, on_time: OnTime) -> Account | None:
    """The account of a file, remembered or made by decoding it once; None where it is neither remembered nor here.

    AudioError when it cannot be read, or is not the file of that digest.
    """
    identity = digest.of_record(["account", EDITION, subject.sha256, recipe.identity(mastering), subject.shift_s])
    kept = studio.cache / "accounts" / f"{identity}.json"
    known = memory.recalled(kept, Account)
    path = None if known else subject.find()
    if path is None:
        return known
    format = inspect.probe(studio.ffmpeg, path, subject.name)
    hearing = measure.hear(studio.ffmpeg, measure.as_recorded(path, subject.name, format), on_time)
    if files.sha256_of(path) != subject.sha256:
        what = "This is not the file that it was: it was changed or damaged."
        raise AudioError(Problem(what=what, file=subject.name, mend="Run again when it is complete."))
    made = told(Take(format=format, hearing=hearing, mastering=mastering), subject.shift_s)
    memory.keep(kept, made)
    return made


def told(take: Take, shift_s: float) -> Account:
    """The account of what was heard; `shift_s` as in `Subject`."""
    hearing = take.hearing
    momentary = _centred(hearing.momentary, _MOMENTARY)
    return Account(
        format=take.format,
        levels=hearing.levels,
        curves=_curves(momentary, _centred(hearing.short_term, _SHORT_TERM), take),
        minutes=_minutes(momentary, shift_s),
        silences=tuple((round(start, 1), round(end, 1)) for start, end in silences(take, SILENCE_S)),
        findings=findings(take),
        noise_floor_dbfs=noise_floor_dbfs(take),
    )


def _curves(momentary: _Row, short_term: _Row, take: Take) -> Curves:
    peaks = 20 * numpy.log10(numpy.maximum(take.heard.peak, 1e-10))
    points = min(POINTS, *map(len, (momentary, short_term, peaks)))
    return Curves(
        momentary=_stepped(momentary, points, numpy.maximum),
        short_term=_means(short_term, points),
        peak_dbfs=_stepped(peaks, points, numpy.maximum),
    )


def _centred(readings: meter.Readings, window: int) -> _Row:
    """Readings at the middle of what they tell of; the first whole one stands from the start, the last to the end."""
    row: _Row = numpy.maximum(readings, LOWEST_DB)
    if len(row) < window:
        return row
    lag, whole = window // 2, row[window - 1 :]
    return numpy.concatenate([whole[:1].repeat(window - 1 - lag), whole, whole[-1:].repeat(lag)])


def _starts(length: int, points: int) -> NDArray[numpy.int64]:
    return numpy.arange(points, dtype=numpy.int64) * length // max(1, points)


def _stepped(row: _Row, points: int, of: numpy.ufunc) -> tuple[float, ...]:
    return _rounded(of.reduceat(row, _starts(len(row), points))) if points else ()


def _means(row: _Row, points: int) -> tuple[float, ...]:
    if not points:
        return ()
    starts = _starts(len(row), points)
    return _rounded(numpy.add.reduceat(row, starts) / numpy.diff(starts, append=len(row)))


def _rounded(row: _Row) -> tuple[float, ...]:
    return tuple(round(max(LOWEST_DB, float(value)), 1) for value in row)


def _minutes(momentary: _Row, shift_s: float) -> tuple[float, ...]:
    shift = round(shift_s * 10)
    starts = range(-shift, len(momentary), _MINUTE)
    return tuple(
        round(max(LOWEST_DB, meter.integrated(momentary[max(0, start) : max(0, start + _MINUTE)])), 1)
        for start in starts
    )
