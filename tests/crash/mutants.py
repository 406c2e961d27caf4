"""Small breakages of the product, as data: the rig is worth something only where it catches each of them."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.crash.publisher import HERE


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A change of the source that breaks a promise, and the part of the rig that must notice."""

    file: str
    """Beneath `pipeline/`."""
    old: str
    new: str
    step: str = ""
    """The step of `stage.STEPS` on a bucket that must notice, with `faults` at every request (none: undisturbed)."""
    faults: tuple[str, ...] = ()
    quarrel: str = ""
    """Or the quarrel of `rivals.QUARRELS`."""
    meeting: str = ""
    """Or the meeting of `sweepers.MEETINGS`."""
    folder: str = ""
    """Or the step in a folder, stopped at every call."""
    memory: bool = False
    """Or a bucket that changes behind a machine's back."""
    clock: bool = False
    """Or other clocks."""


_SETTLED = "self.events[-1].turn is not Turn.UNSETTLED and self.events[-1].release == release"
_STAGES = "    for stage in Stage:\n        actions = ["
_CHECKED = """        headers |= {"ChecksumSHA256": told, **_condition(expected)}
        body.file.seek(0)
        answer: Mapping[str, Any]
        if item.size <= _SMALL:
            answer = self._direct.put(self._at(item.key), body.file.read(), headers)
        else:
            answer = self.client.put_object(**self._at(item.key), Body=body.file, **headers)
        return _version(answer), answer.get("ChecksumSHA256") == told
"""
_KILLS = ("stopped before", "stopped after")

