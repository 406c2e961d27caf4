"""The rules for one published file: is it there, is it whole, and does the server hand it out as listeners need it?"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.audit.looking import SEEKABLE
from pipeline.audit.seen import Damage, Manner, Seen, Sighting
from pipeline.model import Cache, Kind

Found = Callable[[Sighting], str | None]
"""What is wrong, as the end of a sentence, or None."""

BY_HAND = "See what {place} holds there now, and put the published bytes back (a backup, an earlier version)."
AGAIN = "Write it again: omroep publish --repair"
"""How a file that is not what was published is brought back."""
_RIGHTS = "Give everybody the right to read these files (a bucket policy, or the settings of the web server or CDN)."
_SERVER = "Mend the settings of the bucket, web server or CDN that listeners reach."

LOST: Mapping[Kind, str] = {
    Kind.AUDIO: "Apps cannot play or download it.",
    Kind.PICTURE: "Apps and pages show a gap, or an older picture.",
    Kind.SIDECAR: "Apps lack chapters, the transcript or the waveform.",
    Kind.ASSET: "Pages look bare, or their search finds less.",
    Kind.PAGE: "Whoever follows a link to it gets an error.",
    Kind.FEED: "No app finds the show, and new listeners cannot subscribe.",
}
"""What a listener notices when a file of that kind cannot be had."""
WRONG: Mapping[Kind, str] = {
    **LOST,
    Kind.AUDIO: "Apps stop halfway, or play something else.",
    Kind.PICTURE: "Apps and pages show another picture, or a broken one.",
    Kind.PAGE: "Visitors read something else than was published.",
}
"""What a listener notices when its bytes are not those that were published."""
MEND: Mapping[Kind, str] = {
    Kind.AUDIO: f"{AGAIN} (with its recording here; the same ffmpeg makes the same file, another makes a new one).",
    **dict.fromkeys((Kind.PICTURE, Kind.SIDECAR, Kind.ASSET, Kind.PAGE), AGAIN),
    Kind.FEED: "Run omroep publish: it brings the feed back.",
}
"""How a file of that kind is brought back, where it is not by hand."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One thing that can be wrong with a file."""

    id: str
    found: Found
    why: str | Mapping[Kind, str]
    mend: str | Mapping[Kind, str] = _SERVER
    manner: Manner = Manner.LISTENER
    """The least that must be seen for it."""
    kinds: frozenset[Kind] = frozenset(LOST)
    fatal: bool = True
    apart: bool = False


def damages(sighting: Sighting, place: str) -> Iterator[Damage]:
    """Everything that is wrong with one file at `place`; of what is not there, only that."""
    if hit := _first(PRESENCE, sighting, place):
        yield hit
        return
    if hit := _first(CONTENTS, sighting, place):
        yield hit
    yield from filter(None, (_damage(rule, sighting, place) for rule in SERVED))


def _first(rules: tuple[Rule, ...], sighting: Sighting, place: str) -> Damage | None:
    return next(filter(None, (_damage(rule, sighting, place) for rule in rules)), None)


def _damage(rule: Rule, sighting: Sighting, place: str) -> Damage | None:
    kind = sighting.item.kind
    if sighting.manner < rule.manner or kind not in rule.kinds or not (told := rule.found(sighting)):
        return None
    mend = rule.mend if isinstance(rule.mend, str) else rule.mend.get(kind, BY_HAND)
    return Damage(
        rule=rule.id,
        key=sighting.item.key,
        subject=sighting.subject,
        told=told,
        why=rule.why if isinstance(rule.why, str) else rule.why[kind],
        mend=mend.format(place=place),
        fatal=rule.fatal,
        apart=rule.apart,
    )


# --- is it there? -----------------------------------------------------------------------------------------------------


def _silent(seen: Sighting) -> str | None:
    return f"there was no answer: {seen.whole.failure}" if seen.whole.status is None else None


