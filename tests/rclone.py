"""`rclone serve s3`: a server that ignores conditions and digests, as some that call themselves S3 do."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from tests import seaweed

RCLONE = shutil.which("rclone", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


@contextmanager
def started(folder: Path, *, within_s: float = 30) -> Iterator[seaweed.Server]:
    """A server with an empty bucket, keeping its files in `folder`; killed at the end."""
    server = seaweed.Server(endpoint=f"http://127.0.0.1:{seaweed.free_ports()[0]}")
    (folder / server.bucket).mkdir(parents=True)
    key = f"{server.access_key},{server.secret_key}"
    options = ["--addr", server.endpoint.removeprefix("http://"), "--auth-key", key, "--config", os.devnull]
    process = subprocess.Popen([str(RCLONE), "serve", "s3", *options, folder], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + within_s
        while process.poll() is None and time.monotonic() < until and not _answers(server):
            time.sleep(0.05)
        yield server
    finally:
        process.kill()
        process.wait()


def _answers(server: seaweed.Server) -> bool:
    with suppress(OSError):
        try:
            urlopen(server.endpoint).close()
        except HTTPError:  # it asks who we are
            return True
        return True
    return False
