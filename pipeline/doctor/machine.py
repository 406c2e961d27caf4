"""Questions to this machine: can it master and publish this show?"""

import codecs
import platform
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.audio import ffmpeg
from pipeline.audio.ffmpeg import FfmpegError
from pipeline.doctor import Outcome, Probe, broken, ok, weak
from pipeline.doctor.folder import room

ENCODERS = {"libmp3lame": "MP3 (LAME)", "aac": "AAC", "libopus": "Opus"}
"""What a show may ask for, by ffmpeg's names."""
FILTERS = frozenset(
    [
        *("aeval", "aformat", "afade", "alimiter", "ametadata", "amultiply", "anull", "aresample", "asetpts"),
        *("ashowinfo", "atrim", "concat", "ebur128", "highpass", "pan", "volume"),
    ]
)
"""What mastering asks of ffmpeg."""
_LISTED = re.compile(r"^ ?[A-Z.|]{2,6} +(\S+) ", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What is examined."""

    root: Path
    cache: Path
    environ: Mapping[str, str]
    encoding: str
    """Of what is printed."""
    timezone: str
    pointers: int = 0
    """Recordings of which only a pointer is here."""


def _python(machine: Machine) -> Outcome:
    return ok(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}.")


def _ffmpeg(machine: Machine) -> Outcome:
    found = ffmpeg.find(machine.environ)
    return ok(f"ffmpeg {found.version}: {found.path}.")


def _encoders(machine: Machine) -> Outcome:
    there = known(machine, "-encoders")
    lacking = [name for word, name in ENCODERS.items() if word not in there]
    return weak(f"ffmpeg cannot make {' and '.join(lacking)}.") if lacking else ok("MP3, AAC and Opus can be made.")


def _filters(machine: Machine) -> Outcome:
    lacking = sorted(FILTERS - known(machine, "-filters"))
    if lacking:
        return broken(f"ffmpeg lacks {', '.join(lacking)}.")
    return ok("ffmpeg has every filter that mastering uses.")


def known(machine: Machine, what: str) -> frozenset[str]:
    """The names that ffmpeg lists when it is asked for `-encoders` or `-filters`."""
    try:
        told = ffmpeg.pcm(ffmpeg.find(machine.environ), [what], most=1 << 20, timeout_s=20)
    except FfmpegError:
        return frozenset()
    return frozenset(_LISTED.findall(told.decode("utf-8", "replace")))


def _room(machine: Machine) -> Outcome:
    return room(machine.cache, Path(tempfile.gettempdir()))


def _terminal(machine: Machine) -> Outcome:
    try:
        "één – “ö”".encode(codecs.lookup(machine.encoding).name)
    except (LookupError, UnicodeEncodeError):
        return weak(f"The terminal's encoding is {machine.encoding}: names with accents are shown as codes.")
    return ok(f"The terminal shows every letter ({machine.encoding}).")


def _zones(machine: Machine) -> Outcome:
    try:
        ZoneInfo(machine.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return broken(f"Nothing is known of the time zone {machine.timezone}.")
    return ok(f"The time zone {machine.timezone} is known.")


def _pointers(machine: Machine) -> Outcome:
    if machine.pointers:
        return ok(f"Of {machine.pointers} recordings only pointers are here; published ones need be no more than that.")
    return ok("Every recording is here.")


def _cores(machine: Machine) -> Outcome:
    return ok(f"{ffmpeg.CORES} cores." if ffmpeg.CORES > 1 else "1 core: mastering takes as long as it takes.")


PROBES: tuple[Probe[Machine], ...] = (
    Probe(id="python", question="Which Python is this?", means="", mend="", ask=_python),
    Probe(
        id="ffmpeg",
        question="Is there an ffmpeg that is fit?",
        means="No new episode can be mastered; published ones stay.",
        mend="Unset OMROEP_FFMPEG to use the bundled one, or name a newer one with it.",
        ask=_ffmpeg,
    ),
    Probe(
        id="encoders",
        question="Can it make every format?",
        means="Shows that ask for that format cannot be published from here.",
        mend="Name an ffmpeg that can with OMROEP_FFMPEG, or unset it to use the bundled one.",
        ask=_encoders,
    ),
    Probe(
        id="filters",
        question="Has it every filter that mastering uses?",
        means="No new episode can be mastered; published ones stay.",
        mend="Name a complete ffmpeg with OMROEP_FFMPEG, or unset it to use the bundled one.",
        ask=_filters,
    ),
    Probe(
        id="room",
        question="Is there room to work in?",
        means="Mastering stops when the disk is full; nothing half is published.",
        mend="Make room, or name another disk with OMROEP_CACHE and TMPDIR.",
        ask=_room,
    ),
    Probe(
        id="terminal",
        question="Can the terminal show every letter?",
        means="Only what is printed suffers; what is published does not.",
        mend="Set LC_ALL=C.UTF-8, or PYTHONIOENCODING=utf-8.",
        ask=_terminal,
    ),
    Probe(
        id="zones",
        question="Is the show's time zone known?",
        means="Dates without a time cannot be placed.",
        mend="Install tzdata, or correct `timezone` in show.yaml.",
        ask=_zones,
    ),
    Probe(id="pointers", question="Are the recordings here?", means="", mend="", ask=_pointers),
    Probe(id="cores", question="How many episodes are mastered at a time?", means="", mend="", ask=_cores),
)
"""In the order in which they are asked."""
