"""Recordings outside the repository: put away, fetched when they are needed and only then, and never another file."""

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline import catalog, download
from pipeline.catalog import amended
from pipeline.errors import AudioError, ShowError
from pipeline.masters import Masters
from pipeline.model import MASTERS, Cache, Digest, Key, Kind, Object, Source
from tests import seaweed
from tests.shell import Run
from tests.shows import write_episode, write_show, write_tone
from tests.web import Answer, Web, header, served

NAME = Key("opname.wav")


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_tone(tmp_path_factory.mktemp("tone") / "tone.wav", seconds=2).read_bytes()


@pytest.fixture
def web(tone: bytes) -> Iterator[Web]:
    item = Object(
        key=NAME,
        kind=Kind.AUDIO,
        type="audio/wav",
        cache=Cache.SHORT,
        sha256=sha256(tone),
        size=len(tone),
        body=tone,
    )
    with served({NAME: item}) as server:
        yield server


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between tries."""
    monkeypatch.setattr(download, "_PAUSE_S", 0.0)


def sha256(body: bytes) -> Digest:
    return Digest(hashlib.sha256(body).hexdigest())


def masters(root: Path, place: str | None = None) -> Masters:
    return Masters(root=root, cache=root / ".omroep", place=place, environ=os.environ)


def at(address: str, body: bytes) -> Source:
    return Source(sha256=sha256(body), size=len(body), path="episodes/01-een/episode.md", kept=address)


def kept(show: Path, folder: str, audio: object) -> None:
    """An episode that says of its recording where it is."""
    written = write_episode(show, folder, audio=b"") / "episode.md"
    said = json.dumps(audio)
    written.write_text(written.read_text("utf-8").replace('"audio.wav"', said), "utf-8")
    (written.parent / "audio.wav").unlink()


# --- what is written --------------------------------------------------------------------------------------------------

FRONT = """---
# wie praat hier
title: "Werk: een begin" # dubbele punt
audio: opname.wav   # de ruwe opname
date: 2020-10-05

guests:
  - Jan   # of Piet
---

