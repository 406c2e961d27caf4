"""What is asked of an episode: of `episode.md`, the files beside it, and of both once the audio is there."""

import re
from collections.abc import Callable, Hashable, Iterator

from pipeline import sidecars
from pipeline.checks import people, prose, talk, terms
from pipeline.checks.rule import EVERYONE, Demand, Finding, Platform, Rule
from pipeline.model import Catalog, Entry, Episode, Status
from pipeline.text import clock

_NUMBERED = re.compile(r"(?i)(#|afl(evering|\.)?|ep(isode|\.)?|folge|nr\.?)?\s*\d+\s*[:.\-–|]")
_FEW_CHAPTERS = 3
_CHAPTER_TITLE = 40


def _numbered(episode: Episode, catalog: Catalog) -> Iterator[Finding]:
    if catalog.show.kind == "serial" and episode.kind == "full" and episode.number is None:
        yield Finding(where=(), what="The episode has no number, but the show is serial.")


def _title(episode: Episode, catalog: Catalog) -> Iterator[Finding]:
    if _NUMBERED.match(episode.title):
        mend = "Leave it out: apps show `number` themselves."
        yield Finding(where=("title",), what="The title begins with a number.", mend=mend)
    if catalog.show.title.lower() in episode.title.lower():
        mend = "Leave it out: apps show both."
        yield Finding(where=("title",), what="The title repeats the name of the show.", mend=mend)


def _live(catalog: Catalog) -> Iterator[Episode]:
    return (episode for episode in catalog.episodes if episode.status is Status.LIVE)


def _same(catalog: Catalog, trait: Callable[[Episode], Hashable]) -> Iterator[tuple[Episode, Episode]]:
    """Live episodes of which an earlier one has the same trait (None is none), each with that one."""
    first: dict[Hashable, Episode] = {}
    for episode in _live(catalog):
        value = trait(episode)
        other = first.setdefault(value, episode)
        if value is not None and other is not episode:
            yield episode, other


def _same_number(catalog: Catalog, _: Catalog) -> Iterator[Finding]:
    for episode, other in _same(catalog, lambda each: (each.season, each.number, each.kind) if each.number else None):
        what = f"Number {episode.number} is already that of “{other.title}”."
        yield Finding(of=episode.slug, where=("number",), what=what)


def _same_title(catalog: Catalog, _: Catalog) -> Iterator[Finding]:
    for episode, other in _same(catalog, lambda each: each.title.casefold()):
        yield Finding(of=episode.slug, where=("title",), what=f"The episode `{other.folder}` has the same title.")


def _same_moment(catalog: Catalog, _: Catalog) -> Iterator[Finding]:
    for episode, other in _same(catalog, lambda each: each.published):
        yield Finding(of=episode.slug, where=("date",), what=f"“{other.title}” comes out at the same moment.")


def _seasoned(catalog: Catalog, _: Catalog) -> Iterator[Finding]:
    full = [episode for episode in _live(catalog) if episode.kind == "full"]
    without = [episode for episode in full if episode.season is None]
    if len(without) < len(full) / 2:
        for episode in without:
            what = "The episode has no season, where most others have one."
            yield Finding(of=episode.slug, where=(), what=what)


def _plain(episode: Episode, _: Catalog) -> Iterator[Finding]:
    return prose.marked_up((("title", episode.title), ("summary", episode.summary)))


def _described(episode: Episode, _: Catalog) -> Iterator[Finding]:
    if not episode.summary and not episode.notes:
        yield Finding(where=("summary",), what="The episode has no summary and no notes.")


def _transcript(episode: Episode, _: Catalog) -> Iterator[Finding]:
    if not episode.transcript:
        yield Finding(where=("transcript",), what="The episode has no transcript.")


def _speakers(episode: Episode, catalog: Catalog) -> Iterator[Finding]:
    if episode.transcript and not any(cue.speaker for cue in episode.transcript):
        name = catalog.origins[episode.slug].files.get("transcript", "")
        mend = next((mend for ending, mend in _WHO_SPEAKS.items() if name.lower().endswith(ending)), "")
        yield Finding(where=("transcript",), what="The transcript does not say who speaks.", mend=mend)


_WHO_SPEAKS = {
    ".vtt": "Use voice tags: <v Name>text.",
    ".srt": "Begin what each one says with the name and a colon, as in `Ria: Welcome.`",
}
"""How a transcript says it, by the ending of its file."""


