"""`make bench`: speed as ratios against a peer that runs beside it, in one table."""

import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy

from pipeline import catalog, composing, feed, pages, sidecars, spread, theme
from pipeline.audio import ffmpeg, measure
from pipeline.audio.master import Recording, master
from pipeline.audio.measure import Signal
from pipeline.audio.truepeak import Samples
from pipeline.model import Edition, Mastering
from pipeline.pages.look import Theme
from tests import hugo, large, noise
from tests.hugo import likeness

ROOT = Path(__file__).parent.parent
SPEECH = ROOT / "episodes" / "03-detachering" / "detachering.mp3"
MINUTES = 10
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
IN_MEMORY = Path("/dev/shm")
OMROEP = Path(sys.executable).with_name("omroep")
S5CMD = Path(sys.executable).with_name("s5cmd")


@dataclass(frozen=True)
class Run:
    """One run of a whole process with its children."""

    wall_s: float
    peak_mb: float


def timed(command: Sequence[str | Path], **environ: str) -> Run:
    """Run a command to its end; peak memory is that of all its processes together, looked at up to 50 times a second.

    To look takes the system long where there is much, and whoever is measured waits for it: a twentieth of the time.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        [*map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **environ},
        cwd=ROOT,
    )
    peak = 0
    told = threading.Thread(target=lambda: errors.append(process.communicate()[1]))
    errors: list[bytes] = []
    told.start()
    while told.is_alive():
        began = time.perf_counter()
        peak = max(peak, _held_by(process.pid))
        told.join(max(0.02, 20 * (time.perf_counter() - began)))
    wall = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(errors[0].decode("utf-8", "replace"))
    return Run(wall, peak / 1e6)


def _held_by(pid: int, above: bytes = b"") -> int:
    """Bytes of memory that a process and all below it hold, what they share counted once (Linux)."""
    total = 0
    try:
        named = Path(f"/proc/{pid}/cmdline").read_bytes()
        if named == above:  # just forked: its memory is that of the process above, until it becomes another program
            return 0
        total += next(
            int(line.split()[1]) * 1024
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            if line.startswith("Pss:")
        )
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += sum(_held_by(int(child), named) for child in (task / "children").read_text().split())
    except (OSError, StopIteration):  # it has just ended
        pass
    return total


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
        JOBS[sys.argv[2]](Path(sys.argv[3]), Path(sys.argv[4]), sys.argv[5])
        return
    print(f"| {'what (median of ' + str(ROUNDS) + ')':<52} | {'wall':>9} | {'memory':>8} | {'ratio':>7} |")
    print(f"|{'-' * 54}|{'-' * 11}|{'-' * 10}|{'-' * 9}|")
    with tempfile.TemporaryDirectory() as folder:
        from tests import bench_nothing  # it imports this module

        parts: dict[str, Callable[[Path], None]] = {
            "audio": audio,
            "long": long,
            "reservoir": reservoir,
            "example": nothing_to_do,
            "many": many,
            "nothing": bench_nothing.rows,
            "uploads": uploads,
        }
        for name in os.environ.get("BENCH_PARTS", " ".join(parts)).split():
            place = Path(folder) / name
            place.mkdir()
            parts[name](place)


def job(source: Path, target: Path, cores: int = ffmpeg.CORES) -> None:
    """The audio job as a process of its own: measure, master, encode, verify the decoded result."""
    made = master(
        ffmpeg.find({"PATH": ""}),
        Recording(path=source, name=source.name),
        mastering=Mastering(),
        target=target,
        cores=cores,
        on_step=lambda what, part: None,
    )
    assert abs(made.loudness_lufs + 16) <= 0.5


def pydub_job(source: Path, target: Path, program: str) -> None:
    """What a script with pydub does: normalise the peaks and export."""
    from pydub import AudioSegment
    from pydub.effects import normalize

    AudioSegment.converter = program
    normalize(AudioSegment.from_wav(source)).export(target, format="mp3", bitrate="128k")


def loudnorm_job(source: Path, target: Path, program: str) -> None:
    """Two passes of ffmpeg's loudnorm, as its manual has it."""
    asked = "loudnorm=I=-16:TP=-1:LRA=11"
    heard: list[str | Path] = [
        program,
        "-hide_banner",
        "-i",
        source,
        "-af",
        f"{asked}:print_format=json",
        "-f",
        "null",
        "-",
    ]
    told = json.loads(re.findall(r"\{[^{}]*\}", subprocess.run(heard, capture_output=True, text=True).stderr)[-1])
    names = {"input_i": "I", "input_tp": "TP", "input_lra": "LRA", "input_thresh": "thresh"}
    measured = ":".join(f"measured_{short}={told[name]}" for name, short in names.items())
    graph = f"{asked}:{measured}:offset={told['target_offset']}:linear=true"
    made: list[str | Path] = [
        program,
        "-v",
        "error",
        "-y",
        "-i",
        source,
        "-af",
        graph,
        "-ar",
        "44100",
        "-c:a",
        "libmp3lame",
    ]
    subprocess.run([*made, "-b:a", "128k", target], check=True)


