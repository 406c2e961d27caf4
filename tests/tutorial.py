"""Doing what a document says: its commands are run and its edits made, in order, in one folder.

Below `<!-- run -->` stands a block of `console`: lines that begin with `$ ` are commands (a backslash or a document of
the shell's continues one), the others are lines that they print (… for what varies).
Below `<!-- edit FILE -->` stands a block of `diff`:
a line of the file that begins as one with `-` becomes the lines with `+` behind it.
"""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STEP = re.compile(
    r"^<!-- (run|edit (?P<file>\S+)) -->\n```(?:console|diff)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_COMMAND = re.compile(r"^\$ (.*<<'(\w+)'\n(?:.*\n)*?\2|(?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_EDIT = re.compile(r"^-(.*)\n((?:\+.*\n)+)", re.MULTILINE)


@dataclass(kw_only=True)
class Desk:
    """A shell: each command goes on in the folder, and with the variables, in which the last one ended."""

    here: Path
    environ: dict[str, str]
    told: Path
    """A file in which the shell says where it ended."""

    def run(self, command: str, *, status: int = 0) -> str:
        """What a command says on both its outputs; it must end with `status`."""
        process = self._started(command)
        said, _ = process.communicate()
        assert process.returncode == status, f"{command}\n{process.returncode}\n{said}"
        ended = dict(pair.split("=", 1) for pair in self.told.read_text("utf-8").split("\0") if pair)
        self.here, self.environ = Path(ended.pop("PWD")), ended
        return said

    @contextmanager
    def running(self, command: str, stop: signal.Signals) -> Iterator[subprocess.Popen[str]]:
        """A command that does not end by itself, while it runs; all that it started is sent `stop` at the end."""
        process = self._started(command)
        try:
            yield process
        finally:
            os.killpg(process.pid, stop)
            process.communicate()

    def _started(self, command: str) -> subprocess.Popen[str]:
        script = f"trap 'env -0 >\"{self.told}\"' EXIT\nset -eu\n{command}\n"
        return subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.here,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def follow(document: Path, folder: Path, environ: Mapping[str, str]) -> int:
    """Do all of `document`, beginning in `folder`; the number of commands that were run."""
    desk, count = Desk(here=folder, environ=dict(environ), told=folder / ".here"), 0
    for step in _STEP.finditer(document.read_text("utf-8")):
        if step["file"]:
            _edit(desk.here / step["file"], step["body"])
        for command, printed in commands(step["body"]) if not step["file"] else ():
            printed_by(command, printed, desk.run(command))
            count += 1
    return count


def commands(body: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a block, with the lines that it prints."""
    for found in _COMMAND.finditer(body):
        yield found[1], [line for line in found[3].splitlines() if line.strip()]


def printed_by(command: str, printed: list[str], said: str) -> None:
    """What a document shows of a command's output was said by it."""
    lines = said.splitlines()
    for told in printed:
        pattern = re.compile(re.escape(told).replace("…", ".+"))
        assert any(pattern.fullmatch(line) for line in lines), f"{command}\n{told}\n{said}"


def _edit(file: Path, diff: str) -> None:
    lines = file.read_text("utf-8").splitlines(keepends=True)
    edits = [(found[1], re.sub(r"^\+", "", found[2], flags=re.MULTILINE)) for found in _EDIT.finditer(diff)]
    assert edits
    for old, new in edits:
        (place,) = [place for place, line in enumerate(lines) if line.startswith(old)]
        lines[place] = new
    file.write_text("".join(lines), "utf-8")
