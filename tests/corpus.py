"""Folders of odd files, each published as a recording by the real program: accepted, refused, or a violation.

`make corpus` takes the test files of mutagen's source distribution (fetched by pip, kept outside git) and those of the
folders that OMROEP_CORPUS names. Violations are listed, and make the exit status 1.
"""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

from pipeline import errors
from pipeline.audio import ffmpeg
from tests.shows import write_show, yaml

MOST_S = 120.0
"""Wall-clock time for one file, from start to published show."""
MOST_KB = 300_000
"""Resident memory of the largest process of one job."""
MOST_ADDRESSES_KB = 4_000_000
OFF_S = 0.1
"""By which what is said of a file's length may differ from what decodes."""
_ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
_OMROEP = Path(sys.executable).parent / "omroep"
_FFMPEG = ffmpeg.find({"PATH": ""})


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of one file."""

    file: Path
    kind: str
    """`accepted`, `refused` or `VIOLATION`."""
    why: str
    seconds: float
    peak_kb: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    status: int
    out: str
    err: str
    seconds: float
    peak_kb: int


def tried(file: Path) -> Verdict:
    """Publish a show whose only recording is a copy of `file`, and judge what came of it."""
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        root = _show(Path(folder), file)
        run = _published(root)
        found = list(_violations(root, file, run))
        found += [f"left running: {name}" for name in _left(folder)]
        found += [f"left behind: {each.name}" for each in (Path(folder) / "tmp").iterdir()]
    kind = "VIOLATION" if found else "refused" if run.status else "accepted"
    why = "; ".join(found) or (_problems(run)[0]["what"] if run.status else "")
    return Verdict(file=file, kind=kind, why=why, seconds=run.seconds, peak_kb=run.peak_kb)


def _show(folder: Path, file: Path) -> Path:
    root = write_show(folder / "show")
    (folder / "tmp").mkdir()
    place = root / "episodes" / "01-proef"
    place.mkdir()
    name = f"opname{file.suffix.lower()}"
    (place / name).write_bytes(file.read_bytes())
    keys = {"title": "Proef", "date": "2020-10-01", "number": 1, "guid": "proef", "summary": "Proef.", "audio": name}
    (place / "episode.md").write_text(f"---\n{yaml(keys)}---\n\nNotities.\n", "utf-8")
    return root


def _published(root: Path) -> _Run:
    limited = f'ulimit -v {MOST_ADDRESSES_KB} 2>/dev/null; exec "$@"'
    command = ["sh", "-c", limited, "sh", str(_OMROEP), "--show", str(root), "publish", "--json"]
    environ = os.environ | {"TMPDIR": str(root.parent / "tmp"), "OPENBLAS_NUM_THREADS": "1"}
    with (root.parent / "out").open("wb") as out, (root.parent / "err").open("wb") as err:
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environ, start_new_session=True)
        timer = threading.Timer(MOST_S, os.killpg, [process.pid, signal.SIGKILL])
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    return _Run(
        status=process.returncode,
        out=(root.parent / "out").read_text("utf-8"),
        err=(root.parent / "err").read_text("utf-8"),
        seconds=time.monotonic() - begun,
        peak_kb=_kb(usage),
    )


def _kb(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1)


def _own_kb() -> int:
    return _kb(resource.getrusage(resource.RUSAGE_SELF))


def _left(folder: str) -> Iterator[str]:
    """Processes that still work on something in `folder` (where there is a /proc to tell); they are ended."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            about = [*words, (place / "environ").read_bytes().decode("utf-8", "replace")]
        except OSError:
            continue
        if any(folder in word for word in about):
            os.kill(int(place.name), signal.SIGKILL)
            yield words[0]


def _violations(root: Path, file: Path, run: _Run) -> Iterator[str]:
    if run.seconds >= MOST_S:
        yield f"not done after {MOST_S:.0f} s"
    elif "Traceback" in run.err or run.status in (errors.Exit.BUG, errors.Exit.USAGE) or run.status < 0:
        yield f"status {run.status}: {(run.err.strip().splitlines() or ['not a word'])[-1]}"
    elif run.status:
        yield from _unclear(run)
    else:
        yield from _untrue(root, file, run)
    if run.peak_kb > max(MOST_KB, _own_kb()):  # what is started by a large process counts as large until it runs
        yield f"{run.peak_kb // 1000} MB"


def _problems(run: _Run) -> list[dict[str, str]]:
    return json.loads(run.out)["problems"] if run.out.startswith("{") else []


def _unclear(run: _Run) -> Iterator[str]:
    """What is missing from a message: what is wrong, which file it is, how to mend it, in one readable line."""
    found = _problems(run)
    if not found:
        yield f"status {run.status} without a problem"
    for problem in found:
        text = f"{problem['what']} {problem['mend']}"
        if not (problem["what"] and problem["mend"] and "/opname" in problem["file"]):
            yield f"incomplete message: {problem}"
        if not text.isprintable() or len(text) > 400:
            yield f"unreadable message: {text[:400]!r}"


