"""Curves as pictures: from an account to the lines, marks and labels of a chart that stretches to any width."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.audio.account import LOWEST_DB, Account
from pipeline.audio.measure import Levels
from pipeline.text import clock

WIDTH, HEIGHT = 2000, 500
"""Units of the drawing; the page stretches it, and puts all words beside it, so that they stay legible."""
_TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_MOST_TICKS = 6
_FLAG_PART = 0.09
"""Part of the width that a flag takes on a narrow screen: those closer to each other stand above each other."""
_PEAK_LOW_DB, _PEAK_HIGH_DB = -40.0, 3.0
_PEAK_POINTS = 240


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A curve, or an area under it."""

    style: str
    """Class that the page's style knows."""
    path: str
    """SVG path data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """Words at a part (0 to 100) of the width or the height."""

    at: float
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Flag:
    """The mark of a finding."""

    number: int
    at: float
    lane: int
    """0 is the lowest; flags that would overlap stand in different ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """A shaded stretch: of time, or of level."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """Everything that is drawn."""

    lines: tuple[Line, ...]
    times: tuple[Label, ...]
    levels: tuple[Label, ...]
    aims: tuple[Label, ...] = ()
    """Levels that are asked for."""
    bands: tuple[Band, ...] = ()
    silences: tuple[Band, ...] = ()
    flags: tuple[Flag, ...] = ()
    lanes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """A file to be drawn."""

    account: Account
    side: str
    """`before` or `after`."""
    shift_s: float = 0.0
    """From its time to the chart's."""

    @property
    def end_s(self) -> float:
        """In the chart's time."""
        return self.account.levels.duration_s + self.shift_s


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scale:
    start_s: float
    end_s: float
    low: float
    high: float

    def part(self, time_s: float) -> float:
        return 100 * min(1.0, max(0.0, (time_s - self.start_s) / (self.end_s - self.start_s)))

    def depth(self, level: float) -> float:
        return 100 * min(1.0, max(0.0, (self.high - level) / (self.high - self.low)))

    def x(self, time_s: float) -> int:
        return round(self.part(time_s) / 100 * WIDTH)

    def y(self, level: float) -> int:
        return round(self.depth(level) / 100 * HEIGHT)

    @property
    def times(self) -> tuple[Label, ...]:
        step = next((step for step in _TICKS_S if (self.end_s - self.start_s) / step <= _MOST_TICKS), _TICKS_S[-1])
        ticks = range(0, int(self.end_s) + 1, step)
        return tuple(Label(at=round(self.part(tick), 2), words=clock(tick)) for tick in ticks)

    def levels(self, step: int) -> tuple[Label, ...]:
        ticks = range(step * math.floor(min(self.high, 0.0) / step), math.ceil(self.low) - 1, -step)
        return tuple(Label(at=round(self.depth(tick), 2), words=_signed(tick)) for tick in ticks)


