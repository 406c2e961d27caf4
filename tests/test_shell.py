"""Comfort in a shell: completion, colour, width, quiet and more, and no secret in any of it."""

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import voice
from tests import seaweed
from tests.shell import Run
from tests.shows import write_episode, write_show
from tests.tools import require

OMROEP = Path(sys.executable).with_name("omroep")
CANARY = "canary-secret-never-shown"
LONG = "Een titel die zo lang is dat hij op geen enkel smal scherm past, met 漢字 erin"


def on_a_terminal(root: Path, *words: str, wide: int = 80) -> str:
    """All that a terminal of so many columns is sent."""
    control, end = pty.openpty()
    told = {"PATH": os.environ["PATH"], "HOME": str(root), "LC_ALL": "C.UTF-8", "TERM": "xterm", "COLUMNS": str(wide)}
    process = subprocess.Popen([OMROEP, "--show", root, *words], stdin=end, stdout=end, stderr=end, env=told)
    os.close(end)
    sent = b""
    while True:
        try:
            part = os.read(control, 4096)
        except OSError:  # nobody is at the other end any more
            break
        sent += part
    process.wait()
    os.close(control)
    return sent.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whose only episode has a long title, not published, and is a draft in a few words."""
    root = write_show(tmp_path_factory.mktemp("show") / "show")
    write_episode(root, "01-een", title=LONG, status="draft")
    return root


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with a problem, and with a name that would paint a terminal red."""
    root = write_show(tmp_path_factory.mktemp("broken") / "show")
    write_episode(root, "01-een", date="gisteren", audio=b"")
    (root / "episodes" / "02 \x1b[31mrood\x07.wav").write_bytes(b"")
    return root


def test_colour_is_for_terminals(broken: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for files and programs, nor where NO_COLOR or a dumb terminal says so; and never from a file's name."""
    assert "\x1b[31m\x1b[1mproblem\x1b[0m: " in on_a_terminal(broken, "check")
    piped = run(broken, "check", status=3).stderr
    assert "\\u001b[31mrood\\u0007.wav" in piped
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", piped)

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for environ, shown in (({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False)):
        with monkeypatch.context() as world:
            for name, value in {"TERM": "xterm", **environ}.items():
                world.setenv(name, value)
            assert ("\x1b" in voice.painted("problem", "red", Terminal())) == shown


@pytest.mark.parametrize("wide", [60, 200])
def test_a_table_fits_its_terminal(wide: int, show: Path, run: Run) -> None:
    """What is too long is cut where there is no room for it, and only there."""
    from wcwidth import wcswidth

    (row,) = [line for line in on_a_terminal(show, "status", wide=wide).splitlines() if "Een titel" in line]
    assert wcswidth(row) <= wide
    assert (LONG in row) == (wide == 200)
    assert LONG in run(show, "status", COLUMNS="60").stdout


@pytest.mark.parametrize("words", [("-q", "status"), ("status", "--quiet"), ("check", "-q")])
def test_quiet_says_nothing_that_is_right(words: tuple[str, ...], show: Path, run: Run) -> None:
    """Before or behind the command."""
    done = run(show, *words)
    assert done.stdout + done.stderr == ""


def test_quiet_says_what_is_wrong(broken: Path, show: Path, run: Run) -> None:
    """And prints what a program asked for."""
    assert "gisteren" in run(broken, "-q", "check", status=3).stderr
    assert '"episodes"' in run(show, "-q", "status", "--json").stdout


def test_verbose_tells_what_it_found(show: Path, run: Run) -> None:
    """Versions, places, and the names of variables."""
    told = run(show, "status", "-v", AWS_SECRET_ACCESS_KEY=CANARY).stderr
    assert f"show: {show}" in told
    assert "set: AWS_SECRET_ACCESS_KEY\n" in told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes(shell: str, tmp_path: Path, run: Run) -> None:
    """Commands, and the options of each, by the script that is printed."""
    script = run(tmp_path, "completion", shell).stdout
    assert "_OMROEP_COMPLETE" in script
    if shell == "bash":
        asked = f'{script}\nCOMP_WORDS=(omroep pub); COMP_CWORD=1; _omroep_completion omroep; echo "${{COMPREPLY[@]}}"'
        path = f"{OMROEP.parent}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, env={"PATH": path})
        assert done.stdout.split() == ["publish"], done.stderr


# --- secrets ----------------------------------------------------------------------------------------------------------


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_key_is_shown_nowhere(s3_server: seaweed.Server, tmp_path: Path, run: Run) -> None:
    """Of a publish that says all it can, to a bucket that takes the key: not in logs, caches, objects, receipts."""
    require(s3_server.secret_key == CANARY, "the server has another key")
    root = write_show(tmp_path / "show", masters="s3://show/canary-masters")
    folder = write_episode(root, "01-een")
    environ = {**s3_server.environment(), "OMROEP_PODPING_TOKEN": "canary-token"}
    said = [run(root, "-v", "stage", str(folder / "audio.wav"), **environ)]
    (root / ".omroep").rename(tmp_path / "away")
    (folder / "audio.wav").unlink()
    said += [run(root, "publish", "-v", "--to", str(tmp_path / "public"), **environ)]
    assert "written: feed.xml" in said[-1].stderr
    said += [run(root, "publish", "--verbose", "--to", "s3://show/canary", **environ)]
    for words in ("status", "releases"):
        said += [run(root, words, "-v", "--to", "s3://show/canary", **environ)]
    for path in files(tmp_path):
        assert not re.search(rb"canary-(secret|token)", path.read_bytes()), path
    assert not re.search(r"canary-(secret|token)", "".join(done.stdout + done.stderr for done in said))


@pytest.mark.parametrize(
    "wrong",
    [
        {"AWS_ACCESS_KEY_ID": "somebody-else"},
        {"AWS_ENDPOINT_URL": f"http://jan:{CANARY}@127.0.0.1:1"},
        {"AWS_ENDPOINT_URL": f"ftp://{CANARY}/"},
        {"OMROEP_DESTINATION": f"s3://{CANARY}:{CANARY}@show"},
        {"HTTP_PROXY": f"http://jan:{CANARY}@127.0.0.1:1"},
        {"AWS_PROFILE": CANARY},
    ],
    ids=["key", "in the address", "no address", "in the destination", "in a proxy", "as a profile"],
)
def test_a_failure_shows_no_key(wrong: dict[str, str], s3_server: seaweed.Server, show: Path, run: Run) -> None:
    """A sentence and no traceback, wherever somebody put the key by mistake."""
    environ = {"OMROEP_DESTINATION": "s3://show/canary", **s3_server.environment(), **wrong}
    said = run(show, "-v", "status", status=None, **environ)
    assert said.status in {3, 5}
    assert CANARY not in said.stdout + said.stderr
