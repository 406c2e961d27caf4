"""SeaweedFS, a real S3 server, on free ports of this machine."""

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CORSConfigurationTypeDef

WEED = shutil.which("weed", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
PARTS = ("s3", "master", "volume", "filer", "admin")
ALSO = 10_000
"""Each part listens on its port and on its port plus this."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where it is and how to get in."""

    endpoint: str
    bucket: str = "show"
    access_key: str = "a-proof-key"
    secret_key: str = "canary-secret-never-shown"

    def environment(self) -> dict[str, str]:
        """AWS's own variables that lead here, and away from whatever this machine has."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def started(folder: Path, *, attempts: int = 3, strangers: Sequence[str] = ()) -> Iterator[Server]:
    """A server with an empty bucket, keeping its files in `folder`; killed at the end.

    `strangers` are the rights of those without credentials, everywhere: Read, List, Write.
    """
    for attempt in range(attempts):
        ports = free_ports()
        log = folder / f"weed-{attempt}.log"
        process = _launched(folder / f"attempt-{attempt}", ports, log, strangers)
        try:
            server = Server(endpoint=f"http://127.0.0.1:{ports[0]}")
            if answers(server, process):
                yield server
                return
        finally:
            _kill(process, ports)
    raise RuntimeError(f"weed did not start in {attempts} attempts:\n{log.read_text('utf-8', 'replace')[-2000:]}")


def let_everybody(client: "S3Client", bucket: str, *actions: str) -> None:
    """Let strangers do that to the bucket and what is in it, and web pages of others read it."""
    arn = f"arn:aws:s3:::{bucket}"
    rule = {"Effect": "Allow", "Principal": "*", "Action": list(actions), "Resource": [arn, f"{arn}/*"]}
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [rule]}))
    cors: CORSConfigurationTypeDef = {"CORSRules": [{"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": ["*"]}]}
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration=cors)


def free_ports() -> list[int]:
    """A port for each part, free here together with the one it also takes, below the range of outgoing connections."""
    choice = random.SystemRandom()
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < len(PARTS):
            port = choice.randrange(10_240, 22_000)
            with suppress(OSError):
                for each in (port, port + ALSO):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", each))
                ports.append(port)
        return ports


def _launched(folder: Path, ports: Sequence[int], log: Path, strangers: Sequence[str]) -> subprocess.Popen[bytes]:
    data = folder / "data"
    data.mkdir(parents=True)
    config = folder / "s3.json"
    credentials = [{"accessKey": Server.access_key, "secretKey": Server.secret_key}]
    rights = ["Admin", "Read", "List", "Tagging", "Write"]
    identities: list[dict[str, object]] = [{"name": "pub", "credentials": credentials, "actions": rights}]
    identities += [{"name": "anonymous", "actions": list(strangers)}] if strangers else []
    config.write_text(json.dumps({"identities": identities}))
    options = [f"-{part}.port={port}" for part, port in zip(PARTS, ports, strict=True)]
    options += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}", f"-s3.config={config}"]
    options += ["-admin.ui=false", "-webdav=false", "-master.telemetry=false"]
    options += ["-s3.autoCreateBucket=false"]  # else a put makes the bucket that it lacks
    options += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
    with log.open("wb") as output:
        return subprocess.Popen([str(WEED), "mini", *options], cwd=folder, stdout=output, stderr=output)


def answers(server: Server, process: subprocess.Popen[bytes], *, within_s: float = 30) -> bool:
    """Whether it makes a bucket and stores something there before the time is up."""
    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=5),
    )
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(BotoCoreError, ClientError):
            if not client.list_buckets()["Buckets"]:
                client.create_bucket(Bucket=server.bucket)
            client.put_object(Bucket=server.bucket, Key="probe", Body=b"probe")
            client.delete_object(Bucket=server.bucket, Key="probe")
            return True
        time.sleep(0.1)
    return False


def _kill(process: subprocess.Popen[bytes], ports: Sequence[int]) -> None:
    process.kill()  # a polite end takes it ten seconds
    process.wait()
    for port in ports:
        for place in (port, port + ALSO):
            for left in Path("/tmp").glob(f"seaweedfs-*-{place}.sock"):
                left.unlink(missing_ok=True)
