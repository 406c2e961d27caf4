"""The table of tags: each is there in a feed that says all there is to say, and somebody else's parser reads it."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

import feedparser
import podcastparser
import pytest
from lxml import etree

from pipeline import channels, feed
from pipeline.catalog import schema
from pipeline.feed.tags import NAMESPACES
from pipeline.model import Edition, Guid, Slug
from tests.tags import ALL, COMES, FP, PP, Tag, tags
from tests.test_feed import JUDGES, full
from tests.tools import require

__all__ = ["full"]

TAGS = (*tags("channel"), *tags("item"))
SPACES = {**NAMESPACES, "content": "http://purl.org/rss/1.0/modules/content/"}
KEYS = {"channel": schema.ShowKeys, "item": schema.EpisodeKeys}


@pytest.fixture
def whole(full: Edition, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A feed with every tag, of a show that is long enough to have older pages."""
    monkeypatch.setattr(channels, "WHOLE", 2)
    monkeypatch.setattr(channels, "SLICE", 1)
    first = full.entries[0]
    older = replace(first, episode=replace(first.episode, guid=Guid("ouder"), slug=Slug("ouder")))
    made = feed.compose(replace(full, entries=(older, *full.entries))).body
    assert isinstance(made, bytes)
    return made


def without(body: bytes, tag: Tag) -> str:
    """The feed less all elements of a tag, of which there is at least one."""
    root = etree.fromstring(body)
    name, _, rel = tag.name.partition(" rel=")
    path = f"//{tag.scope}/{name}" + (f"[@rel='{rel}']" if rel else "")
    found = root.xpath(path, namespaces=SPACES)
    assert found, path
    for element in found:
        element.getparent().remove(element)
    return etree.tostring(root, encoding="unicode")


def read(feeds: Sequence[str]) -> Mapping[str, list[Any]]:
    """What each parser makes of each feed, in a form that can be compared."""
    done = subprocess.run(
        ["node", JUDGES / "every.js"], input=json.dumps(feeds), capture_output=True, text=True, check=True, cwd=JUDGES
    )
    return {
        FP: [json.dumps(feedparser.parse(text.encode()), default=str, sort_keys=True) for text in feeds],
        PP: [podcastparser.parse("http://127.0.0.1/feed.xml", BytesIO(text.encode())) for text in feeds],
        **json.loads(done.stdout.splitlines()[-1]),
    }


def test_every_tag_is_read_by_somebody_else(whole: bytes) -> None:
    """Whoever reads a tag makes something else of the feed when it is left out; those, and no others, are told."""
    require(shutil.which("node") and (JUDGES / "node_modules").is_dir(), "needs Node.js and: cd tests/judges && npm ci")
    plain = etree.tostring(etree.fromstring(whole), encoding="unicode")
    made = read([plain, *(without(whole, tag) for tag in TAGS)])
    found = {
        (tag.scope, tag.name): tuple(reader for reader in ALL if made[reader][place] != made[reader][0])
        for place, tag in enumerate(TAGS, start=1)
    }
    assert found == {(tag.scope, tag.name): tag.readers for tag in TAGS}
    assert all(found.values())


def test_the_table_of_tags_is_that_of_the_program() -> None:
    """No tag is told of that is not written, and each comes from keys that there are."""
    for scope, rows in COMES.items():
        assert set(rows) == {tag.name for tag in TAGS if tag.scope == scope}
        known = {*schema.names(KEYS[scope]), "date", "type", "first", "previous", "last"}
        assert {key for comes, _ in rows.values() for key in re.findall(r"`(\w+)`", comes)} <= known
