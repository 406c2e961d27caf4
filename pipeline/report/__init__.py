"""A report for producers on how their show sounds, before and after mastering; nothing is mastered for it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from pathlib import Path

from pipeline import rendering
from pipeline.audio import account, clip, deliver, ffmpeg, recipe
from pipeline.audio.account import Account, Subject
from pipeline.audio.deliver import Studio
from pipeline.audio.ffmpeg import OnTime
from pipeline.audio.findings import RULES
from pipeline.audio.master import Master
from pipeline.errors import OmroepError
from pipeline.history import Published
from pipeline.model import Catalog, Finding, Key, Mastering, Media, Show
from pipeline.report.sheet import Moment, Report, Sheet, Side
from pipeline.standing import Standing, State, standings

OnStep = Callable[[str, str, float], None]
"""Called with an episode's title, what is being listened to, and how far that is (0 to 1); from several threads."""

_HEARD = (State.WAITING, State.LIVE, State.CHANGED)
_POINTER = "The recording is not here, only a pointer to it."
_NOT_MADE = "It was not mastered yet: `omroep plan` does that, and publishes nothing."


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where is listened: everything of the outside world that a report may look at."""

    studio: Studio
    now: datetime
    place: str
    """What the destination is called."""
    find: Callable[[Key], Path | None]
    """Where on this machine the destination keeps what is under a key, if it does."""


def gather(desk: Desk, catalog: Catalog, published: Published, on_step: OnStep) -> Report:
    """Listen to the recording of every live episode and to what listeners get of it; what was heard is remembered.

    What cannot be read is a problem of its sheet, and stops no other.
    """
    rows = [row for row in standings(catalog, published, desk.now) if row.state in _HEARD]
    with ThreadPoolExecutor(max_workers=ffmpeg.CORES) as pool:
        waiting = [pool.submit(_sheet, desk, catalog.show, row, on_step) for row in rows]
        try:
            wait(waiting)
        except BaseException:  # Ctrl-C: what is running would otherwise be waited for to its end
            pool.shutdown(wait=False, cancel_futures=True)
            ffmpeg.end_all()
            raise
    return Report(show=catalog.show, sheets=tuple(future.result() for future in waiting))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Made:
    """What listeners get of an episode, or will get: its facts, and its file."""

    master: Master
    file: Subject
    missing: str = ""
    """What is said where the file is not here."""
    outdated: bool = False


def _sheet(desk: Desk, show: Show, row: Standing, on_step: OnStep) -> Sheet:
    """Everything that there is to tell of one episode."""
    episode, made = row.episode, _made(desk, show, row)
    master = made.master if made else None

    def listen(file: Subject, what: str, missing: str) -> Side:
        def on_time(seconds: float) -> None:
            on_step(episode.title, what, min(1.0, seconds / master.duration_s) if master else 0.0)

        return _side(desk.studio, file, show.mastering, missing, on_time)

    recording = Subject(
        find=partial(deliver.recorded, desk.studio, episode.audio),
        name=episode.audio.path,
        sha256=episode.audio.sha256,
        shift_s=master.shift_s if master else 0.0,
    )
    before = listen(recording, "listening to the recording", _POINTER)
    after = listen(made.file, "listening to what listeners get", made.missing) if made else Side(missing=_NOT_MADE)
    found = before.account.findings if before.account else master.findings if master else ()
    return Sheet(
        episode=episode,
        state=row.state,
        made=master,
        outdated=made.outdated if made else False,
        before=before,
        after=after,
        moments=tuple(
            _moment(desk.studio, number, finding, made, (recording, before.account), after.account)
            for number, finding in enumerate(found, 1)
        ),
    )


def _made(desk: Desk, show: Show, row: Standing) -> _Made | None:
    """As published where a publish would leave it so, else as it was mastered since; None where it was not."""
    episode, media = row.episode, row.media
    if media and rendering.current(media, episode):
        return _Made(
            master=Master(**{field.name: getattr(media, field.name) for field in fields(Master)}),
            file=Subject(find=partial(_delivered, desk, media), name=media.key, sha256=media.sha256),
            missing=f"The delivered file is not on this machine, only at {desk.place}: what is told of it was measured "
            "when it was mastered.",
            outdated=media.recipe != recipe.identity(show.mastering),
        )
    known = deliver.mastered(desk.studio, episode, show.mastering)
    if known is None:
        return None
    master, sha256, path = known
    return _Made(
        master=master, file=Subject(find=lambda: path, name=f"what was made of {episode.audio.path}", sha256=sha256)
    )


def _delivered(desk: Desk, media: Media) -> Path | None:
    """The published file: remembered here, or where it is published, if that is here and it is not damaged."""
    known = deliver.delivered(desk.studio, media.sha256)
    if known:
        return known
    path = desk.find(media.key)
    return path if path and path.stat().st_size == media.size else None


def _side(studio: Studio, file: Subject, mastering: Mastering, missing: str, on_time: OnTime) -> Side:
    try:
        heard = account.of(studio, file, mastering, on_time)
    except OmroepError as error:
        told = " ".join(f"{problem.what} {problem.mend}" for problem in error.problems)
        return Side(missing=told, problems=tuple(error.problems))
    return Side(account=heard, missing="" if heard else missing)


def _moment(
    studio: Studio,
    number: int,
    finding: Finding,
    made: _Made | None,
    recording: tuple[Subject, Account | None],
    delivered: Account | None,
) -> Moment:
    source, before = recording
    at = finding.at_s
    heard = None if at is None or made is None else _within(at + made.master.shift_s, made.master.duration_s)
    rule = next((rule for rule in RULES if rule.id == finding.rule), None)
    return Moment(
        number=number,
        finding=finding,
        does=rule.does if rule else "",
        mend=rule.mend if rule and not finding.mended else "",
        heard_s=heard,
        before=clip.of(studio, source, at, channels=before.format.channels) if before and at is not None else None,
        after=clip.of(studio, made.file, heard, channels=made.master.channels)
        if made and delivered and heard is not None
        else None,
    )


def _within(at_s: float, duration_s: float) -> float | None:
    return round(at_s, 1) if 0 <= at_s < duration_s else None
