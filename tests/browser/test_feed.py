"""A feed opened in a browser, as `serve` and a bucket hand it out."""

from playwright.sync_api import Browser

from pipeline import feed
from tests.browser.site import Published


def test_a_person_sees_the_show_and_how_to_subscribe(browser: Browser, site: Published) -> None:
    """Styled, with the words of the show's language, its cover and its episodes; the type is that of the object."""
    page = browser.new_page()
    answer = page.goto(f"{site.address}feed.xml")
    assert answer
    assert answer.headers["content-type"] == site.objects[feed.KEY].type == feed.TYPE
    seen = page.evaluate(
        """() => {
            const shown = (path) => [...document.querySelectorAll(path)].filter(e => !e.namespaceURI).map(e => [
                getComputedStyle(e).display, getComputedStyle(e, "::after").content,
                getComputedStyle(e, "::before").content, e.textContent]);
            return {root: document.documentElement.tagName, channel: shown("channel")[0], description:
                shown("channel > description")[0], titles: shown("item > title"), guids: shown("item > guid")};
        }"""
    )
    page.close()
    assert (seen["root"], seen["channel"][0]) == ("rss", "block")
    assert "Dit is de feed van een podcast." in seen["description"][1]
    assert f"{site.address.partition('//')[0]}//" in seen["channel"][2]  # the address of the cover
    assert [(display, text) for display, _, _, text in seen["titles"]] == [
        ("block", title)
        for title in ("Aflevering over 03-prent", "Aflevering over 02-kaal", "Open deuren & één raam", "Uitgesproken")
    ]
    assert {display for display, *_ in seen["guids"]} == {"none"}
