"""The bytes of an object on their way to a bucket: cut into parts, and known by the digests that servers use."""

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
    size: int = 8 * MIB

    def size_for(self, whole: int) -> int:
        """Of each part of an object; the same for every upload of it."""
        least = -(-whole // _MOST_PARTS)
        return max(self.size, -(-least // MIB) * MIB if least > self.size else 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One part: its number from 1, where it begins, its bytes' count and SHA-256."""

    number: int
    offset: int
    size: int
    sha256: bytes


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

    def pieces(self, size: int) -> tuple[Piece, ...]:
        """All parts of `size` bytes, read once."""
        found: list[Piece] = []
        for block in self._blocks(size):
            digest = hashlib.sha256(block).digest()
            found.append(Piece(number=len(found) + 1, offset=len(found) * size, size=len(block), sha256=digest))
        return tuple(found)

    def bytes_of(self, piece: Piece) -> bytes:
        """As they were when the parts were cut."""
        self.file.seek(piece.offset)
        read = self.file.read(piece.size)
        if hashlib.sha256(read).digest() != piece.sha256:
            raise self.changed()
        return read

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
