"""The story of moving in: a feed read, its show and episodes written, their audio brought here."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from pipeline import catalog, placing
from pipeline.catalog import located
from pipeline.catalog.files import AUDIO_SUFFIXES
from pipeline.catalog.schema import EpisodeKeys, ShowKeys
from pipeline.catalog.written import document as yaml
from pipeline.download import Courier, Failure
from pipeline.errors import Problem, Refused, ShowError, StoreError
from pipeline.importer import beside, keys, laying, leftovers, markdown, moments, naming, tree, words
from pipeline.importer.beside import Beside
from pipeline.importer.fitting import Fitted, fitted
from pipeline.importer.keys import Piece, Whole
from pipeline.importer.leftovers import Left
from pipeline.importer.tree import Node
from pipeline.text import slug_of

LARGEST_AUDIO = 8_000_000_000
_LARGEST_COVER = 30_000_000
_PAGES = 1000
"""Pages of one feed that are followed (RFC 5005)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COVERS = ("cover.jpg", "cover.png")

OnStep = Callable[[str, str, float], None]
"""Called with what is worked on, what is done to it, and how far that is (0 to 1)."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where a show moves in, and how."""

    root: Path
    courier: Courier
    fit: Callable[[Path], str | None]
    """What is wrong with a recording that came, if anything."""
    base_url: str | None = None
    """Where the show will be."""
    audio: bool = True
    """Whether audio is brought here too."""
    mine: bool = False
    """The feed may be moved though it is locked."""
    skip_missing: bool = False
    """What does not come now is taken as gone."""
    on_step: OnStep = lambda title, what, part: None


@dataclass(frozen=True, kw_only=True, slots=True)
class Audio:
    """An episode's audio that is not here."""

    title: str
    file: str
    """Where it belongs, relative to the show's root."""
    address: str
    """Where it is."""
    why: str
    """Why it is not here; empty where it was to be left there."""


@dataclass(kw_only=True)
class Outcome:
    """What moved in, and what did not."""

    title: str
    address: str
    written: list[str] = field(default_factory=list)
    """Folders of episodes that were written now."""
    there: int = 0
    """Episodes that were here already, and were left as they are."""
    brought: int = 0
    """Recordings that came now."""
    absent: list[Audio] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    """Files and the keys that they still need."""
    later: list[Problem] = field(default_factory=list)
    """Why something is not here yet that another run may bring."""


def bring(desk: Desk, place: str) -> Outcome:
    """Write the show whose feed is at `place`, an address or a file, into the desk's folder.

    What is there already stays as it is, so that a run which was stopped is gone on with by another. ShowError when
    there is no feed to be read, Refused when it is locked or the folder holds another show, StoreError when the feed
    does not come, OSError when the folder cannot be written.
    """
    whole, outcome = _read(desk, place)
    _refuse(desk, whole)
    laying.refuse_links(desk.root, "feed", "episodes")
    _show(desk, whole, outcome)
    folders = tuple(_episodes(desk, whole, outcome))
    outcome.left += leftovers.left(whole)
    for item, folder, front in folders:
        _audio(desk, whole, item, folder, front, outcome)
    return outcome


# --- the feed ---------------------------------------------------------------------------------------------------------


def _read(desk: Desk, place: str) -> tuple[Whole, Outcome]:
    desk.on_step(place, "reading the feed", 0.0)
    channel = tree.channel(_body(desk, place), place)
    address = place if _is_address(place) else _link(channel, "self")
    outcome = Outcome(title=channel.said("title"), address=address)
    items = tuple(_with_audio((*channel.all("item"), *_further(desk, channel, address)), outcome))
    whole = Whole(channel=channel, items=items, address=address, base_url=desk.base_url, cover=_COVERS[0])
    return whole, outcome


def _is_address(place: str) -> bool:
    return place.lower().startswith(("http://", "https://"))


def _body(desk: Desk, place: str) -> bytes:
    if _is_address(place):
        body = desk.courier.read(place, most=tree.LARGEST)
        if isinstance(body, Failure):
            what = f"The feed at {place} did not come: {body.told}."
            raise StoreError(Problem(what=what, mend="Check the address, or save the feed and give the file."))
        return body
    path = Path(place)
    if not path.is_file() or path.stat().st_size > tree.LARGEST:
        mend = "Give the address of the show's RSS feed (https://…), or a file that holds it."
        raise ShowError(Problem(what="There is no feed here.", file=place, mend=mend))
    return path.read_bytes()


def _link(channel: Node, rel: str) -> str:
    found = (each.attributes.get("href", "") for each in channel.all("atom:link") if each.attributes.get("rel") == rel)
    return next(found, "")


