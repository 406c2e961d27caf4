"""A look of one's own: blocks, themes and languages without a copy of what is omroep's."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import catalog, pages, theme
from pipeline.errors import ShowError
from pipeline.model import Listing
from pipeline.pages.look import Theme
from tests.shows import write_episode, write_show
from tests.test_pages import DUTCH, EDITION, SHOW, site

LOOK = Path(__file__).parent.parent / "docs" / "look.md"


def write(root: Path, **files: str) -> Path:
    """Files below `templates/`; `__` in a name is a `/`."""
    for name, text in files.items():
        path = root / "templates" / name.replace("__", "/").replace("_html", ".html").replace("_css", ".css")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def changed(look: Theme) -> set[str]:
    """The pages that differ from those of omroep's own theme; style sheets, whose names hold their hash, apart."""
    usual, own = site(EDITION), site(EDITION, look)
    return {key for key in usual if not key.startswith("assets/") and usual[key] != own.get(key)}


def test_one_block_of_one_template(tmp_path: Path) -> None:
    """It says what is the show's own; all else of that page, and every other page, is as it was."""
    own = '{% extends "theme:404.html" %}{% block message %}Deze deur gaat nergens heen.{% endblock %}'
    look = theme.load(write(tmp_path, **{"404_html": own}), "nl")
    assert changed(look) == {"404.html"}
    page, usual = site(EDITION, look)["404.html"], site(EDITION)["404.html"]
    said = "Op dit adres staat niets. Misschien zit er een tikfout in, of is de pagina verhuisd."
    assert page == usual.replace(said, "Deze deur gaat nergens heen.")


def test_a_constant_is_written_in_the_language_of_the_page(tmp_path: Path) -> None:
    """What a filter makes of a constant is worked out when a template is compiled; one process serves two languages."""
    own = "{{ 1.5|decimal }}"
    root = write(tmp_path, **{"404_html": own})
    dutch, english, again = (site(EDITION, theme.load(root, tongue))["404.html"] for tongue in ("nl", "en", "nl"))
    assert (dutch, english, again) == ("1,5", "1.5", "1,5")


def test_a_template_that_changes_is_compiled_again(tmp_path: Path) -> None:
    """In one process, as while `serve --live` runs."""
    for text in ("eerst", "dan"):
        root = write(tmp_path, **{"404_html": text})
        assert site(EDITION, theme.load(root, "nl"))["404.html"] == text


def test_a_word_that_changes_is_on_every_page(tmp_path: Path) -> None:
    """In one process; what a catalogue says is a page's own HTML, and a sign for what is filled in is only that."""
    own = "{{ _('Guests') }}, {{ _(\"Guests\")|length }}, {{ _('Season %(number)s', number=1) ~ _('Topics') }}"
    for word in ("Gasten & meer", "<b>Wie</b>"):
        said = f'msgid "Guests"\nmsgstr "{word}"\n\nmsgid "Season %(number)s"\nmsgstr "%(number)s <i>&</i>"\n'
        root = write(tmp_path, **{"404_html": own, "locale__nl.po": said})
        assert site(EDITION, theme.load(root, "nl"))["404.html"] == f"{word}, {len(word)}, 1 <i>&</i>Onderwerpen"


def test_one_block_of_what_all_pages_have(tmp_path: Path) -> None:
    """A footer of its own, with omroep's inside it, on every page."""
    own = '{% extends "theme:base.html" %}{% block footer %}{{ super() }}<p>Met dank aan Ria.</p>{% endblock %}'
    made = site(EDITION, theme.load(write(tmp_path, base_html=own), "nl"))
    for key, text in made.items():
        if key.endswith(".html"):
            assert text.count("Met dank aan Ria.") == text.count('class="footer"') == 1, key


def test_the_example_in_the_papers_works(tmp_path: Path) -> None:
    """Every template that docs/look.md shows, written as it stands there."""
    told = LOOK.read_text("utf-8")
    blocks = [block.split("\n```")[0] for block in told.split("```html\n")[1:]]
    assert len(blocks) == 2
    for block in blocks:
        first, _, text = block.partition("\n")
        name = first.removeprefix("{# templates/").removesuffix(" #}")
        write(tmp_path, **{name: text})
    made = site(EDITION, theme.load(tmp_path, "nl"))
    assert "Wil je te gast zijn?" in made["guests/index.html"]
    assert "Wil je te gast zijn?" not in made["index.html"]
    assert "Met steun van het fonds" in made["episodes/aflevering-1.html"]


