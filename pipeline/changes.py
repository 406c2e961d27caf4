"""What listeners will notice when one edition takes the place of another, a sentence each."""

from collections.abc import Callable, Iterator

from pipeline import sidecars
from pipeline.model import Change, Chapter, Edition, Entry, Former, Guid, Key, Show
from pipeline.text import clock, megabytes


def noticed(before: Edition | None, after: Edition) -> Iterator[Change]:
    """Every change, oldest episode first; the show's own last."""
    if before is None:
        yield Change(kind="show", told=f"the show “{after.show.title}” appears")
    old = {entry.episode.guid: entry for entry in before.entries} if before else {}
    gone = {entry.episode.guid for entry in before.withdrawn} if before else set()
    for entry in after.entries:
        if entry.episode.guid in old:
            yield from _differences(old[entry.episode.guid], entry, after)
        else:
            yield _appears(entry, back=entry.episode.guid in gone)
    yield from _departed(old, after)
    if before:
        yield from _show(before, after)


def _appears(entry: Entry, *, back: bool) -> Change:
    facts = ", ".join((clock(entry.media.duration_s), megabytes(entry.media.size), *_found(entry)))
    title = entry.episode.title
    told = f"“{title}” comes back, under the guid it had ({facts})" if back else f"new episode “{title}” ({facts})"
    return Change(kind="back" if back else "new", guid=entry.episode.guid, told=told)


def _departed(old: dict[Guid, Entry], after: Edition) -> Iterator[Change]:
    live = {entry.episode.guid for entry in after.entries}
    withdrawn = {entry.episode.guid for entry in after.withdrawn}
    for guid, entry in old.items():
        if guid not in live:
            how = "is withdrawn: it leaves the feed, and its page says so" if guid in withdrawn else "leaves the feed"
            yield Change(kind="leaves", guid=guid, told=f"“{entry.episode.title}” {how}")


def _differences(old: Entry, new: Entry, after: Edition) -> Iterator[Change]:
    former = Former(guid=new.episode.guid, slug=old.episode.slug)
    leads = "; the old one leads there" if former in after.moved else ""
    for kind, what, sentence in _NOTICED:
        if what(old) != what(new):
            told = sentence.format(old=old.episode.title, new=new.episode.title, leads=leads)
            yield Change(kind=kind, guid=new.episode.guid, told=told)
            if kind == "audio":
                return  # its other formats go with it


def _alternates(entry: Entry) -> tuple[Key, ...]:
    return tuple(alternate.key for alternate in entry.media.alternates)


def _chapters(entry: Entry) -> tuple[Chapter, ...]:
    return sidecars.chosen(entry.episode, entry.media.chapters)


def _found(entry: Entry) -> Iterator[str]:
    """What nobody wrote is told before it is published."""
    if not entry.episode.chapters and (found := _chapters(entry)):
        yield f"chapters of the recording: {', '.join(f'“{chapter.title}”' for chapter in found[:3])}" + (
            f" and {len(found) - 3} more" if len(found) > 3 else ""
        )


_NOTICED: tuple[tuple[str, Callable[[Entry], object], str], ...] = (
    ("title", lambda entry: entry.episode.title, "“{old}” is now called “{new}”"),
    ("date", lambda entry: entry.episode.published, "“{new}” gets another date; it may move in apps' lists"),
    ("notes", lambda entry: (entry.episode.notes, entry.episode.summary), "“{new}” gets other show notes"),
    ("chapters", _chapters, "“{new}” gets other chapters"),
    ("people", lambda entry: (entry.episode.guests, entry.episode.hosts), "“{new}” names other people"),
    ("number", lambda entry: (entry.episode.season, entry.episode.number), "“{new}” gets another number"),
    ("kind", lambda entry: entry.episode.kind, "“{new}” is another kind of episode (full, trailer or bonus)"),
    ("explicit", lambda entry: entry.episode.explicit, "“{new}” is rated otherwise (explicit)"),
    ("topics", lambda entry: entry.episode.topics, "“{new}” gets other topics"),
    ("address", lambda entry: entry.episode.slug, "the page of “{new}” moves to another address{leads}"),
    ("art", lambda entry: (entry.episode.image, entry.episode.image_alt), "“{new}” gets other art"),
    ("audio", lambda entry: entry.media.key, "“{new}” gets other audio; apps may download it again"),
    ("alternates", _alternates, "“{new}” gets other alternate audio"),
)
"""Kind, what of an entry it is about, and how it is told."""


# --- of the show itself -----------------------------------------------------------------------------------------------


def _show(before: Edition, after: Edition) -> Iterator[Change]:
    old, new = before.show, after.show
    told = {kind: sentence for kind, what, sentence in _OF_THE_SHOW if what(old) != what(new)}
    if not told and old != new:
        told = {"settings": "settings of the show change"}
    for kind, sentence in told.items():
        yield Change(kind=kind, told=sentence.format(old=old, new=new))


_OF_THE_SHOW: tuple[tuple[str, Callable[[Show], object], str], ...] = (
    ("show-title", lambda show: show.title, "the show “{old.title}” is now called “{new.title}”"),
    ("show-cover", lambda show: show.cover, "the show gets another cover"),
    ("show-description", lambda show: (show.description, show.subtitle), "the show is described otherwise"),
    ("show-author", lambda show: (show.author, show.hosts), "the show names other makers"),
    ("show-categories", lambda show: show.categories, "the show moves to other categories of directories"),
    ("show-language", lambda show: show.language, "the show's language becomes {new.language}"),
    ("show-explicit", lambda show: show.explicit, "the show is rated otherwise (explicit)"),
    ("show-kind", lambda show: (show.kind, show.complete), "apps may list the show in another order, or as ended"),
    ("show-colour", lambda show: show.colour, "the site gets another colour"),
    ("show-owner", lambda show: show.owner, "directories would write to another owner"),
    ("show-guid", lambda show: show.guid, "the show's permanent guid changes"),
    ("show-address", lambda show: show.base_url, "every address moves from {old.base_url} to {new.base_url}"),
    ("show-moves", lambda show: show.new_feed_url, "apps are told that the feed is now at {new.new_feed_url}"),
)
"""Kind, what of a show it is about, and how it is told."""
