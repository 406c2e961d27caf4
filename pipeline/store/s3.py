"""A bucket that speaks S3, or the part of one beneath a prefix."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import boto3
import botocore.session
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pipeline.errors import Conflict, Problem, StoreError
from pipeline.model import Digest, Key, Object, Version
from pipeline.store import ANYTHING, Anything, Contents, Found

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=60,
    signature_version="s3v4",
    # Some servers refuse the checksums that boto3 adds unasked; ours, the SHA-256, goes with every put.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    max_pool_connections=16,
)
_REGION = ("region", ["AWS_REGION", "AWS_DEFAULT_REGION"], "us-east-1", None)
"""Name in the configuration file, variables, default, conversion: botocore by itself does not know AWS_REGION."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MISSING = {"NoSuchKey", "404", "NotFound"}
_CONFLICTS = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}

_CREDENTIALS = "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile named by AWS_PROFILE."
_ENDPOINT = "Check AWS_ENDPOINT_URL and the network, and try again."
_LATER = "Try again later."
_CHANGED = ("it changed while it was being stored", "Publish again.")
_WRONG_KEYS = ("the credentials are not right", _CREDENTIALS)
_EXPIRED = ("the credentials have expired", "Sign in again, or get new credentials.")
_DENIED = (
    "the credentials do not allow it",
    "Give them the right to read, list and write this bucket (s3:GetObject, s3:ListBucket, s3:PutObject), or check "
    "whether they are right.",
)
_NO_BUCKET = ("there is no such bucket", "Check the bucket's name and AWS_ENDPOINT_URL, or create the bucket.")
_REGION_WRONG = ("the bucket is in another region", "Set AWS_REGION to the bucket's region.")
_BUSY = ("the server is too busy or has failed", _LATER)
_ANSWERS: Mapping[str, tuple[str, str]] = {
    "SignatureDoesNotMatch": _WRONG_KEYS,
    "InvalidAccessKeyId": _WRONG_KEYS,
    "InvalidToken": _WRONG_KEYS,
    "ExpiredToken": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "AccessDenied": _DENIED,
    "403": _DENIED,
    "NoSuchBucket": _NO_BUCKET,
    "InvalidBucketName": _NO_BUCKET,
    "AuthorizationHeaderMalformed": _REGION_WRONG,
    "PermanentRedirect": _REGION_WRONG,
    "301": _REGION_WRONG,
    "BadDigest": _CHANGED,
    "XAmzContentSHA256Mismatch": _CHANGED,
    "XAmzContentChecksumMismatch": _CHANGED,
    "IncompleteBody": _CHANGED,
    "EntityTooLarge": ("it is larger than the server takes in one piece", "Make the file smaller."),
    "QuotaExceeded": ("the bucket is full", "Make room in it."),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "Set the clock."),
    "NotImplemented": ("the server lacks something that safe publishing needs", "Use another kind of bucket."),
    "InternalError": _BUSY,
    "SlowDown": _BUSY,
    "ServiceUnavailable": _BUSY,
    "500": _BUSY,
    "503": _BUSY,
}
"""What a server's error code or status means to a producer, and the way out."""
_FAILURES: Mapping[type[Exception], tuple[str, str]] = {
    exceptions.NoCredentialsError: ("there are no credentials", _CREDENTIALS),
    exceptions.PartialCredentialsError: ("the credentials are incomplete", _CREDENTIALS),
    exceptions.CredentialRetrievalError: ("the credentials could not be obtained", _CREDENTIALS),
    exceptions.ProfileNotFound: ("there is no such profile of credentials", "Check AWS_PROFILE."),
    exceptions.ProxyConnectionError: ("the proxy does not answer", "Check HTTPS_PROXY and HTTP_PROXY."),
    exceptions.SSLError: ("the connection could not be secured", "Check AWS_ENDPOINT_URL and its certificate."),
    exceptions.ConnectTimeoutError: ("the server does not answer", _ENDPOINT),
    exceptions.EndpointConnectionError: ("the server cannot be reached", _ENDPOINT),
    exceptions.ReadTimeoutError: ("the server stopped answering", _ENDPOINT),
    exceptions.ConnectionError: ("the server cannot be reached", _ENDPOINT),
    exceptions.HTTPClientError: ("the connection broke", _ENDPOINT),
    exceptions.IncompleteReadError: ("the connection broke", _ENDPOINT),
    exceptions.ParamValidationError: ("the bucket's name or the key is not allowed", "Check s3://bucket/prefix."),
    BotoCoreError: ("it could not be asked of the server", "Check AWS's own variables and configuration file."),
    ValueError: ("the endpoint is not an address", "Check AWS_ENDPOINT_URL, as in https://s3.example.org."),
    OSError: ("its file cannot be read", "See whether it was moved, and try again."),
}
"""The same for what goes wrong before there is an answer; the nearest class counts. What libraries say is never passed
on: it may hold addresses with passwords in them."""


