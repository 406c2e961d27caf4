"""A site with every kind of page on it, and with what strains a layout: long words, many names, other directions."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

from PIL import Image

from pipeline import pages, pictures, serve, sidecars, theme
from pipeline.digest import of_bytes
from pipeline.model import (
    Chapter,
    Cue,
    Edition,
    Entry,
    Former,
    Guid,
    Listing,
    Object,
    Person,
    Season,
    Slug,
    Source,
    stored,
)
from pipeline.pictures import share
from tests.test_pages import FIRST, GONE, SECOND, entry, episode
from tests.test_site import FULL

ROOT = Path(__file__).parent.parent.parent
LONG = "Arbeidsongeschiktheidsverzekeringsmaatschappijmedewerkersvereniging"
KINDS: Mapping[str, str] = {
    "home": "index.html",
    "episode": "episodes/aflevering-1.html",
    "bare episode": "episodes/aflevering-9.html",
    "older episodes": "archive/1.html",
    "transcript": "episodes/aflevering-2/transcript-2.html",
    "transcripts": "transcripts/index.html",
    "guests": "guests/index.html",
    "guest": "guests/martijn-de-wildt.html",
    "topics": "topics/index.html",
    "topic": "topics/draagvlak.html",
    "subscribe": "subscribe.html",
    "about": "about.html",
    "withdrawn": "episodes/aflevering-3.html",
    "moved": "episodes/zoals-hij-eerst-heette.html",
    "gone": "guests/vertrokken-gast.html",
    "not found": "404.html",
}
"""Every kind of page, and one of that kind."""
WORDS = {
    "nl": (LONG, "Medezeggenschapsraadsvoorzittersverkiezing & wat daarna kwam"),
    "ar": ("المسؤولية الاجتماعية للشركات", "كيف تفتح الباب للجميع"),
}
"""A name and a title in each language."""


def edition(root: Path, language: str, address: str) -> Edition:
    """A show in that language, found at `address`, whose pictures lie in `root`."""
    name, title = WORDS[language]
    cover = _cover(root)
    art = {make: getattr(pictures, make)(root, cover, name="cover", published={}) for make in ("render", "modern")}
    card = share.Card(name="cover", art=cover, title=title, above="", below="", colour="#2a1a5e")
    letters = theme.letters(ROOT)
    shown = replace(
        FULL.show,
        base_url=address,
        language=language,
        kind="episodic",
        title=title,
        subtitle=f"Over {name}",
        contact="een.heel.lang.adres.van.ons@medezeggenschapsraadsvoorzitters.example",
        seasons=(Season(number=1, name=name), Season(number=2)),
        feeds=("seasons", "topics"),
        listen_on=(Listing(link="https://open.spotify.com/show/1"), Listing(link="https://luister.example", name=name)),
    )
    guest = Person(name=name, organisation=f"Stichting {name}", link=f"https://{'lang' * 12}.example/{'x' * 90}")
    table = f"| {name} | b |\n|---|---|\n| c | {name} |"
    first = replace(
        FIRST,
        title=title,
        summary=f"{name} {title}",
        guests=(*FIRST.guests, guest),
        topics=(*FIRST.topics, name),
        chapters=(*FIRST.chapters, Chapter(start_s=30, title=name)),
        notes="\n\n".join((FIRST.notes, f"`{'code' * 40}`", table, f"<https://voorbeeld.nl/{'x' * 120}>")),
    )
    long = entry(replace(SECOND, season=2, transcript=tuple(_talk(name)), chapters=FIRST.chapters))
    long = replace(long, media=replace(long.media, duration_s=3600.0))
    own = replace(long, pictures=art["render"], modern=art["modern"])
    return Edition(
        show=shown,
        entries=(entry(first), own, *_more()),
        pictures=art["render"],
        modern=art["modern"],
        icons=pictures.icons(root, cover, published={}),
        share=share.render(root, card, letters, {}),
        withdrawn=(entry(GONE),),
        moved=(Former(guid=first.guid, slug=Slug("zoals-hij-eerst-heette")),),
    )


def _talk(name: str) -> Iterator[Cue]:
    """An hour of talk, in which a name is said that is long."""
    for minute in range(60):
        for part in range(4):
            at, said = minute * 60 + part * 15, f"Minuut {minute}: daarover hebben wij het, en over {name}. "
            asked = "Wat kunnen we doen aan de deur? " * 6
            yield Cue(start_s=at, end_s=at + 14, text=said + asked, speaker=f"Spreker {part // 2}")


def _more() -> Iterator[Entry]:
    """So many that the oldest have a page of their own."""
    for number in range(4, 45):
        made = episode(1, f"Titel van aflevering {number}", summary="Een korte samenvatting van een regel of twee.")
        yield entry(
            replace(
                made,
                slug=Slug(f"aflevering-{number}"),
                guid=Guid(f"guid-{number}"),
                number=number,
                season=1 + number // 22,
                published=datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=7 * number),
            )
        )


def _cover(root: Path) -> Source:
    path = root / "cover.png"
    Image.linear_gradient("L").resize((1400, 1400)).convert("RGB").save(path)
    return Source(sha256=of_bytes(path.read_bytes()), size=path.stat().st_size, path="cover.png")


def objects(language: str, address: str) -> tuple[Object, ...]:
    """The site of that show, but for its audio."""
    with tempfile.TemporaryDirectory() as folder:
        shown = edition(Path(folder), language, address)
    art = (*shown.pictures, *shown.modern, *shown.icons, *([shown.share] if shown.share else []))
    look = theme.load(ROOT, language)
    return (*map(stored, art), *sidecars.compose(shown), *pages.compose(shown, look))


@contextmanager
def serving(make: Callable[[str], Iterable[Object]]) -> Iterator[str]:
    """The address at which what `make` makes for that address is served on this machine."""
    server = serve.bind("127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.port}/"
    server.app = serve.site(make(address), lambda line: None)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()


def served(language: str) -> AbstractContextManager[str]:
    """The address at which that site is served on this machine."""
    return serving(lambda address: objects(language, address))
