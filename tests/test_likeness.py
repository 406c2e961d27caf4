"""Whether two sites tell the same: what the bench asks before it times ours beside Hugo's."""

import re
from pathlib import Path

import pytest

from tests.hugo.likeness import Unlike, differences

PAGE = """<!doctype html><html lang="nl"><head><title>Een</title><link rel="icon" href="../a.png">
<script type="application/ld+json">{"name":"Een","at":47.0}</script></head>
<body><h1>Een</h1><p>Hier <a class="x" href="twee.html">door</a>.</p></body></html>"""
SAME = """<!DOCTYPE html>
<html lang=nl><head><title> Een </title><link href="/a.png" rel="icon">
<script type="application/ld+json">{"at": 47, "name": "Een"}</script></head>
<body>
  <h1>Een</h1>
  <p>Hier <a href="../episodes/twee.html" class="x">door</a>.</p>
</body></html>"""


def sites(folder: Path, ours: dict[str, str], theirs: dict[str, str]) -> tuple[Path, Path]:
    """Both, as files."""
    for name, files in (("ours", ours), ("theirs", theirs)):
        for key, text in files.items():
            place = folder / name / key
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
    return folder / "ours", folder / "theirs"


def test_the_same_in_other_words_of_markup(tmp_path: Path) -> None:
    """White space, the order of attributes, relative addresses and the spelling of JSON say nothing."""
    assert not list(differences(*sites(tmp_path, {"episodes/1.html": PAGE}, {"episodes/1.html": SAME}), ()))


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("<h1>Een</h1>", "<h2>Een</h2>"),
        ("Hier <a", "Daar <a"),
        ("twee.html", "drie.html"),
        ("47.0", "48"),
        ('class="x" ', ""),
        ('href="../a.png"', 'href="a.png"'),
        ("<title>Een</title>", ""),
        ("Hier ", ""),
    ],
)
def test_anything_else_is_told(tmp_path: Path, said: str, instead: str) -> None:
    """A heading, words, a link, data, an attribute, an address: each is a difference."""
    other = PAGE.replace(said, instead)
    assert other != PAGE
    (told,) = differences(*sites(tmp_path, {"episodes/1.html": PAGE}, {"episodes/1.html": other}), ())
    assert told.startswith("episodes/1.html\n")


def test_files_of_one_alone_are_told(tmp_path: Path) -> None:
    """Whoever lacks it."""
    both = sites(tmp_path, {"a.txt": "a", "b.txt": "b"}, {"b.txt": "b", "c.txt": "c"})
    assert list(differences(*both, ())) == ["a.txt: only ours", "c.txt: only theirs"]


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("a.json", '{"a": 1, "b": [1, 2]}', '{"a": 1, "b": [2, 1]}'),
        ("sitemap.xml", "<a><b>een</b></a>", "<a><b>twee</b></a>"),
        ("search/1.txt", "een\tA\n", "een\tAB\n"),
    ],
)
def test_data_is_compared_too(tmp_path: Path, key: str, one: str, other: str) -> None:
    """JSON, XML and text."""
    both = sites(tmp_path, {key: one}, {key: other})
    assert len(list(differences(*both, ()))) == 1
    assert not list(differences(both[0], both[0], ()))


def test_only_what_is_named_may_differ(tmp_path: Path) -> None:
    """A piece of one page, a file that one has; the rest of that page counts."""
    drawn = PAGE.replace("</h1>", "</h1><svg><path d='M0'/></svg>")
    ours = {"1.html": drawn, "2.html": drawn}
    theirs = {"1.html": PAGE, "2.html": PAGE.replace("Hier", "Daar"), "code.png": ""}
    unlike = (Unlike(keys="?.html", pieces=re.compile("</?(svg|path)"), why="drawn"), Unlike(keys="*.png", why="drawn"))
    (told,) = differences(*sites(tmp_path, ours, theirs), unlike)
    assert told.startswith("2.html\n")
