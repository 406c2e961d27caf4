"""The watch scoreboard: recordings dropped in every rude way while watchers are stopped and started; who got published.

    python -m tests.scoreboard [HOW_MANY]

Two watchers of the real program publish one show to one folder. Each is asked to stop in the middle of things, and
started again. Then every recording is looked for: it must be an episode once, and published once.
"""

import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import podcastparser

from tests.shows import write_show, write_tone

OMROEP = Path(sys.executable).with_name("omroep")


@dataclass(kw_only=True)
class Score:
    """What came of what was dropped, by title."""

    dropped: tuple[str, ...]
    episodes: Counter[str] = field(default_factory=Counter)
    """Folders of that title."""
    published: Counter[str] = field(default_factory=Counter)
    """Items of the feed."""
    enclosures: int = 0
    """Different audio files that these lead to."""
    stopped: int = 0
    """Times that a watcher was ended in the middle of something."""

    @property
    def missed(self) -> list[str]:
        """Dropped, and never published."""
        return [title for title in self.dropped if not self.published[title]]

    @property
    def doubled(self) -> list[str]:
        """An episode or published more than once."""
        return [title for title in self.dropped if self.episodes[title] > 1 or self.published[title] > 1]

    def __str__(self) -> str:
        return (
            f"dropped {len(self.dropped)}, published {sum(self.published.values())}, doubled {len(self.doubled)}, "
            f"missed {len(self.missed)}; watchers stopped in the middle: {self.stopped}"
        )


class Watcher:
    """The real program, watching."""

    def __init__(self, root: Path, site: Path) -> None:
        self.command = [OMROEP, "--show", root, "watch", "--publish", "--settle", "1", "--to", site]
        self.said: list[str] = []
        self.start()

    def start(self) -> None:
        """Begin, or go on."""
        self.process = subprocess.Popen(
            list(map(str, self.command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.reading = threading.Thread(target=self._read, args=(self.process,))
        self.reading.start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        self.said += process.stdout

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to, or kill it, and wait until it has."""
        self.process.send_signal(how)
        status = self.process.wait(timeout=30)
        self.reading.join()
        return status


def half(source: Path, place: Path) -> None:
    """Copied in pieces, slowly."""
    body = source.read_bytes()
    with place.open("wb") as file:
        for at in range(0, len(body), len(body) // 5 + 1):
            file.write(body[at : at + len(body) // 5 + 1])
            file.flush()
            time.sleep(0.4)


def renamed_often(source: Path, place: Path) -> None:
    """Under a name that changes twenty times."""
    names = [place.with_name(f"{place.stem} {number}{place.suffix}") for number in range(20)]
    shutil.copy(source, names[0])
    for one, other in zip(names, (*names[1:], place), strict=True):
        one.rename(other)
        time.sleep(0.02)


def as_browsers_do(source: Path, place: Path) -> None:
    """Under a name of something half, then its own."""
    part = place.with_name(f"{place.name}.part")
    half(source, part)
    part.rename(place)


def in_a_folder(source: Path, place: Path) -> None:
    """In a new folder."""
    folder = place.with_suffix("")
    folder.mkdir()
    half(source, folder / place.name)


WAYS: tuple[Callable[[Path, Path], object], ...] = (shutil.copy, half, renamed_often, as_browsers_do, in_a_folder)


def play(scratch: Path, many: int, patience_s: float = 240) -> Score:
    """Drop `many` recordings, stop and start watchers, have all drafts go live, and count."""
    rng = random.Random(many)
    root, site, sounds = write_show(scratch / "show"), scratch / "site", scratch / "sounds"
    sounds.mkdir()
    titles = tuple(f"Opname {chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(many))
    for number, title in enumerate(titles):
        write_tone(sounds / f"{title}.wav", seconds=1.2, hz=300 + 11 * number)
    score = Score(dropped=titles)
    early, rude = titles[: many // 3], titles[many // 3 :]
    for title in early:
        shutil.copy(sounds / f"{title}.wav", root / "episodes" / f"{title}.wav")
    watchers = [Watcher(root, site), Watcher(root, site)]
    try:
        threads = [
            threading.Thread(
                target=WAYS[number % len(WAYS)], args=(sounds / f"{title}.wav", root / "episodes" / f"{title}.wav")
            )
            for number, title in enumerate(rude)
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + patience_s
        for round in range(2):
            _wait(lambda: _drafts(root) or _all_live(root, many), deadline)
            time.sleep(rng.uniform(0, 1.5))
            watchers[round].stop(signal.SIGTERM if round else signal.SIGKILL)
            score.stopped += 1
            watchers[round].start()
            _go_live(root, rng)
        for thread in threads:
            thread.join()
        while not _all_live(root, many) and time.monotonic() < deadline:
            _go_live(root, rng)
            time.sleep(0.25)
        watchers[0].stop()  # most likely while it publishes
        score.stopped += 1
        watchers[0].start()
        _wait(lambda: _published(site).total() >= many, deadline)
        time.sleep(3)
    finally:
        for watcher in watchers:
            with suppress(ProcessLookupError):
                watcher.stop()
    return _counted(score, root, site)


def _wait(until: Callable[[], object], deadline: float) -> None:
    while not until() and time.monotonic() < deadline:
        time.sleep(0.25)


def _drafts(root: Path) -> list[Path]:
    return [path for path in (root / "episodes").glob("*/episode.md") if "status: draft" in path.read_text("utf-8")]


def _all_live(root: Path, many: int) -> bool:
    return len(list((root / "episodes").glob("*/episode.md"))) >= many and not _drafts(root)


def _go_live(root: Path, rng: random.Random) -> None:
    """As an editor saves: another file, renamed over the first; sometimes with the first put aside."""
    for path in _drafts(root):
        text = re.sub(r"^status: draft.*$", "status: live", path.read_text("utf-8"), flags=re.MULTILINE)
        text = re.sub(r"^date:.*$", "date: 2020-10-01", text, flags=re.MULTILINE)
        new = path.with_name(".episode.md.swp")
        new.write_text(text, "utf-8")
        if rng.random() < 0.5:
            path.rename(path.with_name("episode.md~"))
        new.replace(path)
        path.with_name("episode.md~").unlink(missing_ok=True)


def _feed(site: Path) -> list[dict[str, object]]:
    try:
        with (site / "feed.xml").open("rb") as file:
            return list(podcastparser.parse("https://proef.example.org/feed.xml", file)["episodes"])
    except OSError:
        return []


def _published(site: Path) -> "Counter[str]":
    return Counter(str(item["title"]) for item in _feed(site))


def _counted(score: Score, root: Path, site: Path) -> Score:
    fronts = [path.read_text("utf-8") for path in (root / "episodes").glob("*/episode.md")]
    found = (re.search(r"^title: [\"']?(.*?)[\"']?$", text, re.MULTILINE) for text in fronts)
    score.episodes = Counter(match[1] for match in found if match)
    score.published = _published(site)
    items = [item["enclosures"] for item in _feed(site)]
    score.enclosures = len({each["url"] for item in items for each in item})  # type: ignore[attr-defined]
    return score


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for it."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


if __name__ == "__main__":
    with scratch() as place:
        found = play(place, int((sys.argv[1:] or ["60"])[0]), patience_s=1800)
    print(found)
    sys.exit(bool(found.missed or found.doubled))
