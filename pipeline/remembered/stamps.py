"""What a file system tells of a file, so that any change of it shows without reading it."""

import os
from datetime import datetime
from typing import TypeAlias

Stamp: TypeAlias = tuple[int, int, int, int]
"""Size in bytes, time of change of the contents and of the file (mtime and ctime, in ns since 1970), file number."""
_SETTLED_S = 2.0
"""A file that changed less than this before it was looked at may change again without its times showing it."""


def of(status: os.stat_result) -> Stamp:
    """Differs after any change, of rights and of kind too: no program can set a file's change time (ctime)."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def settled(changed_s: float, now: datetime) -> bool:
    """Whether a file of that ctime (s since 1970) would show a change after `now`, when it was looked at."""
    return changed_s < now.timestamp() - _SETTLED_S
