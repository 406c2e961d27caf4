"""`omroep doctor`."""

import sys
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import click

from pipeline import publish
from pipeline.audio import deliver
from pipeline.catalog import Reading
from pipeline.cli import tell
from pipeline.cli.settings import Settings, as_json, base_url, destination
from pipeline.doctor import Answer, Finding, Probe, broken, examined, finding, folder, machine
from pipeline.errors import Exit, OmroepError
from pipeline.model import NO_AUDIO, Catalog, Show
from pipeline.store.folder import FolderStore

if TYPE_CHECKING:  # boto3 takes 0.4 s to import, and only a bucket needs it
    from pipeline.store.s3 import S3Store

_MARKS = {Answer.OK: "ok", Answer.WEAK: "WEAK", Answer.BROKEN: "BROKEN"}


@click.command()
@destination
@base_url
@as_json
@click.pass_obj
def doctor(settings: Settings, to: str | None, base_url: str | None, as_json: bool) -> int:
    """Ask this machine and the destination whether they can keep omroep's promises.

    Files of no meaning are stored in the bucket beneath .omroep-doctor/ and removed again: are conditions honoured,
    may strangers read, list or write, does base_url show it? What is published is not touched.
    """
    reading = publish.look(settings.room(None))
    findings: list[Finding] = []
    with closing(_findings(settings, reading, to, base_url)) as found:
        for each in found:
            findings.append(each)
            if not as_json:
                _tell(each)
    worst = {each.answer for each in findings}
    if as_json:
        tell.dump({"ok": Answer.BROKEN not in worst, "findings": [asdict(each) for each in findings]})
    elif Answer.BROKEN in worst:
        tell.say("\nSomething is broken: publishing from here, to there, will not do what it should.")
    else:
        tell.say("\nAll is well." if worst == {Answer.OK} else "\nIt works; what is weak is not promised.")
    return Exit.STORE if Answer.BROKEN in worst else Exit.DONE


def _findings(settings: Settings, reading: Reading, to: str | None, base_url: str | None) -> Generator[Finding]:
    show = reading.catalog.show if reading.catalog else None
    yield from examined(machine.PROBES, _machine(settings, reading.catalog))
    if show is None:
        what = reading.problems[0].what if reading.problems else "There is no show."
        yield _failed("show", "Can the show be read?", what, "Run omroep check.")
        return
    try:
        yield from _destination(settings, show, to, base_url)
    except OmroepError as error:
        yield _failed("destination", "Is the destination a place?", error.problems[0].what, error.problems[0].mend)


def _failed(id: str, question: str, what: str, mend: str) -> Finding:
    probe: Probe[None] = Probe(
        id=id, question=question, means="Nothing can be published.", mend=mend, ask=lambda _: broken(what)
    )
    return finding(probe, None)


def _machine(settings: Settings, loaded: Catalog | None) -> machine.Machine:
    studio = settings.room(None).studio
    sources = [episode.audio for episode in loaded.episodes if episode.audio is not NO_AUDIO] if loaded else []
    return machine.Machine(
        root=settings.root,
        cache=studio.cache,
        environ=settings.environ,
        encoding=sys.stdout.encoding or "unknown",
        timezone=loaded.show.timezone if loaded else "UTC",
        pointers=sum(deliver.recorded(studio, source) is None for source in sources),
    )


def _destination(settings: Settings, show: Show, to: str | None, base_url: str | None) -> Iterable[Finding]:
    store = settings.connect(to)(show.destination)
    if isinstance(store, FolderStore):
        return examined(folder.PROBES, store.root)
    from pipeline.doctor import bucket
    from pipeline.doctor.ward import Ward

    ward = Ward(
        store=cast("S3Store", store),
        base_url=base_url or show.base_url,
        token=uuid4().hex,
        clock=lambda: datetime.now(UTC),
    )
    return bucket.examine(ward)


def _tell(found: Finding) -> None:
    tell.say(f"{_MARKS[found.answer]:8}{found.id:17}{found.told}")
    for text in filter(None, (found.means, found.mend)):
        tell.say(f"{'':25}{text}")
