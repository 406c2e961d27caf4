"""`omroep check` and `omroep rules`, as people and programs run them; and its SARIF, as its schema has it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest

from pipeline import catalog, checks
from pipeline.checks import sarif
from pipeline.checks.rule import Platform
from pipeline.cli.check import check as command
from pipeline.errors import Exit, Problem
from tests.shell import Run
from tests.shows import write_episode, write_show

OMROEP = Path(sys.executable).with_name("omroep")
SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text("utf-8"))
"""OASIS' schema of SARIF 2.1.0, as the npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT) has it, in fewer bytes."""
ADVICE = {"cover_alt": None, "medium": "podcasts", "audio": {"loudness": "-20"}}
"""Advice of accessibility, of Podcasting 2.0 and of Apple."""


def show(root: Path, **keys: Any) -> Path:
    write_episode(write_show(root, **keys), "01-een", notes="Klik [hier](https://example.org/).")
    return root


def rules(text: str) -> list[str]:
    return [problem["rule"].partition(" ")[0] for problem in json.loads(text)["problems"]]


def test_a_good_show_is_in_order(tmp_path: Path) -> None:
    """And nothing is said of it, by the real program."""
    write_episode(write_show(tmp_path), "01-een")
    command: list[str | Path] = [OMROEP, "--show", tmp_path, "check", "--strict"]
    told = subprocess.run(command, capture_output=True, text=True)
    assert (told.returncode, told.stdout, told.stderr) == (Exit.DONE, "“Proefshow” is in order: 1 episode.\n", "")


def test_advice_is_advice_unless_strict(tmp_path: Path, run: Run) -> None:
    """Then it is a problem, in words, in JSON and in the exit status."""
    show(tmp_path)
    mild, strict = run(tmp_path, "check"), run(tmp_path, "check", "--strict", status=Exit.SHOW)
    assert mild.stderr.startswith("advice: episodes/01-een/episode.md:11: A link says only “hier”.")
    assert "omroep rules episode-link-text" in mild.stderr
    assert strict.stderr.startswith("problem: episodes/01-een/episode.md:11: ")
    assert json.loads(run(tmp_path, "check", "--strict", "--json", status=Exit.SHOW).stdout)["ok"] is False
    assert json.loads(run(tmp_path, "check", "--json").stdout)["ok"] is True


def test_every_platform_can_be_asked_for() -> None:
    """The option's words are the table's."""
    (option,) = [each for each in command.params if each.name == "platform"]
    assert isinstance(option.type, click.Choice)
    assert [*option.type.choices] == [*Platform]


def test_a_platform_is_told_its_own(tmp_path: Path, run: Run) -> None:
    """And what cannot be read is everyone's."""
    show(tmp_path, **ADVICE)
    wanted = {"podcasting-2.0": {"show-cover-alt", "show-medium"}, "spotify": set()}
    for platform, told in wanted.items():
        assert set(rules(run(tmp_path, "check", "--json", "--platform", platform).stdout)) == told
    write_show(tmp_path, titel="Ook")
    assert "`titel` is not a key" in run(tmp_path, "check", "--platform", "spotify", status=Exit.SHOW).stderr
    run(tmp_path, "check", "--platform", "winamp", status=Exit.USAGE)


def test_another_platforms_problem_does_not_stop_the_check(tmp_path: Path, run: Run) -> None:
    """A category that Apple refuses says nothing to who publishes elsewhere."""
    show(tmp_path, categories=["Sportt"])
    run(tmp_path, "check", status=Exit.SHOW)
    run(tmp_path, "check", "--platform", "apple", status=Exit.SHOW)
    run(tmp_path, "check", "--platform", "accessibility", status=Exit.DONE)