def _image_alt(episode: Episode, _: Catalog) -> Iterator[Finding]:
    if episode.image and not episode.image_alt:
        yield Finding(where=("image",), what="The episode's picture has no description.")


def _chapters(episode: Episode, _: Catalog) -> Iterator[Finding]:
    starts = [chapter.start_s for chapter in episode.chapters]
    if starts and starts[0] > 0:
        mend = "Add one that does."
        yield Finding(where=("chapters", 0), what="The first chapter does not begin at 0:00.", mend=mend)
    if len(set(starts)) < len(starts):
        mend = "Move or remove one of them."
        yield Finding(where=("chapters",), what="Two chapters begin at the same time.", mend=mend)


def _too_many(episode: Episode, _: Catalog) -> Iterator[Finding]:
    count = len(episode.chapters)
    if count > sidecars.MOST_CHAPTERS:
        what = f"The episode has {count} chapters; at most {sidecars.MOST_CHAPTERS} can be listed in its file."
        yield Finding(where=("chapters",), what=what)


def _too_few(episode: Episode, _: Catalog) -> Iterator[Finding]:
    count = len(episode.chapters)
    if 0 < count < _FEW_CHAPTERS:
        what = f"The episode has {count} chapter{'s' if count > 1 else ''}; Spotify shows them from {_FEW_CHAPTERS} up."
        yield Finding(where=("chapters",), what=what)


def _long_chapters(episode: Episode, _: Catalog) -> Iterator[Finding]:
    for place, chapter in enumerate(episode.chapters):
        if len(chapter.title) > _CHAPTER_TITLE:
            what = f"The chapter “{chapter.title}” has {len(chapter.title)} characters."
            yield Finding(where=("chapters", place), what=what)


def _late(entry: Entry, _: Catalog) -> Iterator[Finding]:
    episode, end = entry.episode, entry.media.duration_s - entry.media.shift_s
    parts = (("chapters", episode.chapters), ("transcript", episode.transcript), ("soundbites", episode.soundbites))
    for key, moments in parts:
        if count := sum(moment.start_s >= end for moment in moments):
            what = f"“{episode.title}” lasts {clock(end)}; {count} of its {key} begin later."
            yield Finding(where=(key,), what=what)


_ORDER = frozenset({Platform.APPLE, Platform.SPOTIFY, Platform.PSP})
_PEOPLE = frozenset({Platform.ACCESS})

