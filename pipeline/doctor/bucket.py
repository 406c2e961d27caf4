"""All questions to a bucket, asked in a folder of its own that is gone at the end."""

from collections.abc import Generator, Sequence
from contextlib import suppress

from pipeline.doctor import Answer, Finding, Probe, examined, holding, strangers, writers
from pipeline.doctor.ward import FOLDER, Ward
from pipeline.errors import StoreError

PROBES = (*holding.PROBES, *writers.PROBES, *strangers.PROBES)
"""In the order in which they are asked."""


def examine(ward: Ward, probes: Sequence[Probe[Ward]] = PROBES) -> Generator[Finding]:
    """Every answer; whatever was written is removed at the end, whatever happens before."""
    left = 0
    try:
        yield from examined(probes, ward)
    finally:
        left = _clean(ward)
    if left:
        yield Finding(
            id="clean",
            question="Can what was written to find all this out be removed?",
            answer=Answer.WEAK,
            told=f"{left} small files stay beneath {ward.store.name}/{FOLDER}/{ward.token}/.",
            means="Listeners notice nothing of them.",
            mend="Remove that folder.",
        )


def _clean(ward: Ward) -> int:
    """How many of our files could not be removed."""
    try:
        beneath = ward.key("")
        there = {found.key for found in ward.store.list(beneath)} | ward.written - {beneath}
        for key in sorted(there):
            with suppress(StoreError):
                ward.store.delete(key)
        return sum(1 for _ in ward.store.list(beneath))
    except StoreError:
        return 0  # nothing can be listed: nothing was written either, or the bucket has gone away
