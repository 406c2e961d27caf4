"""A bucket that speaks S3, or the part of one beneath a prefix."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError, ResponseStreamingError
from botocore.parsers import ResponseParserError
from botocore.response import StreamingBody
from urllib3.exceptions import HTTPError

from pipeline.errors import Conflict, Problem, StoreError
from pipeline.model import Digest, Key, Object, Version
from pipeline.store import ANYTHING, Anything, Contents, Found, Unfinished
from pipeline.store.s3 import answers, multipart
from pipeline.store.s3.answers import Damaged, Unusable
from pipeline.store.s3.bodies import MIB, Body, Parts, opened
from pipeline.store.s3.deadline import Operation, Overdue, Patience, stop_retrying, within
from pipeline.store.s3.direct import Direct, tell_ways
from pipeline.store.s3.sending import do_not_wait, sign_known_bytes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

_ATTEMPTS = 5
CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    connect_timeout=5,
    read_timeout=60,
    signature_version="s3v4",
    # Some servers refuse the checksums that boto3 adds unasked; ours, the SHA-256, goes with every put.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    max_pool_connections=20,
    user_agent="omroep",  # botocore's own names the machine's system, and is put together anew for every request
)
_REGION = ("region", ["AWS_REGION", "AWS_DEFAULT_REGION"], "us-east-1", None)
"""Name in the configuration file, variables, default, conversion: botocore by itself does not know AWS_REGION."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SMALL = MIB
"""Up to here a body is read before it is sent: see `do_not_wait` and `Direct`."""
PATIENCE = Patience()
PARTS = Parts()
_LARGE_AT_A_TIME = 4
"""Uploads in parts, and parts of all of them together: so many connections, and no part is ever held in memory."""
_PAST = (ClientError, BotoCoreError, HTTPError, ResponseParserError, OSError, Overdue, Unusable, Damaged)
"""What is told in words; anything else is a bug."""
_T = TypeVar("_T")


def connect(
    url: str,
    *,
    config: Config = CONFIG,
    patience: Patience = PATIENCE,
    parts: Parts = PARTS,
) -> S3Store:
    """The store at `s3://bucket/prefix`, with credentials, region and endpoint as AWS's own variables and files say.

    A custom endpoint gets the bucket in the path, unless the configuration file asks for another addressing style.
    StoreError when the settings contradict themselves; no request is made yet.
    """
    try:
        session = boto3.session.Session(botocore_session=botocore.session.Session(session_vars={"region": _REGION}))
        client = session.client("s3", config=config)
        sign_known_bytes(client)
        do_not_wait(client)
        tell_ways(client)
        client.meta.events.register("needs-retry.s3", stop_retrying)
        return S3Store(url, client=client, patience=patience, parts=parts)
    except (BotoCoreError, ValueError) as error:
        raise StoreError(answers.problem("The bucket", "opened", error)) from error