def halves_job(source: Path, target: Path, program: str) -> None:
    """Two LAMEs at once, each with half of a recording: what two cores can do at best, and on shared ones that is less
    than twice as much."""
    half = MINUTES * 30

    def encode(place: int) -> None:
        cut = ["-ss", str(place * half), "-t", str(half), "-i", str(source), "-b:a", "128k", f"{target}-{place}.mp3"]
        subprocess.run([program, "-v", "error", "-y", *cut], check=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(encode, range(2)))


def site_job(target: Path, seconds: Path, _: str) -> None:
    """Compose the site of a thousand episodes and write it; `seconds` gets how long that took, without the start-up."""
    edition, look = thousand_episodes()
    begun = time.perf_counter()
    for made in composing.site(edition, look):
        place = target / made.key
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(made.body if isinstance(made.body, bytes) else b"")
    seconds.write_text(str(time.perf_counter() - begun))


def upload_job(source: Path, target: Path, url: str) -> None:
    """Put every file of a folder in a bucket, as a publish does; `target` gets the seconds, without the start-up."""
    from pipeline.store import s3
    from tests import store_contract

    store = s3.connect(url)
    items = [store_contract.make(file.name, file) for file in sorted(source.iterdir())]
    begun = time.perf_counter()
    with ThreadPoolExecutor(store.writers) as pool:
        list(pool.map(lambda item: store.put(item, expected=None), items))
    target.write_text(str(time.perf_counter() - begun))


JOBS: dict[str, Callable[[Path, Path, str], None]] = {
    "all-cores": lambda source, target, _: job(source, target),
    "one-core": lambda source, target, _: job(source, target, 1),
    "pydub": pydub_job,
    "loudnorm": loudnorm_job,
    "halves": halves_job,
    "upload": upload_job,
    "site": site_job,
}
"""What runs as a process of its own: source, target, program."""


def audio(folder: Path) -> None:
    """Ten minutes of speech in stereo, mastered to -16 LUFS as an MP3 of 128 kbps, beside peers."""
    program = ffmpeg.find({"PATH": ""}).path
    wav = speech(folder, program, MINUTES)
    here: list[str | Path] = [sys.executable, "-m", "tests.bench", "--job"]
    settings = ["-t", "-16", "-tp", "-1", "-ar", "44100", "-c:a", "libmp3lame", "-b:a", "128k", "-f", "-o"]
    peer: list[str | Path] = [Path(sys.executable).with_name("ffmpeg-normalize"), wav, *settings]
    commands: dict[str, Sequence[str | Path]] = {
        f"ffmpeg-normalize, {MINUTES} min of speech": [*peer, folder / "peer.mp3"],
        "two passes of loudnorm by hand": [*here, "loudnorm", wav, folder / "loudnorm.mp3", program],
        "pydub: normalize and export (peaks only)": [*here, "pydub", wav, folder / "pydub.mp3", program],
        "LAME alone (the limit of one core)": [
            program,
            *["-v", "error", "-y", "-i"],
            wav,
            "-b:a",
            "128k",
            folder / "lame.mp3",
        ],
        "LAME alone, one half on each core (the limit of two)": [*here, "halves", wav, folder / "half", program],
        "omroep on one core, its verification included": [*here, "one-core", wav, folder / "serial.mp3", program],
        f"omroep on {ffmpeg.CORES} cores, the same bytes": [*here, "all-cores", wav, folder / "ours.mp3", program],
    }
    if system := shutil.which("ffmpeg"):
        version = subprocess.run([system, "-version"], capture_output=True, text=True, check=True).stdout.split()[2]
        with_system: list[str | Path] = ["env", f"FFMPEG_PATH={system}", *peer, folder / "peer-system.mp3"]
        commands[f"ffmpeg-normalize with the system's ffmpeg {version}"] = with_system
    os.environ["FFMPEG_PATH"] = program
    runs = alternating(*commands.values())
    for what, mine in zip(commands, runs, strict=True):
        row(what, mine, beside=runs[0])
    assert (folder / "ours.mp3").read_bytes() == (folder / "serial.mp3").read_bytes()
    delivered(folder, ("peer", "loudnorm", "pydub", "ours"))


