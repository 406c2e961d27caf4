"""What a producer is told at the end of a command: what did not happen, why, and what to do next."""

import re
import shlex
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import catalog, checks
from pipeline.cli import tell, voice
from pipeline.errors import Problem
from tests import faulty, seaweed
from tests.shell import Run
from tests.shows import write_episode, write_show
from tests.test_shell import on_a_terminal

SOON = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show with a draft and a scheduled episode, and nothing that listeners could get yet."""
    root = write_show(tmp_path_factory.mktemp("told") / "show", timezone="UTC")
    write_episode(root, "01-concept", title="Concept", status="draft")
    write_episode(root, "02-straks", title="Straks", date=f"{SOON:%Y-%m-%d %H:%MZ}")
    return root


def test_what_stays_away_is_named(show: Path, run: Run) -> None:
    """Draft and scheduled episodes, and what each waits for: by plan, by publish, and when there is nothing to do."""
    draft = "Still a draft: “Concept”. Write `status: live` in its episode.md, and publish again."
    scheduled = f"Scheduled: “Straks” ({SOON:%Y-%m-%d %H:%M})."
    for words in (("plan",), ("publish",), ("publish",), ("plan",)):
        lines = run(show, *words).stdout.splitlines()
        assert draft in lines, words
        assert any(line.startswith(scheduled) for line in lines), words


def test_where_to_look_depends_on_what_is_there(show: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A show of omroep init has no Makefile; where there is one, omroep need not be on the path."""
    monkeypatch.chdir(show)
    assert run(show, "publish").stdout.endswith("\nTo look at it and listen: omroep serve\n")
    (show / "Makefile").write_text("serve:\n\t@echo gekomen\n")
    assert run(show, "publish").stdout.endswith("\nTo look at it and listen: make serve\n")
    monkeypatch.chdir(show.parent)
    told = run(show, "publish").stdout.splitlines()[-1].removeprefix("To look at it and listen: ")
    assert told == "make -C show serve"
    assert "gekomen" in subprocess.check_output(shlex.split(told), text=True)
    (show / "Makefile").unlink()


