"""Help texts and tables inside the documents: `make docs` writes them anew, and tests hold the documents to them."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pipeline import checks
from pipeline.audio import ffmpeg, inspect, measure
from pipeline.audio.findings import RULES, findings
from pipeline.audio.spots import Take
from pipeline.checks.rule import EVERYONE, Demand
from pipeline.doctor import Probe, bucket, folder, machine
from pipeline.model import Mastering
from tests import faulty, tags
from tests.faulty import FAULTS

ROOT = Path(__file__).parent.parent
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "commands.md")
OPERATING = ROOT / "docs" / "operating.md"
AUDIO = ROOT / "docs" / "audio.md"
CHECKS = ROOT / "docs" / "rules.md"
FEED = ROOT / "docs" / "feed.md"
_MARKUP = re.compile(r"(?<!`)(<[^>]+>|&\w+;)")
BLOCK = re.compile(r"(```text\n\$ (omroep [^\n]*--help)\n)(.*?)(\n```)", re.DOTALL)


def help_of(command: str) -> str:
    """What a command prints."""
    program = Path(sys.executable).with_name("omroep")
    environ = {"PATH": os.environ.get("PATH", ""), "COLUMNS": "100", "LC_ALL": "C.UTF-8"}
    words = command.split()[1:]
    return subprocess.run([program, *words], capture_output=True, text=True, check=True, env=environ).stdout.rstrip()


def renewed(text: str) -> str:
    """A document with every help text as the program prints it now."""
    return BLOCK.sub(lambda found: f"{found[1]}{help_of(found[2])}{found[4]}", text)


def rows_of_rules() -> str:
    """The table of findings, for docs/audio.md."""
    head = "| finding | heard when | source | what omroep does | what you can do |\n|---|---|---|---|---|\n"
    return head + "\n".join(
        f"| `{rule.id}` | {rule.threshold} | {rule.source} | {rule.does} | {rule.mend} |" for rule in RULES
    )


def rows_of_checks() -> str:
    """What is asked of a show, for docs/rules.md."""
    head = "| rule | what it asks | who asks it | source | what a listener notices | what you can do |\n" + "|---" * 6
    rows = "\n".join(_row_of_check(rule) for rule in checks.RULES)
    fatal = sum(rule.fatal for rule in checks.RULES)
    count = f"{len(checks.RULES)} rules, of which {fatal} are problems. Tests hold a good and a bad case of each."
    return f"{count}\n\n{head}|\n{rows}"


def rows_of_tags(scope: str) -> str:
    """The elements of a channel or an item, for docs/feed.md."""
    head = "| tag | where it comes from | defined by | who it is for | read back by |\n" + "|---" * 5
    rows = (
        f"| `{tag.name}` | {tag.comes} | {tag.defined} | {tag.audience} | {', '.join(tag.readers)} |"
        for tag in tags.tags(scope)
    )
    return f"{head}|\n" + "\n".join(rows)


def _row_of_check(rule: Demand) -> str:
    who = "everyone" if rule.platforms == EVERYONE else ", ".join(sorted(rule.platforms))
    name = f"**`{rule.id}`**" if rule.fatal else f"`{rule.id}`"
    cells = [_MARKUP.sub(r"`\1`", cell) for cell in (rule.asks, who, rule.source, rule.why, rule.remedy)]
    return f"| {' | '.join((name, *cells))} |"


def rows_of_faults() -> str:
    """What is said of each faulty recording."""
    return "| the fault | what is said |\n|---|---|\n" + "\n".join(
        f"| {fault.does} | {' '.join(_said(name))} |" for name, fault in FAULTS.items()
    )


def _said(name: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = faulty.make(name, Path(folder))
        found = ffmpeg.find({"PATH": ""})
        format = inspect.probe(found, path, path.name)
        hearing = measure.hear(found, measure.as_recorded(path, path.name, format))
    return [finding.told for finding in findings(Take(format=format, hearing=hearing, mastering=Mastering()))]


def rows_of_probes() -> str:
    """The doctor's questions, for docs/operating.md."""
    head = "| probe | question | otherwise | what you can do |\n|---|---|---|---|\n"
    probes: tuple[Probe[Any], ...] = (*machine.PROBES, *folder.PROBES, *bucket.PROBES)
    return head + "\n".join(f"| `{each.id}` | {each.question} | {each.means} | {each.mend} |" for each in probes)


def between(text: str, mark: str, rows: str) -> str:
    """A document with `rows` between the mark of that name and the next end."""
    return re.sub(
        rf"(<!-- {mark} -->\n).*?(<!-- end -->)",
        lambda found: f"{found[1]}\n{rows}\n\n{found[2]}",
        text,
        flags=re.DOTALL,
    )


def with_tags(text: str) -> str:
    """docs/feed.md with its tables as the program has them now."""
    return between(between(text, "channel", rows_of_tags("channel")), "item", rows_of_tags("item"))


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(renewed(document.read_text("utf-8")), "utf-8")
    operating = OPERATING.read_text("utf-8")
    OPERATING.write_text(between(operating, "probes", rows_of_probes()), "utf-8")
    audio = AUDIO.read_text("utf-8")
    AUDIO.write_text(between(between(audio, "rules", rows_of_rules()), "faults", rows_of_faults()), "utf-8")
    CHECKS.write_text(between(CHECKS.read_text("utf-8"), "rules", rows_of_checks()), "utf-8")
    FEED.write_text(with_tags(FEED.read_text("utf-8")), "utf-8")