def speech(folder: Path, program: str, minutes: int) -> Path:
    """The example's speech, over and over, as a stereo WAV."""
    wav = folder / f"speech-{minutes}.wav"
    loop = ["-stream_loop", "-1", "-i", str(SPEECH), "-t", str(minutes * 60), "-ac", "2", "-ar", "44100"]
    subprocess.run([program, "-v", "error", *loop, str(wav)], check=True)
    return wav


def delivered(folder: Path, names: Sequence[str]) -> None:
    """What each of them delivered, by one meter."""
    found = ffmpeg.find({"PATH": ""})
    for name in names:
        signal = Signal(inputs=ffmpeg.source(folder / f"{name}.mp3"), name=name, channels=2, rate_hz=44100)
        levels = measure.hear(found, signal).levels
        lufs, peak = f"{levels.loudness_lufs:.1f} LUFS", f"{levels.peak_dbtp:.1f} dBTP"
        print(f"|   delivered by {name:<37} | {lufs} | {peak} |         |")


def long(folder: Path) -> None:
    """Three hours: memory is that of ten minutes."""
    program = ffmpeg.find({"PATH": ""}).path
    wav = speech(folder, program, 180)
    command: list[str | Path] = [sys.executable, *["-m", "tests.bench", "--job", "all-cores"], wav, folder / "long.mp3"]
    row("omroep, 3 hours of speech", [timed([*command, program])])


def reservoir(folder: Path) -> None:
    """What encoding in parts costs: noise under its mask, with LAME's bit reservoir and without it."""
    program = ffmpeg.find({"PATH": ""}).path
    wav = speech(folder, program, 1)
    for channels, kbps in ((1, 64), (1, 96), (2, 128), (2, 192)):
        original = samples(program, wav, channels)
        found = []
        for with_it in ("1", "0"):
            coded = folder / "coded.mp3"
            encoder = f"-ac {channels} -c:a libmp3lame -b:a {kbps}k -reservoir {with_it}".split()
            subprocess.run([program, *["-v", "error", "-y", "-i"], wav, *encoder, coded], check=True)
            found.append(noise.to_mask_db(original, samples(program, coded, channels), 44100))
        what = f"noise to mask, {kbps} kbps, {channels} channel{'s'[: channels - 1]}: reservoir, none"
        print(f"| {what:<52} | {found[0]:6.2f} dB | {found[1]:5.2f} dB | {found[1] - found[0]:+4.2f} dB |", flush=True)


def samples(program: str, file: Path, channels: int) -> Samples:
    """The first channel of a file."""
    raw: list[str | Path] = [
        program,
        "-v",
        "error",
        "-i",
        file,
        "-ac",
        str(channels),
        *["-ar", "44100", "-f", "f32le", "-"],
    ]
    body = subprocess.run(raw, capture_output=True, check=True).stdout
    return numpy.frombuffer(body, "<f4").reshape(-1, channels)[:, 0]


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
    edition, look = thousand_episodes()
    for what, compose in _composers(edition, look):
        start = time.perf_counter()
        compose()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        row(f"1,000 episodes: {what}", [Run(time.perf_counter() - start, peak)])
    beside_hugo(folder, edition, look)
    if IN_MEMORY.is_dir():
        with tempfile.TemporaryDirectory(dir=IN_MEMORY) as held:
            print(
                f"| {'the same in memory, for new files take a disk its time':<52} |           |          |         |"
            )
            beside_hugo(Path(held), edition, look)