def _gone(seen: Sighting) -> str | None:
    # A bucket that may not be listed says 403 of what is not there.
    return "it is gone" if not seen.stored and seen.whole.status in (401, 403, 404, 410) else None


def _private(seen: Sighting) -> str | None:
    if seen.whole.status not in (401, 403):
        return None
    return f"refused to strangers (status {seen.whole.status}), while the store has it"


def _hidden(seen: Sighting) -> str | None:
    return "not to be found at that address, while the store has it" if seen.whole.status in (404, 410) else None


def _failing(seen: Sighting) -> str | None:
    return f"the server answers with status {seen.whole.status}" if seen.whole.status not in (200, 206) else None


PRESENCE = (
    Rule(
        id="no-answer",
        found=_silent,
        why="Listeners get nothing.",
        mend="Check the address and its name in DNS, the certificate and the server; then verify again.",
        manner=Manner.FILES,
    ),
    Rule(id="gone", found=_gone, why=LOST, mend=MEND, manner=Manner.FILES, apart=True),
    Rule(id="private", found=_private, why="No listener can have it.", mend=_RIGHTS),
    Rule(
        id="not-shown",
        found=_hidden,
        why="No listener can have it.",
        mend="Let that address show this very folder or bucket and prefix; `base_url` in show.yaml says where it is.",
    ),
    Rule(id="failing", found=_failing, why="Listeners get nothing.", manner=Manner.FILES),
)
"""Of these the first that holds is told, and nothing else."""


# --- is it what was published? ----------------------------------------------------------------------------------------


def _same(seen: Sighting) -> bool:
    if not seen.read:
        return _size(seen) == seen.item.size
    return seen.whole.size == seen.item.size and seen.whole.sha256 == seen.item.sha256


def _size(seen: Sighting) -> int | None:
    """Bytes in all: those that came, or what the server says where they were not read."""
    if seen.read:
        return seen.whole.size
    total = re.fullmatch(r"bytes \d+-\d+/(\d+)", seen.whole.headers.get("content-range", ""))
    told = total[1] if total else seen.whole.headers.get("content-length", "")
    return int(told) if told.isdecimal() else None


def _led_astray(seen: Sighting) -> str | None:
    if not seen.whole.elsewhere or _same(seen):
        return None
    return f"one is led on to {seen.whole.elsewhere}, which has something else"


def _cut(seen: Sighting) -> str | None:
    size = _size(seen)
    if size is None or size == seen.item.size:
        return seen.whole.failure or None
    return f"{size} bytes, where {seen.item.size} were published"


def _swapped(seen: Sighting) -> str | None:
    return "other bytes than were published" if seen.read and not _same(seen) else None


def _not_audio(seen: Sighting) -> str | None:
    begins = _BEGINS.get(seen.item.type)
    if seen.read or not seen.whole.begin or not begins or begins.match(seen.whole.begin):
        return None
    return "it does not begin as such a file does"


_BEGINS: Mapping[str, re.Pattern[bytes]] = {
    "audio/mpeg": re.compile(rb"ID3|\xff[\xe2-\xff]"),
    "audio/x-m4a": re.compile(rb"....ftyp", re.DOTALL),
    "audio/ogg": re.compile(rb"OggS"),
}
"""First bytes of what we deliver."""
_FILES = frozenset(LOST) - {Kind.FEED}

CONTENTS = (
    Rule(
        id="elsewhere",
        found=_led_astray,
        why="Listeners get what somebody else serves.",
        kinds=_FILES,
    ),
    Rule(id="size", found=_cut, why=WRONG, mend=MEND, manner=Manner.FILES, kinds=_FILES, apart=True),
    Rule(id="bytes", found=_swapped, why=WRONG, mend=MEND, manner=Manner.FILES, kinds=_FILES, apart=True),
    Rule(id="bytes", found=_not_audio, why=WRONG, mend=MEND, manner=Manner.FILES, kinds=_FILES, apart=True),
)
"""Of these the first that holds is told. The feed is stamped after it was recorded, and judged in `feeds`."""