Notities met audio: erin.
---
"""


@pytest.mark.parametrize(
    ("old", "comment"),
    [
        ("audio: opname.wav   # de ruwe opname\n", "   # de ruwe opname"),
        ("audio: 'a # b.wav' # c\n", " # c"),
        ('audio: "a\\" # b.wav"\n', ""),
        ("audio:\n  url: https://example.org/a.wav\n  sha256: " + 64 * "a" + "\n", ""),
        ("", None),
    ],
)
def test_one_line_changes(old: str, comment: str | None) -> None:
    """Comments, order, quotes and notes stay to the letter; a key that was not there becomes the last."""
    before = FRONT.replace("audio: opname.wav   # de ruwe opname\n", old)
    after = amended.front_matter(before, {"audio": "{sha256: x}"}, file="episode.md")
    if comment is None:
        assert after == before.replace("  - Jan   # of Piet\n", "  - Jan   # of Piet\naudio: {sha256: x}\n")
    else:
        assert after == before.replace(old, f"audio: {{sha256: x}}{comment}\n")


def test_windows_line_ends_stay() -> None:
    """Of every line, the new one too."""
    before = "\ufeff" + FRONT.replace("\n", "\r\n")
    after = amended.front_matter(before, {"audio": "{sha256: x}"}, file="episode.md")
    assert after == before.replace("opname.wav", "{sha256: x}", 1)


@pytest.mark.parametrize(
    "front",
    [
        "geen kop",
        "---\ntitle: A\n\n  audio: b\n---\n",
        "---\ntitle: |\n  A\n  audio: b\n",
        '---\ntitle: "A\naudio: b\nC"\n---\n',
    ],
)
def test_what_cannot_be_changed_alone_is_left(front: str) -> None:
    """Said, with the line to write."""
    with pytest.raises(ShowError) as caught:
        amended.front_matter(front, {"audio": "{sha256: x}"}, file="episode.md")
    assert caught.value.problems[0].file == "episode.md"


def test_where_a_recording_is_kept_is_read(tmp_path: Path) -> None:
    """An address or the masters, with its SHA-256; the size where it is said."""
    show = write_show(tmp_path, masters="s3://show/masters")
    kept(show, "01-een", {"sha256": 64 * "A", "size": 5})
    kept(show, "02-twee", {"sha256": 64 * "b", "url": "https://example.org/één.wav"})
    read = catalog.load(show)
    assert read.show.masters == "s3://show/masters"
    assert [(each.audio.sha256, each.audio.size, each.audio.kept) for each in read.episodes] == [
        (64 * "a", 5, MASTERS),
        (64 * "b", 0, "https://example.org/%C3%A9%C3%A9n.wav"),
    ]


@pytest.mark.parametrize(
    ("audio", "told"),
    [
        ({"url": "https://example.org/a.wav"}, "`sha256` is missing."),
        ({"sha256": "abc"}, "`sha256` is not a SHA-256"),
        ({"sha256": 64 * "a", "url": "http://example.org/a.wav"}, "`url` should begin with https://"),
        ({"sha256": 64 * "a", "url": "file:///etc/passwd"}, "is not a web address"),
        ({"sha256": 64 * "a", "url": "https://jan:geheim@example.org/a.wav"}, "holds a user's name"),
        ({"sha256": 64 * "a", "adres": "https://example.org/a.wav"}, "`adres` is not a key that omroep knows"),
        ("../../elders.wav", "is not the name of a file in this folder"),
    ],
)
def test_what_is_no_place_is_told_with_its_line(audio: object, told: str, tmp_path: Path) -> None:
    """In the words that producers wrote."""
    kept(write_show(tmp_path), "01-een", audio)
    with pytest.raises(ShowError) as caught:
        catalog.load(tmp_path)
    assert [problem.line for problem in caught.value.problems] == [7]
    assert told in str(caught.value)


# --- what is fetched --------------------------------------------------------------------------------------------------


def test_a_recording_is_fetched_once(web: Web, tone: bytes, tmp_path: Path) -> None:
    """And remembered; a copy that went bad is fetched again."""
    source, parts = at(web.address + NAME, tone), list[float]()
    masters(tmp_path).bring(source, parts.append)
    masters(tmp_path).bring(source, parts.append)
    fetched = tmp_path / ".omroep" / "sources" / source.sha256
    assert (fetched.read_bytes(), parts[-1], len(web.asked)) == (tone, 1.0, 1)
    fetched.write_bytes(b"\0" * len(tone))
    masters(tmp_path).bring(source, parts.append)
    assert (fetched.read_bytes(), len(web.asked)) == (tone, 2)


def test_a_recording_that_breaks_off_is_gone_on_with(web: Web, tone: bytes, tmp_path: Path) -> None:
    """By the next run, from where it was."""
    asked: list[str] = []

    def cut(answer: Answer) -> None:
        asked.append(answer.asked.get("Range", ""))
        begun = int(asked[-1].removeprefix("bytes=").removesuffix("-") or 0)
        answer.cut = max(0, len(answer.body) - begun - 30_000)

    web.faults += [header("ETag", '"one"'), cut]
    with pytest.raises(AudioError, match="goes on where it was"):
        masters(tmp_path).bring(at(web.address + NAME, tone), lambda part: None)
    begun = len(asked)
    web.faults.pop()
    web.faults.append(lambda answer: asked.append(answer.asked.get("Range", "")))
    masters(tmp_path).bring(at(web.address + NAME, tone), lambda part: None)
    assert asked[begun] == f"bytes={30_000 * begun}-"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<!DOCTYPE html><title>Sign in</title>", "a web page came in its place"),
        (b"RIFF and so on", "another file came, of 1 kB and not 176 kB"),
        (None, "its SHA-256 is not the one that is named"),
    ],
)
def test_another_file_is_refused_in_words(body: bytes | None, told: str, web: Web, tone: bytes, tmp_path: Path) -> None:
    """And nothing of it is kept."""

    def other(answer: Answer) -> None:
        answer.body = body or bytes(len(answer.body))

    web.faults.append(other)
    with pytest.raises(AudioError, match=told):
        masters(tmp_path).bring(at(web.address + NAME, tone), lambda part: None)
    left = [path.suffix for path in (tmp_path / ".omroep" / "sources").iterdir()]
    assert left == [".lock"]


@pytest.mark.parametrize("address", ["https://127.0.0.1/a.wav", "https://[::1]/a.wav", "https://169.254.169.254/"])
def test_an_address_leads_nowhere_inside(address: str, tone: bytes, tmp_path: Path) -> None:
    """Nobody makes this machine ask its neighbours by naming them in an episode."""
    with pytest.raises(AudioError):
        masters(tmp_path).bring(at(address, tone), lambda part: None)


def test_a_redirection_leads_nowhere_inside(web: Web, tone: bytes, tmp_path: Path) -> None:
    """Not even from an address that may be asked."""
    with served({}) as inside:

        def away(answer: Answer) -> None:
            answer.status, answer.headers["Location"] = 302, f"{inside.address}{NAME}"

        web.faults.append(away)
        with pytest.raises(AudioError, match="inside this network"):
            masters(tmp_path).bring(at(web.address + NAME, tone), lambda part: None)
        assert inside.asked == []


def test_two_at_once_fetch_it_once(web: Web, tone: bytes, tmp_path: Path) -> None:
    """Two episodes with one intro, or two watchers of one folder."""
    web.faults.append(lambda answer: time.sleep(0.2))
    source = at(web.address + NAME, tone)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: masters(tmp_path).bring(source, lambda part: None), range(4)))
    assert len(web.asked) == 1


def test_a_lent_address_is_never_written_down(
    web: Web, tone: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever had it could read the master; and a new one goes on where that of before had stopped."""
    asked: list[str] = []

    class Bucket:
        name = "s3://show/masters"

        def lent(self, key: Key, seconds: int) -> str:
            return f"{web.address}{NAME}?X-Amz-Signature=canary-{len(asked)}"

    monkeypatch.setattr("pipeline.store.s3.connect", lambda place: Bucket())
    web.faults += [header("ETag", '"one"'), lambda answer: asked.append(answer.asked.get("Range", ""))]
    web.faults.append(lambda answer: setattr(answer, "cut", max(0, len(answer.body) - 30_000 * len(asked) - 1)))
    source = Source(sha256=sha256(tone), size=len(tone), path="episodes/01-een/episode.md", kept=MASTERS)
    with pytest.raises(AudioError) as caught:
        masters(tmp_path, "s3://show/masters").bring(source, lambda part: None)
    left = list((tmp_path / ".omroep" / "sources").iterdir())
    assert len(left) == 3
    assert "canary" not in str(caught.value) + "".join(path.read_bytes().decode("latin-1") for path in left)
    web.faults.pop()
    begun = len(asked)
    masters(tmp_path, "s3://show/masters").bring(source, lambda part: None)
    assert asked[begun] not in {"", "bytes=0-"}


