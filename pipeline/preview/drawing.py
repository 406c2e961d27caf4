"""A preview as plain text for a terminal, narrow or wide."""

from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

from pipeline.preview import Directory, Listed, Playing, Preview
from pipeline.preview.fitting import columns, fit

Block = Sequence[Sequence[str]]
"""A screen: its name, then its texts, each on as many lines as the app gives to it."""
_NARROWEST = 20
_GAP = "   "
_EDGE = "  "


def draw(preview: Preview, wide: int) -> str:
    """Every screen below its name, each line at most `wide` columns (20 at least); beside each other where they fit."""
    wide = max(_NARROWEST, wide)
    rows: tuple[Sequence[Block], ...] = (
        [((f"In the list of {screen.app}",), *_listed(screen)) for screen in preview.lists],
        [((f"Playing in {screen.app}",), *_playing(screen)) for screen in preview.playing],
        [(("In a directory",), *_directory(preview.directory))],
    )
    lines = [line for row in rows for line in (*_row(row, wide), "")]
    advice = (line for told in preview.advice for line in _narrowed((f"- {told}",), wide, follow=_EDGE))
    return "\n".join([*lines, *advice]).rstrip()


def _listed(screen: Listed) -> Block:
    return ((screen.label,), screen.title.lines, screen.summary.lines, (f"> {screen.length}",))


def _playing(screen: Playing) -> Block:
    bar = f"0:00 -----o----- {screen.length}"
    return (("[art]",), screen.chapter.lines, screen.title.lines, screen.show.lines, (bar,))


def _directory(screen: Directory) -> Block:
    return (
        (f"[art: {screen.art}]",),
        screen.title.lines,
        (f"{screen.label} · {screen.length}",),
        screen.text.lines,
        *((f"with {person}",) for person in screen.people),
        *((f"{start} {''.join(title.lines)}",) for start, title in screen.chapters),
    )


def _row(blocks: Sequence[Block], wide: int) -> Iterator[str]:
    """Blocks beside each other where all their lines fit, else below each other."""
    insets = [_inset(block) for block in blocks]
    widths = [max(map(columns, inset)) for inset in insets]
    if sum(widths) + len(_GAP) * (len(blocks) - 1) <= wide:
        for cells in zip_longest(*insets, fillvalue=""):
            padded = (cell + " " * (width - columns(cell)) for cell, width in zip(cells, widths, strict=True))
            yield _GAP.join(padded).rstrip()
        return
    for place, (name, *texts) in enumerate(blocks):
        if place:
            yield ""
        yield from _narrowed(name, wide)
        for text in texts:
            yield from _narrowed(text, wide, before=_EDGE, follow=_EDGE)


def _inset(block: Block) -> list[str]:
    return [*block[0], *(_EDGE + line for line in chain.from_iterable(block[1:]))]


def _narrowed(text: Sequence[str], wide: int, *, before: str = "", follow: str = "") -> Iterator[str]:
    """A text on its own lines where these fit, else on as many as it needs."""
    room = wide - max(len(before), len(follow))
    if any(columns(line) > room for line in text):
        whole = " ".join(text)
        text = fit(whole, wide=room, lines=len(whole)).lines
    yield from ((follow if place else before) + line for place, line in enumerate(text))
