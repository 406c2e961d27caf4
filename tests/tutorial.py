"""Doing what a document says: its commands are run and its edits made, in order, in one folder.

Below `<!-- run -->` stands a block of `console`: lines that begin with `$ ` are commands (a backslash continues one),
the others are lines that they print. Below `<!-- edit FILE -->` stands a block of `diff`: a line of the file that
begins as one with `-` becomes the lines with `+` behind it.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

_STEP = re.compile(
    r"^<!-- (run|edit (?P<file>\S+)) -->\n```(?:console|diff)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_EDIT = re.compile(r"^-(.*)\n((?:\+.*\n)+)", re.MULTILINE)


def follow(document: Path, folder: Path, environ: Mapping[str, str]) -> int:
    """Do all of `document`, beginning in `folder`; the number of commands that were run."""
    here, count = folder, 0
    for step in _STEP.finditer(document.read_text("utf-8")):
        if step["file"]:
            _edit(here / step["file"], step["body"])
        for command, printed in _commands(step["body"]) if not step["file"] else ():
            here = _run(command, printed, here, folder / ".here", environ)
            count += 1
    return count


def _commands(body: str) -> Iterator[tuple[str, list[str]]]:
    for found in _COMMAND.finditer(body):
        yield found[1], [line for line in found[2].splitlines() if line.strip()]


def _run(command: str, printed: list[str], here: Path, told: Path, environ: Mapping[str, str]) -> Path:
    script = f"set -eu\n{command}\npwd >'{told}'\n"
    done = subprocess.run(["bash", "-c", script], cwd=here, env=dict(environ), capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    said = {*done.stdout.splitlines(), *done.stderr.splitlines()}
    assert not [line for line in printed if line not in said], f"{command}\n{done.stdout}{done.stderr}"
    return Path(told.read_text().strip())


def _edit(file: Path, diff: str) -> None:
    lines = file.read_text("utf-8").splitlines(keepends=True)
    edits = [(found[1], re.sub(r"^\+", "", found[2], flags=re.MULTILINE)) for found in _EDIT.finditer(diff)]
    assert edits
    for old, new in edits:
        (place,) = [place for place, line in enumerate(lines) if line.startswith(old)]
        lines[place] = new
    file.write_text("".join(lines), "utf-8")
