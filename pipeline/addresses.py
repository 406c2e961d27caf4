"""Where pages of episodes are and were: an address that one has left leads on to where it is now."""

import re
from collections.abc import Iterator, Mapping

from pipeline.history import Published
from pipeline.model import Edition, Entry, Former, Key, Slug

SCRIPT = "moved.js"
"""Takes along what a link meant; a show of which no episode ever moved does not have it."""


def page(slug: Slug) -> Key:
    """Where the page of an episode with that web name is."""
    return Key(f"episodes/{slug}.html")


def card(slug: Slug) -> Key:
    """Where the oEmbed card of an episode with that web name is."""
    return Key(f"episodes/{slug}.oembed.json")


def left(edition: Edition, before: Published) -> tuple[Former, ...]:
    """The addresses that episodes of `edition` had and no longer have, in the order in which they were left.

    An address that an episode is at again is none of them; nor is that of an episode which is in `edition` no more.
    What listeners went back from counts, and comes first, so that going forward again gives the same list.
    """
    earlier = [release.edition for release in (before.abandoned, before.release) if release]
    noted = (each for old in earlier for each in old.moved)
    had = (Former(guid=each.episode.guid, slug=slug) for old in earlier for slug, each in homes(old).items())
    own = {each.episode.guid: each.episode.slug for each in _every(edition)}
    taken = {each.episode.slug for each in edition.entries}
    found: dict[Slug, Former] = {}
    for each in (*noted, *had):
        if each.slug not in taken and own.get(each.guid, each.slug) != each.slug:
            found.setdefault(each.slug, each)
    return tuple(found.values())


def is_script(key: Key) -> bool:
    """Whether `SCRIPT` is there."""
    return re.fullmatch(r"assets/moved\.[0-9a-f]{16}\.js", key) is not None


def homes(edition: Edition) -> Mapping[Slug, Entry]:
    """Every web name under which there is a page, and of which episode it tells.

    Live episodes come before what has left that address, and both before those that are withdrawn.
    """
    entries = {each.episode.guid: each for each in _every(edition)}
    own = ((each.episode.slug, each) for each in edition.entries)
    former = ((each.slug, entries[each.guid]) for each in edition.moved)
    withdrawn = ((each.episode.slug, each) for each in edition.withdrawn)
    found: dict[Slug, Entry] = {}
    for slug, entry in (*own, *former, *withdrawn):
        found.setdefault(slug, entry)
    return found


def _every(edition: Edition) -> Iterator[Entry]:
    yield from edition.entries
    yield from edition.withdrawn
