"""The story of a new show: its files, made where there are none, and nothing written over."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline import digest, placing, theme
from pipeline.catalog import EPISODES, SHOW_FILE, podcast_guid
from pipeline.errors import Problem, ShowError
from pipeline.intake.front_matter import scalar
from pipeline.pictures import poster

COLOURS = ("#24476b", "#2a1a5e", "#1f5c4a", "#7a2e1d", "#5a2352", "#33415c", "#0f5163", "#6b3f12")
"""One of them is a new show's, by its title; each carries white text."""
COVER = "cover.png"
_COVERS = (COVER, "cover.jpg", "cover.jpeg")
_IGNORED = (".omroep/", "public/", "*.part")
IGNORE_FILE = ".gitignore"
ABOUT = "{title}, a podcast by {author}."
ABOUT_NOTE = "what it is about; listeners read this before they subscribe"
ADDRESS_NOTE = "where the show will be found; feed and pages are published there"
GUID_NOTE = "the show's permanent name: never change it"
OWNER_NOTE = "directories write there; it is public"
COVER_NOTE = "square, 1400 to 3000 pixels; put your own in its place"
COVER_ALT = "The words “{title}” on one colour, above rings like radio waves."
ZONE_NOTE = "dates in episodes are in this zone"
CATEGORY_NOTE = "of Apple's list; omroep rules show-category tells them"
MORE_NOTE = "Every other key is explained in docs/producers.md of omroep: hosts, seasons, audio, destination, and more."
ASK_TITLE = "Name of the show"
ASK_AUTHOR = "Who makes it, as apps will show it"
ASK_EMAIL = "E-mail for directories (public)"
ASK_ADDRESS = "Address at which it will be found (https://…)"
ASK_CATEGORY = "Category, of Apple's list"
ASK_ZONE = "Time zone of the dates of episodes"
MADE = "“{title}” is a show now, in {folder}."
NEXT = "Put a recording into {folder}/episodes/. Then, in {folder} itself: omroep ingest"
IGNORE = "Add to {folder}/.gitignore: {lines}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plans:
    """What is known of a show that is to be."""

    title: str
    description: str | None
    language: str
    author: str
    email: str
    base_url: str
    category: str
    timezone: str

    @property
    def colour(self) -> str:
        """That of its cover and its site."""
        return COLOURS[int(digest.of_bytes(self.title.encode())[:8], 16) % len(COLOURS)]


def vacant(root: Path) -> None:
    """ShowError where there is a show already."""
    if (root / SHOW_FILE).exists():
        mend = "Name another folder; or edit the file that is there."
        raise ShowError(Problem(what="There is a show here already.", file=SHOW_FILE.as_posix(), mend=mend))


def found(root: Path, plans: Plans) -> tuple[str, ...]:
    """Make the show's files in `root`, and return what the producer should know, a line each, in the show's language.

    Files that are there stay as they are; `show.yaml` comes last, so that what was stopped half-way is done again.
    ShowError where there is a show already, or nothing can be written.
    """
    vacant(root)
    say = theme.spoken(plans.language).gettext
    with placing.told(root):
        (root / EPISODES).mkdir(parents=True, exist_ok=True)
        cover = _cover(root, plans)
    placing.write(root / EPISODES / ".gitkeep", b"")
    ours = placing.write(root / IGNORE_FILE, "".join(f"{line}\n" for line in _IGNORED).encode())
    placing.write(root / SHOW_FILE, composed(plans, cover, say).encode())
    lines = ", ".join(() if ours else _unignored((root / IGNORE_FILE).read_text("utf-8", "replace")))
    told = (MADE, NEXT, *([IGNORE] if lines else []))
    return tuple(say(line).format(title=plans.title, folder=root.name, lines=lines) for line in told)


def _cover(root: Path, plans: Plans) -> str:
    """The name of the cover that is there, or of the one that was drawn."""
    folder = root / SHOW_FILE.parent
    there = next((name for name in _COVERS if (folder / name).exists()), None)
    if there is None:
        picture = poster.draw(plans.title, plans.author, plans.colour, theme.letters(root))
        placing.write(folder / COVER, picture)
    return there or COVER


def _unignored(text: str) -> Iterator[str]:
    return (line for line in _IGNORED if line not in text.splitlines())


def composed(plans: Plans, cover: str, say: Callable[[str], str]) -> str:
    """The text of `show.yaml`."""
    about = plans.description or say(ABOUT).format(title=plans.title, author=plans.author)
    drawn = say(COVER_ALT).format(title=plans.title) if cover == COVER else ""
    values: Mapping[str, str] = {
        "title": plans.title,
        "description": about,
        "language": plans.language,
        "author": plans.author,
        "base_url": plans.base_url,
        "guid": podcast_guid(plans.base_url + "feed.xml"),
        "cover": cover,
        "cover_alt": drawn,
        "timezone": plans.timezone,
    }
    notes = {
        "description": ABOUT_NOTE,
        "base_url": ADDRESS_NOTE,
        "guid": GUID_NOTE,
        "cover": COVER_NOTE,
        "timezone": ZONE_NOTE,
    }
    lines = [
        f"{key}: {scalar(value)}{f' # {say(notes[key])}' if key in notes else ''}\n"
        for key, value in values.items()
        if value
    ]
    owner = f"owner: # {say(OWNER_NOTE)}\n  name: {scalar(plans.author)}\n  email: {scalar(plans.email)}\n"
    categories = f"categories: # {say(CATEGORY_NOTE)}\n  - {scalar(plans.category)}\n"
    return "".join((*lines, owner, categories, f'theme:\n  colour: "{plans.colour}"\n', f"# {say(MORE_NOTE)}\n"))
