"""A show that has every key of the schema, and what people with bad intentions or bad luck may type into each."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

from pipeline.text import xml_safe
from tests.shows import SHOW, TRANSCRIPT

Place = tuple[str | int, ...]
"""A path of keys and positions, the first of which is the file: `show` or `episode`."""

PERSON = {"name": "Ria", "role": "host", "group": "cast", "organisation": "De Deur", "link": "https://example.org/ria"}
GUEST = {**PERSON, "image": "ria.png"} | {
    "consent": {"name": "yes", "photo": "yes", "transcript": "yes", "until": "2999-01-01"}
}
LOCATION = {"name": "Den Haag", "rel": "subject", "geo": "52.08,4.31", "osm": "R192736", "country": "nl"}
LICENSE = {"name": "Eigen", "link": "https://example.org/voorwaarden"}
POST = {"protocol": "activitypub", "link": "https://example.org/1", "account": "@show"} | {
    "account_link": "https://example.org/@show"
}
ROOM = {"server": "irc.example.org", "protocol": "irc", "account": "@show", "space": "#deuren"}
NOTE = {"text": "S6lpp-7ZCn8", "purpose": "verify"}
ELSEWHERE = {"guid": "003af0a0-6a45-55cf-b765-68e3d349551a", "feed": "https://example.org/f.xml", "title": "Ander"}

VALUES: Mapping[str, dict[str, Any]] = {
    "show": {
        **SHOW,
        "subtitle": "Een ondertitel",
        "explicit": "no",
        "type": "serial",
        "complete": "yes",
        "copyright": "© 2020",
        "locked": "yes",
        "medium": "podcast",
        "new_feed_url": "https://example.org/verhuisd.xml",
        "hosts": [PERSON],
        "seasons": [{"number": "1", "name": "Werk"}],
        "update_frequency": {"text": "Elke week", "rrule": "FREQ=WEEKLY", "dtstart": "2020-10-06", "complete": "no"},
        "theme": {"colour": "#2a1a5e", "folder": "thema"},
        "audio": {
            **{"loudness": "-16", "peak": "-1", "rate": "44100", "codec": "mp3", "bitrate_mono": "96"},
            **{"bitrate_stereo": "128", "also": [{"format": "opus", "bitrate": "32"}], "highpass": "60"},
            **{"leveller": "no", "waveform_data": "no", "trim_silence": "1"},
            **{"intro": "in.wav", "outro": "uit.wav", "crossfade": "1"},
        },
        "destination": "public",
        "block": "yes",
        "funding": [{"link": "https://example.org/steun", "text": "Steun ons"}],
        "locations": [LOCATION],
        "license": LICENSE,
        "discussion": [POST],
        "txt": [NOTE],
        "chat": ROOM,
        "podping": "yes",
        "hubs": ["https://example.org/hub"],
        "publisher": ELSEWHERE,
        "podroll": [ELSEWHERE],
        "feeds": ["topics"],
        "masters": "s3://masters",
        "listen_on": [{"link": "https://example.org/app", "name": "Een app"}],
        "contact": "https://example.org/schrijf",
    },
    "episode": {
        **{"title": "Een deur", "date": "2020-10-05", "guid": "g1", "slug": "een", "number": "1", "season": "1"},
        **{"type": "full", "summary": "Kort gezegd.", "guests": [GUEST], "hosts": [PERSON], "topics": ["deuren"]},
        **{"explicit": "no", "status": "live", "revision": "1", "transcript": "transcript.vtt"},
        **{"image": "foto.png", "image_alt": "Een deur.", "block": "no", "license": LICENSE, "txt": [NOTE]},
        **{"chapters": [{"start": "0:00", "title": "Welkom", "link": "https://example.org/w"}]},
        **{"soundbites": [{"start": "0:05", "duration": "20", "title": "De kern"}], "locations": [LOCATION]},
        **{"discussion": [POST], "chat": ROOM},
        "audio": {"sha256": "0" * 64, "size": "17", "url": "https://example.org/opname.wav"},
    },
}
"""A value for every key, in the words of YAML."""

TEXTS = {
    "controls": "a\x00b\x01c\x08d\x0be\x1ff",
    "later controls": "a\x7fb\x80c\x9fd",
    "noncharacters": "a\ufffeb\uffffc\U0001fffed",
    "cdata": "]]> <![CDATA[ x ]]> <!-- --> &amp; &#0; &x;",
    "directions": "\u200fa\u202eb\u2066c\u2069d\u061ce",
    "lines": "a\rb\nc\u2028d\u2029e\u0085f\tg",
    "invisible": "a\u200bb\u200dc\ufeffd\u00ade",
    "combining": "z" + "\u0300\u0323\u0488" * 13,
    "templates": "{{ 7*7 }}{% raw %}${7*7}#{7*7}<%= 7*7 %>",
    "script": "<script>alert(1)</script>",
    "handler": "<img src=x onerror=alert(1)>",
    "attribute": '"\' onmouseover=alert(1) autofocus onfocus=alert(1) x="',
    "closing": "</title></style></textarea></script><svg onload=alert(1)>",
    "javascript": "javascript:alert(1)",
    "spelled": " jAvA\tscript&colon;alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "markdown": "[x](javascript:alert(1)) <javascript:alert(1)> ![x](data:x,1)",
}
FORMS = {"bare": "{}", "after words": "{}", "in an address": "https://example.org/{}", "a host": "https://{}/"}
"""How a text is used: as it is, behind the name of its place, and as part of an address."""


def places(value: Any = None, at: Place = ()) -> Iterator[Place]:
    """Every place where a text stands."""
    value = VALUES if value is None else value
    if isinstance(value, str):
        yield at
        return
    for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        yield from places(item, (*at, key))


def name(place: Place) -> str:
    """A place in words that stand nowhere else."""
    return "·".join(map(str, place))


def typed(text: str, form: str, but: frozenset[Place]) -> dict[Place, str]:
    """`text` in every place, in a form, except in some."""
    said = FORMS[form].format(text)
    return {place: f"{name(place)} {said}" if form == "after words" else said for place in places() if place not in but}


def write(root: Path, said: Mapping[Place, str], notes: str) -> dict[tuple[str, int], Place]:
    """The show with some of its texts replaced; which place stands on which line of which file.

    `notes` are the show notes, and a line of the transcript.
    """
    values = json.loads(json.dumps(VALUES))  # a copy in which nothing stands twice
    for place, text in said.items():
        here: Any = values
        for key in place[:-1]:
            here = here[key]
        here[place[-1]] = text
    folder = root / "episodes" / "01-een"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "feed").mkdir(exist_ok=True)
    (root / "templates/thema").mkdir(parents=True, exist_ok=True)
    for path in (root / "feed/cover.png", folder / "foto.png", folder / "ria.png"):
        if not path.exists():
            Image.new("RGB", (8, 8)).save(path)
    for path in (folder / "audio.wav", root / "feed/in.wav", root / "feed/uit.wav"):
        path.write_bytes(b"not listened to")
    spoken = escape(xml_safe(notes).replace("\n", " ").replace("\r", " "))
    (folder / "transcript.vtt").write_text(f"{TRANSCRIPT}\n00:02.000 --> 00:03.000\n<v Ria>{spoken}\n", "utf-8")
    show, episode = (list(_lines(values[file], (file,))) for file in ("show", "episode"))
    (root / "feed/show.yaml").write_text("".join(line for line, _ in show), "utf-8")
    front = "".join(line for line, _ in episode)
    (folder / "episode.md").write_bytes(f"---\n{front}---\n\n{notes}\n".encode("utf-8", "surrogatepass"))
    files = (("feed/show.yaml", 1, show), ("episodes/01-een/episode.md", 2, episode))
    return {(file, first + at): place for file, first, lines in files for at, (_, place) in enumerate(lines)}


def _lines(value: Any, at: Place, indent: str = "") -> Iterator[tuple[str, Place]]:
    """YAML with every text on a line of its own, in escapes wherever it is not ASCII."""
    for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        here = (*at, key)
        head = f"{indent}{key}:" if isinstance(value, Mapping) else f"{indent}-"
        if isinstance(item, str):
            yield f"{head} {_quoted(item)}\n", here
        else:
            yield f"{head}\n", here
            yield from _lines(item, here, f"{indent}  ")


def _quoted(text: str) -> str:
    """Text between quotes: YAML has an escape for every character beyond the first plane, JSON only for its halves."""
    if text.isascii():
        return json.dumps(text)
    return "".join(json.dumps(char)[1:-1] if ord(char) < 0x10000 else f"\\U{ord(char):08x}" for char in text).join('""')
