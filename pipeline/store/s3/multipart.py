"""A large object sent in parts, several at a time: an upload that was interrupted goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pipeline.errors import StoreError
from pipeline.store.s3 import answers
from pipeline.store.s3.bodies import Body, Piece
from pipeline.store.s3.deadline import Operation, helping

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

SENDS = 3
"""How often the same bytes are sent while something alters them on their way."""


@dataclass(frozen=True, kw_only=True)
class Lane:
    """What the parts of an upload share."""

    operation: Operation
    free: BoundedSemaphore
    """Shared with the parts of other uploads."""
    most: int
    """Parts of one upload at a time."""


class Multipart:
    """The upload of one object to where `at` says (its bucket and key); `vouched` says whether the server showed for
    every part that it holds exactly its bytes."""

    def __init__(self, client: S3Client, at: Mapping[str, str], body: Body, *, size: int, lane: Lane) -> None:
        self.vouched = True
        self._lane = lane
        self._client = client
        self._at: Mapping[str, Any] = at
        self._body = body
        self._size = size

    def send(self, headers: Mapping[str, Any], condition: Mapping[str, Any]) -> str:
        """The ETag of what was put together; what an earlier upload of the same bytes has sent is not sent again."""
        upload, there = self._begun()
        if upload:
            etag = self._finished(upload, there, condition)
            if stored := self._stored(headers):
                return stored
            condition = {"IfMatch": etag}  # it was begun with other headers, which are kept from its beginning on
        created = self._client.create_multipart_upload(**self._at, ChecksumAlgorithm="SHA256", **headers)
        etag = self._finished(created["UploadId"], {}, condition)
        return self._stored(headers) or etag

    def _finished(self, upload: str, there: Mapping[int, Mapping[str, Any]], condition: Mapping[str, Any]) -> str:
        """Each part is sent as soon as it is read, and only what was read as the whole object is put together."""
        try:
            parts = self._all(upload, there)
            return self._client.complete_multipart_upload(
                **self._at, UploadId=upload, MultipartUpload={"Parts": parts}, **condition
            )["ETag"]
        except StoreError:  # the file changed under our hands: its parts are of no use
            abort(self._client, self._at, upload)
            raise
        except ClientError as error:
            if answers.code(error) in answers.CONFLICTS and not answers.tried_again(error):
                abort(self._client, self._at, upload)  # nobody will want it
            raise

    def _all(self, upload: str, there: Mapping[int, Mapping[str, Any]]) -> list[CompletedPartTypeDef]:
        """Every part, in order. After the first failure none is begun; it is raised when those under way have ended.

        A part is read while earlier ones are sent, and never more of them than `most`.
        """
        begun: list[Future[CompletedPartTypeDef]] = []
        waiting: set[Future[CompletedPartTypeDef]] = set()
        with ThreadPoolExecutor(self._lane.most) as pool:
            for piece in self._body.pieces(self._size):
                begun.append(pool.submit(self._one, upload, piece, there))
                waiting.add(begun[-1])
                if len(waiting) == self._lane.most:
                    ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    if any(each.exception() for each in ended):
                        break
        return [each.result() for each in begun]

    def _one(self, upload: str, piece: Piece, there: Mapping[int, Mapping[str, Any]]) -> CompletedPartTypeDef:
        with self._lane.free, helping(self._lane.operation):
            return self._held(piece, there) or self._sent(upload, piece)

    def _sent(self, upload: str, piece: Piece) -> CompletedPartTypeDef:
        told = piece.told
        for attempt in range(1, SENDS + 1):
            try:
                with self._body.stream(piece) as stream:
                    answer = self._client.upload_part(
                        **self._at,
                        UploadId=upload,
                        PartNumber=piece.number,
                        Body=stream,
                        ChecksumSHA256=told,
                    )
            except ClientError as error:
                if answers.code(error) not in answers.DIGESTS or attempt == SENDS:
                    raise
            else:
                break
        if answer.get("ChecksumSHA256") != told and answer["ETag"].strip('"') != self._body.md5_of(piece):
            self.vouched = False
        return _completed(piece.number, answer, told)

    def _held(self, piece: Piece, there: Mapping[int, Mapping[str, Any]]) -> CompletedPartTypeDef | None:
        """A part that is there already, if it is there with the right bytes."""
        part = there.get(piece.number)
        if not part or part["Size"] != piece.size:
            return None
        told = piece.told
        if part.get("ChecksumSHA256", told) != told:
            return None
        if "ChecksumSHA256" not in part and part["ETag"].strip('"') != self._body.md5_of(piece):
            return None
        return _completed(piece.number, part, told)

    def _begun(self) -> tuple[str, Mapping[int, Mapping[str, Any]]]:
        """The unfinished upload of these bytes that holds most parts, and these; an empty name when there is none."""
        found = {upload: self._parts(upload) for upload in self._unfinished()}
        found = {upload: parts for upload, parts in found.items() if self._ours(parts)}
        upload = max(found, key=lambda upload: len(found[upload]), default="")
        return upload, found.get(upload, {})

    def _ours(self, there: Mapping[int, Mapping[str, Any]]) -> bool:
        """Whether the first part that is there is ours; the others are looked at as they are read."""
        pieces = self._body.pieces(self._size) if there else iter(())
        first = next((piece for piece in pieces if piece.number == min(there)), None)
        return bool(first and self._held(first, there))

    def _unfinished(self) -> Iterator[str]:
        try:
            listed = list(uploads(self._client, self._at["Bucket"], self._at["Key"]))
        except ClientError:  # not allowed, or not known to the server: then nothing is resumed
            return
        yield from (entry["UploadId"] for entry in listed if entry["Key"] == self._at["Key"])

    def _parts(self, upload: str) -> Mapping[int, Mapping[str, Any]]:
        try:
            pages = list(self._client.get_paginator("list_parts").paginate(**self._at, UploadId=upload))
        except ClientError:  # finished or removed since
            return {}
        return {part["PartNumber"]: part for page in pages for part in page.get("Parts", ())}

    def _stored(self, headers: Mapping[str, Any]) -> str | None:
        """Its ETag, if it is there with these headers: some servers give it another one than when it was completed."""
        head: Mapping[str, Any] = self._client.head_object(**self._at)
        told = {**head, "Metadata": metadata(head)}
        as_sent = head["ContentLength"] == self._body.item.size and all(
            told.get(name) == value for name, value in headers.items()
        )
        return str(head["ETag"]) if as_sent else None


def metadata(head: Mapping[str, Any]) -> Mapping[str, str]:
    """Of an object; some servers write the names in capitals."""
    return {name.lower(): value for name, value in head.get("Metadata", {}).items()}


def uploads(client: S3Client, bucket: str, prefix: str) -> Iterator[Mapping[str, Any]]:
    """Every unfinished upload of keys that begin so."""
    pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        yield from page.get("Uploads", ())


def abort(client: S3Client, at: Mapping[str, Any], upload: str) -> None:
    """Remove an upload with its parts; one that is gone is no error."""
    try:
        client.abort_multipart_upload(**at, UploadId=upload)
    except ClientError as error:
        if answers.code(error) not in {"NoSuchUpload", *answers.MISSING}:
            raise


def _completed(number: int, part: Mapping[str, Any], told: str) -> CompletedPartTypeDef:
    # Its digest goes along, told or not: servers that know digests demand it, though some never list it.
    return {"PartNumber": number, "ETag": part["ETag"], "ChecksumSHA256": told}
