"""Laying down a folder of a show: whole or not at all, and never behind a link."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from pipeline.download import PART
from pipeline.errors import Problem, ShowError


def folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder that holds `files`; nothing is at `path` yet."""
    draft = path.with_name(f".{path.name}{PART}")
    shutil.rmtree(draft, ignore_errors=True)  # what a run that was stopped had begun
    draft.mkdir(parents=True)
    for name, body in files.items():
        _written(draft / name, body)
    draft.rename(path)


def refuse_links(root: Path, *inside: str) -> None:
    """ShowError where one of these folders of the show is a link: what is written there would lie elsewhere."""
    if found := [name for name in inside if (root / name).is_symlink()]:
        what = f"`{found[0]}` is a link to somewhere else."
        raise ShowError(Problem(what=what, file=found[0], mend="Put the folder itself there."))


def _written(path: Path, body: bytes) -> None:
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