MUTANTS: Mapping[str, Mutant] = {
    "the feed before the audio": Mutant(
        file="apply.py",
        old=_STAGES,
        new=_STAGES.replace("in Stage", "in sorted(Stage, key=lambda each: each is not Stage.SWITCH)"),
        step="add",
    ),
    "what leads on before the pages": Mutant(
        file="apply.py",
        old=_STAGES,
        new=_STAGES.replace("in Stage", "in sorted(Stage, key=lambda each: each is Stage.LAGGING_PAGES)"),
        step="rename back",
    ),
    "the log before the pages": Mutant(
        file="apply.py",
        old=_STAGES,
        new=_STAGES.replace("in Stage", "in sorted(Stage, key=lambda each: each is Stage.LAGGING_PAGES)"),
        step="edit",
        faults=_KILLS,
    ),
    "visible pages before what they lead to": Mutant(
        file="plan.py", old="Kind.PAGE: Stage.LAGGING_PAGES", new="Kind.PAGE: Stage.UNSEEN", step="everything"
    ),
    "new pages after the feed": Mutant(
        file="plan.py",
        old="stage = Stage.NEW_PAGES if item.kind is Kind.PAGE",
        new="stage = Stage.LOG if item.kind is Kind.PAGE",
        step="add",
    ),
    "pages are taken for settled": Mutant(
        file="history.py", old=_SETTLED, new="True", step="edit", faults=("stopped after",)
    ),
    "412 is ignored": Mutant(
        file="store/s3/__init__.py",
        old="            raise self._conflict(body.item) from error\n        if answers.unclear(error):",
        new='            return Version("0")\n        if answers.unclear(error):',
        quarrel="different episodes",
    ),
    "the feed is written whatever is there": Mutant(
        file="apply.py", old="{Stage.SWITCH: self.plan.feed_expected, ", new="{", quarrel="different episodes"
    ),
    "new pages lie over another's": Mutant(
        file="apply.py", old=", Stage.NEW_PAGES: None}", new="}", quarrel="other words about a new one"
    ),
    "nobody looks whether another was at work": Mutant(
        file="apply.py", old="            done.undisturbed(actions)\n", new="            pass\n", quarrel="other words"
    ),
    "a stale checkout is not refused": Mutant(
        file="publish.py",
        old="        guard.refuse(blocked if refuse else ())\n",
        new="",
        quarrel="different episodes",
    ),
    "old pages are deleted before the switch": Mutant(
        file="apply.py",
        old="    postponed: list[Action] = []\n",
        new='    postponed: list[Action] = []\n    [store.delete(each.key) for each in list(store.list("topics/"))]\n',
        step="edit",
    ),
    "the guid follows the folder": Mutant(
        file="catalog/records.py", old="guid=Guid(keys.guid or ", new="guid=Guid(", step="rename"
    ),
    "what this machine remembers is true": Mutant(
        file="unchanged.py",
        old="    versions = dict(found)\n",
        new="    return True\n    versions = dict(found)\n",
        memory=True,
    ),
    "the clock is stamped into the feed": Mutant(
        file="feed/__init__.py",
        old="feed.lastBuildDate(newest.astimezone(zone) if newest else _EPOCH)",
        new="feed.lastBuildDate(datetime.now(zone))",
        clock=True,
    ),
    "the SHA-256 is not sent along": Mutant(
        file="store/s3/__init__.py",
        old=_CHECKED,
        new=_CHECKED.replace('"ChecksumSHA256": told, ', "").replace('answer.get("ChecksumSHA256") == told', "True"),
        step="add",
        faults=("byte flipped on the way there",),
    ),
    "a request is tried once": Mutant(
        file="store/s3/__init__.py",
        old='"total_max_attempts": _ATTEMPTS',
        new='"total_max_attempts": 1',
        step="edit",
        faults=("500",),
    ),
    "an answer that was lost is a lost race": Mutant(
        file="store/s3/__init__.py",
        old="if answers.tried_again(error) and (ours :=",
        new="if False and (ours :=",
        step="edit",
        faults=("reply lost",),
    ),
    "what is scheduled is published": Mutant(
        file="guard.py",
        old="episode.status is Status.LIVE and episode.published <= now",
        new="episode.status is Status.LIVE",
        step="edit",
    ),
    "a draft is published": Mutant(
        file="guard.py",
        old="if episode.status is Status.LIVE and episode.published <= now",
        new="if episode.status is not Status.WITHDRAWN and episode.published <= now",
        step="first publish",
    ),
    "prune takes what the live release needs": Mutant(
        file="prune.py",
        old="needed = {item.key for each in releases for item in each.objects} |",
        new="needed =",
        step="prune",
    ),
    "clearing away is decided once": Mutant(
        file="upkeep.py",
        old="        again = clearing(store, decided.now, decided.days)\n",
        new="        again = replace(decided, published=publish.published(store))\n",
        meeting="a sweep, held, and a publish about to switch",
    ),
    "age alone tells what may be cleared away": Mutant(
        file="upkeep.py",
        old="    coming = prune.coming(lying, published.history, there)\n",
        new="    coming: frozenset[Key] = frozenset()\n",
        meeting="a publish, held, and a sweep",
    ),
    "nobody looks whether something is cleared away": Mutant(
        file="apply.py",
        old="            done.uncleared()\n",
        new="            pass\n",
        meeting="a sweep, held, and a publish",
    ),
    "a record that is there is not written again": Mutant(
        file="apply.py",
        old="            if item.kind is Kind.RECORD:  #",
        new="            if False:  #",
        meeting="going back, held, and a sweep",
    ),
    "files are written in place": Mutant(
        file="store/folder.py",
        old="draft.replace(target)",
        new="target.write_bytes(draft.read_bytes())",
        folder="edit",
    ),
    "bytes are not on the disk before their name": Mutant(
        file="store/folder.py", old="    os.fsync(file.fileno())\n", new="", folder="edit"
    ),
    "names are not on the disk": Mutant(
        file="store/folder.py",
        old="                os.fsync(descriptor)\n",
        new="                pass\n",
        folder="edit",
    ),
    "what a killed run left is never swept": Mutant(
        file="store/folder.py", old="            self._sweep()\n", new="", folder="edit"
    ),
}


def bred(mutant: Mutant, to: Path) -> Path:
    """A copy of the product with the change in it.

    RuntimeError where the text to change is not there exactly once; SyntaxError where what comes of it is no Python.
    """
    shutil.copytree(HERE / "pipeline", to / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    (to / "templates").symlink_to(HERE / "templates")
    path = to / "pipeline" / mutant.file
    text = path.read_text("utf-8")
    if text.count(mutant.old) != 1:
        raise RuntimeError(f"pipeline/{mutant.file} holds {text.count(mutant.old)} times: {mutant.old!r}")
    changed = text.replace(mutant.old, mutant.new)
    compile(changed, path, "exec")
    path.write_text(changed, "utf-8")
    return to
