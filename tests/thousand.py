"""A published show with many episodes whose recordings are git-LFS pointers, made without mastering them all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest import mock

from pipeline import publish, rendering
from pipeline.audio.deliver import Studio
from pipeline.model import Digest, Episode, Key, Media, Waveform
from pipeline.rendering import Newsroom, OnStep
from pipeline.store import Store
from tests import records
from tests.shows import write_episode, write_show

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = datetime(2020, 1, 1, tzinfo=UTC)


def pointer(name: str) -> bytes:
    """What git-LFS leaves in place of a recording."""
    digest = sha256(name.encode()).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 123456789\n".encode()


def write(root: Path, count: int) -> Path:
    """A show of `count` episodes, none of whose recordings is here."""
    write_show(root)
    for place in range(count):
        write_one(root, place)
    return root


def write_one(root: Path, place: int, audio: bytes | None = None, *, extras: bool = True) -> Path:
    """One episode of such a show; with `audio` it has a recording, without `extras` no guest, topic or transcript."""
    name = f"{place + 1:04}-aflevering-{place + 1}"
    day = FIRST + timedelta(days=place)
    keys: dict[str, Any] = {
        "number": place + 1,
        "title": f"Aflevering {place + 1}",
        "date": day.isoformat(),
        "guid": f"guid-{place}",
    }
    if extras:
        keys |= {"guests": [f"Gast {place % 100}"], "topics": [f"Onderwerp {place % 20}"]}
    else:
        keys |= {"transcript": None}
    folder = write_episode(root, name, audio=audio or pointer(name), **keys)
    if not extras:
        (folder / "transcript.vtt").unlink()
    return folder


def put(root: Path, store: Store, lacking: frozenset[Key] = frozenset()) -> None:
    """Publish it as if every recording had been mastered; the delivered audio is a few bytes each."""
    room = Newsroom(root=root, studio=Studio(root=root, cache=root / ".omroep", environ={}), now=NOW)
    with mastered(root / ".omroep"):
        prepared = publish.prepare(
            room, lambda own: store, lambda title, what, part: None, lacking=lambda store: lacking
        )
    publish.publish(prepared, lambda action: None)


@contextmanager
def mastered(folder: Path) -> Iterator[None]:
    """While this lasts every recording counts as mastered, and is told to be; what is delivered lies in `folder`."""
    with mock.patch.multiple(rendering, _rendered=_delivered(folder)):
        yield


def _delivered(folder: Path) -> Callable[..., tuple[dict[str, Media], dict[str, Exception]]]:
    def rendered(
        room: object, show: object, episodes: tuple[Episode, ...], on_step: OnStep, *, spare: bool
    ) -> tuple[dict[str, Media], dict[str, Exception]]:
        for episode in episodes:
            on_step(episode.title, "encoding MP3", 1.0)
        return {episode.guid: _media(folder, episode) for episode in episodes}, {}

    return rendered


def _media(folder: Path, episode: Episode) -> Media:
    body = f"sound of {episode.slug}".encode()
    digest = Digest(sha256(body).hexdigest())
    file = folder / f"{episode.slug}.mp3"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(body)
    key = Key(f"audio/{episode.slug}.{digest[:16]}.mp3")
    return replace(
        records.media(episode), key=key, sha256=digest, size=len(body), file=file, waveform=(_wave(episode),)
    )


def _wave(episode: Episode) -> Waveform:
    body = f"waveform of {episode.slug}".encode()
    digest = Digest(sha256(body).hexdigest())
    key = Key(f"waveforms/{episode.slug}.{digest[:16]}.svg")
    return Waveform(key=key, sha256=digest, size=len(body), type="image/svg+xml", body=body)
