"""`make bench`: speed as ratios against a peer that runs beside it, in one table."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from pipeline import catalog, feed, pages, sidecars, theme
from pipeline.audio import ffmpeg, measure
from pipeline.audio.master import Recording, master
from pipeline.audio.measure import Signal
from pipeline.model import Edition, Guid, Mastering, Slug
from tests import records

ROOT = Path(__file__).parent.parent
SPEECH = ROOT / "episodes" / "03-detachering" / "detachering.mp3"
MINUTES = 10
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
OMROEP = Path(sys.executable).with_name("omroep")


@dataclass(frozen=True)
class Run:
    """One run of a whole process with its children."""

    wall_s: float
    peak_mb: float


def timed(command: Sequence[str | Path], **environ: str) -> Run:
    """Run a command to its end; peak memory is that of its largest process."""
    probe = (
        "import resource,subprocess,sys,time,json; t=time.perf_counter();"
        "p=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,stderr=subprocess.PIPE);"
        "w=time.perf_counter()-t; p.returncode and sys.exit(p.stderr.decode());"
        "print(json.dumps([w,resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss/1024]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", probe, *map(str, command)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        env={**os.environ, **environ},
        cwd=ROOT,
    ).stdout
    return Run(*json.loads(told))


def alternating(*commands: Sequence[str | Path], rounds: int = ROUNDS) -> list[list[Run]]:
    """Every command once a round, in turn, so that a noisy moment hits them all."""
    runs: list[list[Run]] = [[] for _ in commands]
    for _ in range(rounds):
        for place, command in enumerate(commands):
            runs[place].append(timed(command))
    return runs


def row(what: str, runs: Sequence[Run], *, beside: Sequence[Run] = ()) -> None:
    """A line of the table: medians, and the ratio to what ran beside it, pair by pair."""
    wall = statistics.median(run.wall_s for run in runs)
    peak = max(run.peak_mb for run in runs)
    ratios = [one.wall_s / other.wall_s for one, other in zip(runs, beside, strict=False)]
    ratio = f"{statistics.median(ratios):.2f} ×" if ratios else ""
    print(f"| {what:<52} | {wall:7.2f} s | {peak:5.0f} MB | {ratio:>7} |", flush=True)


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["--job"]:
        job(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    print(f"| {'what (median of ' + str(ROUNDS) + ')':<52} | {'wall':>9} | {'memory':>8} | {'ratio':>7} |")
    print(f"|{'-' * 54}|{'-' * 11}|{'-' * 10}|{'-' * 9}|")
    with tempfile.TemporaryDirectory() as folder:
        audio(Path(folder))
        nothing_to_do(Path(folder))
        many(Path(folder))


def job(source: Path, target: Path) -> None:
    """The audio job as a process of its own: measure, master, encode, verify the decoded result."""
    made = master(
        ffmpeg.find({"PATH": ""}),
        Recording(path=source, name=source.name),
        mastering=Mastering(),
        target=target,
        on_step=lambda what, part: None,
    )
    assert abs(made.loudness_lufs + 16) <= 0.5


def audio(folder: Path) -> None:
    """Ten minutes of speech in stereo, mastered to -16 LUFS as an MP3 of 128 kbps."""
    found = ffmpeg.find({"PATH": ""})
    wav = folder / "speech.wav"
    loop = ["-stream_loop", "-1", "-i", str(SPEECH), "-t", str(MINUTES * 60), "-ac", "2", "-ar", "44100"]
    subprocess.run([found.path, "-v", "error", *loop, str(wav)], check=True)
    os.environ["FFMPEG_PATH"] = found.path
    ours: Sequence[str | Path] = [sys.executable, "-m", "tests.bench", "--job", wav, folder / "ours.mp3"]
    peer: Sequence[str | Path] = [
        Path(sys.executable).with_name("ffmpeg-normalize"),
        wav,
        "-t",
        "-16",
        "-tp",
        "-1",
        "-ar",
        "44100",
        "-c:a",
        "libmp3lame",
        "-b:a",
        "128k",
        "-f",
        "-o",
        folder / "peer.mp3",
    ]
    mine, theirs = alternating(ours, peer)
    row(f"ffmpeg-normalize, {MINUTES} min of speech", theirs)
    row("omroep, the same, its verification included", mine, beside=theirs)
    for name in ("peer", "ours"):
        signal = Signal(inputs=ffmpeg.source(folder / f"{name}.mp3"), name=name, channels=2, rate_hz=44100)
        levels = measure.hear(found, signal).levels
        lufs, peak = f"{levels.loudness_lufs:.1f} LUFS", f"{levels.peak_dbtp:.1f} dBTP"
        print(f"|   delivered by {name:<37} | {lufs} | {peak} |         |")


def nothing_to_do(folder: Path) -> None:
    """Publishing the example show a second time."""
    environ = {"OMROEP_CACHE": str(ROOT / ".omroep")}
    command: Sequence[str | Path] = [OMROEP, "publish", "--to", folder / "site"]
    timed(command, **environ)
    python: Sequence[str | Path] = [sys.executable, "-c", "pass"]
    runs, bare = alternating(command, python, rounds=5)
    row("python that does nothing", bare)
    row("omroep publish of the example show, nothing changed", runs)


def many(folder: Path) -> None:
    """Feed and pages of a show with a thousand episodes, from records in memory."""
    loaded = catalog.load(ROOT)
    template = loaded.episodes
    episodes = tuple(
        replace(
            template[place % len(template)],
            guid=Guid(f"guid-{place}"),
            slug=Slug(f"aflevering-{place}"),
            title=f"{template[place % len(template)].title} {place}",
            number=place + 1,
            published=template[0].published + timedelta(hours=place),
        )
        for place in range(1000)
    )
    edition = records.edition(replace(loaded, episodes=episodes))
    look = theme.load(ROOT, "nl")
    for what, compose in _composers(edition, look):
        start = time.perf_counter()
        compose()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        row(f"1,000 episodes: {what}", [Run(time.perf_counter() - start, peak)])


def _composers(edition: Edition, look: object) -> list[tuple[str, Callable[[], object]]]:
    return [
        ("feed", lambda: feed.compose(edition)),
        ("pages", lambda: pages.compose(edition, look)),  # type: ignore[arg-type]
        ("chapters and transcripts", lambda: sidecars.compose(edition)),
    ]


if __name__ == "__main__":
    main()