def _further(desk: Desk, channel: Node, address: str) -> Iterator[Node]:
    """The items of a feed's older pages (RFC 5005 section 3)."""
    seen = {address}
    while (onward := urljoin(address, _link(channel, "next"))) not in seen and _link(channel, "next"):
        if len(seen) > _PAGES:
            return
        seen.add(onward)
        channel = tree.channel(_body(desk, keys.rooted(onward, address)), onward)
        yield from channel.all("item")


def _with_audio(items: tuple[Node, ...], outcome: Outcome) -> Iterator[Node]:
    """Those that become episodes, in order of publication; of one guid the first, which is what apps show."""
    kept: dict[str, Node] = {}
    for item in items:
        if not keys.enclosure(item):
            outcome.left.append(Left("an item without audio", keys.title(item), "apps do not show it either"))
        elif kept.setdefault(keys.guid(item), item) is not item:
            outcome.left.append(Left("an item with the guid of another", keys.title(item), "apps show the other"))
    oldest_first = reversed(kept.values())  # as a rule, which tells what came first on one day
    yield from sorted(oldest_first, key=_published)


def _published(item: Node) -> datetime:
    return moments.moment(item.said("pubDate", "dc:date")) or _EPOCH


def _refuse(desk: Desk, whole: Whole) -> None:
    """Refused where the feed may not be moved, or not to here."""
    title = whole.channel.said("title")
    if whole.channel.said("podcast:locked").lower() == "yes" and not desk.mine:
        what = f"The feed of “{title}” is locked: whoever owns it does not want it to be moved."
        raise Refused(Problem(what=what, mend="If it is yours, unlock it at its host, or add --mine."))
    there = _settings(desk)
    guid = fitted(_rows(keys.SHOW, whole), ShowKeys).keys.get("guid")
    if there and guid and str(there.get("guid", guid)).lower() != guid.lower():
        what = f"This folder holds another show, “{there.get('title')}”."
        mend = "Name an empty folder: omroep import FEED FOLDER."
        raise Refused(Problem(what=what, file=catalog.SHOW_FILE.as_posix(), mend=mend))


def _settings(desk: Desk) -> Mapping[str, Any]:
    """What show.yaml says as it was typed, nothing where there is none; ShowError where it cannot be read."""
    path = desk.root / catalog.SHOW_FILE
    if not path.is_file():
        return {}
    document, problems = located.read(path.read_text("utf-8", "replace"), file=catalog.SHOW_FILE.as_posix())
    if problems:
        raise ShowError(*problems)
    return document.value


# --- the show ---------------------------------------------------------------------------------------------------------


def _show(desk: Desk, whole: Whole, outcome: Outcome) -> None:
    path = desk.root / catalog.SHOW_FILE
    named = str(_settings(desk).get("cover") or "")
    cover = _cover(desk, whole, named, outcome) or named or _COVERS[0]
    if path.exists():
        return
    made = fitted(_rows(keys.SHOW, whole) | {"cover": cover}, ShowKeys)
    wanted = "".join(f"{key}:\n" for key in made.missing)
    if placing.write(path, (yaml(made.keys) + wanted).encode()):
        _told(made, catalog.SHOW_FILE.as_posix(), "", outcome)


def _rows(rows: tuple[keys.Row[keys.Scope], ...], scope: keys.Scope) -> dict[str, Any]:
    return {row.key: row.value(scope) for row in rows}


def _told(made: Fitted, file: str, where: str, outcome: Outcome) -> None:
    outcome.left += (Left(what.rstrip("."), where, "") for what in made.refused)
    outcome.missing += ((file, key) for key in made.missing)


def _cover(desk: Desk, whole: Whole, named: str, outcome: Outcome) -> str | None:
    """The name of the cover that was brought; None where one is there, or none came."""
    folder = (desk.root / catalog.SHOW_FILE).parent
    if named not in ("", *_COVERS) or any((folder / name).exists() for name in ([named] if named else _COVERS)):
        return next((name for name in _COVERS if not named and (folder / name).exists()), None)
    address = keys.picture(whole.channel, whole.address)
    body = desk.courier.read(address, most=_LARGEST_COVER) if address else Failure("the feed names none")
    ending = None if isinstance(body, Failure) else beside.picture(body)
    if isinstance(body, Failure) or not ending:
        why = body.told if isinstance(body, Failure) else "it is no JPEG or PNG"
        outcome.left.append(Left("its cover", "", f"{why} ({address})" if address else why))
        return None
    placing.write(folder / f"cover{ending}", body)
    return f"cover{ending}"


# --- its episodes -----------------------------------------------------------------------------------------------------


