"""`rclone serve s3`: a real S3 server that keeps few of the promises."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.seaweed import Server

RCLONE = shutil.which("rclone", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


@contextmanager
def started(folder: Path, *, within_s: float = 30) -> Iterator[Server]:
    """A server with an empty bucket, keeping its files in `folder`; killed at the end."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    server = Server(endpoint=f"http://127.0.0.1:{port}")
    (folder / "data" / server.bucket).mkdir(parents=True)
    keys = f"{server.access_key},{server.secret_key}"
    command = [str(RCLONE), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", keys, str(folder / "data")]
    environ = {"RCLONE_CONFIG": os.devnull, "HOME": str(folder), "PATH": os.defpath}
    with (folder / "rclone.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
    try:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield server
    finally:
        process.kill()
        process.wait()
