"""What is said to producers about recordings and drafts: the English, which catalogues translate."""

from collections.abc import Mapping

from pipeline.intake.parcels import Why
from pipeline.model import NO_AUDIO, Episode

EPISODE = "Episode {number}"
"""A title for who has none."""
STATUS = "write live when the episode is ready"
SUMMARY = "one or two sentences, for lists in apps"
GUESTED = "who is heard: a list of names, or of name, organisation, link"
DATED = "is this right? the date is a guess"
NOTHING = "Nothing to take in: every recording in episodes/ has its episode."
NOTHING_ELSE = (
    "Nothing else to take in. A recording that lies in episodes/ without an episode stops a publish: mend it, or take "
    "it away."
)
MADE = "“{title}” is a draft now: episodes/{folder}/episode.md"
GIVEN = "“{title}” has its recording now: episodes/{folder}/{recording}"
WANTING = "“{title}” (episodes/{folder}/episode.md) still needs:"
THEN = "When it is right: status: live, then omroep publish"
UNUSED = "`{name}` lies beside it, but cannot be its art: that is a square JPEG or PNG of 1400 to 3000 px"
SURE_OF = {
    "title": "a title: nothing but “{title}” could be made of its name",
    "date": "a look at the date, {date}: it is a guess",
}

LEFT: Mapping[Why, str] = {
    Why.COPYING: "{path} is still being copied; left alone.",
    Why.CHANGING: "{path} changed while it was looked at; left alone. Run this again when it is there.",
    Why.CUT_OFF: "{path} is not complete: the file ends before its header says it does. Left alone. Wait until it has "
    "been copied whole, or copy it again.",
    Why.UNREADABLE: "{path} cannot be read as a recording; left alone. Export it again as WAV, FLAC, MP3 or M4A.",
    Why.NAME: "{path} has characters in its name that cannot be kept; left alone. Rename it.",
    Why.LINK: "{path} is not a file of its own, but a link or a device; left alone. Put the file itself there.",
    Why.TWINS: "{path} has the same name as {about}; left alone, for it is not clear which one to take. Rename one.",
    Why.SEVERAL: "episodes/{path} holds several recordings: {about}. Leave one of them there, or write an episode.md "
    "that says which with `audio:`.",
    Why.KNOWN: "{path} is the recording of “{about}” already; left alone.",
    Why.TAKEN: "{path} stays where it is: {about} is there already.",
    Why.BESIDE: UNUSED,
    Why.MISNAMED: "episodes/{path} is there: rename it to `episode.md`. Left alone.",
    Why.ODD: "episodes/{path} begins in a way that omroep cannot add lines to. Add: {about}",
}


def lacks(episode: Episode) -> tuple[str, ...]:
    """What a draft has not got yet, as sentences of `LACKS`."""
    return tuple(told for told, has in LACKS if not has(episode))


LACKS = (
    ("a recording: put it into its folder", lambda episode: episode.audio is not NO_AUDIO),
    ("a summary: one or two sentences, for lists in apps", lambda episode: episode.summary),
    ("show notes: below the second line of ---", lambda episode: episode.notes),
    ("a transcript: a .vtt or .srt file in its folder", lambda episode: episode.transcript),
    ("a description of its picture: image_alt", lambda episode: not episode.image or episode.image_alt),
)
"""What to write, and whether an episode has it."""
