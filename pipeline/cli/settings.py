"""What the command line and the environment settle before a story begins."""

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.errors import Problem, ShowError

if TYPE_CHECKING:  # the stories take half a second to import, and `--help` does without
    from pipeline.guard import Asked
    from pipeline.model import Show, Source
    from pipeline.publish import Connect
    from pipeline.rendering import Newsroom
    from pipeline.store import Store

DEFAULT = "public"


def public_address(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """An option's web address with one slash at its end."""
    if not value:
        return None
    from pipeline.catalog.values import folder_address

    try:
        return folder_address(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


destination = click.option(
    "--to",
    metavar="PLACE",
    envvar="OMROEP_DESTINATION",
    help="A folder, or s3://bucket/prefix.  [default: the show's destination, else public/]",
)
base_url = click.option(
    "--base-url",
    metavar="URL",
    envvar="OMROEP_BASE_URL",
    callback=public_address,
    help="Public address of what is published.  [default: base_url in show.yaml]",
)
withdraw = click.option(
    "--withdraw",
    metavar="NAME",
    multiple=True,
    help="Take this episode off (number, folder, web name or title); repeat.",
)
restore = click.option("--restore", metavar="NAME", multiple=True, help="Bring back what --withdraw took off.")
allow = click.option(
    "--allow",
    metavar="WHAT",
    multiple=True,
    type=click.Choice(("guid", "owner", "address", "new-feed-url", "older")),
    help="Let a change of the show's identity through: guid, owner, address, new-feed-url; or older: what an earlier "
    "release was.",
)
repair = click.option(
    "--repair", is_flag=True, help="First read everything that is there, and write again what is lost or damaged."
)
rest = click.option(
    "--rest",
    is_flag=True,
    help="Where something is wrong with an episode, leave that as listeners have it, and publish the rest.",
)
platform = click.option(
    "--platform",
    metavar="WHO",
    type=click.Choice(("apple", "spotify", "psp-1", "podcasting-2.0", "rss", "accessibility")),
    help="Only what this one asks: apple, spotify, psp-1, podcasting-2.0, rss or accessibility.",
)
language = click.option(
    "--lang", metavar="TAG", help="Language in which to say it, such as nl or en.  [default: the show's]"
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the show is, and the world around it."""

    root: Path
    environ: Mapping[str, str]
    now: datetime

    @classmethod
    def of(cls, root: str) -> "Settings":
        """From the process: the only place that reads its environment and its clock."""
        return cls(root=Path(root).resolve(), environ=dict(os.environ), now=datetime.now(UTC))

    def later(self) -> "Settings":
        """The same, at the moment that it is now."""
        return replace(self, now=datetime.now(UTC))

    def room(self, base_url: str | None) -> "Newsroom":
        """Where the story plays."""
        from pipeline.audio.deliver import Studio
        from pipeline.rendering import Newsroom

        studio = Studio(root=self.root, cache=self.cache, environ=self.environ)
        return Newsroom(root=self.root, studio=studio, now=self.now, base_url=base_url, bring=self.bring)

    def bring(self, source: "Source", show: "Show", on_part: "Callable[[float], None]") -> None:
        """Fetch a recording that is not in the show's folder."""
        from pipeline.masters import Masters  # which is needed when something is fetched

        place = self.masters(show)
        Masters(root=self.root, cache=self.cache, place=place, environ=self.environ).bring(source, on_part)

    def masters(self, show: "Show") -> str | None:
        """Where the show's masters are."""
        return self.environ.get("OMROEP_MASTERS") or show.masters

    def connect(self, to: str | None) -> "Connect":
        """A store: at `to` (seen from here), else where the show says (seen from it), else in `public/`."""
        return lambda own: _store(to, Path.cwd(), self.root) if to else _store(own, self.root, self.root)

    def published(self, to: str | None) -> "tuple[Show, Store]":
        """The show, and the store where it is published: for what must work whatever is wrong with episodes here."""
        from pipeline import catalog

        show = catalog.show(self.root)
        return show, self.connect(to)(show.destination)

    def command(self, word: str, *, program: str = "omroep --show") -> str:
        """A command for this show as it is typed here; the option of `program` names its folder, outside that."""
        place = seen(self.root)
        return f"{program.split()[0]} {word}" if place == "." else f"{program} {shlex.quote(place)} {word}"

    @property
    def cache(self) -> Path:
        """Where what can be made again is kept."""
        return Path(self.environ.get("OMROEP_CACHE") or self.root / ".omroep")


def asked_for(withdraw: tuple[str, ...], restore: tuple[str, ...], allow: tuple[str, ...]) -> "Asked":
    """What the producer asks for in so many words."""
    from pipeline.guard import Asked
    from pipeline.model import Slug

    return Asked(withdraw=frozenset(map(Slug, withdraw)), restore=frozenset(map(Slug, restore)), allow=frozenset(allow))


def folder(to: str, root: Path) -> "Connect":
    """A store in the folder `to`, seen from here."""
    return lambda own: _folder(to, Path.cwd(), root)


def seen(path: Path) -> str:
    """A path as it is written in the current folder: from there where it lies in it, else whole."""
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else f"{path}"


def _store(place: str | None, here: Path, root: Path) -> "Store":
    place = place or DEFAULT
    scheme = place.partition("://")[0] if "://" in place else ""
    if scheme not in _STORES:
        known = ", ".join(f"{name}://bucket/prefix" for name in _STORES if name)
        what = f"`{place}` is not a place omroep can publish to."
        raise ShowError(Problem(what=what, mend=f"Name a folder, or {known}."))
    return _STORES[scheme](place, here, root)


def _s3(place: str, here: Path, root: Path) -> "Store":
    from pipeline.store import s3  # boto3 takes 0.4 s to import, and only a bucket needs it

    return s3.connect(place)


def _folder(place: str, here: Path, root: Path) -> "Store":
    from pipeline.store.folder import FolderStore

    path = (here / Path(place).expanduser()).resolve()
    own = [root / name for name in _OWN]
    if path == root or any(path.is_relative_to(each) or each.is_relative_to(path) for each in own):
        what = f"`{place}` holds what the show is made from."
        mend = f"Publish to a folder of its own, such as {DEFAULT}/."
        raise ShowError(Problem(what=what, why="What is published would be mixed with it.", mend=mend))
    called = place if here == Path.cwd() else seen(path)
    return FolderStore(path, called=f"{called.rstrip('/')}/")


_OWN = ("episodes", "feed", "templates", "pipeline", ".git", ".venv")
"""Folders of a show in which nothing is published."""
_STORES: "Mapping[str, Callable[[str, Path, Path], Store]]" = {"": _folder, "s3": _s3}
"""Scheme of a destination to its store: a new store is a row here."""
