"""A folder in a real bucket, as the rig sees it: read as anybody can, and put back to how it was."""

import http.client
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

import boto3
from botocore.config import Config
from lxml import etree

from tests.crash.reader import LOG, Seen
from tests.crash.wire import Reply
from tests.seaweed import Server

_KEPT = ("Content-Type", "Cache-Control", "X-Amz-Meta-sha256")


@dataclass(frozen=True, kw_only=True)
class Held:
    """An object with all that a publisher gave along."""

    seen: Seen
    etag: str
    headers: tuple[tuple[str, str], ...]

    def reply(self) -> Reply:
        """As a server hands it out."""
        return Reply(status=200, headers=(*self.headers, ("ETag", self.etag)), body=self.seen.body)


Holdings = Mapping[str, Held]


class Bucket:
    """What is beneath one prefix."""

    def __init__(self, server: Server, folder: str) -> None:
        self.server, self.folder = server, folder
        self.host = server.endpoint.removeprefix("http://")
        self.prefix = f"/{server.bucket}/{folder}/"
        self.place = f"s3://{server.bucket}/{folder}"

    @cached_property
    def _client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.server.endpoint,
            aws_access_key_id=self.server.access_key,
            aws_secret_access_key=self.server.secret_key,
            region_name="us-east-1",
            config=Config(max_pool_connections=8),
        )

    def open_to_all(self) -> None:
        """Let anybody read, as listeners do."""
        name = f"arn:aws:s3:::{self.server.bucket}"
        may = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"]}
        policy = {"Version": "2012-10-17", "Statement": [may | {"Resource": [name, f"{name}/*"]}]}
        self._client.put_bucket_policy(Bucket=self.server.bucket, Policy=json.dumps(policy))

    def get(self, key: str) -> Held | None:
        answer, body = self._asked(self.prefix + quote(key))
        if answer.status == 404:
            return None
        assert answer.status == 200, (key, answer.status, body)
        headers = tuple((name, value) for name in _KEPT if (value := answer.headers.get(name)))
        seen = Seen.of(body, answer.headers.get("Content-Type"))
        return Held(seen=seen, etag=str(answer.headers["ETag"]), headers=headers)

    def read(self, key: str) -> Seen | None:
        held = self.get(key)
        return held.seen if held else None

    def etags(self) -> dict[str, str]:
        """Of everything, by one listing."""
        answer, body = self._asked(f"/{self.server.bucket}?list-type=2&max-keys=1000&prefix={quote(self.folder)}/")
        assert answer.status == 200, body
        space = "{http://s3.amazonaws.com/doc/2006-03-01/}"
        rows = etree.fromstring(body).iterfind(f"{space}Contents")
        named = {str(row.findtext(f"{space}Key")): str(row.findtext(f"{space}ETag")) for row in rows}
        return {key.removeprefix(f"{self.folder}/"): etag for key, etag in named.items()}

    def holdings(self) -> dict[str, Held]:
        return {key: held for key in self.etags() if (held := self.get(key))}

    def become(self, wanted: Holdings) -> None:
        """Hold exactly that again."""
        there = self.etags()
        if extra := [key for key in there if key not in wanted]:
            names = [{"Key": f"{self.folder}/{key}"} for key in extra]
            self._client.delete_objects(Bucket=self.server.bucket, Delete={"Objects": names, "Quiet": True})
        other = [(key, held) for key, held in wanted.items() if there.get(key) != held.etag]
        told = [(key, held) for key, held in wanted.items() if key.startswith(LOG)] if other else []
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda pair: self.put(*pair), other))
            list(pool.map(lambda pair: self.put(*pair), told))  # as it was: no record is newer than the log of it
        assert self.etags() == {key: held.etag for key, held in wanted.items()}

    def put(self, key: str, held: Held) -> None:
        given = {name.lower(): value for name, value in held.headers}
        self._client.put_object(
            Bucket=self.server.bucket,
            Key=f"{self.folder}/{key}",
            Body=held.seen.body,
            ContentType=given.get("content-type", "application/octet-stream"),
            CacheControl=given.get("cache-control", ""),
            Metadata={"sha256": given.get("x-amz-meta-sha256", "")},
        )

    def _asked(self, path: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()
