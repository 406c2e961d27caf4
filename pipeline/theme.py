"""Reads how a site looks: the templates that come with omroep, overlaid by a theme's and by the show's own."""

import gettext
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from itertools import islice
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from pipeline import digest
from pipeline.errors import Problem, ShowError
from pipeline.model import Catalog
from pipeline.pages.look import Asset, Theme

_CHECKOUT = Path(__file__).parent.parent / "templates"
_WHEEL = Path(__file__).parent / "default_templates"
_OURS = (_CHECKOUT.resolve(), _WHEEL.resolve())
_SPOKEN = Path(__file__).parent / "locale"
"""What omroep says to producers in other languages than English."""

_TEMPLATES = frozenset({".html", ".json", ".xml", ".txt", ".webmanifest"})
_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}


def load(show_root: Path, language: str, folder: str | None = None) -> Theme:
    """How a show in `show_root` looks, with the words of `language` (BCP 47) and the theme in `templates/<folder>/`.

    A file in the show's `templates/` stands in for the theme's of the same name, and that for omroep's; what it stands
    in for is still there as `theme:<name>` and `omroep:<name>`, to be extended. A translation stands in message by
    message. `nl-BE` falls back to `nl`, an unknown language to English.
    Raises ShowError, naming the file, for one that cannot be read or used.
    """
    beneath, own = _beneath(show_root, folder), _own(show_root)
    layers = (*beneath, *own)
    tags = _tags(language)
    templates = {
        f"{prefix}{name}": _text(path, show_root)
        for prefix, seen in (("omroep:", beneath[:1]), ("theme:", beneath), ("", layers))
        for name, path in _sources(seen)
    }
    spoken = [_text(path, show_root) for path in _for_language(layers, tags, "locale", ".po")]
    return Theme(
        templates=templates,
        assets=tuple(_asset(name, path, show_root) for name, path in _assets(layers, tags)),
        translations=_translations(layers, tags, show_root),
        locale=_locale(tags),
        words=digest.of_record(spoken),
        sources=digest.of_record([sorted(templates.items()), spoken]),
    )


def spoken(language: str) -> gettext.NullTranslations:
    """What omroep says to producers, in `language` (BCP 47); English where that is not known."""
    paths = (_SPOKEN / f"{tag}.po" for tag in _tags(language))
    found = next((path for path in paths if path.is_file()), None)
    return _catalogue(found, _SPOKEN) if found else gettext.NullTranslations()


def letters(show_root: Path, folder: str | None = None) -> bytes:
    """The font of share images: `fonts/share.ttf` of the show, of its theme, or omroep's."""
    layers = (*_beneath(show_root, folder), *_own(show_root))
    path = next(found for layer in reversed(layers) if (found := layer / "fonts" / "share.ttf").is_file())
    return _bytes(path, show_root)


def problems(show_root: Path, catalog: Catalog) -> Iterator[Problem]:
    """Whether the show's theme is there."""
    folder = catalog.show.theme
    if folder and not (show_root / "templates" / folder).is_dir():
        origin = catalog.origins[None]
        yield Problem(
            what=f"There is no theme `{folder}`: templates/{folder} is not a folder.",
            file=origin.file,
            line=origin.line("theme", "folder"),
            mend="Put the theme there, or leave `folder` out to have omroep's own.",
            rule="theme",
        )


def _beneath(show_root: Path, folder: str | None) -> tuple[Path, ...]:
    """omroep's own folder, then that of the theme."""
    default = _WHEEL if _WHEEL.is_dir() else _CHECKOUT  # beside an installed omroep, `templates` is somebody else's
    return (default, show_root / "templates" / folder) if folder else (default,)


def _own(show_root: Path) -> tuple[Path, ...]:
    """The show's own folder, where it has one."""
    own = show_root / "templates"
    return () if not own.is_dir() or own.samefile(_beneath(show_root, None)[0]) else (own,)


