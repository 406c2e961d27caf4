"""Text as people and protocols need it: slugs, safe terminal text, durations."""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import urlsplit

from pipeline.model import Slug

INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of characters that nobody sees (Unicode Standard, chapter 4.5)."""
_UNSAFE = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\r"})
_FFFE, _FFFF = (char.encode() for char in "\ufffe\uffff")
_SPELLED = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "ı": "i",
        "@": "a",
        "&": " en ",
    }
)


def slugify(text: str) -> Slug:
    """`text` as a slug of at most 80 characters; empty where nothing of it can be spelled in `a-z 0-9`."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(_SPELLED))
    ascii_only = "".join(char for char in folded if not unicodedata.combining(char))
    return Slug(re.sub(r"[^a-z0-9]+", "-", ascii_only.replace("'", "").replace("’", "")).strip("-")[:80].rstrip("-"))


def slug_of(folder: str) -> Slug:
    """An episode's name in web addresses, by its folder's; empty where nothing of that can be spelled."""
    return slugify(re.sub(r"^\d+[\W_]+", "", folder)) or slugify(folder)


def printable(text: str) -> str:
    """`text` with every control, format and bidirectional character (but newline) made visible as `\\u....`."""
    return "".join(
        f"\\u{ord(char):04x}" if unicodedata.category(char) in INVISIBLE and char != "\n" else char for char in text
    )


def shorten(text: str, most: int) -> str:
    """`text` in at most so many characters, with an ellipsis where something was left out."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def whole_seconds(seconds: float) -> int:
    """Seconds that have passed, as players count them: 60.6 is still the sixtieth."""
    return int(seconds)


def clock(seconds: float) -> str:
    """A moment as `M:SS` or `H:MM:SS`, in `whole_seconds`."""
    minutes, second = divmod(whole_seconds(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def timestamp(seconds: float) -> str:
    """A moment as `HH:MM:SS.mmm`, rounded to milliseconds (WebVTT section 4, RFC 2326 section 3.6)."""
    whole, millisecond = divmod(round(seconds * 1000), 1000)
    return f"{_long_clock(whole)}.{millisecond:03}"


@lru_cache(maxsize=1 << 14)
def _long_clock(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}"


def megabytes(size: int) -> str:
    """A size as people read it: `812 kB`, `1.4 MB`."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"


def xml_safe(text: str) -> str:
    """`text` less the characters that XML 1.0 cannot carry (XML 1.0 section 2.2), lone surrogates among them."""
    return text if text.isprintable() else _UNSAFE.sub("", text)


def xml_bytes(text: str) -> bytes:
    """`xml_safe` in UTF-8, of a long text the faster way."""
    body = text.encode("utf-8", "ignore").translate(None, _CONTROLS)
    return body.replace(_FFFE, b"").replace(_FFFF, b"") if _FFFE[:2] in body else body


def web_link(url: str | None) -> str | None:
    """`url` if it is an absolute `http` or `https` address without spaces or control characters, else None."""
    if not url or any(char.isspace() or not char.isprintable() for char in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None
