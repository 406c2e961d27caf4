"""Several episodes at once: every core has work, none has two encoders, and the bytes are those of one at a time."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from pipeline.audio.ffmpeg import find
from tests.shows import write_episode, write_show, write_tone
from tests.tools import require

SECONDS = {"01-een": 28.0, "02-twee": 29.0, "03-drie": 3.0, "04-vier": 4.0}
FROM_S = 15.0
"""From this length on a recording is measured in halves and encoded in parts here, of half the usual length or more."""
PROGRAM = f"""
import sys
from pipeline import cli
from pipeline.audio import chunks, measure, recipe
measure.HALVED_FROM_S = recipe.PARTS_FROM_S = {FROM_S}
chunks._LEAST //= 2
sys.exit(cli.run(sys.argv[1:]))
"""
NOTING = """#!/bin/sh
case "$*" in *-version*) exec {ffmpeg} "$@" ;; *libmp3lame*) kind=encoder ;; *) kind=decoder ;; esac
echo "+ $kind" >>{notes}
{ffmpeg} "$@"
status=$?
echo "- $kind" >>{notes}
exit $status
"""
"""An ffmpeg that notes, in the order in which it happens, when each run has begun and when it has ended."""


def published(show: Path, cores: Iterable[int], folder: Path) -> dict[str, bytes]:
    """What listeners hear and see of a show when the real program publishes it on these cores; all it makes is new."""
    folder.mkdir()
    noting = folder / "ffmpeg"
    paths = {"ffmpeg": find({"PATH": ""}).path, "notes": str(folder / "notes")}
    noting.write_text(NOTING.format(**{name: shlex.quote(path) for name, path in paths.items()}))
    noting.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "--show", str(show), "publish", "--to", str(folder / "site")],
        env={"PATH": os.defpath, "OMROEP_FFMPEG": str(noting), "OMROEP_CACHE": str(folder / "cache")},
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return {
        path.name: path.read_bytes() for kind in ("audio", "waveforms") for path in (folder / "site" / kind).iterdir()
    }


def at_once(folder: Path, *kinds: str) -> int:
    """The most that ran at any moment."""
    running, most = 0, 0
    for sign, kind in map(str.split, (folder / "notes").read_text().splitlines()):
        running += {"+": 1, "-": -1}[sign] if kind in kinds else 0
        most = max(most, running)
    assert running == 0, "some never ended"
    return most


def test_episodes_share_the_cores(tmp_path: Path) -> None:
    """Four episodes on two cores: two encoders at once and never a third; on one core one at a time, the same bytes."""
    require(hasattr(os, "sched_setaffinity"), "a process cannot be kept to some of the cores here")
    two = sorted(os.sched_getaffinity(0))[:2]
    require(len(two) == 2, "there is one core")
    show = write_show(tmp_path / "show")
    for folder, seconds in SECONDS.items():
        write_tone(write_episode(show, folder) / "audio.wav", seconds=seconds, hz=200 + 20 * seconds)

    together = published(show, two, tmp_path / "together")
    assert at_once(tmp_path / "together", "encoder") == 2
    assert at_once(tmp_path / "together", "encoder", "decoder") == 2

    one_by_one = published(show, two[:1], tmp_path / "one-by-one")
    assert at_once(tmp_path / "one-by-one", "encoder", "decoder") == 1
    assert together == one_by_one
    assert len([name for name in together if name.endswith(".mp3")]) == len(SECONDS)
