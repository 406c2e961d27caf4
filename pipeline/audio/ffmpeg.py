"""Running ffmpeg: finding one that is fit, opening only what it was given, and ending it for certain."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pipeline.errors import AudioError, Problem

OLDEST = 6
"""Major version from which the filters used here behave as measured."""
DEMUXERS = "wav,w64,flac,mp3,mov,ogg,aac,aiff,caf"
"""Containers that may be opened: none of them can name another file to read."""
_MAGIC = (
    ("wav", re.compile(rb"(RIFF|RIFX|RF64|BW64)....WAVE", re.DOTALL)),
    ("w64", re.compile(rb"riff\x2e\x91\xcf\x11")),
    ("flac", re.compile(rb"fLaC")),
    ("ogg", re.compile(rb"OggS")),
    ("aiff", re.compile(rb"FORM....AIF[FC]", re.DOTALL)),
    ("caf", re.compile(rb"caff")),
    ("mov", re.compile(rb"....ftyp", re.DOTALL)),
    ("aac", re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")),
    ("mp3", re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]")),
)
"""Demuxer and how its files begin."""
LAME = frozenset({"libmp3lame"})
"""What every ffmpeg must have that is used here."""
_ENCODERS = {"libmp3lame": "LAME", "libopus": "Opus"}
"""What an encoder is called, by its library."""
QUIET = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "info")
CORES = os.cpu_count() or 1
_LOG_TAIL = 1 << 18
_free_cores = threading.BoundedSemaphore(CORES)
_alive: "set[subprocess.Popen[bytes]]" = set()
_closed = threading.Event()

OnTime = Callable[[float], None]
"""Called with the seconds of audio done so far."""
OnBlock = Callable[[bytes], None]
"""Called with the next bytes of raw samples; only the last call may have fewer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ffmpeg:
    """One ffmpeg binary."""

    path: str
    version: str
    libraries: frozenset[str] = frozenset()
    """What it was built with, beside its own codecs."""


class FfmpegError(Exception):
    """ffmpeg ended with an error or was ended for taking too long; the text is its last words."""


def find(environ: Mapping[str, str], libraries: frozenset[str] = LAME) -> Ffmpeg:
    """The ffmpeg to use: `OMROEP_FFMPEG`, else a system one that is new enough, else the one bundled as a wheel.

    It was built with `libraries`, the encoders that are needed; AudioError where none was.
    """
    if named := environ.get("OMROEP_FFMPEG"):
        found = _fit(named, libraries)
        if not found:
            needed = " and ".join(sorted(_ENCODERS.get(library, library) for library in libraries))
            what = f"OMROEP_FFMPEG names `{named}`, which is not an ffmpeg of version {OLDEST} or newer with {needed}."
            raise AudioError(Problem(what=what, mend="Correct it, or unset it to use the bundled one."))
        return found
    system = shutil.which("ffmpeg", path=environ.get("PATH", ""))
    return (system and _fit(system, libraries)) or _bundled(libraries)


def _bundled(libraries: frozenset[str]) -> Ffmpeg:
    import imageio_ffmpeg  # costs 30 ms, and only rendering needs it

    found = _fit(imageio_ffmpeg.get_ffmpeg_exe(), libraries)
    if not found:
        mend = f"Install ffmpeg {OLDEST} or newer, or name one with OMROEP_FFMPEG."
        raise AudioError(Problem(what="The bundled ffmpeg does not run on this machine.", mend=mend))
    return found


