"""Hostile text in a real browser: on pages without their policy, and in the notes that a feed hands to apps."""

import pytest
from lxml import etree
from playwright.sync_api import Browser, Dialog

from pipeline import pages
from tests import records
from tests.hostile import TEXTS
from tests.test_hostile_text import DUTCH, ENCODED, fed, taken

RUNNING = {"script", "handler", "attribute", "closing", "javascript", "spelled", "data", "markdown", "templates"}


@pytest.fixture(scope="module")
def markup(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every page of a show that says it everywhere, and both elements of its feed that hold HTML."""
    text = " ".join(TEXTS[name] for name in sorted(RUNNING))[:120]
    notes = "\n\n".join(TEXTS[name] for name in sorted(RUNNING))
    got = taken(tmp_path_factory.mktemp("hostile"), text, "bare", notes)
    item = etree.fromstring(fed(got.catalog)).find("channel/item")
    assert item is not None
    site = (made for made in pages.compose(records.edition(got.catalog), DUTCH) if made.key.endswith(".html"))
    return [*(str(made.body, "utf-8") for made in site if isinstance(made.body, bytes)), *map(str, texts(item))]


def texts(item: etree._Element) -> list[str]:
    return [item.findtext("description") or "", item.findtext(ENCODED) or ""]


def test_nothing_runs(browser: Browser, markup: list[str]) -> None:
    """No dialog, no request, no handler and no address that is a program, in a page that would let them."""
    page = browser.new_page()
    asked: list[str] = []

    def trapped(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", trapped)
    page.route("**/*", lambda route: route.abort())
    page.set_content("<script>alert(2)</script>")
    assert asked == ["2"]  # the trap works
    assert len(markup) > 6
    for text in markup:
        page.set_content(text.replace("Content-Security-Policy", "x-none"), wait_until="commit")
        found = page.evaluate(
            """() => {
                const every = [...document.querySelectorAll("*")];
                every.forEach(element => element.dispatchEvent(new Event("mouseover")));
                return every.filter(element => element.getAttributeNames().some(name => name.startsWith("on")) ||
                    /^(javascript|data|vbscript):/i.test(element.href || "")).map(element => element.outerHTML);
            }"""
        )
        assert found == []
    page.wait_for_timeout(100)
    page.close()
    assert asked == ["2"]
