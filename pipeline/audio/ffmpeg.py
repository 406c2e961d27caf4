"""Running ffmpeg: finding one that is fit, opening only what it was given, and ending it for certain."""

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pipeline.errors import AudioError, Problem

OLDEST = 6
"""Major version from which the filters used here behave as measured."""
DEMUXERS = "wav,w64,flac,mp3,mov,ogg,aac,aiff,caf,matroska,asf,amr"
"""Containers that may be opened: what recorders, phones, browsers and editors write.

None of them can make ffmpeg read another file: it follows QuickTime's data references only when it is told to, and the
links of Matroska and ASF not at all. Playlists, image sequences and everything that is found by guessing stay out.
"""
_MAGIC = (
    ("wav", re.compile(rb"(RIFF|RIFX|RF64|BW64)....WAVE", re.DOTALL)),
    ("w64", re.compile(rb"riff\x2e\x91\xcf\x11")),
    ("flac", re.compile(rb"fLaC")),
    ("ogg", re.compile(rb"OggS")),
    ("aiff", re.compile(rb"FORM....AIF[FC]", re.DOTALL)),
    ("caf", re.compile(rb"caff")),
    ("mov", re.compile(rb"....(ftyp|moov|mdat|wide|free|skip|pnot)", re.DOTALL)),
    ("matroska", re.compile(rb"\x1a\x45\xdf\xa3")),
    ("asf", re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11")),
    ("amr", re.compile(rb"#!AMR")),
    ("aac", re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")),
    ("mp3", re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]")),
)
"""Demuxer and how its files begin."""
LAME = frozenset({"libmp3lame"})
"""What every ffmpeg must have that is used here."""
_ENCODERS = {"libmp3lame": "LAME", "libopus": "Opus"}
"""What an encoder is called, by its library."""
QUIET = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "info", "-max_alloc", str(1 << 28))
"""Nothing is asked, little is said, and no table or picture that a file claims to hold gets more than 256 MB."""
COUNTING = ("-loglevel", "verbose")
"""With these it says how many samples came out (see `counted`)."""
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
"""Those that this process may use: a container or `taskset` may leave it fewer than the machine has."""
_LOG_TAIL = 1 << 18
_WORTHLESS = re.compile(
    rb"^\[[^\]\n]*\] (?:Reconfiguring filter graph because audio parameters changed to [^\n]*|Error during demuxing)",
    re.MULTILINE,
)
"""What ffmpeg says in passing, and then ends well: it went on with other numbers, or without the rest."""
_TAGS = re.compile(rb"^ {4}[^\n]{16,}?: [^\n]*\n", re.MULTILINE)
"""Lines in which ffmpeg prints tags: a key filled up to 16 characters, and nothing where a value goes on."""
_LAST_WORDS_S = 10
_IN_PLAIN_WORDS = (
    (re.compile(r"audio parameters changed to ([^\n]*?)(?:, \w+)?$", re.MULTILINE), r"halfway it changes to \1"),
    (re.compile(r"Error during demuxing"), "a part of it is damaged"),
    (re.compile(r"No space left on device"), "the disk is full"),
    (re.compile(r"matches no streams"), "there is no sound in it"),
    (re.compile(r"no decoder found for|Error while opening decoder"), "its codec is not known"),
    (re.compile(r"Error opening input"), "it is damaged, or not a kind of recording that is known"),
    (re.compile(r"Conversion failed!\s*$"), "what is in it cannot be decoded"),
)
"""What ffmpeg says, and what it means to a producer; the first that fits."""
_ID3_TAGS = 16
_ID3_FOOTER = 0x10
_free_cores = threading.BoundedSemaphore(CORES)
_alive: "set[subprocess.Popen[bytes]]" = set()
_closed = threading.Event()

OnTime = Callable[[float], None]
"""Called with the seconds of audio done so far."""


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


def skip_id3(file: IO[bytes]) -> int:
    """Go behind the ID3v2 tags at the start of a file, and return where that is; at its start where there is none.

    ID3v2.4, 3.1 and 3.4: a size of four times seven bits, and a footer when a flag says so.
    """
    at = 0
    for _ in range(_ID3_TAGS):
        file.seek(at)
        head = file.read(10)
        if head[:3] != b"ID3" or len(head) < 10:
            break
        at += 10 + sum(byte << 7 * place for place, byte in enumerate(reversed(head[6:10])))
        at += 10 if head[5] & _ID3_FOOTER else 0
    return file.seek(at)


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
    with _running(ffmpeg, ["-progress", "pipe:1", *arguments], timeout_s, folder) as (process, words):
        for seconds in _times(process):
            if on_time:
                on_time(seconds)
    return _ended(process, words)


def counted(log: str) -> int:
    """The samples in each channel that came out, as told by a run that was `COUNTING`; 0 where none did."""
    told = re.findall(r"Output stream #0:0 \(audio\): \d+ frames encoded \((\d+) samples\)", log)
    return int(told[-1]) if told else 0


def pcm(ffmpeg: Ffmpeg, arguments: Sequence[str], *, most: int, timeout_s: float) -> bytes:
    """Run and return its standard output; FfmpegError as in `run`, and when it is more than `most` bytes."""
    with _running(ffmpeg, arguments, timeout_s) as (process, words):
        body = _output(process).read(most)
        _output(process).close()  # or it would wait for ever to be read on
    _ended(process, words)
    return body


class _Words(threading.Thread):
    """What a process says: the end of it is kept, and whatever makes its work worthless, however much it says.

    Tags of the source are not listened to: they may be long, and may say what they like.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.pipe = pipe
        self.end = b""
        self.worthless = b""
        self.start()

    def run(self) -> None:
        """Until the pipe is closed."""
        begun = b""
        while piece := os.read(self.pipe.fileno(), 1 << 16):
            lines, newline, begun = (begun + piece).rpartition(b"\n")
            self._hear(lines + newline)
            begun = begun[-_LOG_TAIL:]
        self._hear(begun)

    def _hear(self, lines: bytes) -> None:
        lines = _TAGS.sub(b"", lines)
        if not self.worthless and (found := _WORTHLESS.search(lines)):
            self.worthless = found[0]
        self.end = (self.end + lines)[-_LOG_TAIL:]


def pieces(
    ffmpeg: Ffmpeg, arguments: Sequence[str], *, size: int, timeout_s: float, folder: Path | None = None
) -> Iterator[bytes]:
    """Run and yield its standard output in pieces of `size` bytes, the last one shorter; FfmpegError as in `run`."""
    with _running(ffmpeg, arguments, timeout_s, folder) as (process, words):
        while piece := _output(process).read(size):
            yield piece
    _ended(process, words)


@contextmanager
def _running(
    ffmpeg: Ffmpeg, arguments: Sequence[str], timeout_s: float, folder: Path | None = None
) -> Iterator["tuple[subprocess.Popen[bytes], _Words]"]:
    with _free_cores:  # one ffmpeg keeps one core busy: more of them at once would only be slower
        yield from _started(ffmpeg, arguments, timeout_s, folder)


def _started(
    ffmpeg: Ffmpeg, arguments: Sequence[str], timeout_s: float, folder: Path | None
) -> Iterator["tuple[subprocess.Popen[bytes], _Words]"]:
    process = subprocess.Popen(
        [ffmpeg.path, *QUIET, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        start_new_session=True,  # so that whatever it starts ends with it
        env={"PATH": os.defpath, "LC_ALL": "C"},  # no secret of ours is in reach of a decoder
    )
    _alive.add(process)
    if _closed.is_set():
        _end(process)
    timer = threading.Timer(timeout_s, _end, [process])
    timer.start()
    words = _Words(cast(IO[bytes], process.stderr))
    try:
        yield process, words
        process.wait()
    finally:
        timer.cancel()
        _end(process)
        _alive.discard(process)
        _output(process).close()
        words.join(_LAST_WORDS_S)
        words.pipe.close()


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


def _ended(process: "subprocess.Popen[bytes]", words: _Words) -> str:
    text = words.end.decode("utf-8", "replace")
    if process.returncode < 0:
        raise FfmpegError("it took too long or was ended from outside")
    if words.worthless:
        text = words.worthless.decode("utf-8", "replace")
    elif process.returncode == 0:
        return text
    raise FfmpegError(_in_plain_words(text))


def _in_plain_words(text: str) -> str:
    for pattern, plain in _IN_PLAIN_WORDS:
        if found := pattern.search(text):
            return found.expand(plain)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return re.sub(r"^\[[^\]]*\] ", "", lines[-1]) if lines else "it said nothing"