def _episodes(desk: Desk, whole: Whole, outcome: Outcome) -> Iterator[tuple[Node, Path, Mapping[str, Any]]]:
    """Each item that is here now, with its folder and the settings in it; those that were not are written."""
    there = {str(front.get("guid")): (folder, front) for folder, front in catalog.fronts(desk.root).items()}
    slugs = {str(front.get("slug") or slug_of(folder.name)) for folder, front in there.values()}
    top = desk.root / catalog.EPISODES
    names = naming.folders(whole.items, lambda name: (top / name).exists() or slug_of(name) in slugs)
    top.mkdir(parents=True, exist_ok=True)
    for place, (item, name) in enumerate(zip(whole.items, names, strict=True)):
        if found := there.get(keys.guid(item)):
            outcome.there += 1
            yield item, *found
            continue
        desk.on_step("episodes", "writing", place / len(whole.items))
        if front := _episode(desk, whole, item, top / name, outcome):
            outcome.written.append(name)
            yield item, top / name, front


def _episode(desk: Desk, whole: Whole, item: Node, folder: Path, outcome: Outcome) -> Mapping[str, Any] | None:
    """Write an episode's folder; None where something of it may come another time."""
    brought = beside.bring(item, whole, lambda address, most: _fetched(desk, address, most))
    title = keys.title(item)
    if brought.later:
        mend = "Run it again; or with --skip-missing to go on without it."
        outcome.later += (Problem(what=f"“{title}”: {what}.", mend=mend) for what in brought.later)
        return None
    piece = _piece(whole, item, brought)
    made = fitted(_rows(keys.EPISODE, piece), EpisodeKeys, ZoneInfo(whole.timezone or "UTC"))
    wanted = "".join(f"{key}:\n" for key in made.missing)
    body = f"---\n{yaml(made.keys)}{wanted}---\n\n{piece.words.notes}".rstrip() + "\n"
    laying.folder(folder, {**brought.files, "episode.md": body.encode()})
    _told(made, f"{catalog.EPISODES}/{folder.name}/episode.md", title, outcome)
    outcome.left += (Left(what, title, why) for what, why in (*brought.left, *_unsaid(piece)))
    return made.keys


def _fetched(desk: Desk, address: str, most: int) -> bytes | Failure:
    found = desk.courier.read(address, most=most)
    return Failure(found.told) if isinstance(found, Failure) and desk.skip_missing else found


def _piece(whole: Whole, item: Node, brought: Beside) -> Piece:
    return Piece(
        whole=whole,
        item=item,
        words=words.of(item, brought.chapters, ours=whole.ours),
        audio=_audio_name(item),
        chapters=brought.chapters,
        transcript=brought.named("transcript"),
        image=brought.named("image"),
    )


def _unsaid(piece: Piece) -> Iterator[tuple[str, str]]:
    for tag in piece.words.left:
        yield tag, "it says something else than notes and summary"
    if (said := piece.item.said("itunes:title")) and said not in (piece.item.said("title") or said):
        yield "itunes:title", f"apps may have shown “{said}”"
    if keys.hostless(piece):
        yield "that it named no host", "it has those of the show now"
    for what in markdown.dropped(piece.words.html):
        yield f"in its notes, {what}", "notes cannot have it"
    try:
        if not markdown.same(piece.words.html, piece.words.notes):
            yield "its notes", "not everything could be said in Markdown; compare them"
    except ValueError as error:
        yield "its notes", str(error)


# --- their audio ------------------------------------------------------------------------------------------------------


def _audio_name(item: Node) -> str:
    there = keys.enclosure(item)
    told = there.attributes if there else {}
    ending = PurePosixPath(urlsplit(told.get("url", "").strip()).path).suffix.lower()
    known = naming.AUDIO_ENDINGS.get(told.get("type", "").partition(";")[0].strip().lower(), ".mp3")
    return f"audio{ending if ending in AUDIO_SUFFIXES else known}"


def _audio(desk: Desk, whole: Whole, item: Node, folder: Path, front: Mapping[str, Any], outcome: Outcome) -> None:
    """Bring an item's audio, where its episode still means that one and it is not here."""
    name, there = _audio_name(item), keys.enclosure(item)
    if front.get("audio") != name or (folder / name).exists() or not there:
        return
    address, title = keys.rooted(there.attributes["url"], whole.address), keys.title(item)
    failure: Failure | None = Failure("")
    if desk.audio:
        failure = _saved(desk, address, folder / name, title)
    if failure is None:
        outcome.brought += 1
        return
    file = (folder / name).relative_to(desk.root).as_posix()
    outcome.absent.append(Audio(title=title, file=file, address=address, why=failure.told))


def _saved(desk: Desk, address: str, target: Path, title: str) -> Failure | None:
    def on_part(part: float) -> None:
        desk.on_step(title, "fetching", part)

    return desk.courier.save(address, target, most=LARGEST_AUDIO, fit=desk.fit, on_part=on_part)
