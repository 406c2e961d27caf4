"""Rows of the bench: a thousand published episodes and nothing to do, beside make, doit and rclone; then one more."""

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline.store.folder import FolderStore
from pipeline.store.memory import MemoryStore
from tests import thousand
from tests.bench import OMROEP, alternating, row

COUNT = 1000
_BIN = Path(sys.executable).parent


def rows(folder: Path) -> None:
    """Print them."""
    root = thousand.write(folder / "thousand", COUNT)
    thousand.put(root, FolderStore(root / "public"))
    omroep: Sequence[str | Path] = [OMROEP, "--show", root, "publish"]
    alternating(omroep, rounds=1)  # the first looks at everything, and remembers it
    make, doit, rclone = _make(folder, root), _doit(folder, root), _rclone(folder, root)
    python: Sequence[str | Path] = [sys.executable, "-c", "pass"]
    alternating(make, doit, rclone, rounds=1)
    ours, of_make, of_doit, of_rclone, bare = alternating(omroep, make, doit, rclone, python, rounds=5)
    row("python that does nothing", bare)
    row("make, 1,000 episodes, nothing changed", of_make)
    row("doit, the same", of_doit)
    row("rclone sync of what is published, nothing changed", of_rclone)
    row("omroep publish, 1,000 episodes, nothing changed", ours, beside=of_make)
    _one_more(folder / "more", COUNT)
    _requests(folder)


def _one_more(root: Path, count: int) -> None:
    """The CPU time of publishing one episode more, on a machine that knows of what the pages are made, and without."""
    store = MemoryStore()
    thousand.put(thousand.write(root, count), store)
    spent: list[float] = []
    for number in (count, count + 1):
        thousand.write_one(root, number, extras=False)
        begun = time.process_time()
        thousand.put(root, store)
        spent.append(time.process_time() - begun)
        (root / ".omroep" / "pages.json").unlink()
    known, anew = spent
    print(f"| {f'one more of {count}, CPU, beside pages not known':<52} | {known:>7.2f} s | {known / anew:.2f} × |")


def _make(folder: Path, root: Path) -> Sequence[str | Path]:
    """A rule for each episode, as one would write who does without omroep."""
    done = folder / "made"
    done.mkdir()
    names = [path.name for path in sorted((root / "episodes").iterdir())]
    rules = [f"all: {' '.join(f'{done}/{name}' for name in names)}\n"]
    rules += [
        f"{done}/{name}: {root}/episodes/{name}/episode.md {root}/episodes/{name}/audio.wav\n\ttouch $@\n"
        for name in names
    ]
    (folder / "Makefile").write_text("\n".join(rules))
    return [shutil.which("make") or "make", "--silent", "-f", folder / "Makefile"]


def _doit(folder: Path, root: Path) -> Sequence[str | Path]:
    (folder / "dodo.py").write_text(
        "from pathlib import Path\n"
        f"DONE = Path({str(folder / 'done')!r})\nDONE.mkdir(exist_ok=True)\n"
        "def task_episode():\n"
        f"    for path in sorted(Path({str(root / 'episodes')!r}).iterdir()):\n"
        "        target = DONE / path.name\n"
        "        yield {'name': path.name, 'actions': [(target.touch,)], 'targets': [str(target)],\n"
        "               'file_dep': [str(path / 'episode.md'), str(path / 'audio.wav')]}\n"
    )
    return [_BIN / "doit", "-f", folder / "dodo.py", "--db-file", folder / "doit.db"]


def _rclone(folder: Path, root: Path) -> Sequence[str | Path]:
    return [_BIN / "rclone", "--config", folder / "none", "sync", root / "public", folder / "copied"]


def _requests(folder: Path) -> None:
    """How often the store is asked for one more episode: the plainest, and one with guest, topic and transcript."""
    for what, extras in (("one more, plain", False), ("one more with guest, topic, transcript", True)):
        root = thousand.write(folder / what.replace(" ", "-"), 60)
        store = MemoryStore()
        thousand.put(root, store)
        store.log.clear()
        thousand.write_one(root, 60, extras=extras)
        thousand.put(root, store)
        old = [key for _, key in store.log if key.startswith(("audio/", "waveforms/")) and "-61." not in key]
        print(f"| {f'{what}: requests to the store':<52} | {len(store.log):>9} | of old audio {len(old)} |")
