"""`omroep verify`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import click

from pipeline import audit
from pipeline.audit import Report
from pipeline.audit.looking import Look
from pipeline.audit.seen import Manner
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json, destination, public_address
from pipeline.errors import Exit
from pipeline.history import FEED
from pipeline.model import Key, Release
from pipeline.outside import Outside, beneath
from pipeline.store import Store
from pipeline.verify import Inside
from pipeline.verify import verify as story

if TYPE_CHECKING:  # boto3 takes 0.4 s to import, and only a bucket needs it
    from pipeline.store.s3 import S3Store


@click.command()
@destination
@click.option(
    "--url",
    metavar="URL",
    callback=public_address,
    help="Look at this address.  [default: the one it was published for; of a folder: none]",
)
@click.option("--inside", is_flag=True, help="Look through the store, not as a listener.")
@click.option("--quick", is_flag=True, help="Do not read audio: look at its size, type and first bytes.")
@as_json
@click.pass_obj
def verify(settings: Settings, to: str | None, url: str | None, inside: bool, quick: bool, as_json: bool) -> int:
    """Look at what is published, as a listener does, and say what is wrong with it.

    Every file is fetched without credentials and compared with the record of its release: bytes, types, caching,
    ranges, the feed. Nothing is written. A folder is looked at as files, unless --url says where it can be reached.
    """
    if inside and url:
        raise click.UsageError("--inside looks at no address; leave out --url.")
    _, store = settings.published(to)
    with tell.progress() as on_step:
        report = story(
            store,
            _look(store, url, inside=inside, quick=quick),
            lambda done, of: on_step("what is published", "looking", done / of),
        )
    _tell(report, as_json=as_json)
    return Exit.DAMAGED if report.damaged else Exit.DONE


def _look(store: Store, url: str | None, *, inside: bool, quick: bool) -> Callable[[Release], Look]:
    if not store.name.startswith("s3://"):
        if inside or not url:
            return lambda release: Look(visitor=Inside(store), manner=Manner.FILES)
    elif inside:
        from pipeline.store.raw import Bucket

        signed = Outside(Bucket(cast("S3Store", store)).signed)  # its name says that it is a bucket
        return lambda release: Look(visitor=signed, manner=Manner.SIGNED, quick=quick)

    def listening(release: Release) -> Look:
        address = url or release.edition.show.base_url
        return Look(visitor=Outside(beneath(address)), manner=Manner.LISTENER, address=address, quick=quick)

    return listening


_MANNERS = {
    Manner.FILES: "as files in a folder; types, caching and ranges are a web server's, and were not looked at",
    Manner.SIGNED: "through the store: whether listeners may read it was not looked at",
}


def _tell(report: Report, *, as_json: bool) -> None:
    found = tuple(audit.problems(report.damages))
    if as_json:
        tell.dump(_json(report) | {"problems": [tell.problem_json(problem) for problem in found]})
        return
    tell.problems(found, as_json=False)
    where = f"at {report.address}, as a listener" if report.address else _MANNERS[report.manner]
    which = f" of release {report.release[:12]}" if report.release else ""
    unread = "" if report.read else " Audio was not read to its end."
    tell.say(f"Looked at {report.looked_at} files{which} in {report.place}, {where}.{unread}")
    tell.say("Something is wrong that listeners notice." if report.damaged else "All is well.")


def _json(report: Report) -> dict[str, object]:
    return {
        "ok": not report.damaged,
        "destination": report.place,
        "address": report.address,
        "looked": report.manner.name.lower(),
        "read": report.read,
        "release": report.release,
        "files": report.looked_at,
        "damages": [
            {"rule": damage.rule, "key": damage.key, "told": damage.told, "fatal": damage.fatal}
            for damage in report.damages
        ],
    }


def damaged(store: Store) -> frozenset[Key]:
    """What a look through the store finds lost or damaged of what is published there."""
    if store.read(FEED, most=1) is None:
        return frozenset()
    report = story(store, _look(store, None, inside=True, quick=False))
    return frozenset(damage.key for damage in report.damages if damage.fatal)


def undamaged(store: Store) -> frozenset[Key]:
    """Nothing: the record of what is published is trusted."""
    return frozenset()