def test_what_is_told_is_so_where_one_stands(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that is published to, and the commands to go on with: in the show, above it and elsewhere."""
    root = write_show(tmp_path / "werk" / "mijn show", cover_alt=None)
    write_episode(root, "01-een")
    (tmp_path / "elders").mkdir()
    where = {
        root: ("public/", "omroep"),
        root.parent: ("mijn show/public/", "omroep --show 'mijn show'"),
        tmp_path / "elders": (f"{root}/public/", f"omroep --show '{root}'"),
    }
    time.sleep(2.1)  # until the files have settled
    for here, (place, omroep) in where.items():
        monkeypatch.chdir(here)
        for done in (f"“Proefshow” is published to {place}.", f"Nothing to do: {place} already holds “Proefshow” "):
            told = run(root, "publish")
            assert any(line.startswith(done) for line in told.stdout.splitlines()), told.stdout
            assert told.stdout.endswith(f"\nTo look at it and listen: {omroep} serve\n")
            assert told.stderr.splitlines()[-1] == f"1 piece of advice: {omroep} check"
        assert run(root, "plan").stderr.splitlines() == [f"1 piece of advice: {omroep} check"]
        assert (root / ".omroep" / "published.json").exists()
        shutil.rmtree(root / "public")
    monkeypatch.chdir(tmp_path / "elders")
    assert "“Proefshow” is published to ../site/." in run(root, "publish", "--to", "../site").stdout


def test_advice_is_counted_where_it_is_not_asked_for(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan, publish and a second publish say how much there is, in a line; what it is says check."""
    root = write_show(tmp_path / "show", cover_alt=None)
    monkeypatch.chdir(root)
    write_episode(root, "01-een", guests=[{"name": "Jan"}])
    told = run(root, "check").stderr.splitlines()
    assert len([line for line in told if line.startswith("advice: ")]) == 1
    for words in (("plan",), ("publish",), ("publish",), ("plan",)):
        lines = run(root, *words).stderr.splitlines()
        assert "1 piece of advice: omroep check" in lines, words
        assert not [line for line in lines if line.startswith("advice: ")], words
    write_episode(root, "01-een", notes="Lees het [hier](https://example.org/).")
    assert "2 pieces of advice: omroep check" in run(root, "publish").stderr.splitlines()
    write_show(root)
    write_episode(root, "01-een")
    assert "advice" not in run(root, "publish").stderr


def test_what_is_heard_in_a_recording_is_told_once(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the publish that masters it; later ones, which find nothing to do, have not heard it."""
    root = write_show(tmp_path / "show")
    monkeypatch.chdir(root)
    shutil.copy(faulty.make("clipped", tmp_path), write_episode(root, "01-een") / "audio.wav")
    time.sleep(2.1)  # until the files have settled
    assert "is clipped at" in run(root, "publish").stderr
    assert (root / ".omroep" / "published.json").exists()
    again = run(root, "publish")
    assert again.stdout.startswith("Nothing to do")
    assert again.stderr == ""


def test_a_bucket_is_told_with_its_address(s3_server: seaweed.Server, show: Path, run: Run) -> None:
    """Where listeners find what went there; a folder is somewhere else until somebody brings it there."""
    where = "Listeners find it at https://proef.example.org/index.html"
    assert where in run(show, "publish", "--to", "s3://show/told", **s3_server.environment()).stdout.splitlines()
    assert where not in run(show, "publish").stdout.splitlines()


def test_releases_count_in_words(show: Path, run: Run) -> None:
    """None, one, two: in the singular where it is one."""
    run(show, "publish", "--to", f"{show.parent / 'site'}")
    assert ", 0 episodes, live now" in run(show, "releases", "--to", f"{show.parent / 'site'}").stdout
    write_episode(show, "03-nu", title="Nu")
    run(show, "publish", "--to", f"{show.parent / 'site'}")
    assert ", 1 episode, live now" in run(show, "releases", "--to", f"{show.parent / 'site'}").stdout


def test_a_wrong_word_leads_to_the_help_that_has_it(show: Path, run: Run) -> None:
    """That of the command itself."""
    assert run(show, "preview", "niets", status=2).stderr.endswith("See: omroep preview --help\n")
    assert run(show, "niets", status=2).stderr.endswith("See: omroep --help\n")


def test_a_misspelt_command_is_answered_with_the_nearest(show: Path, run: Run) -> None:
    """Where one is near."""
    assert "No such command 'publsh'. Did you mean publish?\n" in run(show, "publsh", status=2).stderr
    assert "Did you mean" not in run(show, "xyzzy", status=2).stderr


def test_what_holds_for_many_is_said_once(tmp_path: Path) -> None:
    """With the first few places; what differs in more than its place keeps a line of its own."""
    root = write_show(tmp_path / "show")
    for number in range(1, 6):
        folder = write_episode(root, f"0{number}-deel-{number}", transcript=None, date=f"2020-10-0{number}")
        (folder / "transcript.vtt").unlink()
    lines = tell.gathered(checks.findings(catalog.load(root)))
    places = ", ".join(f"episodes/0{number}-deel-{number}/episode.md:2" for number in (1, 2, 3))
    assert [line.partition(": The")[0] for line in lines] == [f"{places} and 2 more"]
    few = (Problem(what="Een.", file="a"), Problem(what="Een.", file="b"), Problem(what="Twee.", file="a"))
    assert tell.gathered(few) == ("a: Een.", "b: Een.", "a: Twee.")


def test_rules_are_whole_on_a_narrow_terminal() -> None:
    """A rule that is cut says nothing; where there is room each has its line."""
    for columns, apart in ((60, True), (200, False)):
        lines = on_a_terminal(Path.cwd(), "rules", wide=columns).splitlines()
        assert max(map(len, lines)) <= columns
        assert "…" not in "".join(lines)
        assert ("  show-owner  advice" in lines) == apart


def test_a_problem_is_folded_at_words_on_a_terminal(tmp_path: Path, run: Run) -> None:
    """On sixty columns: whole words, file names and commands; in a file each is one line."""
    folder = write_episode(write_show(tmp_path), "01 een lange naam")
    (folder / "de nieuwe versie.wav").write_bytes(b"")
    (tmp_path / "episodes/02 Los.wav").write_bytes(b"RIFF")
    plain = run(tmp_path, "check", status=3).stderr.splitlines()
    assert [line.partition(":")[0] for line in plain] == ["advice", "problem"]
    lines = re.sub(r"\x1b\[\d*m", "", on_a_terminal(tmp_path, "check", wide=60)).splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert " ".join(line.strip() for line in lines) == " ".join(plain)
    assert all(line.startswith(("problem: ", "advice: ", "  ")) for line in lines)
    for whole in ("episodes/01 een lange naam/episode.md:", "`de nieuwe versie.wav`", "omroep ingest"):
        assert any(whole in line for line in lines), whole


def test_words_in_backquotes_are_never_broken() -> None:
    """Whatever stands between them and however wide it is; what is copied has no space that was not there."""
    sentence = (
        "problem: feed/show.yaml:3: `lang` is not a key that omroep knows. Did you mean `language`? Or `slug of its "
        "own`, or (`episode.md`/`show.yaml`), `a``b` and a lone ` too."
    )
    whole = [each for each in sentence.split("`")[1:12:2] if each]
    for wide in range(10, 200):
        lines = voice.folded(sentence, wide).split("\n")
        assert " ".join(line.strip() for line in lines) == sentence, wide
        for each in whole:
            assert any(f"`{each}`" in line for line in lines), (wide, each)
