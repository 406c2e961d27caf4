"""When the next episode of a show is to be expected."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from statistics import median_low
from zoneinfo import ZoneInfo

_WEEK = 7
_LOOKED_AT = 6


def following(published: Sequence[datetime], now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment after the last of `published`, in the show's rhythm and after `now`; None where there is none yet.

    Moments are aware. The rhythm is the usual number of days between the last episodes, a week where
    there are too few to show one.
    Returns local time in `zone`, without it.
    """
    local = sorted(moment.astimezone(zone).replace(tzinfo=None) for moment in published)[-_LOOKED_AT:]
    if not local:
        return None
    gaps = [(after.date() - before.date()).days for before, after in pairwise(local)]
    step = timedelta(days=max(1, median_low(gaps)) if len(gaps) > 1 else _WEEK)
    here = now.astimezone(zone).replace(tzinfo=None)
    missed = max(0, (here - local[-1]) // step)
    return local[-1] + step * (missed + 1)


def on(day: date, published: Sequence[datetime], zone: ZoneInfo) -> datetime:
    """That day, at the hour at which the last episode came out; midnight where there is none."""
    hour = max(published).astimezone(zone).time() if published else time()
    return datetime.combine(day, hour.replace(tzinfo=None))


def written(moment: datetime, zone: ZoneInfo) -> str:
    """A local moment as a producer would write it; noon of that day where the clock skips or repeats its hour."""
    first, second = (moment.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    if first != second:
        return f"{moment:%Y-%m-%d} 12:00"
    return f"{moment:%Y-%m-%d}" if moment.time() == time() else f"{moment:%Y-%m-%d %H:%M}"
