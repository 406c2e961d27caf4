"""How bytes are sent: signed by the SHA-256 that goes with them, and small ones without asking first."""

import base64
from io import BytesIO
from typing import TYPE_CHECKING, Any

from botocore.auth import AUTH_TYPE_MAPS, S3SigV4Auth, S3SigV4QueryAuth

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NAME = "s3v4-of-known-bytes"
_HEADER = "x-amz-checksum-sha256"


class _KnownBytes(S3SigV4Auth):
    """Botocore's own signature; over https too it covers the bytes, which more servers check than know checksums."""

    def payload(self, request: Any) -> str:
        told = request.headers.get(_HEADER)
        if told is None:
            return str(super().payload(request))
        return base64.b64decode(told).hex()


AUTH_TYPE_MAPS |= {_NAME: _KnownBytes, f"{_NAME}-query": S3SigV4QueryAuth}  # the latter for presigned addresses


def sign_known_bytes(client: "S3Client") -> None:
    """Have the client do so for everything that goes with its SHA-256."""
    choose: Any = lambda **_: _NAME  # noqa: E731  # whose type the stubs of botocore do not know
    for operation in ("PutObject", "UploadPart"):
        client.meta.events.register(f"choose-signer.s3.{operation}", choose)


def do_not_wait(client: "S3Client") -> None:
    """Have the client send small objects and parts with their request, and only other files when the server wants them.

    Botocore asks first (Expect: 100-continue) for whatever it can read from, bytes included: a journey to the server
    and back for each object, more than a small one takes to send. Whoever sends a part was let in to begin it.
    """

    def at_once(model: Any, params: dict[str, Any], **_: object) -> None:
        if model.name == "UploadPart" or isinstance(params.get("body"), BytesIO):
            params["headers"].pop("Expect", None)

    client.meta.events.register_last("before-call.s3", at_once)
