"""The words that directories and apps know: categories, people's roles, kinds of show."""

from collections.abc import Mapping

APPLE_CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "Arts": ("Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts"),
    "Business": ("Careers", "Entrepreneurship", "Investing", "Management", "Marketing", "Non-Profit"),
    "Comedy": ("Comedy Interviews", "Improv", "Stand-Up"),
    "Education": ("Courses", "How To", "Language Learning", "Self-Improvement"),
    "Fiction": ("Comedy Fiction", "Drama", "Science Fiction"),
    "Government": (),
    "History": (),
    "Health & Fitness": ("Alternative Health", "Fitness", "Medicine", "Mental Health", "Nutrition", "Sexuality"),
    "Kids & Family": ("Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids"),
    "Leisure": (
        "Animation & Manga",
        "Automotive",
        "Aviation",
        "Crafts",
        "Games",
        "Hobbies",
        "Home & Garden",
        "Video Games",
    ),
    "Music": ("Music Commentary", "Music History", "Music Interviews"),
    "News": (
        "Business News",
        "Daily News",
        "Entertainment News",
        "News Commentary",
        "Politics",
        "Sports News",
        "Tech News",
    ),
    "Religion & Spirituality": ("Buddhism", "Christianity", "Hinduism", "Islam", "Judaism", "Religion", "Spirituality"),
    "Science": (
        *("Astronomy", "Chemistry", "Earth Sciences", "Life Sciences", "Mathematics", "Natural Sciences", "Nature"),
        *("Physics", "Social Sciences"),
    ),
    "Society & Culture": ("Documentary", "Personal Journals", "Philosophy", "Places & Travel", "Relationships"),
    "Sports": (
        *("Baseball", "Basketball", "Cricket", "Fantasy Sports", "Football", "Golf", "Hockey", "Rugby", "Running"),
        *("Soccer", "Swimming", "Tennis", "Volleyball", "Wilderness", "Wrestling"),
    ),
    "Technology": (),
    "True Crime": (),
    "TV & Film": ("After Shows", "Film History", "Film Interviews", "Film Reviews", "TV Reviews"),
}
"""Apple Podcasts categories; upper and lower case count (Apple-guide)."""

ROLES: Mapping[str, tuple[str, ...]] = {
    "creative direction": (
        *("director", "assistant director", "executive producer", "senior producer", "producer"),
        *("associate producer", "development producer", "creative director"),
    ),
    "cast": ("host", "co-host", "guest host", "guest", "voice actor", "narrator", "announcer", "reporter"),
    "writing": (
        *("author", "editorial director", "co-writer", "writer", "songwriter", "guest writer", "story editor"),
        *("managing editor", "script editor", "script coordinator", "researcher", "editor", "fact checker"),
        *("translator", "transcriber", "logger"),
    ),
    "audio production": (
        *("studio coordinator", "technical director", "technical manager", "audio engineer"),
        *("remote recording engineer", "post production engineer"),
    ),
    "audio post-production": (
        *("audio editor", "sound designer", "foley artist", "composer", "theme music", "music production"),
        "music contributor",
    ),
    "administration": (
        *("production coordinator", "booking coordinator", "production assistant", "content manager"),
        *("marketing manager", "sales representative", "sales manager"),
    ),
    "visuals": ("graphic designer", "cover art designer"),
    "community": ("social media manager",),
    "misc.": ("consultant", "intern"),
    "video production": ("camera operator", "lighting designer", "camera grip", "assistant camera"),
    "video post-production": ("editor", "assistant editor"),
}
"""The Podcast Taxonomy's roles by group, as podcast:person takes them; case does not count (ns person)."""

_KINDS = ("podcast", "music", "video", "film", "audiobook", "newsletter", "blog", "publisher", "course")
MEDIUMS: tuple[str, ...] = (*_KINDS, *(f"{kind}L" for kind in _KINDS), "mixed")
"""What a feed can hold; those in L are lists of others' (ns medium)."""

LICENCES: tuple[str, ...] = (
    *("arr", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nd-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0"),
    *("cc-by-nc-nd-4.0", "pod-v4v-1.0"),
)
"""Licences that apps know without a link: those of the namespace's list, and Creative Commons' others under their SPDX
names; case does not count (ns license)."""

SOCIAL_PROTOCOLS: tuple[str, ...] = ("activitypub", "twitter", "lightning", "atproto", "hive", "matrix", "nostr")
"""What posts below which listeners talk are written in, beside `disabled` for none (ns, socialprotocols.txt)."""

CHAT_PROTOCOLS: tuple[str, ...] = ("irc", "xmpp", "nostr", "matrix")
"""What rooms in which listeners talk are reached by (ns, chatprotocols.txt)."""

SOCIAL_NETWORKS: Mapping[str, str] = {
    **dict.fromkeys(("mastodon", "pleroma", "misskey", "pixelfed", "peertube", "fediverse"), "activitypub"),
    "bluesky": "atproto",
    "x": "twitter",
    "fountain": "lightning",
}
"""Where people know them from."""

EMPTY_LINK_TEXTS: frozenset[str] = frozenset(
    (
        *("hier", "klik hier", "deze link", "link", "lees meer", "lees verder", "meer", "meer info", "meer informatie"),
        *("meer weten", "website", "de website", "pagina", "deze pagina", "dit artikel", "via deze link", "luister"),
        *("here", "click here", "this", "this link", "read more", "more", "more info", "more information"),
        *("learn more", "page", "this page", "this article", "listen", "listen here"),
        *("hier klicken", "klicken sie hier", "klick hier", "mehr", "mehr erfahren", "weiterlesen", "diese seite"),
        *("ici", "cliquez ici", "en savoir plus", "lire la suite", "plus", "ce lien", "cette page"),
    )
)
"""Texts of links that say nothing of where they lead, in Dutch, English, German and French; lower case."""