def _fit(path: str, libraries: frozenset[str]) -> Ffmpeg | None:
    try:
        told = subprocess.run(
            [path, "-hide_banner", "-nostdin", "-version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.match(r"ffmpeg version n?(\d+)(\S*)", told)
    built_with = frozenset(re.findall(r"--enable-(\S+)", told))
    if not version or int(version[1]) < OLDEST or not libraries <= built_with:
        return None
    return Ffmpeg(path=path, version=version[1] + version[2], libraries=built_with)


def source(path: Path, *options: str) -> list[str]:
    """Arguments that open the file `path`, and nothing else, as audio in a whitelisted container.

    The container is the one that its first bytes name. Left to guess, ffmpeg takes some sounds for other formats.
    """
    named = container(path)
    format = ["-f", named] if named else []
    only = ["-protocol_whitelist", "file", "-format_whitelist", DEMUXERS]
    return [*options, *only, *format, "-i", f"file:{path.absolute()}"]


def container(path: Path) -> str | None:
    """The demuxer that a file's first bytes ask for, behind any ID3v2 tag; None where they are unclear."""
    with path.open("rb") as file:
        skip_id3(file)
        head = file.read(16)
    return next((name for name, magic in _MAGIC if magic.match(head)), None)


def skip_id3(file: IO[bytes]) -> None:
    """Go behind the ID3v2 tag at the start of a file, or stay at its start (ID3v2.3, 3.1: four times seven bits)."""
    head = file.read(10)
    size = sum(byte << 7 * place for place, byte in enumerate(reversed(head[6:10])))
    file.seek(10 + size if head[:3] == b"ID3" else 0)


def run(
    ffmpeg: Ffmpeg,
    arguments: Sequence[str],
    *,
    timeout_s: float,
    on_time: OnTime | None = None,
    folder: Path | None = None,
) -> str:
    """Run to the end and return what it logged (the last 256 kB); FfmpegError when it fails or takes too long.

    Files that a filter writes by a bare name are made in `folder`.
    """
    with tempfile.TemporaryFile() as log:
        with _running(ffmpeg, ["-progress", "pipe:1", *arguments], log, timeout_s, folder) as process:
            for seconds in _times(process):
                if on_time:
                    on_time(seconds)
        return _ended(process, log)


def stream(
    ffmpeg: Ffmpeg,
    arguments: Sequence[str],
    *,
    block: int,
    on_block: OnBlock,
    timeout_s: float,
    folder: Path | None = None,
) -> str:
    """As `run`, for a command that writes samples to its standard output: `on_block` gets `block` bytes at a time."""
    with tempfile.TemporaryFile() as log:
        with _running(ffmpeg, arguments, log, timeout_s, folder) as process:
            while body := _output(process).read(block):
                on_block(body)
        return _ended(process, log)


def pcm(ffmpeg: Ffmpeg, arguments: Sequence[str], *, most: int, timeout_s: float) -> bytes:
    """Run and return its standard output; FfmpegError as in `run`, and when it is more than `most` bytes."""
    with tempfile.TemporaryFile() as log:
        with _running(ffmpeg, arguments, log, timeout_s) as process:
            body = _output(process).read(most)
            _output(process).close()  # or it would wait for ever to be read on
        _ended(process, log)
        return body


def pieces(ffmpeg: Ffmpeg, arguments: Sequence[str], *, size: int, timeout_s: float) -> Iterator[bytes]:
    """Run and yield its standard output in pieces of `size` bytes, the last one shorter; FfmpegError as in `run`."""
    with tempfile.TemporaryFile() as log:
        with _running(ffmpeg, arguments, log, timeout_s) as process:
            while piece := _output(process).read(size):
                yield piece
        _ended(process, log)


@contextmanager
def _running(
    ffmpeg: Ffmpeg, arguments: Sequence[str], log: IO[bytes], timeout_s: float, folder: Path | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    with _free_cores:  # one ffmpeg keeps one core busy: more of them at once would only be slower
        yield from _started(ffmpeg, arguments, log, timeout_s, folder)


def _started(
    ffmpeg: Ffmpeg, arguments: Sequence[str], log: IO[bytes], timeout_s: float, folder: Path | None
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [ffmpeg.path, *QUIET, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        cwd=folder,
        start_new_session=True,  # so that whatever it starts ends with it
        env={"PATH": os.defpath, "LC_ALL": "C"},  # no secret of ours is in reach of a decoder
    )
    _alive.add(process)
    if _closed.is_set():
        _end(process)
    timer = threading.Timer(timeout_s, _end, [process])
    timer.start()
    try:
        yield process
        process.wait()
    finally:
        timer.cancel()
        _end(process)
        _alive.discard(process)
        _output(process).close()


def end_all() -> None:
    """End every ffmpeg, in whatever thread, and let no other begin: each `run` fails, as it does after its time."""
    _closed.set()
    for process in tuple(_alive):
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _output(process: "subprocess.Popen[bytes]") -> IO[bytes]:
    return cast(IO[bytes], process.stdout)  # it was opened with a pipe


def _times(process: "subprocess.Popen[bytes]") -> Iterator[float]:
    for line in _output(process):
        name, _, value = line.decode("ascii", "replace").strip().partition("=")
        if name == "out_time_us" and value.isdigit():
            yield int(value) / 1e6


def _ended(process: "subprocess.Popen[bytes]", log: IO[bytes]) -> str:
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - _LOG_TAIL))
    text = log.read().decode("utf-8", "replace")
    if process.returncode == 0:
        return text
    if process.returncode < 0:
        raise FfmpegError("it took too long or was ended from outside")
    words = [line.strip() for line in text.splitlines() if line.strip()]
    raise FfmpegError(re.sub(r"^\[[^\]]*\] ", "", words[-1]) if words else "it said nothing")