def test_git_is_told_what_git_needs(tone: bytes, tmp_path: Path) -> None:
    """No key of omroep's, and nothing by which it would give the pointer back."""
    (tmp_path / "bin").mkdir()
    git = tmp_path / "bin" / "git"
    git.write_text(f"#!/bin/sh\nenv >{tmp_path}/told\nexec cat {tmp_path}/tone\n")
    git.chmod(0o755)
    (tmp_path / "tone").write_bytes(tone)
    (tmp_path / "opname.wav").write_text("version https://git-lfs.github.com/spec/v1\n")
    environ = {
        "PATH": f"{git.parent}:{os.defpath}",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_CONFIG_COUNT": "1",
        "AWS_SECRET_ACCESS_KEY": "canary",
        "OMROEP_PODPING_TOKEN": "canary",
    }
    source = Source(sha256=sha256(tone), size=len(tone), path="opname.wav")
    Masters(root=tmp_path, cache=tmp_path, place=None, environ=environ).bring(source, lambda part: None)
    assert (tmp_path / "sources" / source.sha256).read_bytes() == tone
    told = (tmp_path / "told").read_text()
    assert "GIT_CONFIG_COUNT=1" in told
    assert not re.search("canary|SKIP_SMUDGE", told)


@pytest.mark.parametrize("path", ["", os.defpath], ids=["no git", "no pointer that git-lfs knows"])
def test_without_git_lfs_it_is_said(path: str, tmp_path: Path) -> None:
    """And what to do."""
    (tmp_path / "opname.wav").write_text("version https://git-lfs.github.com/spec/v1\n")
    source = Source(sha256=Digest(64 * "a"), size=5, path="opname.wav")
    lacking = Masters(root=tmp_path, cache=tmp_path, place=None, environ={"PATH": path, "HOME": str(tmp_path)})
    with pytest.raises(AudioError, match=r"from git-LFS: .*Install git-lfs"):
        lacking.bring(source, lambda part: None)