def thousand_episodes() -> tuple[Edition, Theme]:
    return large.edition(catalog.load(ROOT), 1000), theme.load(ROOT, "nl")


def beside_hugo(folder: Path, edition: Edition, look: Theme) -> None:
    """The whole site of those episodes, composed and written here and by Hugo, in turn; but first: is it the same?"""
    ours, source, seconds = folder / "ours", folder / "hugo", folder / "seconds"
    theirs = source / "public"
    hugo.write(source, edition, look, pages.compose(edition, look))
    mine: Sequence[str | Path] = [sys.executable, "-m", "tests.bench", "--job", "site", ours, seconds, "-"]
    commands: dict[str, Sequence[str | Path]] = {
        "Hugo: the site of 1,000 episodes": hugo.command(source),
        "Hugo, with --minify": hugo.command(source, "--minify"),
        "omroep: the same site, start-up apart": mine,
    }
    timed(hugo.command(source))
    timed(mine)
    if told := list(likeness.differences(ours, theirs, hugo.UNLIKE)):
        raise SystemExit("\n\n".join([f"Hugo's site is another than ours, in {len(told)} files:", *told[:10]]))
    written = {"Hugo": _written(theirs), "omroep": _written(ours)}
    found: dict[str, list[Run]] = {what: [] for what in commands}
    for _ in range(ROUNDS):
        for what, command in commands.items():
            for made in (ours, theirs, source / "resources"):
                shutil.rmtree(made, ignore_errors=True)
            run = timed(command)
            found[what].append(replace(run, wall_s=float(seconds.read_text())) if command is mine else run)
    beside, *others = found.items()
    row(*beside)
    for what, runs in others:
        row(what, runs, beside=beside[1])
    for who, (count, size) in written.items():
        print(f"|   {f'files written by {who}':<50} | {count:>9} | {size / 1e6:5.1f} MB |         |", flush=True)


def _written(site: Path) -> tuple[int, int]:
    """How many files there are, and their bytes."""
    sizes = [path.stat().st_size for path in site.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def uploads(folder: Path) -> None:
    """Ten hours of audio and 200 pages to a bucket, beside s5cmd, on a server of this machine."""
    from tests import seaweed  # here, for boto3 takes its time, and every job imports this module

    sources = {
        "1 file of 170 MB": (1, 170_000_000),
        "10 files of 60 MB": (10, 60_000_000),
        "200 files of 5 kB": (200, 5_000),
    }
    with seaweed.started(folder) as server:
        environ = {**server.environment(), "S3_ENDPOINT_URL": server.endpoint}
        for what, (count, size) in sources.items():
            source = folder / what
            source.mkdir()
            for number in range(count):
                (source / f"{number}.bin").write_bytes(os.urandom(size))
            found: dict[str, list[Run]] = {"s5cmd": [], "omroep": []}
            for number in range(ROUNDS):
                place = f"s3://{server.bucket}/{size}-{number}"
                mine: list[str | Path] = [
                    sys.executable,
                    "-m",
                    "tests.bench",
                    "--job",
                    "upload",
                    source,
                    folder / "seconds",
                ]
                commands: dict[str, Sequence[str | Path]] = {
                    "s5cmd": [S5CMD, "cp", f"{source}/", f"{place}-s5cmd/"],
                    "omroep": [*mine, f"{place}-omroep"],
                }
                for name in sorted(commands, reverse=bool(number % 2)):  # whoever is second meets a busier disk
                    run = timed(commands[name], **environ)
                    seconds = float((folder / "seconds").read_text()) if name == "omroep" else run.wall_s
                    found[name].append(replace(run, wall_s=seconds))
            theirs, ours = found["s5cmd"], found["omroep"]
            row(f"s5cmd, {what} to a bucket", theirs)
            row(f"omroep, {what}, start-up apart", ours, beside=theirs)


def _composers(edition: Edition, look: Theme) -> list[tuple[str, Callable[[], object]]]:
    return [
        ("feed", lambda: feed.compose(edition)),
        ("pages", lambda: pages.compose(edition, look)),
        ("pages, by all cores", lambda: pages.compose(edition, look, spread.over_cores)),
        ("chapters and transcripts", lambda: sidecars.compose(edition)),
    ]


if __name__ == "__main__":
    main()
