"""Templates that were compiled before, kept as long as the process lives."""

from functools import cache
from types import CodeType

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from pipeline.model import Digest


class Compiled(BytecodeCache):
    """Templates that this process has compiled before, which takes longer than to render a small show with them.

    On a disk, as jinja2 would keep them, they would be code that anybody who may write there can have run.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code, where it is the one that was compiled."""
        checksum, code = self._known.get(bucket.key, (None, None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template, in place of what it was before."""
        if bucket.code:
            self._known[bucket.key] = (bucket.checksum, bucket.code)


@cache
def of(words: Digest, locale: str, timezone: str) -> Compiled:
    """Those of a language, its words and a zone: jinja2 works out while compiling what filters make of constants."""
    return Compiled()