RULES: tuple[Rule[Episode], ...] = (
    Rule(
        id="episode-number",
        asks="Full episodes of a serial show have a number.",
        source="Apple-guide, itunes:type",
        platforms=_ORDER,
        fatal=True,
        why="Apps could not put the episodes in order.",
        remedy="Add a line `number: ...`.",
        find=_numbered,
    ),
    Rule(
        id="episode-title",
        asks="A title holds neither its number nor the name of the show.",
        source="Apple-823, titles",
        platforms=frozenset({Platform.APPLE, Platform.PSP}),
        why="It takes room on small screens.",
        remedy="Leave it out: apps show it themselves.",
        find=_title,
    ),
    Rule(
        id="episode-plain",
        asks="Title and summary are plain text, without tags or character references.",
        source="RSS Best Practices Profile, character data",
        platforms=frozenset({Platform.RSS, Platform.APPLE}),
        why="Listeners would read the markup itself.",
        remedy="Write the words and signs themselves: &, not &amp;. Notes may have Markdown.",
        find=_plain,
    ),
    Rule(
        id="episode-summary-length",
        asks="A summary takes at most 4000 bytes.",
        source="PSP-1, item description",
        platforms=frozenset({Platform.APPLE, Platform.PSP}),
        fatal=True,
        why="Apps would cut it off.",
        remedy="Shorten it.",
        find=lambda episode, _: prose.too_long("summary", episode.summary),
    ),
    Rule(
        id="episode-notes",
        asks="An episode has a summary or notes.",
        source="PSP-1, item description",
        platforms=frozenset({Platform.APPLE, Platform.SPOTIFY, Platform.PSP, Platform.RSS}),
        why="Listeners choose an episode by its description.",
        remedy="Write some below the second ---.",
        find=_described,
    ),
    Rule(
        id="episode-notes-shown",
        asks="Notes can be made into a page.",
        source="omroep",
        platforms=EVERYONE,
        fatal=True,
        why="They would make every page slow.",
        remedy="Shorten or simplify them.",
        find=prose.unshowable,
    ),
    Rule(
        id="episode-notes-length",
        asks="Notes take at most 4000 bytes in the feed.",
        source="Apple-823, descriptions",
        platforms=frozenset({Platform.APPLE, Platform.PSP}),
        why="Who reads them in an app misses the end; the page has all of it.",
        remedy="Put what matters most first, or shorten them.",
        find=prose.cut,
    ),
    Rule(
        id="episode-notes-pictures",
        asks="Notes hold no pictures.",
        source="Apple-823, descriptions",
        platforms=frozenset({Platform.APPLE, Platform.SPOTIFY, Platform.PSP}),
        why="A sentence that speaks of it leads nowhere.",
        remedy="Link to the picture instead: `[what it shows](https://...)`.",
        find=prose.pictures,
    ),
    Rule(
        id="episode-notes-html",
        asks="Notes are Markdown, without HTML.",
        source="omroep",
        platforms=EVERYONE,
        why="What it should do is not done.",
        remedy="Write it in Markdown, or between backquotes where the tag itself is meant.",
        find=prose.raw_html,
    ),
    Rule(
        id="episode-link-text",
        asks="The text of a link says where it leads.",
        source="WCAG 2.2, 2.4.4",
        platforms=_PEOPLE,
        why="A screen reader lists the links of a page by their texts, and this one tells nothing.",
        remedy="Make the words that name it the link: `[the report on secondment](https://...)`.",
        find=prose.mute_links,
    ),
    Rule(
        id="episode-link-address",
        asks="A link leads to a whole address: https://, http:// or mailto:.",
        source="omroep, docs/producers.md",
        platforms=EVERYONE,
        why="Notes are read on pages and in apps; only the words of such a link are shown.",
        remedy="Write an address that begins with https://.",
        find=prose.lost_links,
    ),
    Rule(
        id="episode-headings",
        asks="Headings in notes go down one level at a time.",
        source="WCAG 2.2, 1.3.1 (technique G141)",
        platforms=_PEOPLE,
        why="Who goes from heading to heading with a screen reader would look for the one that is missing.",
        remedy="Begin with ##, and go down one # at a time.",
        find=prose.skipped_headings,
    ),
    Rule(
        id="episode-transcript",
        asks="An episode has a transcript.",
        source="WCAG 2.2, 1.2.1; ns transcript",
        platforms=frozenset({Platform.ACCESS, Platform.APPLE, Platform.PODCASTING, Platform.PSP}),
        why="Listeners who hear badly could not follow it.",
        remedy="Put a .vtt file in its folder.",
        find=_transcript,
    ),
    Rule(
        id="episode-speakers",
        asks="The transcript says who speaks.",
        source="WCAG 2.2, 1.2.1; ns transcript, WebVTT",
        platforms=frozenset({Platform.ACCESS, Platform.PODCASTING}),
        why="A reader of the transcript would not know who says what.",
        remedy="Use voice tags: <v Name>text. In an .srt file, begin with the name and a colon.",
        find=_speakers,
    ),
    Rule(
        id="episode-speaker-name",
        asks="Speakers are spelled in the transcript as in episode.md.",
        source="omroep",
        platforms=_PEOPLE,
        why="A reader would take them for two people.",
        remedy="Spell the name alike in both.",
        find=people.misspelt,
    ),
    Rule(
        id="episode-image-alt",
        asks="An episode's picture has a description.",
        source="WCAG 2.2, 1.1.1; ns image, attribute alt",
        platforms=frozenset({Platform.ACCESS, Platform.PODCASTING}),
        why="A listener with a screen reader would not know what it shows.",
        remedy="Add `image_alt:` saying what it shows.",
        find=_image_alt,
    ),
    Rule(
        id="episode-credits",
        asks="Guests and hosts have a role and group of the Podcast Taxonomy.",
        source="ns person, attributes role and group",
        platforms=frozenset({Platform.PODCASTING, Platform.PSP}),
        why="Apps would not show who does what.",
        remedy="Choose from the taxonomy: `omroep rules episode-credits` lists it.",
        find=people.of_episode,
    ),
    Rule(
        id="episode-person-twice",
        asks="Nobody is named twice.",
        source="ns person",
        platforms=frozenset({Platform.PODCASTING}),
        why="Apps would show two portraits of one person.",
        remedy="Name them once, in the role that counts.",
        find=people.twice,
    ),
    Rule(
        id="episode-license",
        asks="A licence is one that apps know, or has a link to its text.",
        source="ns license",
        platforms=frozenset({Platform.PODCASTING}),
        why="Nobody could tell what may be done with the episode.",
        remedy="Write a name such as cc-by-4.0, or `name:` and `link:`.",
        find=terms.of_episode,
    ),
    Rule(
        id="episode-discussion",
        asks="Posts and rooms in which listeners talk are of a protocol that apps know.",
        source="ns social-interact and ns chat, attribute protocol",
        platforms=frozenset({Platform.PODCASTING}),
        why="Apps would not show what is said there.",
        remedy="Write the protocol and not the name of the site: activitypub for Mastodon, atproto for Bluesky.",
        find=talk.of_episode,
    ),
    Rule(
        id="episode-chapters",
        asks="Chapters begin at 0:00, each at a time of its own.",
        source="ns chapters; Spotify, Creating and managing chapters",
        platforms=frozenset({Platform.PODCASTING, Platform.SPOTIFY}),
        why="Players would show the wrong chapter at the start.",
        remedy="Correct the times.",
        find=_chapters,
    ),
    Rule(
        id="episode-chapters-count",
        asks="An episode has at most 255 chapters.",
        source="ID3v2 Chapter Frame Addendum 1.0, section 3.2",
        platforms=EVERYONE,
        fatal=True,
        why="Players would lose the others.",
        remedy="Leave some out.",
        find=_too_many,
    ),
    Rule(
        id="episode-chapters-few",
        asks="An episode with chapters has at least three.",
        source="Spotify, Creating and managing chapters",
        platforms=frozenset({Platform.SPOTIFY}),
        why="On Spotify there would be none at all.",
        remedy="Add some, or leave them out.",
        find=_too_few,
    ),
    Rule(
        id="episode-chapter-title",
        asks=f"A chapter's title has at most {_CHAPTER_TITLE} characters.",
        source="Spotify, Creating and managing chapters",
        platforms=frozenset({Platform.SPOTIFY}),
        why="The end of it would not be seen in a list.",
        remedy="Shorten it.",
        find=_long_chapters,
    ),
)

