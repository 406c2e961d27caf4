"""Records that can always be made again, kept in files that tell by themselves when they are damaged."""

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from pipeline import digest
from pipeline.errors import AudioError, Problem

Record = TypeVar("Record")


def recalled(path: Path, kind: type[Record]) -> Record | None:
    """The record of that `kind` kept at `path`; None where there is none, or one that is damaged."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        noted = json.loads(path.read_text("utf-8"))
        if digest.of_record(noted["record"]) == noted["digest"]:
            return TypeAdapter(kind).validate_python(noted["record"])
    return None


def keep(path: Path, record: object) -> None:
    """Put `record` at `path`, whole or not at all; AudioError where the disk does not let it be kept."""
    plain = digest.plain(record)
    body = digest.canonical({"digest": digest.of_record(plain), "record": plain})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".making-", delete=False) as file:
            draft = Path(file.name)
            try:
                file.write(body)
                file.close()
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
    except OSError as error:
        what = f"What was measured cannot be kept in {path.parent}: {error.strerror}."
        mend = "Make room there, or name another folder with OMROEP_CACHE."
        raise AudioError(Problem(what=what, mend=mend)) from error
