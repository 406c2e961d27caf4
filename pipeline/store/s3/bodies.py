"""The bytes of an object on their way to a bucket: cut into parts, and known by the digests that servers use."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pipeline.errors import StoreError
from pipeline.model import Object
from pipeline.store.s3 import answers

MIB = 1 << 20
_MOST_PARTS = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """Objects larger than `over` bytes are sent in parts of `size`, which an interrupted upload need not send again.

    Amazon's limits: parts of at least 5 MiB except the last, at most 10,000 of them (S3 user guide, "Multipart upload
    limits").
    """

    over: int = 32 * MIB
    size: int = 16 * MIB

    def size_for(self, whole: int) -> int:
        """Of each part of an object; the same for every upload of it."""
        least = -(-whole // _MOST_PARTS)
        return max(self.size, -(-least // MIB) * MIB if least > self.size else 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One part: its number from 1, and its bytes."""

    number: int
    block: bytes

    @property
    def told(self) -> str:
        """Its SHA-256, as S3 writes it."""
        return base64.b64encode(hashlib.sha256(self.block).digest()).decode()


class Body:
    """What is sent for `item`, read from `file`; StoreError when these are not the bytes that the record says."""

    def __init__(self, item: Object, file: BinaryIO, *, subject: str) -> None:
        self.item = item
        self.file = file
        self._subject = subject

    def check(self) -> None:
        """Raise when it is not what the record says: not every server compares what it gets with what was announced."""
        for _ in self._blocks(MIB):
            pass

    def pieces(self, size: int) -> Iterator[Piece]:
        """All parts of `size` bytes, read once; after the last of them StoreError as for all of it."""
        return (Piece(number=number, block=block) for number, block in enumerate(self._blocks(size), 1))

    def etags(self, size: int) -> frozenset[str]:
        """The MD5 that many servers use as a version: of the whole, and of the MD5s of parts of `size` bytes."""
        whole, parts = _md5(), []
        for block in self._blocks(size):
            whole.update(block)
            parts.append(_md5(block).digest())
        return frozenset({whole.hexdigest(), f"{_md5(b''.join(parts)).hexdigest()}-{len(parts)}"})

    def changed(self) -> StoreError:
        """That it is not what it was."""
        return StoreError(answers.sentence(self._subject, "stored", *answers.CHANGED))

    def _blocks(self, size: int) -> Iterator[bytes]:
        self.file.seek(0)
        whole = hashlib.sha256()
        while block := self.file.read(size):
            whole.update(block)
            yield block
        if whole.hexdigest() != self.item.sha256:
            raise self.changed()


def md5(block: bytes) -> str:
    """As an ETag has it."""
    return _md5(block).hexdigest()


def _md5(block: bytes = b"") -> "hashlib._Hash":
    return hashlib.md5(block, usedforsecurity=False)
