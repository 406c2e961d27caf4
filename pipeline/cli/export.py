"""`omroep export`."""

from pathlib import Path

import click

from pipeline import archive
from pipeline.archive import Archive
from pipeline.archive.bag import DATA
from pipeline.archive.reach import Held, Reach, Seen
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json, destination, public_address
from pipeline.errors import Problem, StoreError
from pipeline.text import megabytes


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@destination
@click.option("--url", metavar="URL", callback=public_address, help="Fetch it from this address, without credentials.")
@as_json
@click.pass_obj
def export(settings: Settings, folder: Path, to: str | None, url: str | None, as_json: bool) -> None:
    """Write an archive of everything that is published, with checksums.

    FOLDER becomes a bag (BagIt, RFC 8493): feed, audio, pages and pictures as listeners get them, the records of
    releases, and the show's own episodes/, feed/ and templates/. Every file is compared with its release; when one is
    missing or is another, there is no archive. Stopped half-way? Run it again.
    """
    target = folder.resolve()
    try:
        with tell.progress() as on_step:
            made = archive.export(settings.root, _reach(settings, to, url), target, on_step)
    except OSError as error:
        problem = Problem(what=f"{target} cannot be written: {error.strerror}.", mend="Make room there, or elsewhere.")
        raise StoreError(problem) from error
    if as_json:
        tell.dump(_json(made))
    else:
        _tell(made, folder)


def _reach(settings: Settings, to: str | None, url: str | None) -> Reach:
    if url:
        return Seen(url)
    _, store = settings.published(to)
    return Held(store)


def _tell(made: Archive, folder: Path) -> None:
    size = megabytes(sum(each.size for each in made.kept))
    tell.advise(f"{name} is a link or a device, and was left out." for name in made.left)
    if made.pointers:
        tell.advise([f"{len(made.pointers)} files are only pointers to git-LFS; run `git lfs pull` to keep them too."])
    tell.say(f"{folder} holds release {made.release[:12]}: {len(made.kept)} files ({size}), each with its SHA-256.")
    tell.say(f"To see that it is still whole: cd {folder} && sha256sum --quiet --check manifest-sha256.txt")


def _json(made: Archive) -> dict[str, object]:
    return {
        "ok": True,
        "folder": str(made.folder),
        "release": made.release,
        "files": [{"name": f"{DATA}/{each.name}", "sha256": each.sha256, "size": each.size} for each in made.kept],
        "pointers": list(made.pointers),
        "left": list(made.left),
    }