def test_a_theme_is_a_folder(tmp_path: Path) -> None:
    """It lies over omroep's, and the show's own files over it; each can name what it stands in for."""
    footer = '{% extends "omroep:base.html" %}{% block footer %}<footer class="footer">Nacht</footer>{% endblock %}'
    plain = '{% extends "theme:plain.html" %}{% block main %}{{ super() }}<p>Van de show.</p>{% endblock %}'
    style = '{% include "omroep:assets/style.css" %}\nbody { letter-spacing: 0.01em; }\n'
    root = write(tmp_path, nacht__base_html=footer, plain_html=plain, nacht__assets__style_css=style)
    made = site(EDITION, theme.load(root, "nl", "nacht"))
    assert all(">Nacht</footer>" in text for key, text in made.items() if key.endswith(".html"))
    assert [key for key, text in made.items() if "Van de show." in text] == [
        "episodes/aflevering-3.html",
        "guests/vertrokken-gast.html",
        "404.html",
    ]
    styles = {key.partition(".")[0]: text for key, text in made.items() if key.endswith(".css")}
    assert styles["assets/style"].startswith(":root{color-scheme:light dark;--paper:")
    assert styles["assets/style"].endswith("body{letter-spacing:0.01em}")


def test_a_template_that_leads_back_to_itself_is_named(tmp_path: Path) -> None:
    """`index.html` of the show's own cannot extend itself."""
    root = write(tmp_path, index_html='{% extends "index.html" %}')
    with pytest.raises(ShowError, match=r"templates/index\.html: .*leads back to itself"):
        pages.compose(EDITION, theme.load(root, "nl"))


def test_another_language_is_one_file(tmp_path: Path) -> None:
    """A `.po` file beside the show, and pages speak it: words, plurals, dates, sizes; what it lacks is in English."""
    path = tmp_path / "templates" / "locale" / "fr.po"
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid ""\nmsgstr ""\n"Language: fr\\n"\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
        'msgid "Guests"\nmsgstr "Invités"\n\n'
        'msgid "%(count)s episode"\nmsgid_plural "%(count)s episodes"\n'
        'msgstr[0] "%(count)s épisode"\nmsgstr[1] "%(count)s épisodes"\n',
        "utf-8",
    )
    french = replace(EDITION, show=replace(SHOW, language="fr"))
    made = site(french, theme.load(tmp_path, "fr"))
    assert "<h1>Invités</h1>" in made["guests/index.html"]
    assert "2 épisodes" in made["guests/index.html"]
    assert "2 mars 2026" in made["index.html"]
    assert re.search(r"\(1,2\sMo\)", made["index.html"])
    assert "All episodes" in made["index.html"]
    assert '<html lang="fr" dir="ltr">' in made["index.html"]


@pytest.mark.parametrize("language", ["ar", "he"])
def test_a_language_from_right_to_left(language: str) -> None:
    """Pages and feeds in a browser run that way, and nothing in the style says left or right."""
    look = theme.load(LOOK.parent.parent, language)
    made = site(replace(EDITION, show=replace(SHOW, language=language)), look)
    assert all(f'<html lang="{language}" dir="rtl">' in text for key, text in made.items() if key.endswith(".html"))
    style = next(text for key, text in made.items() if key.startswith("assets/style."))
    for word in ("margin-left", "margin-right", "padding-left", "padding-right", "text-align: left", "float:"):
        assert word not in style, word


def test_the_papers_name_every_block() -> None:
    """The table of docs/look.md has all templates with all of their blocks, and no others."""
    told: dict[str, set[str]] = {}
    for row in re.findall(r"^\| (`[^|]*`) \|[^|]*\| ([^|]*)\|$", LOOK.read_text("utf-8"), re.MULTILINE):
        for name in re.findall("`(.+?)`", row[0]):
            told[name] = set(re.findall("`(.+?)`", row[1]))
    sources = {name: text for name, text in DUTCH.templates.items() if ":" not in name and "/" not in name}
    blocks = {name: set(re.findall(r"{% block (\w+)", text)) for name, text in sources.items()}
    common = blocks["base.html"] | {"kind", "body_class", "opengraph_media"}
    assert set(told) == set(sources) - {"list.html", "plain.html", "parts.html", "passages.html"}
    assert told["base.html"] == blocks["base.html"] - {"kind", "body_class", "opengraph_media"}
    for name, named in told.items():
        if name != "base.html":
            assert blocks[name] - common <= named, name
            assert named <= blocks[name] | common | {"heading", "list", "message", "onward"}, name


def test_what_show_yaml_says_of_looks_and_links(tmp_path: Path) -> None:
    """An address alone or with a name, where to write, and which theme; and a theme that is not there is told."""
    own = ["https://open.spotify.com/show/1", {"name": "NPO Luister", "link": "https://www.npoluister.nl/x"}]
    root = write_show(tmp_path, listen_on=own, contact="hallo@example.org", theme={"folder": "nacht"})
    write_episode(root, "01-een")
    show = catalog.load(root).show
    assert show.listen_on == (
        Listing(link="https://open.spotify.com/show/1"),
        Listing(link="https://www.npoluister.nl/x", name="NPO Luister"),
    )
    assert (show.contact, show.theme) == ("hallo@example.org", "nacht")
    (problem,) = theme.problems(root, catalog.load(root))
    assert re.match(r"feed/show\.yaml:\d+: There is no theme `nacht`: templates/nacht is not a folder\.", str(problem))
    (root / "templates" / "nacht").mkdir(parents=True)
    assert list(theme.problems(root, catalog.load(root))) == []
