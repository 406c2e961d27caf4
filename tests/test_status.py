"""How every episode stands, on terminals of any width and for programs."""

import json
import os
import pty
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import cli
from tests import shell
from tests.scoreboard import OMROEP
from tests.shell import Run
from tests.shows import write_episode, write_show

SOON = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show with an episode in every state."""
    place = tmp_path_factory.mktemp("status")
    root = write_show(place / "show")
    for folder in ("01-live", "02-gewijzigd", "03-terug", "04-gebroken", "05-weg"):
        write_episode(root, folder)
    assert cli.run(["--show", str(root), "publish", "--to", str(place / "site")]) == 0
    write_episode(root, "02-gewijzigd", title="Een andere titel")
    write_episode(root, "03-terug", status="withdrawn")
    write_episode(root, "04-gebroken", nummer=4)
    shutil.rmtree(root / "episodes/05-weg")
    write_episode(root, "06-concept", status="draft", summary=None)
    write_episode(root, "07-straks", date=f"{SOON:%Y-%m-%d %H:%MZ}")
    write_episode(root, "08-nieuw")
    write_episode(root, "09-nooit", nummer=9)
    (root / "episodes/10 Los.wav").write_bytes(b"RIFF")
    return place


def status(show: Path, *words: str) -> str:
    told = shell.said(show / "show", "status", "--to", show / "site", *words)
    assert told.status == 0, told.stderr
    return told.stdout


def test_every_state_has_its_word(show: Path) -> None:
    """In JSON: what it is, what it waits for, and what was measured of what is published."""
    told = json.loads(status(show, "--json"))
    rows = {row["folder"] or row["slug"]: row for row in told["episodes"]}
    assert {name: row["state"] for name, row in rows.items()} == {
        "01-live": "live",
        "02-gewijzigd": "changed",
        "03-terug": "leaving",
        "04-gebroken": "kept",
        "weg": "missing",
        "06-concept": "draft",
        "07-straks": "scheduled",
        "08-nieuw": "waiting",
        "09-nooit": "broken",
        "10 Los.wav": "broken",
    }
    assert rows["06-concept"]["waits_for"][0].startswith("a summary")
    assert rows["06-concept"]["waits_for"][-1] == "`status: live`, when it is right"
    assert rows["08-nieuw"]["waits_for"] == ["the next publish"]
    assert "`nummer`" in rows["04-gebroken"]["waits_for"][0]
    assert rows["10 Los.wav"]["waits_for"] == ["This recording has no episode yet."]
    assert rows["01-live"]["page"] == "https://proef.example.org/episodes/live.html"
    assert (rows["08-nieuw"]["page"], rows["08-nieuw"]["size"]) == (None, None)
    size = (show / "site" / rows["01-live"]["audio"]).stat().st_size
    assert (rows["01-live"]["size"], rows["01-live"]["loudness_lufs"]) == (size, pytest.approx(-16, abs=0.5))
    assert datetime.fromisoformat(told["next"]) == SOON.replace(second=0, microsecond=0)


def test_for_people_it_is_a_table(show: Path) -> None:
    """One line each, what it waits for below it, and when the next run matters."""
    text = status(show)
    assert "scheduled" in text
    assert "live as it was, to be mended" in text
    assert "       lacks a summary: one or two sentences, for lists in apps\n" in text
    assert "       waits for `status: live`, when it is right" in text
    assert "       waits for the next publish\n" in text
    assert "       This recording has no episode yet.\n" in text
    assert text.rstrip().splitlines()[-1].startswith("The next publish that matters, if nothing changes here: ")


def test_what_is_withdrawn_and_wanted_back_says_how(tmp_path: Path, run: Run) -> None:
    """Withdrawn by its file or by a word, and live here: publish refuses to guess, and takes what is said here."""
    root = write_show(tmp_path / "show")
    write_episode(root, "01-blijft")
    write_episode(root, "02-werk")
    run(root, "publish")
    write_episode(root, "02-werk", status="withdrawn")
    run(root, "publish")
    assert "omroep publish --restore" not in run(root, "status").stdout
    write_episode(root, "02-werk")
    told = run(root, "status").stdout
    assert "       to bring it back: omroep publish --restore werk\n" in told
    rows = json.loads(run(root, "status", "--json").stdout)["episodes"]
    assert [row["state"] for row in rows if row["folder"] == "02-werk"] == ["withdrawn"]
    assert "the next publish\n" not in told
    run(root, "publish", status=6)
    run(root, "publish", "--restore", "werk")
    assert "to bring it back" not in run(root, "status").stdout
    run(root, "publish", "--withdraw", "02-werk")
    assert "       to bring it back: omroep publish --restore werk\n" in run(root, "status").stdout


def test_the_next_run_says_why(tmp_path: Path, run: Run) -> None:
    """An episode that comes out, or a consent that ends; of an empty show it is said how to begin."""
    root = write_show(tmp_path / "show", timezone="UTC")
    run(root, "publish")
    assert "\nNo episodes yet: drop a recording into episodes/, then run omroep ingest.\n" in run(root, "status").stdout
    consent = {"name": "yes", "until": f"{SOON:%Y-%m-%d}"}
    write_episode(root, "01-werk", guests=[{"name": "Zoë van Dïjk", "consent": consent}])
    told = run(root, "status").stdout
    assert f": {SOON:%Y-%m-%d} 00:00, when the consent of Zoë van Dïjk ends.\n" in told
    assert "No episodes yet" not in told
    sooner = SOON - timedelta(days=2)
    write_episode(root, "02-straks", title="Straks", date=f"{sooner:%Y-%m-%d %H:%MZ}")
    assert f": {sooner:%Y-%m-%d %H:%M}, when “Straks” comes out.\n" in run(root, "status").stdout


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_it_fits_the_terminal(show: Path, columns: int) -> None:
    """On a real terminal no line of an episode is wider than it: narrow ones get lines instead of columns."""
    lines = terminal(show, columns).splitlines()
    live = next(number for number, line in enumerate(lines) if "Aflevering over 01-live" in line)
    address = "https://proef.example.org/episodes/live.html"
    assert (address in lines[live]) is (columns == 200)
    assert any(address in line for line in lines[live : live + 4])
    for line in lines[live : live + 4]:
        assert len(line) <= columns


def terminal(show: Path, columns: int) -> str:
    """What the program writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    command = [OMROEP, "--show", show / "show", "status", "--to", show / "site"]
    environ = os.environ | {"COLUMNS": str(columns)}
    process = subprocess.Popen(list(map(str, command)), stdout=theirs, stderr=theirs, env=environ)
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait() == 0
    return written.decode().replace("\r\n", "\n")