def _sources(layers: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    """Everything that is rendered, by the name under which templates know it."""
    yield from _named(layers, ".", _TEMPLATES)
    yield from ((f"assets/{name}", path) for name, path in _named(layers, "assets", frozenset({".css"})))


def _named(layers: tuple[Path, ...], folder: str, endings: frozenset[str] = frozenset()) -> list[tuple[str, Path]]:
    """The files of a folder by name, later layers first; hidden files are none of ours."""
    found = {
        path.name: path
        for layer in layers
        for path in (layer / folder).glob("[!.]*")
        if path.is_file() and (not endings or path.suffix in endings)
    }
    return sorted(found.items())


def _assets(layers: tuple[Path, ...], tags: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Everything that is published as it is, and of the rules by which words are cut to their stems the closest."""
    yield from _named(layers, "assets")
    yield from (("stemmer.js", path) for path in islice(_for_language(layers, tags, "stemmers", ".js"), 1))


def _bytes(path: Path, show_root: Path) -> bytes:
    """A file's bytes; a link out of the show is refused, as what it leads to would be published (threat S3)."""
    real = path.resolve()
    if not any(real.is_relative_to(home) for home in _OURS) and not real.is_relative_to(show_root.resolve()):
        raise ShowError(_problem(path, "leads to a file outside the show.", "Put the file itself there."))
    try:
        return path.read_bytes()
    except OSError as error:
        raise ShowError(_problem(path, f"could not be read: {error.strerror}.", "Check its permissions.")) from error


def _text(path: Path, show_root: Path) -> str:
    try:
        return _bytes(path, show_root).decode()
    except UnicodeDecodeError as error:
        raise ShowError(_problem(path, "is not UTF-8.", "Save it as UTF-8.")) from error


def _asset(name: str, path: Path, show_root: Path) -> Asset:
    if path.suffix not in _TYPES or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ShowError(_problem(path, "cannot be an asset.", f"Name it in a-z, 0-9, - and one of {' '.join(_TYPES)}."))
    body = _text(path, show_root).encode() if "charset" in _TYPES[path.suffix] else _bytes(path, show_root)
    return Asset(name=name, type=_TYPES[path.suffix], body=body)


def _tags(language: str) -> tuple[str, ...]:
    """A language tag, then its parents (RFC 4647 section 3.4, lookup), as they may be used in a file name."""
    parts = language.split("-") if re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", language) else []
    return tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))


def _translations(layers: tuple[Path, ...], tags: tuple[str, ...], show_root: Path) -> gettext.NullTranslations:
    """Every catalogue that fits, chained: the closest language first, and within it the show's own."""
    first: gettext.NullTranslations | None = None
    for path in _for_language(layers, tags, "locale", ".po"):
        found = _catalogue(path, show_root)
        if first is None:
            first = found
        else:
            first.add_fallback(found)
    return first or gettext.NullTranslations()


def _for_language(layers: tuple[Path, ...], tags: tuple[str, ...], folder: str, ending: str) -> Iterator[Path]:
    """Files of a folder that are named after a language, the closest first, and within it the show's own."""
    for tag in tags:
        for layer in reversed(layers):
            path = layer / folder / f"{tag}{ending}"
            if path.is_file():
                yield path


def _catalogue(path: Path, show_root: Path) -> gettext.NullTranslations:
    """A `.po` file, compiled in memory: a compiled one in git would go stale unseen."""
    compiled = BytesIO()
    try:
        write_mo(compiled, read_po(BytesIO(_text(path, show_root).encode()), abort_invalid=True))
    except PoFileError as error:
        raise ShowError(_problem(path, f"is not a translation file: {error}.", "Compare it with nl.po.")) from error
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _locale(tags: tuple[str, ...]) -> Locale:
    for tag in tags:
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def _problem(path: Path, what: str, mend: str) -> Problem:
    file = "/".join(path.parts[path.parts.index("templates") :]) if "templates" in path.parts else path.name
    return Problem(what=f"The template file {path.name} {what}", file=file, mend=mend, rule="theme")
