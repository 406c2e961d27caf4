"""Small objects put past botocore's client, which works longer on each than a server does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore import exceptions
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from botocore.hooks import first_non_none_response
from botocore.utils import percent_encode

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_HEADERS = {
    "ContentType": "Content-Type",
    "CacheControl": "Cache-Control",
    "ChecksumSHA256": "x-amz-checksum-sha256",
    "IfMatch": "If-Match",
    "IfNoneMatch": "If-None-Match",
}
"""What the client's parameters are on the wire (Amazon S3 API reference, PutObject)."""
_WAY = "Way"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Way:
    """How a request of the client came to the bucket and was let in."""

    address: str
    signing: Mapping[str, Any]
    """What botocore found that it is to be signed for: region, service."""


def tell_ways(client: "S3Client") -> None:
    """Have the client say with each answer to a put how it was reached."""

    def tell(http_response: Any, parsed: dict[str, Any], context: Mapping[str, Any], **_: object) -> None:
        way = _Way(address=http_response.url, signing=dict(context.get("signing", {})))
        parsed.setdefault("ResponseMetadata", {})[_WAY] = way

    client.meta.events.register("after-call.s3.PutObject", tell)


class Direct:
    """Puts into one bucket: the first by `client`, others as that one went, with its own signer and connections.

    Whatever comes of those but success, or the word that a condition does not hold, the client asks once more, in its
    own manner and with all its attempts, and finds the way anew.
    """

    def __init__(self, client: "S3Client") -> None:
        self._client: Any = client
        self._known: _Way | None = None
        """Its address ends where a key begins."""

    def put(self, at: Mapping[str, str], body: bytes, headers: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer, and the failures, of the client's `put_object`, which has these parameters."""
        way = self._known
        if way and (stored := self._straight(way, at, body, headers)):
            return stored
        try:
            answer: Mapping[str, Any] = self._client.put_object(**at, Body=body, **headers)
        except ClientError as error:
            self._known = None
            error.response["ResponseMetadata"]["RetryAttempts"] += bool(way)  # it was asked before: see `tried_again`
            raise
        self._known = _up_to(at["Key"], answer["ResponseMetadata"].get(_WAY))
        return answer

    def _straight(
        self, way: _Way, at: Mapping[str, str], body: bytes, headers: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """The answer where it was stored, None where nobody can tell; ClientError where a condition does not hold."""
        request = AWSRequest("PUT", way.address + _quoted(at["Key"]), self._as_sent(headers), body)
        request.context["signing"] = way.signing
        self._client._request_signer.sign("PutObject", request)
        try:
            answer = self._sent(request)
        except (exceptions.HTTPClientError, exceptions.ConnectionError):
            return None
        if answer.status_code == 412:
            said: Any = {"Error": {"Code": "412"}, "ResponseMetadata": {"HTTPStatusCode": 412, "RetryAttempts": 0}}
            raise ClientError(said, "PutObject")
        if answer.status_code != 200:
            return None
        return {"ETag": answer.headers.get("ETag"), "ChecksumSHA256": answer.headers.get(_HEADERS["ChecksumSHA256"])}

    def _as_sent(self, headers: Mapping[str, Any]) -> dict[str, str]:
        named = {_HEADERS[name]: value for name, value in headers.items() if name in _HEADERS}
        metadata = {f"x-amz-meta-{name}": value for name, value in headers["Metadata"].items()}
        return {**named, **metadata, "User-Agent": self._client.meta.config.user_agent}

    def _sent(self, request: AWSRequest) -> Any:
        """What came of it; who listens to the client sees it go, and may answer it, as all that the client sends."""
        prepared = request.prepare()
        heard = self._client.meta.events.emit("before-send.s3.PutObject", request=prepared)
        return first_non_none_response(heard) or self._client._endpoint.http_session.send(prepared)


def _up_to(key: str, way: _Way | None) -> _Way | None:
    """The same way, to where keys begin; None where that is not certain."""
    quoted = _quoted(key)
    if not way or not way.address.endswith(f"/{quoted}"):
        return None
    return _Way(address=way.address.removesuffix(quoted), signing=way.signing)


def _quoted(key: str) -> str:
    """As botocore has a key in an address."""
    return str(percent_encode(key, safe="/~"))
