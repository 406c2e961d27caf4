"""`python -m tests.crash [OPTION ...] [PART ...]`: run the rig, print its score, end with 1 where a promise broke."""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.crash import parts


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *parts.PARTS], help="default: all but mutants")
    parser.add_argument("--thorough", action="store_true", help="every fault at every request of every step")
    parser.add_argument("--every", type=int, default=1, help="only one point of so many, spread evenly over all")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server it started is ended too
    chosen = asked.part or [name for name in parts.PARTS if name != "mutants"]
    effort = parts.Effort(thorough=asked.thorough, every=asked.every)
    failed = False
    with tempfile.TemporaryDirectory(prefix="crash-") as folder, parts.opened(Path(folder), asked.workers) as floor:
        for name in chosen:
            began = time.monotonic()
            score = parts.PARTS[name](floor, effort)
            print(f"{score.told(name)}\n  in {time.monotonic() - began:.0f} s", flush=True)
            failed |= bool(score.violations)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
