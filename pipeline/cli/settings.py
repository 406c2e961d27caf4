"""What the command line and the environment settle before a story begins."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # the stories take half a second to import, and `--help` does without
    from pipeline.model import Show
    from pipeline.publish import Newsroom
    from pipeline.store import Store

DEFAULT = "public"


def _address(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    from pipeline.catalog.schema import folder_address

    try:
        return folder_address(value) if value else None
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
    callback=_address,
    help="Public address of what is published.  [default: base_url in show.yaml]",
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

    def room(self, base_url: str | None) -> "Newsroom":
        """Where the story plays."""
        from pipeline.audio.deliver import Studio
        from pipeline.publish import Newsroom

        cache = Path(self.environ.get("OMROEP_CACHE") or self.root / ".omroep")
        studio = Studio(root=self.root, cache=cache, environ=self.environ)
        return Newsroom(root=self.root, studio=studio, now=self.now, base_url=base_url)

    def connect(self, to: str | None) -> "Callable[[Show], Store]":
        """A store for a show: at `to`, else where the show says, else in `public/`."""
        return lambda show: _store(to or show.destination or DEFAULT, self.root)


def _store(place: str, root: Path) -> "Store":
    scheme = place.partition("://")[0] if "://" in place else ""
    if scheme not in _STORES:
        known = ", ".join(f"{name}://" for name in _STORES if name)
        raise click.UsageError(f"`{place}` is not a place omroep can publish to; use a folder or {known}...")
    return _STORES[scheme](place, root)


def _s3(place: str, _: Path) -> "Store":
    from pipeline.store import s3  # boto3 takes 0.4 s to import, and only a bucket needs it

    return s3.connect(place)


def _folder(place: str, root: Path) -> "Store":
    from pipeline.store.folder import FolderStore

    return FolderStore(root / place, called=f"{place.rstrip('/')}/")


_STORES: "Mapping[str, Callable[[str, Path], Store]]" = {"": _folder, "s3": _s3}
"""Scheme of a destination to its store: a new store is a row here."""