UNHEARD = Demand(
    id="episode-recordings",
    asks="No recording lies in an episode's folder beside the one that is taken.",
    source="omroep, docs/producers.md",
    platforms=EVERYONE,
    why="Nobody will hear it.",
    remedy="Name it with `audio:`, or take it out of the folder.",
)
DOTTED = Demand(
    id="episode-chapter-times",
    asks="A chapter's time has a colon between minutes and seconds.",
    source="omroep, docs/producers.md",
    platforms=EVERYONE,
    why="Players would show the wrong chapter.",
    remedy="Write minutes:seconds, such as 1:30.",
)
READ_RULES = (UNHEARD, DOTTED)
"""Judged where files are read."""

CATALOG_RULES: tuple[Rule[Catalog], ...] = (
    Rule(
        id="episode-number-twice",
        asks="No two episodes of a season and kind have the same number.",
        source="Apple-guide, itunes:episode",
        platforms=_ORDER,
        why="Apps would show the episodes in the wrong order.",
        remedy="Give one of them another number.",
        find=_same_number,
    ),
    Rule(
        id="episode-season",
        asks="Where most episodes have a season, all have.",
        source="Apple-guide, itunes:season",
        platforms=_ORDER,
        why="Apps would put it apart from the others, in a season of its own.",
        remedy="Add a line `season: ...`.",
        find=_seasoned,
    ),
    Rule(
        id="episode-title-twice",
        asks="Every episode has a title of its own.",
        source="industry",
        platforms=EVERYONE,
        why="Listeners could not tell them apart.",
        remedy="Say in the title what is different.",
        find=_same_title,
    ),
    Rule(
        id="episode-moment",
        asks="No two episodes come out at the same moment.",
        source="RSS 2.0, pubDate; industry",
        platforms=frozenset({Platform.RSS, Platform.APPLE, Platform.SPOTIFY}),
        why="Apps sort by it, and each would choose an order of its own.",
        remedy="Write a time behind one of the dates: 2020-10-05 07:00.",
        find=_same_moment,
    ),
)
"""How episodes stand to each other."""

ENTRY_RULES: tuple[Rule[Entry], ...] = (
    Rule(
        id="episode-late",
        asks="Chapters, transcript and soundbites begin before the audio is over.",
        source="omroep",
        platforms=EVERYONE,
        why="They are left out.",
        remedy="Check that they belong to this recording.",
        find=_late,
    ),
)
"""Told by `plan` and `publish`, which know how long the delivered file is."""