def loudness(
    tracks: Sequence[Track], *, aim_lufs: float, within_lu: float, spots: Iterable[tuple[int, float]]
) -> Chart:
    """Momentary and short-term loudness of `tracks`; `spots` are numbers of findings and their times in the chart."""
    loudest = max((max(track.account.curves.momentary, default=LOWEST_DB) for track in tracks), default=aim_lufs)
    softest = min((_softest(track.account.levels) for track in tracks), default=aim_lufs)
    low = max(LOWEST_DB, 10 * (min(aim_lufs - 24, softest) // 10))
    scale = _scale(tracks, low=low, high=min(6.0, max(loudest, aim_lufs + 6) + 2))
    flags = _flags(scale, spots)
    top, bottom = scale.y(aim_lufs + within_lu), scale.y(aim_lufs - within_lu)
    return Chart(
        lines=tuple(
            Line(style=f"{style} {track.side}", path=_path(scale, track, getattr(track.account.curves, style)))
            for style in ("momentary", "short_term")
            for track in tracks
        ),
        times=scale.times,
        levels=scale.levels(10),
        aims=(Label(at=round(scale.depth(aim_lufs), 2), words=_signed(aim_lufs)),),
        bands=(Band(x=0, y=top, width=WIDTH, height=bottom - top),),
        silences=_silences(scale, tracks[-1:]),
        flags=flags,
        lanes=1 + max((flag.lane for flag in flags), default=-1),
    )


def peaks(tracks: Sequence[Track], *, ceiling_db: float) -> Chart:
    """The highest samples of `tracks` over time."""
    scale = _scale(tracks, low=_PEAK_LOW_DB, high=_PEAK_HIGH_DB)
    return Chart(
        lines=tuple(
            Line(
                style=f"peak {track.side}",
                path=_path(scale, track, _highest(track.account.curves.peak_dbfs), filled=track.side == "before"),
            )
            for track in tracks
        ),
        times=scale.times,
        levels=scale.levels(10),
        aims=(Label(at=round(scale.depth(ceiling_db), 2), words=_signed(ceiling_db)),),
    )


def spark(account: Account, *, aim_lufs: float) -> Chart:
    """Its loudness in miniature, within 12 LU of what is asked for."""
    track = Track(account=account, side="after")
    scale = _scale([track], low=aim_lufs - 14, high=aim_lufs + 8)
    few = account.curves.short_term
    return Chart(
        lines=(Line(style="short_term after", path=_path(scale, track, few, every=max(1, len(few) // 150))),),
        times=(),
        levels=(),
        aims=(Label(at=round(scale.depth(aim_lufs), 2), words=""),),
    )


def _softest(levels: Levels) -> float:
    """About where its softest voices lie."""
    return max(LOWEST_DB, levels.loudness_lufs) - levels.range_lu - 6


def _scale(tracks: Sequence[Track], *, low: float, high: float) -> _Scale:
    start = min((0.0, *(track.shift_s for track in tracks)))
    end = max((track.end_s for track in tracks), default=1.0)
    return _Scale(start_s=start, end_s=max(end, start + 0.1), low=low, high=high)


def _path(scale: _Scale, track: Track, levels: Sequence[float], *, filled: bool = False, every: int = 1) -> str:
    """Straight lines through the middle of every step; the first and the last reach to the ends of the file."""
    if not levels:
        return ""
    step = track.account.levels.duration_s / len(levels)
    thinned = list(enumerate(levels))[::every]
    times = [0.0, *((place + 0.5) * step for place, _ in thinned), track.account.levels.duration_s]
    heights = [thinned[0][1], *(level for _, level in thinned), thinned[-1][1]]
    points = [f"{scale.x(time + track.shift_s)} {scale.y(height)}" for time, height in zip(times, heights, strict=True)]
    line = "M" + " ".join(points)
    ends = f" {scale.x(times[-1] + track.shift_s)} {HEIGHT} {scale.x(track.shift_s)} {HEIGHT}Z"
    return line + ends if filled else line


def _highest(peaks: Sequence[float]) -> tuple[float, ...]:
    """The same in at most `_PEAK_POINTS` steps: finer than that, a line becomes an area."""
    points = min(_PEAK_POINTS, len(peaks))
    edges = [place * len(peaks) // points for place in range(points + 1)] if points else []
    return tuple(max(peaks[start:end]) for start, end in pairwise(edges))


def _silences(scale: _Scale, tracks: Sequence[Track]) -> tuple[Band, ...]:
    spans = [
        (scale.x(start + track.shift_s), scale.x(end + track.shift_s))
        for track in tracks
        for start, end in track.account.silences
    ]
    return tuple(Band(x=left, y=0, width=max(1, right - left), height=HEIGHT) for left, right in spans)


def _flags(scale: _Scale, spots: Iterable[tuple[int, float]]) -> tuple[Flag, ...]:
    placed: list[Flag] = []
    last: dict[int, float] = {}
    for number, time in sorted(spots, key=lambda spot: spot[1]):
        at = round(scale.part(time), 2)
        lane = next(lane for lane in range(len(last) + 1) if at - last.get(lane, -100.0) >= 100 * _FLAG_PART)
        last[lane] = at
        placed.append(Flag(number=number, at=at, lane=lane))
    return tuple(placed)


def _signed(level: float) -> str:
    return f"{level:g}".replace("-", "−")
