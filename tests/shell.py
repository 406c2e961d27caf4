"""What a command line says, run in this process: importing everything anew for each takes longer than most of them."""

import os
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest

from pipeline import cli


@dataclass(frozen=True)
class Said:
    """What a command line said."""

    stdout: str
    stderr: str
    status: int


Run = Callable[..., Said]
"""Given a show's folder, words, the status that is expected (None: any; 0 when left out), and variables by name."""


def runner(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs command lines with these variables and none of omroep's or AWS's own."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "OMROEP_"))]:
        monkeypatch.delenv(name)

    def run(root: Path, *words: str | Path, status: int | None = 0, **environ: str) -> Said:
        with monkeypatch.context() as world:
            for name, value in environ.items():
                world.setenv(name, value)
            ended = _ended(root, *words)
        said = capfd.readouterr()
        assert status in {None, ended}, said.out + said.err
        return Said(said.out, said.err, ended)

    return run


def said(root: Path, *words: str | Path, **environ: str) -> Said:
    """What a command line says from within the show's folder, in an environment that holds nothing else."""
    out, err = StringIO(), StringIO()
    with mock.patch.dict(os.environ, environ, clear=True), chdir(root), redirect_stdout(out), redirect_stderr(err):
        ended = _ended(root, *words)
    return Said(out.getvalue(), err.getvalue(), ended)


def _ended(root: Path, *words: str | Path) -> int:
    try:
        return cli.run(["--show", *map(str, (root, *words))])
    except SystemExit as end:
        return int(end.code or 0)