def connect(url: str, *, config: Config = CONFIG) -> S3Store:
    """The store at `s3://bucket/prefix`, with credentials, region and endpoint as AWS's own variables and files say.

    A custom endpoint gets the bucket in the path, unless the configuration file asks for another addressing style.
    StoreError when the settings contradict themselves; no request is made yet.
    """
    try:
        session = boto3.session.Session(botocore_session=botocore.session.Session(session_vars={"region": _REGION}))
        return S3Store(url, client=session.client("s3", config=config))
    except (BotoCoreError, ValueError) as error:
        raise StoreError(_problem("The bucket", "opened", error)) from error


class S3Store:
    """Objects in a bucket; a version is an ETag. Keys are relative to the prefix in `s3://bucket/prefix`."""

    def __init__(self, url: str, *, client: S3Client) -> None:
        scheme, _, rest = url.partition("://")
        self._bucket, _, prefix = rest.partition("/")
        if scheme != "s3" or not _BUCKET.fullmatch(self._bucket):  # it is not shown: it may hold a key by mistake
            mend = "Write it as s3://bucket/prefix, and give credentials in AWS's own variables."
            raise StoreError(Problem(what="The destination does not name a bucket.", mend=mend))
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.client = client

    @property
    def name(self) -> str:
        """`s3://bucket/prefix`."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def read(self, key: Key, *, most: int | None = None) -> Contents | None:
        """See `Store.read`."""
        with self._in_words(key, "read"):
            try:
                return self._read(key, most)
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                if _code(error) in {"InvalidRange", "416"}:  # an empty object has no first byte
                    return self._read(key, None)
                raise

    def stat(self, key: Key) -> Found | None:
        """See `Store.stat`."""
        with self._in_words(key, "read"):
            head = self._head(key)
        if not head:
            return None
        told = head["Metadata"].get("sha256")
        sha256 = Digest(told) if told else None
        return Found(
            key=key,
            size=head["ContentLength"],
            version=_version(head["ETag"]),
            sha256=sha256,
            modified=head["LastModified"],
        )

    def put(self, item: Object, *, expected: Version | Anything | None = ANYTHING) -> Version:
        """See `Store.put`; what is too large for one request (on Amazon 5 GB) is refused by the server."""
        with self._in_words(item.key, "stored"), _opened(item) as body:
            if body.seek(0, os.SEEK_END) != item.size:  # never promise the server more bytes than there are
                raise StoreError(_sentence(f"{item.key} in {self.name}", "stored", *_CHANGED))
            body.seek(0)
            try:
                return self._put(item, body, expected)
            except ClientError as error:
                if not _lost(error, expected):
                    raise
                if _tried_again(error) and (stored := self._stored(item)):
                    return stored
                what = f"{item.key} in {self.name} was written by somebody else in the meantime."
                raise Conflict(Problem(what=what, mend="Publish again.")) from error

    def list(self, prefix: str = "") -> Iterator[Found]:
        """See `Store.list`."""
        with self._in_words(prefix or "everything", "listed"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            found = [
                Found(
                    key=Key(entry["Key"].removeprefix(self._prefix)),
                    size=entry["Size"],
                    version=_version(entry["ETag"]),
                    modified=entry["LastModified"],
                )
                for page in pages
                for entry in page.get("Contents", ())
            ]
        # Not every server gives keys in order: some go folder by folder.
        return iter(sorted(found, key=lambda each: each.key))

    def delete(self, key: Key) -> None:
        """See `Store.delete`."""
        with self._in_words(key, "deleted"):
            self.client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def _read(self, key: Key, most: int | None) -> Contents:
        part: dict[str, Any] = {} if most is None else {"Range": f"bytes=0-{most - 1}"}
        answer = self.client.get_object(Bucket=self._bucket, Key=self._prefix + key, **part)
        with answer["Body"] as body:
            return Contents(body=body.read()[:most], version=_version(answer["ETag"]))

    def _put(self, item: Object, body: BinaryIO, expected: Version | Anything | None) -> Version:
        answer = self.client.put_object(
            Bucket=self._bucket,
            Key=self._prefix + item.key,
            Body=body,
            ContentLength=item.size,
            ContentType=item.type,
            CacheControl=item.cache,
            ChecksumSHA256=base64.b64encode(bytes.fromhex(item.sha256)).decode(),
            Metadata={"sha256": item.sha256},
            **_condition(expected),
        )
        return _version(answer["ETag"])

    def _head(self, key: Key) -> HeadObjectOutputTypeDef | None:
        try:
            return self.client.head_object(Bucket=self._bucket, Key=self._prefix + key)
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise

    def _stored(self, item: Object) -> Version | None:
        """The version of what is stored if it is exactly `item`."""
        head = self._head(item.key)
        ours = head and head["ContentLength"] == item.size and head["Metadata"].get("sha256") == item.sha256
        return _version(head["ETag"]) if head and ours else None

    @contextmanager
    def _in_words(self, key: str, verb: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError, OSError) as error:
            raise StoreError(_problem(f"{key} in {self.name}", verb, error)) from error


def _opened(item: Object) -> BinaryIO:
    return item.body.open("rb") if isinstance(item.body, Path) else BytesIO(item.body or b"")


def _version(etag: str) -> Version:
    return Version(etag.strip('"'))


def _condition(expected: Version | Anything | None) -> dict[str, Any]:
    if isinstance(expected, Anything):
        return {}
    return {"IfNoneMatch": "*"} if expected is None else {"IfMatch": f'"{expected}"'}


def _code(error: ClientError) -> str:
    return error.response["Error"].get("Code", "")


def _lost(error: ClientError, expected: Version | Anything | None) -> bool:
    """Whether the server refused because something else than `expected` is there."""
    if isinstance(expected, Anything):
        return False
    return _code(error) in _CONFLICTS or (expected is not None and _code(error) in _MISSING)


def _tried_again(error: ClientError) -> bool:
    """Whether an earlier attempt of the same request may have been carried out, its answer lost on the way.

    Then it may be our own bytes that the last attempt met.
    """
    return error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0


def _problem(subject: str, verb: str, error: Exception) -> Problem:
    if isinstance(error, ClientError):
        code = _code(error)
        reason, mend = _ANSWERS.get(code, ("the server refused", "Ask whoever runs the bucket."))
        return _sentence(subject, verb, f"{reason} ({code})", mend)
    known = next(kind for kind in type(error).__mro__ if kind in _FAILURES)
    return _sentence(subject, verb, *_FAILURES[known])


def _sentence(subject: str, verb: str, reason: str, mend: str) -> Problem:
    return Problem(what=f"{subject} could not be {verb}: {reason}.", mend=mend)