def _untrue(root: Path, file: Path, run: _Run) -> Iterator[str]:
    """What feed and program say of the delivered file, beside the file."""
    (told,) = json.loads(run.out)["episodes"]
    delivered = root / "public" / told["audio"]
    item = ElementTree.parse(root / "public" / "feed.xml").find("channel/item")
    assert item is not None
    decoded = length(delivered)
    if abs(told["duration_s"] - decoded) > OFF_S:
        yield f"it is said to last {told['duration_s']} s, and {decoded:.3f} s decode"
    in_feed = float(item.findtext(f"{_ITUNES}duration", "nan"))
    if not abs(in_feed - max(1.0, decoded)) <= 0.5 + OFF_S:
        yield f"the feed says {in_feed:g} s, and {decoded:.3f} s decode"
    enclosure = item.find("enclosure")
    if enclosure is None or int(enclosure.get("length", "0")) != delivered.stat().st_size:
        yield "the enclosure's length is not the file's"
    body = delivered.read_bytes()
    for value in tags(file):
        if any(value.encode(code, "ignore") in body for code in ("utf-8", "utf-16-le", "utf-16-be", "latin-1")):
            yield f"a tag of the source is in the result: {value!r}"


def length(path: Path) -> float:
    """Seconds that decode, counted in samples."""
    command = [
        _FFMPEG.path,
        "-v",
        "error",
        "-i",
        str(path),
        "-map",
        "0:a:0",
        "-ac",
        "1",
        "-ar",
        "44100",
        "-f",
        "s16le",
        "-",
    ]
    count = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        while piece := process.stdout.read(1 << 20):
            count += len(piece)
    return count / 2 / 44100


def tags(path: Path) -> set[str]:
    """Values of a file's tags that are long enough to be told from chance, and are not an encoder's name.

    Titles of chapters are none of them: an episode without chapters takes those of its recording.
    """
    command = [_FFMPEG.path, "-v", "quiet", *ffmpeg.source(path), "-f", "ffmetadata", "-"]
    told = subprocess.run(command, capture_output=True).stdout.decode("utf-8", "replace")
    told = re.sub(r"^\[CHAPTER\]\n.*?(?=^\[|\Z)", "", told, flags=re.MULTILINE | re.DOTALL)
    values = {re.sub(r"\\(.)", r"\1", value).strip() for value in re.findall(r"^[^;#\[=]+=(.*)$", told, re.MULTILINE)}
    return {value for value in values if len(value) >= 6 and not re.match(r"LAME|Lav[cf]|\d{4}-\d\d-\d\d", value)}


# --- where the files come from ----------------------------------------------------------------------------------------


def mutagens_place(cache: Path) -> Path:
    """Where the test files of the mutagen that is installed are kept."""
    return cache / f"mutagen-{version('mutagen')}"


def mutagens(cache: Path) -> Path:
    """The test files in mutagen's source distribution, fetched by pip once."""
    place = mutagens_place(cache)
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
            subprocess.run(
                [*pip, "--no-deps", "--no-binary", ":all:", "--dest", folder, f"mutagen=={version('mutagen')}"],
                check=True,
            )
            (archive,) = Path(folder).glob("*.tar.gz")
            with tarfile.open(archive) as opened:
                opened.extractall(Path(folder) / "whole", filter="data")
            (data,) = (Path(folder) / "whole").glob("*/tests/data")
            data.rename(place)
    return place


def files(folder: Path) -> list[Path]:
    """Every file below a folder, whatever it is called."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The score: how many of each kind, and why."""
    rows = Counter((each.kind, _kind_of_reason(each.why)) for each in verdicts if each.kind != "VIOLATION")
    yield f"{len(verdicts):5}  files"
    for (kind, why), count in sorted(rows.items()):
        yield f"{count:5}  {kind}{': ' if why else ''}{why}"
    worst = [each for each in verdicts if each.kind == "VIOLATION"]
    yield f"{len(worst):5}  violations"
    yield from (f"       {each.file}: {each.why}" for each in worst)
    slowest = max(verdicts, key=lambda each: each.seconds)
    largest = max(verdicts, key=lambda each: each.peak_kb)
    yield f"       at most {slowest.seconds:.0f} s: {slowest.file.name}"
    yield f"       at most {largest.peak_kb // 1000} MB: {largest.file.name}"


def _kind_of_reason(why: str) -> str:
    return re.sub(r"\d[\d.,:]*", "…", re.sub(r"[\w.]+ (?=LUFS|dBTP)|: .*", "", why))


@contextmanager
def cache() -> Iterator[Path]:
    place = Path(os.environ.get("OMROEP_CORPUS_CACHE") or Path(tempfile.gettempdir()) / "omroep-corpus")
    place.mkdir(parents=True, exist_ok=True)
    yield place


def main() -> int:
    """Try every file of every folder, and print the score of each folder."""
    named = [Path(each) for each in os.environ.get("OMROEP_CORPUS", "").split(os.pathsep) if each]
    with cache() as kept:
        folders = [mutagens(kept), *named]
        status = 0
        for folder in folders:
            with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
                verdicts = list(pool.map(tried, files(folder)))
            if "--each" in sys.argv:
                for each in verdicts:
                    line = (each.kind, each.file.relative_to(folder), f"{each.seconds:.1f} s", each.why)
                    print(*line, sep="\t")
            print(f"\n{folder}", *table(verdicts), sep="\n")
            status |= any(each.kind == "VIOLATION" for each in verdicts)
    return status


if __name__ == "__main__":
    sys.exit(main())
