"""A code that a phone's camera reads as an address, drawn as SVG."""

import segno
from markupsafe import Markup


def drawn(address: str) -> Markup:
    """`address` as an inline drawing: one path in `currentColor`, without markup of anybody else's making.

    Error correction M (ISO/IEC 18004), so that it is read from a crumpled print too; a quiet zone of 4 modules.
    """
    code = segno.make(address, error="m", micro=False)
    width, height = code.symbol_size(border=4)
    steps = "".join(_row(number, row) for number, row in enumerate(code.matrix, start=4))
    path = f'<path fill="currentColor" d="{steps}"/>'
    return Markup(f'<svg aria-hidden="true" viewBox="0 0 {width} {height}" shape-rendering="crispEdges">{path}</svg>')  # noqa: S704


def _row(number: int, row: bytearray) -> str:
    """The dark runs of a row of modules as strokes of a path."""
    runs, start = [], None
    for place, dark in enumerate((*row, 0)):
        if dark and start is None:
            start = place
        elif not dark and start is not None:
            runs.append(f"M{start + 4} {number}h{place - start}v1h-{place - start}z")
            start = None
    return "".join(runs)
