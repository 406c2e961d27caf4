"""What is asked of the moments at which episodes come out, seen from now."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.checks.rule import EVERYONE, Demand
from pipeline.errors import Problem
from pipeline.model import Catalog, Status

_FAR = timedelta(days=366)
FAR_AHEAD = Demand(
    id="episode-date-ahead",
    asks="A scheduled episode comes out within a year.",
    source="omroep",
    platforms=EVERYONE,
    why="Nobody can hear it before that.",
    remedy="Correct the year in `date`, unless it is meant.",
)
RULES = (FAR_AHEAD,)


def findings(catalog: Catalog, now: datetime) -> Iterator[Problem]:
    """Live episodes that are scheduled for more than a year after `now`."""
    zone = ZoneInfo(catalog.show.timezone)
    for episode in catalog.episodes:
        if episode.status is Status.LIVE and episode.published > now + _FAR:
            file, line = catalog.origins[episode.slug].place("date")
            day = f"{episode.published.astimezone(zone):%Y-%m-%d}"
            yield FAR_AHEAD.problem(f"“{episode.title}” waits until {day}.", file=file, line=line)