class S3Store:
    """Objects in a bucket; a version is an ETag. Keys are relative to the prefix in `s3://bucket/prefix`.

    Every operation ends within its `patience`: see `Patience` for the longest it can take.
    """

    writers = 16

    def __init__(
        self,
        url: str,
        *,
        client: S3Client,
        patience: Patience = PATIENCE,
        parts: Parts = PARTS,
    ) -> None:
        scheme, _, rest = url.partition("://")
        self._bucket, _, prefix = rest.partition("/")
        if scheme != "s3" or not _BUCKET.fullmatch(self._bucket):  # it is not shown: it may hold a key by mistake
            mend = "Write it as s3://bucket/prefix, and give credentials in AWS's own variables."
            raise StoreError(Problem(what="The destination does not name a bucket.", mend=mend))
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._patience = patience
        self._parts = parts
        self._large = threading.BoundedSemaphore(_LARGE_AT_A_TIME)
        self._sending = threading.BoundedSemaphore(_LARGE_AT_A_TIME)
        self.client = client
        self._direct = Direct(client)
        self._clock: datetime | None = None

    @property
    def name(self) -> str:
        """`s3://bucket/prefix`."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    @property
    def clock(self) -> datetime | None:
        """See `Store.clock`."""
        return self._clock

    def read(self, key: Key, *, most: int | None = None) -> Contents | None:
        """See `Store.read`."""
        with self._asking(key, "read") as operation:
            try:
                return self._read(key, most, operation)
            except ClientError as error:
                if answers.code(error) in answers.MISSING:
                    return None
                if answers.code(error) in {"InvalidRange", "416"}:  # an empty object has no first byte
                    return self._read(key, None, operation)
                raise

    def stat(self, key: Key) -> Found | None:
        """See `Store.stat`."""
        with self._asking(key, "read"):
            head = self._head(key)
            if not head:
                return None
            told = multipart.metadata(head).get("sha256")
            return Found(
                key=key,
                size=head["ContentLength"],
                version=_version(head),
                sha256=Digest(told) if told else None,
                modified=head.get("LastModified"),
            )

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
        """See `Store.put`.

        Larger ones go in parts, and an upload that was interrupted goes on where it was. What the server's answer does
        not vouch for is read back. Bytes that something altered on their way are sent again, a few times.
        """
        in_parts = item.size > self._parts.over
        with (
            self._large if in_parts else nullcontext(),
            self._asking(item.key, "stored", size=item.size) as operation,
            opened(item) as file,
        ):
            body = Body(item, file, subject=self._subject(item.key))
            if file.seek(0, os.SEEK_END) != item.size:  # never promise the server more bytes than there are
                raise body.changed()
            if in_parts:
                self._see_to(item, expected)
            else:
                body.check()
            return self._put(body, expected, operation)

    def lent(self, key: Key, seconds: int) -> str:
        """An address at which whoever has it can read `key` for that long: as good as a key to it."""
        with self._asking(key, "read"):
            return self.client.generate_presigned_url("get_object", Params=dict(self._at(key)), ExpiresIn=seconds)

    def list(self, prefix: str = "") -> Iterator[Found]:
        """See `Store.list`."""
        with self._asking("", "looked at"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            answered = _whole(lambda: list(pages))
            self._clock = answers.date(answered[0]["ResponseMetadata"])
            found = [
                Found(
                    key=Key(entry["Key"].removeprefix(self._prefix)),
                    size=entry["Size"],
                    version=_version(entry),
                    modified=entry.get("LastModified"),
                )
                for page in answered
                for entry in page.get("Contents", ())
            ]
        # Not every server gives keys in order: some go folder by folder.
        return iter(sorted(found, key=lambda each: each.key))

    def delete(self, key: Key) -> None:
        """See `Store.delete`."""
        with self._asking(key, "deleted"):
            _whole(lambda: self.client.delete_object(**self._at(key)))

    def unfinished(self, older_than: datetime) -> Iterator[Unfinished]:
        """See `Store.unfinished`: uploads in parts. The bucket's owner pays for them until they are removed."""
        with self._asking("unfinished uploads", "listed"):
            listed = _whole(lambda: list(multipart.uploads(self.client, self._bucket, self._prefix)))
        for entry in listed:
            if entry["Initiated"] < older_than:
                key = Key(entry["Key"].removeprefix(self._prefix))
                yield Unfinished(key=key, id=entry["UploadId"], begun=entry["Initiated"])

    def abandon(self, upload: Unfinished) -> None:
        """See `Store.abandon`."""
        with self._asking(upload.key, "cleared of its unfinished upload"):
            multipart.abort(self.client, self._at(upload.key), upload.id)

    def _at(self, key: Key) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": self._prefix + key}

    def _subject(self, key: str) -> str:
        return f"{key} in {self.name}" if key else f"What is published at {self.name}"

    def _read(self, key: Key, most: int | None, operation: Operation) -> Contents:
        part: dict[str, Any] = {} if most is None else {"Range": f"bytes=0-{most - 1}"}

        def ask() -> Contents:
            answer = self.client.get_object(**self._at(key), **part)
            operation.allow(answer["ContentLength"] / self._patience.slowest_bytes_per_s)
            with answer["Body"] as body:
                return Contents(body=_all_of(body)[:most], version=_version(answer))

        return _whole(ask)

    def _put(self, body: Body, expected: Version | Anything | None, operation: Operation) -> Version:
        now, failure = expected, Exception()
        for _ in range(multipart.SENDS):
            try:
                version, vouched = self._send(body, now, operation)
            except _PAST as error:
                if found := self._came_of(error, body, now, operation):
                    return found
                failure = error
            else:
                if vouched or self._is_there(body, version, operation):
                    return version
                now, failure = version, Damaged()  # it is what something made of our bytes
        if expected is None and not isinstance(now, Anything | None):
            self._take_back(body.item.key, now)
        raise failure

    def _send(self, body: Body, expected: Version | Anything | None, operation: Operation) -> tuple[Version, bool]:
        """The version it is stored at, and whether the server showed that it got exactly these bytes."""
        item = body.item
        headers: dict[str, Any] = {
            "ContentType": item.type,
            "CacheControl": item.cache,
            "Metadata": {"sha256": item.sha256},
        }
        if item.size > self._parts.over:
            size = self._parts.size_for(item.size)
            lane = multipart.Lane(operation=operation, free=self._sending, most=_LARGE_AT_A_TIME)
            upload = multipart.Multipart(self.client, self._at(item.key), body, size=size, lane=lane)
            return _version({"ETag": upload.send(headers, _condition(expected))}), upload.vouched
        told = base64.b64encode(bytes.fromhex(item.sha256)).decode()
        headers |= {"ChecksumSHA256": told, **_condition(expected)}
        body.file.seek(0)
        answer: Mapping[str, Any]
        if item.size <= _SMALL:
            answer = self._direct.put(self._at(item.key), body.file.read(), headers)
        else:
            answer = self.client.put_object(**self._at(item.key), Body=body.file, **headers)
        return _version(answer), answer.get("ChecksumSHA256") == told

    def _came_of(
        self, error: Exception, body: Body, expected: Version | Anything | None, operation: Operation
    ) -> Version | None:
        """The version that a failed put is stored at after all; None when it is to be sent again; else what failed."""
        code = answers.code(error)
        if code in answers.DIGESTS:
            body.check()
            return None
        if code == "NoSuchUpload":
            return self._after_its_upload_went(error, body, expected, operation)
        if _lost(code, expected):
            if answers.tried_again(error) and (ours := self._stored(body, operation)):
                return ours
            if self._holds(body.item, expected):
                return None  # 409: something else was under way at that moment (Amazon S3, PutObject: try again)
            raise self._conflict(body.item) from error
        if answers.unclear(error):
            with suppress(ClientError, BotoCoreError, HTTPError):
                if ours := self._stored(body, operation):
                    return ours
            if isinstance(error, answers.BROKEN):
                return None
        raise error

    def _after_its_upload_went(
        self, error: Exception, body: Body, expected: Version | Anything | None, operation: Operation
    ) -> Version | None:
        """By an attempt of our own whose answer was lost, by another run that had the same bytes, or removed."""
        ours = self._stored(body, operation)
        if ours and not isinstance(expected, Anything) and not answers.tried_again(error):
            raise self._conflict(body.item) from error
        return ours

    def _see_to(self, item: Object, expected: Version | Anything | None) -> None:
        """Conflict when a condition does not hold to begin with: before many bytes are sent for nothing."""
        if not isinstance(expected, Anything) and not self._holds(item, expected):
            raise self._conflict(item)

    def _holds(self, item: Object, expected: Version | Anything | None) -> bool:
        """Whether what is there now is what is expected."""
        head = self._head(item.key)
        return expected == (_version(head) if head else None)

    def _conflict(self, item: Object) -> Conflict:
        what = f"{self._subject(item.key)} was written by somebody else in the meantime."
        return Conflict(Problem(what=what, mend="Publish again."))

    def _head(self, key: Key) -> HeadObjectOutputTypeDef | None:
        try:
            return self.client.head_object(**self._at(key))
        except ClientError as error:
            if answers.code(error) in answers.MISSING:
                return None
            raise

    def _stored(self, body: Body, operation: Operation) -> Version | None:
        """The version of what is stored if it is exactly `body`."""
        head = self._head(body.item.key)
        if not head or head["ContentLength"] != body.item.size:
            return None
        if multipart.metadata(head).get("sha256") != body.item.sha256:
            return None
        return _version(head) if self._is_there(body, _version(head), operation) else None

    def _is_there(self, body: Body, version: Version, operation: Operation) -> bool:
        """Whether the stored bytes are ours: by a version that is their MD5, else by reading them back."""
        if version in body.etags(self._parts.size_for(body.item.size)):
            return True
        try:
            return self._digest(body.item.key, operation) == body.item.sha256
        except ClientError as error:
            if answers.code(error) in answers.MISSING:
                return False
            raise

    def _digest(self, key: Key, operation: Operation) -> str:
        """Of the bytes that are stored, read a piece at a time."""

        def ask() -> str:
            answer = self.client.get_object(**self._at(key))
            operation.allow(answer["ContentLength"] / self._patience.slowest_bytes_per_s)
            hashing = hashlib.sha256()
            with closing(answer["Body"]) as stored:  # its own `with` gives the bare response
                for block in stored.iter_chunks(MIB):
                    hashing.update(block)
            return hashing.hexdigest()

        return _whole(ask)

    def _take_back(self, key: Key, version: Version) -> None:
        """Remove what was stored wrongly where nothing was, unless somebody has replaced it."""
        head = self._head(key)
        if head and _version(head) == version:
            self.client.delete_object(**self._at(key))

    @contextmanager
    def _asking(self, key: str, verb: str, *, size: int = 0) -> Iterator[Operation]:
        """An operation that ends in time, its failures in words."""
        try:
            with within(self._patience.seconds(size)) as operation:
                yield operation
        except _PAST as error:
            raise StoreError(answers.problem(self._subject(key), verb, error)) from error


def _whole(ask: Callable[[], _T]) -> _T:
    """What is asked; asked again when the answer breaks off, which botocore does not see to."""
    for _ in range(_ATTEMPTS - 1):
        with suppress(*answers.BROKEN):
            return ask()
    return ask()


def _all_of(body: StreamingBody) -> bytes:
    try:
        return body.read()
    except ReadTimeoutError as error:
        raise ResponseStreamingError(error=error) from error  # which is asked again: see `_whole`


def _version(answer: Mapping[str, Any]) -> Version:
    if not answer.get("ETag"):
        raise Unusable
    return Version(answer["ETag"].strip('"'))


def _condition(expected: Version | Anything | None) -> dict[str, Any]:
    if isinstance(expected, Anything):
        return {}
    return {"IfNoneMatch": "*"} if expected is None else {"IfMatch": f'"{expected}"'}


def _lost(code: str, expected: Version | Anything | None) -> bool:
    """Whether the server refused because something else than `expected` is there."""
    if isinstance(expected, Anything):
        return False
    return code in answers.CONFLICTS or (expected is not None and code in answers.MISSING)
