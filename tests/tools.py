"""Tools that tests need: on a laptop a missing one skips with its reason, in CI it fails."""

import os

import pytest


def require(condition: object, reason: str) -> None:
    """Skip the test (in CI: fail it) with `reason` unless `condition` holds."""
    if not condition:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
