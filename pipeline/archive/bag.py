"""A folder in which every file has its checksum, as librarians keep them: BagIt 1.0 (RFC 8493)."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

DATA = "data"
"""The folder within it that holds what is kept; everything else in it is about that."""
_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One file that it holds."""

    name: str
    """Relative to `DATA`, with `/`."""
    sha256: str
    size: int


def close(folder: Path, kept: Iterable[Kept], about: Mapping[str, str]) -> None:
    """Write into `folder`, whose `DATA` holds what was `kept`, what makes a bag of it; the sums of that come last.

    `about` is what its bag-info.txt says, by RFC 8493's names (section 2.2.2).
    """
    listed = sorted(kept, key=lambda each: each.name)
    oxum = f"{sum(each.size for each in listed)}.{len(listed)}"
    told = {**about, "Payload-Oxum": oxum}
    manifest = "".join(f"{each.sha256}  {DATA}/{_spelled(each.name)}\n" for each in listed)
    tags = {
        "bagit.txt": _DECLARATION,
        "bag-info.txt": "".join(f"{name}: {' '.join(value.split())}\n" for name, value in told.items()),
        "manifest-sha256.txt": manifest,
    }
    sums = "".join(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(tags.items()))
    for name, text in {**tags, "tagmanifest-sha256.txt": sums}.items():
        (folder / name).write_text(text, "utf-8", newline="\n")


def _spelled(name: str) -> str:
    """A name on one line of a manifest (RFC 8493 section 2.1.3)."""
    return name.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
