"""On what terms a show may be used: licences that apps know, or others with their text."""

from collections.abc import Iterator

from pipeline.checks.nearest import suggested
from pipeline.checks.rule import Finding
from pipeline.checks.vocabularies import LICENCES
from pipeline.model import Catalog, Episode, License, Show


def of_show(show: Show, _: Catalog) -> Iterator[Finding]:
    """A licence of the show that has neither a known name nor a link."""
    return _unknown(show.license)


def of_episode(episode: Episode, _: Catalog) -> Iterator[Finding]:
    """The same of an episode."""
    return _unknown(episode.license)


def _unknown(license: License | None) -> Iterator[Finding]:
    if license and not license.link and license.name.lower() not in LICENCES:
        what = f"`{license.name}` is not a licence that apps know, and there is no link to its text."
        yield Finding(where=("license",), what=what, mend=suggested(license.name, LICENCES))