# --- is it handed out well? -------------------------------------------------------------------------------------------

_AS_GOOD: Mapping[str, frozenset[str]] = {
    "application/rss+xml": frozenset({"application/xml", "text/xml"}),
    "application/json+chapters": frozenset({"application/json"}),
    "audio/x-m4a": frozenset({"audio/mp4", "audio/m4a"}),
    "text/javascript": frozenset({"application/javascript"}),
    "image/x-icon": frozenset({"image/vnd.microsoft.icon"}),
    "application/xml": frozenset({"text/xml", "application/rss+xml"}),
    "text/xml": frozenset({"application/xml"}),
}
"""Other names of a type that apps take as well."""
_DAY_S = 86_400


def _essence(text: str) -> tuple[str, str]:
    """A media type and its charset, both in lower case."""
    name, _, rest = text.partition(";")
    charset = re.search(r'charset\s*=\s*"?([\w-]+)', rest.lower())
    return name.strip().lower(), charset[1] if charset else ""


def _type(seen: Sighting) -> str | None:
    told = seen.whole.headers.get("content-type", "")
    (name, charset), (wanted, _) = _essence(told), _essence(seen.item.type)
    if (name == wanted or name in _AS_GOOD.get(wanted, ())) and charset in ("", "utf-8"):
        return None
    return f"served as {told}, where it is {seen.item.type}" if told else f"served without its type, {seen.item.type}"


def _nearly(seen: Sighting) -> str | None:
    (name, _), (wanted, _) = _essence(seen.whole.headers.get("content-type", "")), _essence(seen.item.type)
    return f"served as {name}, where {wanted} says it better" if name in _AS_GOOD.get(wanted, ()) else None


def _kept_s(seen: Seen) -> int | None:
    """How long caches may keep it (RFC 9111, section 5.2.2); None where nothing is said."""
    told = seen.headers.get("cache-control", "").lower()
    if re.search(r"no-store|no-cache", told):
        return 0
    ages = [int(age) for age in re.findall(r"(?:max-age|s-maxage)\s*=\s*\"?(\d+)", told)]
    return max(ages, default=_DAY_S * 365 if "immutable" in told else None)


def _kept_too_long(seen: Sighting) -> str | None:
    kept, most = _kept_s(seen.whole), _allowed_s(seen.item.cache)
    if most is None or kept is None or kept <= most:
        return None
    return f"caches may keep it for {kept} seconds, where {most} are meant (Cache-Control)"


def _allowed_s(cache: Cache) -> int | None:
    """Seconds that caches may keep what changes in place; None for what never changes."""
    found = re.search(r"max-age=(\d+)", cache)
    return None if cache is Cache.IMMUTABLE else int(found[1]) if found else 0


def _kept_unsaid(seen: Sighting) -> str | None:
    if seen.item.cache is Cache.IMMUTABLE or _kept_s(seen.whole) is not None:
        return None
    return f"caches are not told how long to keep it ({seen.item.cache} is meant)"


def _kept_too_short(seen: Sighting) -> str | None:
    if seen.item.cache is not Cache.IMMUTABLE or (_kept_s(seen.whole) or 0) >= _DAY_S:
        return None
    return f"caches may hardly keep it ({seen.item.cache} is meant)"


def _squeezed(seen: Sighting) -> str | None:
    answers = filter(None, (seen.whole, seen.head))
    codings = {answer.headers.get("content-encoding", "identity").lower() for answer in answers} - {"identity"}
    return f"compressed on its way ({', '.join(sorted(codings))})" if codings else None


def _head(seen: Sighting) -> str | None:
    if not seen.head:
        return None
    if seen.head.status != 200:
        return f"HEAD is answered with {seen.head.status or 'nothing'}"
    length = seen.head.headers.get("content-length")
    if length == str(seen.item.size) or _squeezed(seen) or _size(seen) != seen.item.size:
        return None  # right, or told elsewhere
    return f"HEAD says {length or 'no'} bytes, where it has {seen.item.size}"