def test_code_review_gets_its_file(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the check fails, and with paths from where it is run."""
    root = show(tmp_path / "mijn show", **ADVICE)
    for here, folder, words in ((root, "", ()), (tmp_path, "mijn%20show/", ("--strict",))):
        monkeypatch.chdir(here)
        run(root, "check", *words, "--sarif", tmp_path / "check.sarif", status=Exit.SHOW if words else Exit.DONE)
        log = json.loads((tmp_path / "check.sarif").read_text("utf-8"))
        jsonschema.validate(log, SCHEMA)
        told = {result["ruleId"]: result for result in log["runs"][0]["results"]}
        assert len(log["runs"]) == 1
        assert set(told) == {"show-cover-alt", "show-medium", "show-loudness", "episode-link-text"}
        assert {result["level"] for result in told.values()} == {"error" if words else "warning"}
        place = told["episode-link-text"]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == f"{folder}episodes/01-een/episode.md"
        text = (root / "episodes" / "01-een" / "episode.md").read_text("utf-8")
        assert text.splitlines()[place["region"]["startLine"] - 1].startswith("Klik [hier]")


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, run: Run) -> None:
    """In a sentence, as a mistake on the command line."""
    told = run(show(tmp_path), "check", "--sarif", tmp_path / "nergens" / "check.sarif", status=Exit.USAGE)
    assert "cannot be written" in told.stderr
    assert "Traceback" not in told.stderr


def test_sarif_is_what_its_schema_says() -> None:
    """With every rule and its help; of problems with and without file, line and rule."""
    problems = (
        checks.rule("show-owner").problem("Geen eigenaar.", file="feed/show.yaml", line=3),
        checks.rule("show-category").problem("Geen rubriek.", file="feed/show één.yaml", line=None),
        Problem(what="`titel` is not a key.", file="feed/show.yaml", line=1, mend="Did you mean `title`?"),
        Problem(what="It is clipped.", rule="audio-clipped", fatal=False),
    )
    log = sarif.log(problems, version="1.2.3")
    jsonschema.validate(log, SCHEMA)
    (run,) = log["runs"]
    known = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in known] == [*(rule.id for rule in checks.RULES), "audio-clipped"]
    for rule, described in zip(checks.RULES, known, strict=False):
        assert rule.source in described["help"]["text"]
        assert rule.remedy in described["help"]["markdown"]
        assert described["shortDescription"]["text"] == rule.asks
    results = run["results"]
    assert [known[result["ruleIndex"]]["id"] for result in results] == [result["ruleId"] for result in results]
    assert [result["ruleId"] for result in results] == ["show-owner", "show-category", "readable", "audio-clipped"]
    assert [result["level"] for result in results] == ["warning", "error", "error", "warning"]
    places = [result["locations"][0]["physicalLocation"] for result in results]
    assert places[1]["artifactLocation"]["uri"] == "feed/show%20%C3%A9%C3%A9n.yaml"
    assert [place.get("region") for place in places] == [{"startLine": 3}, None, {"startLine": 1}, None]


def test_sarif_of_nothing_is_a_clean_bill() -> None:
    """A run without results, which closes what was told before."""
    log = sarif.log((), version="1.2.3")
    jsonschema.validate(log, SCHEMA)
    assert log["runs"][0]["results"] == []


def test_the_schema_refuses() -> None:
    """It is known to work."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**sarif.log((), version="1"), "version": "2.0.0"}, SCHEMA)


def test_each_rule_is_explained(tmp_path: Path, run: Run) -> None:
    """All together in a list, one by one with everything there is to say, and for a program."""
    listed = run(tmp_path, "rules").stdout.splitlines()
    assert [line.split()[0] for line in listed] == [rule.id for rule in checks.RULES]
    told = run(tmp_path, "rules", *(rule.id for rule in checks.RULES)).stdout
    for rule in checks.RULES:
        assert all(part in told for part in (rule.asks, rule.why, rule.remedy, rule.source))
    listed_for = json.loads(run(tmp_path, "rules", "--json", "--platform", "spotify").stdout)["rules"]
    assert {rule["id"] for rule in listed_for} == {
        rule.id for rule in checks.RULES if Platform.SPOTIFY in rule.platforms
    }


def test_a_rule_about_words_lists_them(tmp_path: Path, run: Run) -> None:
    """So that nobody has to look them up."""
    assert "Society & Culture: Documentary, Personal Journals" in run(tmp_path, "rules", "show-category").stdout
    assert "visuals: graphic designer, cover art designer" in run(tmp_path, "rules", "episode-credits").stdout
    assert "musicL" in run(tmp_path, "rules", "show-medium").stdout


def test_a_misspelt_rule_is_answered_with_the_nearest(tmp_path: Path, run: Run) -> None:
    """As a mistake on the command line."""
    told = run(tmp_path, "rules", "show-ower", status=Exit.USAGE)
    assert told.stdout == ""
    assert "Did you mean `show-owner`?" in told.stderr


def test_no_rule_steers_a_terminal(tmp_path: Path, run: Run) -> None:
    """What producers wrote is shown with its control characters visible, and told in one line."""
    write_episode(write_show(tmp_path), "01-een", notes="[hier\u202e\u0007](https://example.org/) <b\u001b[31m>")
    told = run(tmp_path, "check", status=None)
    assert not any(ord(char) < 32 and char != "\n" for char in told.stderr)
    assert "\u202e" not in told.stderr
    assert len([*checks.findings(catalog.load(tmp_path))]) + 1 == len(told.stderr.splitlines())
