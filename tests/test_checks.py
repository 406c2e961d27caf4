"""Rules of platforms: each has a show that breaks it and one that does not."""

from pathlib import Path
from typing import Any

import pytest

from pipeline import catalog, checks
from tests import records
from tests.shows import write_episode, write_show

LONG = "w" * 4001
UNSPOKEN = "WEBVTT\n\n00:00.000 --> 00:01.000\nHallo\n"

BAD: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "show-description-length": ({"description": LONG}, {}, "`description` takes 4001 bytes"),
    "show-category": ({"categories": ["Bussiness > Carreers"]}, {}, "Did you mean `Business > Careers`?"),
    "show-owner": ({"owner": None}, {}, "has no owner"),
    "show-cover-alt": ({"cover_alt": None}, {}, "has no description"),
    "episode-number": ({"type": "serial"}, {"number": None}, "the show is serial"),
    "episode-title": ({}, {"title": "Aflevering 3: Detachering"}, "begins with a number"),
    "episode-summary-length": ({}, {"summary": "w" * 3990 + "ëëëëëë"}, "`summary` takes 4002 bytes"),
    "episode-notes": ({}, {"summary": None, "notes": ""}, "no summary and no notes"),
    "episode-notes-shown": ({}, {"notes": ">" * 60 + " diep"}, "cannot be shown"),
    "episode-transcript": ({}, {"transcript": None}, "has no transcript"),
    "episode-speakers": ({}, {}, "does not say who speaks"),
    "episode-chapters": ({}, {"chapters": ["0:05 Laat"]}, "does not begin at 0:00"),
    "episode-chapters-count": ({}, {"chapters": [f"0:00.{at:03} Deel {at}" for at in range(256)]}, "has 256 chapters"),
    "episode-number-twice": ({}, {"number": 2}, "is already that of"),
}


def found(root: Path) -> dict[str, str]:
    """Rule to what it says."""
    return {problem.rule.partition(" ")[0]: str(problem) for problem in checks.findings(catalog.load(root))}


def test_every_rule_has_a_bad_case() -> None:
    """A rule that nothing breaks is not known to work."""
    known = {rule.id for rule in checks.SHOW_RULES} | {rule.id for rule in checks.EPISODE_RULES}
    assert set(BAD) == known


def test_a_good_show_breaks_none(tmp_path: Path) -> None:
    """Nor does the example in this repository."""
    write_episode(write_show(tmp_path), "01-goed", chapters=["0:00 Begin"])
    assert found(tmp_path) == {}
    assert found(Path(__file__).parent.parent) == {}


@pytest.mark.parametrize("rule", BAD)
def test_a_bad_show_breaks_its_rule_and_no_other(rule: str, tmp_path: Path) -> None:
    """With the file, what is wrong, what a listener would notice, and a way out."""
    show, episode, said = BAD[rule]
    write_show(tmp_path, **show)
    folder = write_episode(tmp_path, "01-fout", **episode)
    if rule == "episode-number-twice":
        write_episode(tmp_path, "02-ook")
    if rule == "episode-speakers":
        (folder / "transcript.vtt").write_text(UNSPOKEN, "utf-8")
    if rule == "episode-transcript":
        (folder / "transcript.vtt").unlink()
    told = found(tmp_path)
    assert set(told) == {rule}
    assert said in told[rule]
    assert told[rule].startswith(("feed/show.yaml", "episodes/"))
    problem = next(iter(checks.findings(catalog.load(tmp_path))))
    assert all((problem.why, problem.mend, problem.line))


def test_findings_about_a_file_of_chapters_point_into_it(tmp_path: Path) -> None:
    """Of the first chapter in time, wherever it stands in the file."""
    folder = write_episode(write_show(tmp_path), "01-een")
    (folder / "chapters.txt").write_text("00:02 Twee\n00:01 Een\n", "utf-8")
    (problem,) = checks.findings(catalog.load(tmp_path))
    assert (problem.file, problem.line) == ("episodes/01-een/chapters.txt", 2)
    (late,) = checks.late(records.edition(catalog.load(tmp_path), duration_s=1.5), catalog.load(tmp_path))
    assert late.file == "episodes/01-een/chapters.txt"


def test_findings_point_at_their_line(tmp_path: Path) -> None:
    """The line of YAML that causes them."""
    write_episode(write_show(tmp_path, categories=["Business", "Sportt"]), "01-een")
    (problem,) = checks.findings(catalog.load(tmp_path))
    line = (tmp_path / "feed" / "show.yaml").read_text("utf-8").splitlines()[(problem.line or 0) - 1]
    assert line.startswith("categories:")
