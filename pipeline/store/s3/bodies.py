"""The bytes of an object on their way to a bucket: cut into parts, and known by the digests that servers use."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, BinaryIO, cast

from s3transfer.utils import ReadFileChunk

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
    """One part: its number from 1, where it begins, its bytes' count and SHA-256."""

    number: int
    offset: int
    size: int
    sha256: bytes

    @property
    def told(self) -> str:
        """Its SHA-256, as S3 writes it."""
        return base64.b64encode(self.sha256).decode()


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
        """All parts of `size` bytes, each read when it is asked for; after the last of them as `check`."""
        whole = hashlib.sha256()
        for number, offset in enumerate(range(0, self.item.size, size), 1):
            part = hashlib.sha256()
            length = min(size, self.item.size - offset)
            for block in _between(self.file, offset, length):
                whole.update(block)
                part.update(block)
            yield Piece(number=number, offset=offset, size=length, sha256=part.digest())
        if whole.hexdigest() != self.item.sha256:
            raise self.changed()

    @contextmanager
    def stream(self, piece: Piece) -> Iterator[IO[bytes]]:
        """A part's bytes, to be read once more while they are sent: a server refuses others than were announced.

        By a reader of its own: other parts are read and sent at the same time.
        """
        with opened(self.item) as file:
            file.seek(piece.offset)
            yield cast(IO[bytes], ReadFileChunk(file, piece.size, self.item.size))

    def md5_of(self, piece: Piece) -> str:
        """As an ETag has it."""
        digest = _md5()
        with opened(self.item) as file:
            for block in _between(file, piece.offset, piece.size):
                digest.update(block)
        return digest.hexdigest()

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


def opened(item: Object) -> BinaryIO:
    """Its bytes, from the beginning."""
    return item.body.open("rb") if isinstance(item.body, Path) else BytesIO(item.body or b"")


def _between(file: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
    """A megabyte at a time."""
    for start in range(offset, offset + length, MIB):
        file.seek(start)
        yield file.read(min(MIB, offset + length - start))


def _md5(block: bytes = b"") -> "hashlib._Hash":
    return hashlib.md5(block, usedforsecurity=False)
