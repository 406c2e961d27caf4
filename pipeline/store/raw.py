"""A bucket as its server knows it: addresses, and requests that ask how it behaves rather than what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.errors import Problem, StoreError
from pipeline.model import Key
from pipeline.store.s3 import S3Store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_OPERATIONS = {"GET": "get_object", "HEAD": "head_object", "PUT": "put_object", "DELETE": "delete_object"}
_VALID_S = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a server said."""

    fields: Mapping[str, Any]
    """By the client's names."""
    refused: str = ""
    """Code of the error, where it did not do what was asked."""


class Bucket:
    """The bucket and prefix of a store; keys are relative to the prefix."""

    def __init__(self, store: S3Store) -> None:
        self.name, _, prefix = store.name.removeprefix("s3://").partition("/")
        self.prefix = f"{prefix}/" if prefix else ""
        self.client: S3Client = store.client

    def signed(self, method: str, key: Key) -> str:
        """An address that lets whoever has it make that request for an hour: a secret, never to be shown."""
        params = {"Bucket": self.name, "Key": self.prefix + key}
        return self.client.generate_presigned_url(_OPERATIONS[method], Params=params, ExpiresIn=_VALID_S)

    def plain(self, method: str, key: Key) -> str:
        """The address at which the server would answer a stranger."""
        return self.signed(method, key).partition("?")[0]

    def listing(self, key: Key) -> str:
        """The address at which a stranger would ask what lies beneath `key`."""
        params = {"Bucket": self.name, "Prefix": self.prefix + key}
        address, _, query = self.client.generate_presigned_url("list_objects_v2", Params=params).partition("?")
        own = [part for part in query.split("&") if not part.startswith("X-Amz-")]
        return f"{address}?{'&'.join(own)}"

    def ask(self, operation: str, **parameters: Any) -> Reply:
        """What the server says to one request; StoreError when there is no answer."""
        try:
            return Reply(fields=getattr(self.client, operation)(Bucket=self.name, **parameters))
        except ClientError as error:
            return Reply(fields=error.response, refused=error.response["Error"].get("Code", "") or "no code")
        except BotoCoreError as error:
            what = f"s3://{self.name} stopped answering."
            raise StoreError(Problem(what=what, mend="Check the network, and try again.")) from error
