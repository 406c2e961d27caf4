"""A bucket as its server knows it: addresses, and requests that ask how it behaves rather than what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from pipeline.model import Key
    from pipeline.store.s3 import S3Store

_OPERATIONS = {"GET": "get_object", "HEAD": "head_object", "PUT": "put_object", "DELETE": "delete_object"}
_VALID_S = 3600


class Bucket:
    """The bucket and prefix of a store; keys are relative to the prefix."""

    def __init__(self, store: S3Store) -> None:
        self.name, _, prefix = store.name.removeprefix("s3://").partition("/")
        self.prefix = f"{prefix}/" if prefix else ""
        self.client: S3Client = store.client

    def named(self, key: Key) -> dict[str, Any]:
        """The parameters that name `key` to the client."""
        return {"Bucket": self.name, "Key": self.prefix + key}

    def signed(self, method: str, key: Key) -> str:
        """An address that lets whoever has it make that request for an hour: a secret, never to be shown."""
        return self.client.generate_presigned_url(_OPERATIONS[method], Params=self.named(key), ExpiresIn=_VALID_S)

    def plain(self, method: str, key: Key) -> str:
        """The address at which the server would answer a stranger."""
        return self.signed(method, key).partition("?")[0]

    def listing(self, key: Key) -> str:
        """The address at which a stranger would ask what lies beneath `key`."""
        params: dict[str, Any] = {"Bucket": self.name, "Prefix": self.prefix + key}
        address, _, query = self.client.generate_presigned_url("list_objects_v2", Params=params).partition("?")
        own = [part for part in query.split("&") if not part.startswith("X-Amz-")]
        return f"{address}?{'&'.join(own)}"
