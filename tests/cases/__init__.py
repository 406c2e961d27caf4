"""Golden cases: the name of a folder is the name of a case, and adding one needs no Python."""

from pathlib import Path


def cases(area: str) -> list[Path]:
    """The cases of an area; an area without cases is an error, so that no test passes by looking at nothing."""
    found = sorted(
        path for path in (Path(__file__).parent / area).iterdir() if path.is_dir() and path.name[0] not in "._"
    )
    assert found, f"no cases in {area}"
    return found