# --- from the first to the last ---------------------------------------------------------------------------------------


@pytest.fixture
def staged(s3_server: seaweed.Server, tmp_path: Path, run: Run) -> Path:
    """A show with a recording that is only among its masters."""
    show = write_show(tmp_path / "show", masters="s3://show/masters")
    folder = write_episode(show, "01-een")
    run(show, "stage", str(folder / "audio.wav"), **s3_server.environment())
    (folder / "audio.wav").unlink()
    return show


def test_a_staged_recording_is_published_from_anywhere(
    s3_server: seaweed.Server, staged: Path, tmp_path: Path, run: Run
) -> None:
    """Fetched once by a machine that never had it; when it is published, by nobody any more."""
    written = (staged / "episodes" / "01-een" / "episode.md").read_text()
    assert "audio: {sha256: " in written
    (staged / ".omroep").rename(tmp_path / "elsewhere")
    public = str(tmp_path / "public")
    done = run(staged, "publish", "--to", public, **s3_server.environment())
    assert "fetching" in done.stderr
    (staged / ".omroep").rename(tmp_path / "again")
    assert "Nothing to do" in run(staged, "publish", "--to", public, AWS_ACCESS_KEY_ID="none").stdout


def test_a_staged_recording_is_not_stored_twice(
    s3_server: seaweed.Server, staged: Path, tmp_path: Path, run: Run
) -> None:
    """Whoever stages it again, and whatever it is called."""
    wav = next((staged / ".omroep" / "sources").glob("?" * 64))
    before = (staged / "episodes" / "01-een" / "episode.md").read_bytes()
    run(staged, "stage", str(wav), "--episode", "01-een", **s3_server.environment())
    assert (staged / "episodes" / "01-een" / "episode.md").read_bytes() == before


def test_without_masters_it_is_said_what_is_missing(tmp_path: Path, run: Run) -> None:
    """A place, the right to it, or an episode."""
    show = write_show(tmp_path / "show")
    folder = write_episode(show, "01-een")
    assert "masters: s3://" in run(show, "stage", str(folder / "audio.wav"), status=3).stderr
    loose = write_tone(tmp_path / "los.wav", seconds=1)
    assert "--episode FOLDER" in run(show, "stage", str(loose), status=3).stderr
    assert "no episode in a folder" in run(show, "stage", str(loose), "--episode", "02", status=3).stderr
    noise = folder / "notitie.txt"
    noise.write_text("geen geluid")
    assert "notitie.txt" in run(show, "stage", str(noise), status=4).stderr


def test_what_is_kept_elsewhere_is_checked_without_it(tmp_path: Path, run: Run) -> None:
    """`check` and `status` fetch nothing."""
    show = write_show(tmp_path / "show")
    kept(show, "01-een", {"sha256": 64 * "a", "url": "https://192.0.2.1/a.wav"})
    run(show, "check")
    assert json.loads(run(show, "status", "--json").stdout)["episodes"][0]["state"] == "waiting"