def _ranges(seen: Sighting) -> str | None:
    if not seen.part or not seen.count or _size(seen) != seen.item.size:
        return None
    if seen.part.status != 206:
        return f"a byte range is answered with status {seen.part.status or 'nothing'} instead of 206"
    told = seen.part.headers.get("content-range", "")
    if told != f"bytes {seen.first}-{seen.first + seen.count - 1}/{seen.item.size}":
        return "a byte range is answered with another (Content-Range)"
    right = seen.part.size == seen.count and (not seen.read or seen.part.begin == seen.whole.middle)
    return None if right else "a byte range is answered with other bytes than those of the file"


def _cors(seen: Sighting) -> str | None:
    allowed = seen.whole.headers.get("access-control-allow-origin", "")
    return None if allowed in ("*", ORIGIN) else "players on other web sites may not read it (CORS)"


ORIGIN = "https://player.example"
"""The web site that a listener's player pretends to be on."""
_CORS_MEND = "Have the bucket, web server or CDN send Access-Control-Allow-Origin: * with it."


def _moved(seen: Sighting) -> str | None:
    right = seen.item.kind is Kind.FEED or _same(seen)
    return f"one is led on to {seen.whole.elsewhere}" if seen.whole.elsewhere and right else None


SERVED = (
    Rule(
        id="moved",
        found=_moved,
        why="Nothing is lost, as long as that host is yours and stays.",
        mend="Publish with the address that really serves it as `base_url`, if it is to be the address.",
        fatal=False,
    ),
    Rule(id="type", found=_type, why="Apps and browsers may not take it for what it is.", manner=Manner.SIGNED),
    Rule(
        id="other-type",
        found=_nearly,
        why="Apps take it as well.",
        manner=Manner.SIGNED,
        fatal=False,
    ),
    Rule(
        id="cached-too-long",
        found=_kept_too_long,
        why="Listeners keep getting the old one after you publish.",
        manner=Manner.SIGNED,
    ),
    Rule(
        id="cache-unsaid",
        found=_kept_unsaid,
        why="A cache may guess, and show listeners an older one for hours.",
        manner=Manner.SIGNED,
        fatal=False,
    ),
    Rule(
        id="cached-too-short",
        found=_kept_too_short,
        why="It never changes, so it is fetched more often than it need be.",
        manner=Manner.SIGNED,
        kinds=frozenset({Kind.AUDIO, Kind.PICTURE, Kind.SIDECAR}),
        fatal=False,
    ),
    Rule(
        id="compressed",
        found=_squeezed,
        why="Its length is not what the feed says; apps show a wrong size, cannot seek, or stop.",
        mend="Have the web server or CDN compress text only.",
        manner=Manner.SIGNED,
        kinds=frozenset({Kind.AUDIO}),
    ),
    Rule(
        id="head",
        found=_head,
        why="Apple asks with HEAD for a file's length, and refuses a show that cannot tell (Apple-823).",
        kinds=SEEKABLE,
    ),
    Rule(
        id="ranges",
        found=_ranges,
        why="Listeners cannot skip forward or go on after a break; Apple asks for it (Apple-823).",
        kinds=SEEKABLE,
    ),
    Rule(
        id="cors",
        found=_cors,
        why="Players in a web page show no chapters, transcript or waveform (Podcasting 2.0 namespace).",
        mend=_CORS_MEND,
        kinds=frozenset({Kind.SIDECAR}),
    ),
    Rule(
        id="cors-advised",
        found=_cors,
        why="Most apps do without; players in a web page do not.",
        mend=_CORS_MEND,
        kinds=frozenset({Kind.AUDIO, Kind.FEED}),
        fatal=False,
    ),
)
"""All of these that hold are told."""
