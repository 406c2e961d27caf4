"""What is on the site that browsers are sent to."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.model import Key, Object

EPISODE = "deuren"
"""The web name of the episode that has everything."""
LINES = (
    (0.5, 4, "Presentatie", "Welkom bij de proef."),
    (4, 9, "Presentatie", "Vandaag gaat het over deuren."),
    (10.5, 15, "Zoë Gast", "Dank je wel, fijn om hier te zijn."),
    (15, 24, "Presentatie", "Waarom staat de deur open?"),
    (25.5, 31, "Zoë Gast", "Omdat er anders niemand binnenkomt."),
    (31, 39, "Presentatie", "Tot de volgende keer."),
)
"""What is said in it: from, to (in seconds), by whom, and the words."""

LONG = "gesprek"
"""The web name of an episode whose transcript has pages of its own."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A site that is being served."""

    address: str
    """Of its home, with the final slash."""
    objects: Mapping[Key, Object]


def sitting() -> str:
    """What is said, as WebVTT."""
    cues = (f"00:{start:06.3f} --> 00:{end:06.3f}\n<v {voice}>{words}\n" for start, end, voice, words in LINES)
    return "\n".join(["WEBVTT\n", *cues])


def talking(seconds: float) -> str:
    """Four hundred sentences in so many seconds, each with its number, as WebVTT."""
    each = seconds / 400
    cues = (
        f"00:{number * each:06.3f} --> 00:{(number + 1) * each - 0.01:06.3f}\n"
        f"<v {'Presentatie' if number % 9 < 3 else 'Gast'}>Zin nummer{number} gaat over vergaderingen en loopbanen.\n"
        for number in range(400)
    )
    return "\n".join(["WEBVTT\n", *cues])
