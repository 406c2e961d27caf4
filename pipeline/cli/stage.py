"""`omroep stage`."""

from pathlib import Path

import click

from pipeline import catalog, placing
from pipeline.audio import inspect
from pipeline.catalog import EPISODES, amended
from pipeline.cli import tell
from pipeline.cli.settings import Settings
from pipeline.errors import Problem, ShowError
from pipeline.masters import Masters
from pipeline.text import megabytes


@click.command()
@click.argument("recording", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--episode", metavar="FOLDER", help="Folder of its episode.  [default: the one that it lies in]")
@click.pass_obj
def stage(settings: Settings, recording: Path, episode: str | None) -> None:
    """Put a recording away among the masters, and write in its episode where it is.

    It goes to the bucket that `masters` in show.yaml names, under its SHA-256, so that it need not be in the
    repository. Of its episode.md only the line `audio` changes. The file itself stays where it is.
    """
    show = catalog.show(settings.root)
    written = _written(settings.root, recording.resolve(), episode)
    inspect.probe(settings.room(None).studio.ffmpeg, recording, recording.name)
    masters = Masters(root=settings.root, cache=settings.cache, place=settings.masters(show), environ=settings.environ)
    source = masters.put(recording)
    name = written.relative_to(settings.root).as_posix()
    before = written.read_bytes()
    kept = f"{{sha256: {source.sha256}, size: {source.size}}}"
    after = amended.front_matter(before.decode("utf-8"), {"audio": kept}, file=name)
    if not placing.change(written, before, after.encode()):
        what = f"{name} was changed at the same time, so nothing was written in it."
        raise ShowError(
            Problem(what=what, mend="Stage the recording again: what is among the masters is not sent twice.")
        )
    tell.say(f"{recording.name} ({megabytes(source.size)}) is among the masters, and {name} says so.")


def _written(root: Path, recording: Path, episode: str | None) -> Path:
    """The `episode.md` of a recording."""
    top = root / EPISODES
    if episode is None and recording.parent.parent == top:
        episode = recording.parent.name
    if episode is None:
        what = f"{recording.name} lies in no episode's folder."
        raise ShowError(Problem(what=what, mend="Say whose it is with --episode FOLDER."))
    path = top / Path(episode).name / "episode.md"
    if not path.is_file() or path.is_symlink():
        what = f"There is no episode in a folder `{Path(episode).name}`."
        raise ShowError(Problem(what=what, mend="Name a folder of episodes/ that has an episode.md."))
    return path
