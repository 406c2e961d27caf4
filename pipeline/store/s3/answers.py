"""What goes wrong with a bucket, in words: every code and failure, what it means and the way out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from pipeline.errors import Problem
from pipeline.store.s3.deadline import Overdue

MISSING = {"NoSuchKey", "404", "NotFound"}
DIGESTS = {
    "BadDigest",
    "XAmzContentSHA256Mismatch",
    "XAmzContentChecksumMismatch",
    "IncompleteBody",
    "ClientDisconnected",
}
"""The server got other bytes than were meant: the file has changed, or something altered or cut them on their way."""
BROKEN = (
    exceptions.IncompleteReadError,
    exceptions.ResponseStreamingError,
    ResponseParserError,
    HTTPError,
)
"""An answer that began and broke off; botocore asks again only when there was none."""
_UNREACHED = (
    exceptions.EndpointConnectionError,
    exceptions.ConnectTimeoutError,
    exceptions.ProxyConnectionError,
    exceptions.SSLError,
)
CONFLICTS = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}
"""How a server says that a condition did not hold."""


class Unusable(Exception):
    """An answer without something that every such answer has."""


class Damaged(Exception):
    """What is stored is not what was sent."""


_CREDENTIALS = "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile named by AWS_PROFILE."
_ENDPOINT = "Check AWS_ENDPOINT_URL and the network, and try again."
_LATER = "Try again later."
CHANGED = ("it changed while it was being stored", "Publish again.")
DAMAGED = (
    "other bytes arrived than were sent, each time",
    "Something on the way alters data: use https, another network or another machine.",
)
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
    "NoSuchUpload": ("its unfinished upload was removed meanwhile", "Publish again."),
    "NoSuchBucket": _NO_BUCKET,
    "InvalidBucketName": _NO_BUCKET,
    "AuthorizationHeaderMalformed": _REGION_WRONG,
    "PermanentRedirect": _REGION_WRONG,
    "301": _REGION_WRONG,
    "BadDigest": DAMAGED,
    "XAmzContentSHA256Mismatch": DAMAGED,
    "XAmzContentChecksumMismatch": DAMAGED,
    "IncompleteBody": DAMAGED,
    "ClientDisconnected": ("the connection broke", _ENDPOINT),
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
    ResponseParserError: ("the server's answer makes no sense", _ENDPOINT),
    HTTPError: ("the connection broke", _ENDPOINT),
    Unusable: ("the server's answer lacks what safe publishing needs", "Use another kind of bucket."),
    Damaged: DAMAGED,
    ValueError: ("the endpoint is not an address", "Check AWS_ENDPOINT_URL, as in https://s3.example.org."),
    OSError: ("its file cannot be read", "See whether it was moved, and try again."),
}
"""The same for what goes wrong without a whole answer; the nearest class counts. What libraries say is never passed
on: it may hold addresses with passwords in them."""


def code(error: Exception) -> str:
    """The server's code for it, or its status; empty where there was no answer."""
    return error.response["Error"].get("Code", "") if isinstance(error, ClientError) else ""


def unclear(error: Exception) -> bool:
    """Whether it may have been carried out all the same."""
    if isinstance(error, ClientError):
        return error.response["ResponseMetadata"].get("HTTPStatusCode", 0) >= 500
    return isinstance(error, (*BROKEN, exceptions.HTTPClientError)) and not isinstance(error, _UNREACHED)


def tried_again(error: Exception) -> bool:
    """Whether an earlier attempt of the same request may have been carried out, its answer lost on the way.

    Then it may be our own bytes that the last attempt met.
    """
    return isinstance(error, ClientError) and error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0


def problem(subject: str, verb: str, error: Exception) -> Problem:
    """What went wrong, why, and the way out."""
    if isinstance(error, Overdue):
        return sentence(subject, verb, str(error), _ENDPOINT)
    if isinstance(error, ClientError):
        told = code(error)
        reason, mend = _ANSWERS.get(told, ("the server refused", "Ask whoever runs the bucket."))
        return sentence(subject, verb, f"{reason} ({told})", mend)
    known = next(kind for kind in type(error).__mro__ if kind in _FAILURES)
    return sentence(subject, verb, *_FAILURES[known])


def sentence(subject: str, verb: str, reason: str, mend: str) -> Problem:
    """That something could not be done with the subject, and why."""
    return Problem(what=f"{subject} could not be {verb}: {reason}.", mend=mend)


def date(said: Mapping[str, Any]) -> datetime | None:
    """What time it is there by the Date of an answer (RFC 9110, 6.6.1), of its `ResponseMetadata`; None without one."""
    try:
        told = parsedate_to_datetime(said["HTTPHeaders"]["date"])
    except (KeyError, ValueError, TypeError):
        return None
    return told.replace(tzinfo=told.tzinfo or UTC)
