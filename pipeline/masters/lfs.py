"""Asking git-lfs for the file that a pointer stands for."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.download import PART, Failure

_WITHIN_S = 3600
_TOLD = frozenset({"PATH", "HOME", "USER", "LANG", "LC_ALL", "SSH_AUTH_SOCK", "XDG_CONFIG_HOME"})
_NETWORK = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"})
_LEFT_OUT = "GIT_LFS_SKIP_SMUDGE"
"""With it git-lfs gives the pointer back."""


def fetch(
    root: Path, name: str, target: Path, environ: Mapping[str, str], fit: Callable[[Path], str | None]
) -> Failure | None:
    """Put what the pointer `name` in the show at `root` stands for at `target`, when it is `fit`.

    git-lfs goes on with what it began before. It is told nothing of the keys to what is published.
    """
    draft = target.with_name(target.name + PART)
    try:
        with (root / name).open("rb") as pointer, draft.open("wb") as output:
            ended = subprocess.run(
                ["git", "lfs", "smudge", "--", name],  # noqa: S607 -- whichever git the producer has
                cwd=root,
                stdin=pointer,
                stdout=output,
                stderr=subprocess.DEVNULL,
                env=_told(environ),
                timeout=_WITHIN_S,
                check=False,
            )
        if ended.returncode:
            return Failure("git-lfs is not installed here, or cannot get it")
        if wrong := fit(draft):
            return Failure(wrong)
        draft.replace(target)
    except FileNotFoundError:
        return Failure("there is no git here")
    except subprocess.TimeoutExpired:
        return Failure("it takes too long", passing=True)
    finally:
        draft.unlink(missing_ok=True)
    return None


def _told(environ: Mapping[str, str]) -> dict[str, str]:
    told = {
        name: value
        for name, value in environ.items()
        if (name in _TOLD or name.lower() in _NETWORK or name.startswith("GIT_")) and name != _LEFT_OUT
    }
    return {**told, "GIT_TERMINAL_PROMPT": "0"}
