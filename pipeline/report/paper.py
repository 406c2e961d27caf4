"""A report as pages of HTML that hold all they show, for who is sent one by mail."""

import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline import digest
from pipeline.audio.account import LOWEST_DB
from pipeline.model import Cache, Episode, Key, Kind, Object
from pipeline.report.chart import HEIGHT, WIDTH, Chart, Track, loudness, peaks, spark
from pipeline.report.sheet import ALIKE_LU, Report, Sheet
from pipeline.text import clock, xml_safe

INDEX = Key("index.html")
_TYPE = "text/html; charset=utf-8"
_TEMPLATES = Path(__file__).parent / "templates"


def key(episode: Episode) -> Key:
    """Where the page of an episode lies."""
    return Key(f"episodes/{episode.slug}.html")


def compose(report: Report) -> tuple[Object, ...]:
    """A page for each episode, then the one for the show, which links to them."""
    environment = _environment()
    episode = environment.get_template("episode.html")
    show = environment.get_template("show.html")
    pages = {key(sheet.episode): episode.render(**_episode(report, sheet)) for sheet in report.sheets}
    pages[INDEX] = show.render(**_show(report))
    return tuple(_page(at, text) for at, text in pages.items())


def verdict(report: Report) -> str:
    """Whether all episodes are equally loud, in a sentence."""
    measured, middle = len(report.measured), level(report.middle_lufs, "LUFS")
    if measured < 2:
        return f"One episode was mastered, at {middle}." if measured else "No episode was mastered yet."
    apart = f"{level(report.apart_lu, 'LU')} from the softest to the loudest"
    if not report.outside:
        return f"All {measured} episodes are equally loud: within ±{ALIKE_LU} LU of {middle}, {apart}."
    far = ", ".join(f"“{sheet.episode.title}” {change(off, 'LU')}" for sheet, off in report.outside)
    return f"Not all {measured} episodes are equally loud: {apart}; more than {ALIKE_LU} LU from {middle}: {far}."


def _page(at: Key, text: str) -> Object:
    body = text.encode()
    return Object(
        key=at, kind=Kind.PAGE, type=_TYPE, cache=Cache.NONE, sha256=digest.of_bytes(body), size=len(body), body=body
    )


def _episode(report: Report, sheet: Sheet) -> dict[str, object]:
    mastering, tracks = report.show.mastering, _tracks(sheet)
    spots = [
        (moment.number, moment.finding.at_s + sheet.shift_s)
        for moment in sheet.moments
        if moment.finding.at_s is not None
    ]
    return {
        "report": report,
        "sheet": sheet,
        "tracks": tracks,
        "loudness": loudness(tracks, aim_lufs=mastering.loudness_lufs, within_lu=ALIKE_LU, spots=spots),
        "peaks": peaks(tracks, ceiling_db=mastering.peak_dbtp),
        "minutes": minutes(sheet),
    }


def _show(report: Report) -> dict[str, object]:
    def sparkline(sheet: Sheet) -> Chart | None:
        account = sheet.after.account
        return spark(account, aim_lufs=report.show.mastering.loudness_lufs) if account else None

    return {
        "report": report,
        "verdict": verdict(report),
        "rows": [(sheet, key(sheet.episode), sparkline(sheet)) for sheet in report.sheets],
    }


def _tracks(sheet: Sheet) -> list[Track]:
    """What there is to draw; what listeners get comes last, and so on top."""
    before, after = sheet.before.account, sheet.after.account
    return [
        *([Track(account=before, side="before", shift_s=sheet.shift_s)] if before else []),
        *([Track(account=after, side="after")] if after else []),
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Minute:
    """One minute of what listeners get."""

    start_s: float
    before_lufs: float | None
    after_lufs: float | None


def minutes(sheet: Sheet) -> tuple[Minute, ...]:
    """Every minute's loudness, before and after."""
    before, after = (side.account.minutes if side.account else () for side in (sheet.before, sheet.after))
    both = zip_longest(before, after)
    return tuple(Minute(start_s=60.0 * place, before_lufs=was, after_lufs=now) for place, (was, now) in enumerate(both))


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: xml_safe(value) if type(value) is str else value,  # not what is markup already
    )
    made.filters |= {"clock": clock, "level": level, "change": change, "codec": codec, "marked": marked}
    made.globals |= {"WIDTH": WIDTH, "HEIGHT": HEIGHT, "ALIKE_LU": ALIKE_LU}
    return made


def level(value: float | None, unit: str = "", digits: int = 1, *, signed: bool = False) -> str:
    """A level as people read it: a real minus sign, one decimal; a dash where it is unknown.

    `signed`: with a plus where it lies above full scale.
    """
    if value is None:
        return "–"
    if value <= LOWEST_DB:
        return "silence"
    return _number(value, f"{'+' if signed else ''}.{digits}f") + (f" {unit}" if unit else "")


def change(value: float | None, unit: str = "") -> str:
    """A difference, with its sign."""
    if value is None:
        return "–"
    return _number(value, "+.1f") + (f" {unit}" if unit else "")


def marked(text: str) -> Markup:
    """A sentence with real minus signs, and with what stands between backticks as code."""
    signed = re.sub(r"(?<![\w`.-])-(?=\d)", "−", text)
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(xml_safe(signed)))))  # noqa: S704 -- escaped first


def codec(name: str) -> str:
    """A codec as producers know it, where ffmpeg has a word of its own: `pcm_s16le` is PCM of 16 bits."""
    raw = re.fullmatch(r"pcm_([suf])(\d+)\w*", name)
    return f"PCM, {raw[2]} bits{' floating' if raw[1] == 'f' else ''}" if raw else name


def _number(value: float, form: str) -> str:
    text = f"{value:{form}}"
    return (text.lstrip("+-") if float(text) == 0 else text).replace("-", "−")
