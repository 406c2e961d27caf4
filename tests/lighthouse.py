"""`make lighthouse`: Google's Lighthouse over home and an episode; a hundred for all but speed, which is told."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import gallery
from tests.browser.conftest import CHROMIUM
from tests.tools import require

LIGHTHOUSE = Path(__file__).parent / "judges" / "node_modules" / "lighthouse" / "cli" / "index.js"
GATES = ("accessibility", "best-practices", "seo")


def judged(url: str, categories: str) -> dict[str, Any]:
    """Lighthouse's report on a page, without what it would tell Google."""
    flags = "--headless=new --no-sandbox"
    command = ["node", str(LIGHTHOUSE), url, f"--only-categories={categories}", f"--chrome-flags={flags}"]
    command += ["--output=json", "--quiet", "--no-enable-error-reporting"]
    environ = {**os.environ, "CHROME_PATH": str(CHROMIUM)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert "runtimeError" not in report
    return report


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the site with every kind of page is."""
    with gallery.served("nl") as found:
        yield found


@pytest.mark.parametrize("kind", ["home", "episode"])
def test_lighthouse_gives_a_hundred(address: str, kind: str) -> None:
    """On a phone, as it is by default. How fast it found the page is printed, no gate: machines are noisy."""
    node = shutil.which("node")
    require(node and CHROMIUM and LIGHTHOUSE.is_file(), "needs Node, Chromium and: cd tests/judges && npm ci")
    url = address + gallery.KINDS[kind]
    report = judged(url, ",".join((*GATES, "performance")))
    print(f"\n{kind}: performance {report['categories']['performance']['score'] * 100:.0f}")
    weak = {
        f"{name}: {audit['id']}": audit.get("details", {}).get("items", audit.get("explanation"))
        for name in GATES
        for reference in report["categories"][name]["auditRefs"]
        if reference["weight"] and (audit := report["audits"][reference["id"]])["score"] not in (1, None)
    }
    assert weak == {}
    assert {name: report["categories"][name]["score"] for name in GATES} == dict.fromkeys(GATES, 1)
