"""Where listeners talk about a show or an episode: protocols that apps know."""

from collections.abc import Iterable, Iterator

from pipeline.checks.nearest import suggested
from pipeline.checks.rule import Finding
from pipeline.checks.vocabularies import CHAT_PROTOCOLS, SOCIAL_NETWORKS, SOCIAL_PROTOCOLS
from pipeline.model import Catalog, Chat, Discussion, Episode, Show


def of_show(show: Show, _: Catalog) -> Iterator[Finding]:
    """Posts and the room of the show in a protocol that apps do not know."""
    return _unknown(show.discussion, show.chat)


def of_episode(episode: Episode, _: Catalog) -> Iterator[Finding]:
    """The same of an episode."""
    return _unknown(episode.discussion, episode.chat)


def _unknown(posts: Iterable[Discussion], room: Chat | None) -> Iterator[Finding]:
    if room and room.protocol not in CHAT_PROTOCOLS:
        what = f"`{room.protocol}` is not a chat that apps know."
        yield Finding(where=("chat", "protocol"), what=what, mend=suggested(room.protocol, CHAT_PROTOCOLS))
    for place, post in enumerate(posts):
        where = ("discussion", place, "protocol")
        if post.protocol == "disabled" and post.link:
            yield Finding(where=where, what="A post is named, and none is to be shown.", mend="Write `discussion: no`.")
        elif post.protocol not in (*SOCIAL_PROTOCOLS, "disabled"):
            what = f"`{post.protocol}` is not a protocol that apps know."
            mend = suggested(post.protocol, SOCIAL_PROTOCOLS, others=SOCIAL_NETWORKS)
            yield Finding(where=where, what=what, mend=mend)
