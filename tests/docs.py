"""Help texts inside the documents: `make docs` writes them anew, and a test holds the documents to them."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "commands.md")
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


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(renewed(document.read_text("utf-8")), "utf-8")
