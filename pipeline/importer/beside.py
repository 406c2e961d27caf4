"""What lies beside an item's audio, brought here: its chapters, its transcript and its picture, each judged."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.catalog import chapter_files, transcripts
from pipeline.catalog.chapter_formats import Mark
from pipeline.download import Failure
from pipeline.errors import Problem
from pipeline.importer import keys
from pipeline.importer.keys import Whole
from pipeline.importer.tree import Node
from pipeline.model import Chapter

Fetch = Callable[[str, int], bytes | Failure]
"""The answer of an address, of at most so many bytes."""
_LARGEST_TEXT = 10_000_000
_LARGEST_PICTURE = 30_000_000
_TRANSCRIPTS: Mapping[str, str] = {
    "text/vtt": ".vtt",
    "application/x-subrip": ".srt",
    "application/srt": ".srt",
    "text/srt": ".srt",
    "application/x-srt": ".srt",
}
"""By media type, those that are preferred first."""
_PICTURES = ((b"\xff\xd8\xff", ".jpg"), (b"\x89PNG\r\n\x1a\n", ".png"))


@dataclass(kw_only=True, slots=True)
class Beside:
    """What came, and what did not."""

    chapters: tuple[Chapter, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    """By name in the episode's folder."""
    left: list[tuple[str, str]] = field(default_factory=list)
    """What stays behind, and why."""
    later: list[str] = field(default_factory=list)
    """What may come another time: a sentence without its full stop."""

    def named(self, stem: str) -> str | None:
        """The file of that name, whatever its ending."""
        return next((name for name in self.files if name.startswith(f"{stem}.")), None)


def bring(item: Node, whole: Whole, fetch: Fetch) -> Beside:
    """What the feed names beside an item's audio."""
    beside = Beside()
    _chapters(item, whole, fetch, beside)
    _transcript(item, whole, fetch, beside)
    _picture(item, whole, fetch, beside)
    return beside


def picture(body: bytes) -> str | None:
    """The ending for a picture that omroep takes, by its first bytes; None for any other."""
    return next((ending for sign, ending in _PICTURES if body.startswith(sign)), None)


def _got(fetch: Fetch, address: str, most: int, what: str, beside: Beside) -> bytes | None:
    found = fetch(address, most)
    if isinstance(found, bytes):
        return found
    if found.passing:
        beside.later.append(f"{what} at {address} did not come: {found.told}")
    else:
        beside.left.append((what, f"{found.told} ({address})"))
    return None


# --- chapters ---------------------------------------------------------------------------------------------------------


def _chapters(item: Node, whole: Whole, fetch: Fetch, beside: Beside) -> None:
    """Those of the file that the item names, which may have more than those in the feed; else these."""
    problems: list[Problem] = []
    for named in item.all("podcast:chapters"):
        address = keys.rooted(named.attributes.get("url", ""), whole.address)
        if address and (body := _got(fetch, address, chapter_files.LARGEST, "its file of chapters", beside)):
            reading = chapter_files.parse(body.decode("utf-8-sig", "replace"), address)
            problems += reading.problems
            beside.chapters = reading.chapters
            beside.left += [("what apps do not show of its chapters", why) for why in _unseen(body)]
    if not beside.chapters and (marks := tuple(_marks(item))):
        reading = chapter_files.judged("the feed", marks, "")
        problems += reading.problems
        beside.chapters = reading.chapters
    beside.left += [("a chapter", problem.what.rstrip(".")) for problem in problems]


def _unseen(body: bytes) -> Iterator[str]:
    """What chapters may have besides time, title and link (Podcasting 2.0, chapters/jsonChapters.md)."""
    told = {b'"img"': "pictures of chapters", b'"location"': "places", b'"toc"': "chapters that are not listed"}
    yield from (why for sign, why in told.items() if sign in body)


def _marks(item: Node) -> Iterator[Mark]:
    for listed in item.all("psc:chapters"):
        for each in listed.all("psc:chapter"):
            told = each.attributes
            yield Mark(line=0, start=told.get("start", ""), title=told.get("title", ""), link=told.get("href"))


# --- transcripts ------------------------------------------------------------------------------------------------------


def _transcript(item: Node, whole: Whole, fetch: Fetch, beside: Beside) -> None:
    """The first that can be read; of the others it is told where they are."""
    for named in sorted(item.all("podcast:transcript"), key=lambda each: _rank(each, keys.language(whole.channel))):
        address = keys.rooted(named.attributes.get("url", ""), whole.address)
        ending = _TRANSCRIPTS.get(_type(named))
        if not address:
            continue
        if beside.named("transcript") or not ending:
            why = f"one is enough, as .vtt or .srt ({address})"
            beside.left.append((f"a transcript as {_type(named) or 'something unnamed'}", why))
        elif body := _got(fetch, address, _LARGEST_TEXT, "its transcript", beside):
            cues = transcripts.cues(body.decode("utf-8-sig", "replace").replace("\r\n", "\n"), f"transcript{ending}")
            if isinstance(cues, Problem):
                beside.left.append(("its transcript", f"{cues.what.rstrip('.')} ({address})"))
            else:
                beside.files[f"transcript{ending}"] = body.decode("utf-8-sig", "replace").encode()


def _type(node: Node) -> str:
    return node.attributes.get("type", "").partition(";")[0].strip().lower()


def _rank(node: Node, language: str) -> tuple[bool, int]:
    """In the show's own language first, then by format."""
    spoken = node.attributes.get("language", language).partition("-")[0].lower()
    kinds = list(_TRANSCRIPTS)
    place = kinds.index(_type(node)) if _type(node) in kinds else len(kinds)
    return spoken != language.partition("-")[0].lower(), place


# --- pictures ---------------------------------------------------------------------------------------------------------


def _picture(item: Node, whole: Whole, fetch: Fetch, beside: Beside) -> None:
    address = keys.picture(item, whole.address)
    if not address or address == keys.picture(whole.channel, whole.address):
        return
    if body := _got(fetch, address, _LARGEST_PICTURE, "its picture", beside):
        if ending := picture(body):
            beside.files[f"image{ending}"] = body
        else:
            beside.left.append(("its picture", f"it is no JPEG or PNG ({address})"))
