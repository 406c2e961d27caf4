"""A runner of workflows: the steps of a job in order, each with the shell, files and environment that GitHub gives."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = ROOT / ".github" / "workflows"
OMROEP = Path(sys.executable).with_name("omroep")
_TOKEN = re.compile(r"'[^']*'|[\w.-]+(?:\(\))?|&&|\|\||[=!]=|[!()]|\s+")
_PYTHON = {"&&": " and ", "||": " or ", "!": " not ", "==": "==", "!=": "!=", "(": "(", ")": ")"}


def workflow(name: str) -> dict[str, Any]:
    """A workflow as YAML 1.1 reads it, which takes `on` for a yes."""
    read = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text("utf-8"))
    assert isinstance(read, dict)
    return {"on" if key is True else key: value for key, value in read.items()}


@dataclass(kw_only=True)
class Step:
    """A step that was run."""

    name: str
    status: int
    log: str
    environ: Mapping[str, str]
    """What it was given beyond what every step is given."""


@dataclass(kw_only=True)
class Outcome:
    """A job that came to its end."""

    clone: Path
    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""

    @property
    def status(self) -> int:
        """Of the step that failed, else 0."""
        return next((step.status for step in self.steps if step.status), 0)

    @property
    def log(self) -> str:
        """Of all steps."""
        return "".join(step.log for step in self.steps)


@dataclass(kw_only=True)
class Runner:
    """A machine that is thrown away after one job; `folder` is all that it has."""

    folder: Path
    origin: Path
    """The repository that is checked out."""
    contexts: Mapping[str, Any]
    """`github`, `vars`, `secrets`, `needs`."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """What the world around it is like."""
    ref: str = "main"
    """What the event is about."""

    def run(self, name: str, job: str) -> Outcome | None:
        """The outcome of a job; None where its `if` keeps it from being run."""
        self.folder.mkdir(parents=True)
        (self.folder / "temp").mkdir()
        asked = workflow(name)["jobs"][job]
        if not self.holds(asked.get("if", "true")):
            return None
        outcome, steps = Outcome(clone=self.folder / "work"), dict[str, Any]()
        for number, step in enumerate(asked["steps"]):
            if not self.holds(step.get("if", "true")):
                continue
            done = self._uses(step) if "uses" in step else self._run(number, step, outcome)
            outcome.steps.append(done)
            steps[step.get("id", "")] = {"outputs": self._pairs(f"output-{number}")}
            if done.status:
                break
        told = {name: self.filled(value, {"steps": steps}) for name, value in asked.get("outputs", {}).items()}
        outcome.outputs = {name: value for name, value in told.items() if value}
        outcome.summary = "".join(path.read_text("utf-8") for path in sorted(self.folder.glob("summary-*")))
        return outcome

    def _uses(self, step: Mapping[str, Any]) -> Step:
        assert step["uses"].startswith("actions/checkout@"), "only that is known here"
        self.checked_out(self.filled(step["with"].get("ref", "")) or self.ref)
        return Step(name="checkout", status=0, log="", environ={})

    def checked_out(self, ref: str) -> Path:
        """A clone without recordings; the program is there already, for installing from nothing is for `.ci/run`."""
        clone, environ = self.folder / "work", {**os.environ, "GIT_LFS_SKIP_SMUDGE": "1"}
        words = ["git", "clone", "--quiet", "--branch", ref, self.origin.as_uri(), str(clone)]
        subprocess.run(words, check=True, env=environ)
        (clone / ".venv" / "bin").mkdir(parents=True)
        (clone / ".venv" / "bin" / "omroep").symlink_to(OMROEP)
        for made in ("built", "run"):
            (clone / ".venv" / made).touch()
        return clone

    def _run(self, number: int, step: Mapping[str, Any], outcome: Outcome) -> Step:
        script = self.folder / f"step-{number}.sh"
        script.write_text(step["run"], "utf-8")
        files = {
            f"GITHUB_{name.upper()}": str(self.folder / f"{stem}-{number}")
            for name, stem in (("step_summary", "summary"), ("output", "output"), ("env", "env"), ("path", "path"))
        }
        for path in files.values():
            Path(path).touch()
        added = {name: self.filled(value) for name, value in step.get("env", {}).items()}
        before = {key: value for each in range(number) for key, value in self._pairs(f"env-{each}").items()}
        paths = [line for each in range(number) for line in self._lines(f"path-{each}")]
        environ = {
            "PATH": os.pathsep.join([*reversed(paths), os.defpath]),
            "HOME": str(self.folder),
            "CI": "true",
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_SHA": self.contexts["github"]["sha"],
            "GITHUB_REF": self.contexts["github"]["ref"],
            "GITHUB_REPOSITORY": self.contexts["github"]["repository"],
            **self.environ,
            **files,
            **before,
            **added,
        }
        cwd = outcome.clone if outcome.clone.exists() else self.folder
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        done = subprocess.run(shell, cwd=cwd, env=environ, capture_output=True, text=True)
        return Step(name=step["name"], status=done.returncode, log=done.stdout + done.stderr, environ=before | added)

    def _lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text("utf-8").splitlines() if path.exists() else []

    def _pairs(self, name: str) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self._lines(name))

    def filled(self, value: object, more: Mapping[str, Any] | None = None) -> str:
        """A value with each `${{ expression }}` evaluated."""
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(self._value(found[1], more)), str(value))

    def holds(self, condition: object) -> bool:
        """Whether an `if` lets what it belongs to be run."""
        return bool(self._value(str(condition).lower() if condition is True else str(condition), None))

    def _value(self, expression: str, more: Mapping[str, Any] | None) -> Any:
        tokens = _TOKEN.findall(expression)
        assert "".join(tokens) == expression, expression
        known = {**self.contexts, **(more or {})}
        return eval("".join(_spelled(token, known) for token in tokens).strip(), {"__builtins__": {}}) or ""


def _spelled(token: str, known: Mapping[str, Any]) -> str:
    """A token of an expression in Python; what nobody has set is empty."""
    if token in _PYTHON or token.isspace():
        return _PYTHON.get(token, " ")
    if token.startswith("'"):
        return repr(token[1:-1])
    if token in {"true", "cancelled()"}:
        return str(token == "true")
    value: Any = known
    for part in token.split("."):
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return repr(value)
