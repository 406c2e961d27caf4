"""What audio keeps on this machine, and what is said where the disk will not have it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from pipeline.errors import AudioError, Problem
from pipeline.remembered import records

Record = TypeVar("Record")


def recalled(path: Path, kind: type[Record]) -> Record | None:
    """The record of that `kind` kept at `path`; None where there is none, or one that is damaged."""
    return records.recalled(path, TypeAdapter(kind).validate_python)


def keep(path: Path, record: object) -> None:
    """Put `record` at `path`, whole or not at all; AudioError where the disk does not let it be kept."""
    with kept_in(path.parent, "What was measured"):
        records.keep(path, record)


@contextmanager
def kept_in(folder: Path, what: str) -> Iterator[None]:
    """While `what` (how a sentence begins) is written there: what the disk does not allow is an AudioError."""
    try:
        yield
    except OSError as error:
        mend = "Make room there, or name another folder with OMROEP_CACHE."
        raise AudioError(Problem(what=f"{what} cannot be kept in {folder}: {error.strerror}.", mend=mend)) from error
