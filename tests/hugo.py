"""The same episodes as a site of Hugo's, to be timed beside ours."""

import json
from collections.abc import Mapping
from pathlib import Path

from pipeline import sidecars
from pipeline.model import Edition, Entry
from pipeline.pages import speech

_SETTINGS = {
    "baseURL": "https://voorbeeld.example/",
    "title": "Show",
    "languageCode": "nl",
    "taxonomies": {"guest": "guests", "topic": "topics"},
    "markup": {"goldmark": {"renderer": {"unsafe": False}}},
    "pagination": {"pagerSize": 30},
}
_LAYOUTS: Mapping[str, str] = {
    "_default/baseof.html": """<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>{{ .Title }}</title>
<meta name="description" content="{{ .Params.summary }}"><link rel="canonical" href="{{ .Permalink }}"></head>
<body><header><a href="/">{{ site.Title }}</a></header><main>{{ block "main" . }}{{ end }}</main></body></html>""",
    "_default/single.html": """{{ define "main" }}<h1>{{ .Title }}</h1><time>{{ .Date.Format "2 January 2006" }}</time>
<audio controls src="/audio/{{ .File.ContentBaseName }}.mp3"></audio><p>{{ .Params.summary }}</p>
<ol>{{ range .Params.chapters }}<li><a href="#t={{ .start }}">{{ .title }}</a></li>{{ end }}</ol>
<ul>{{ range .GetTerms "guests" }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}</ul>
<ul>{{ range .GetTerms "topics" }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}</ul>
<div>{{ .Content }}</div>
{{ range .Params.turns }}<p><b>{{ .speaker }}</b> <a href="#t={{ .start }}">{{ .start }}</a> {{ .text }}</p>{{ end }}
<nav>{{ with .PrevInSection }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}
{{ with .NextInSection }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}</nav>{{ end }}""",
    "_default/list.html": """{{ define "main" }}<h1>{{ .Title }}</h1>{{ range (.Paginate .Pages).Pages }}<article>
<h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2><p>{{ .Params.summary }}</p></article>{{ end }}{{ end }}""",
}


def write(folder: Path, edition: Edition) -> None:
    """Settings, layouts and a Markdown file for each episode in `folder`, with all that our pages show of it."""
    for name, text in _LAYOUTS.items():
        path = folder / "layouts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (folder / "hugo.json").write_text(json.dumps(_SETTINGS), "utf-8")
    place = folder / "content" / "episodes"
    place.mkdir(parents=True)
    for entry in edition.entries:
        front = json.dumps(_front(entry), ensure_ascii=False, indent=1)
        (place / f"{entry.episode.slug}.md").write_text(f"{front}\n\n{entry.episode.notes}\n", "utf-8")


def _front(entry: Entry) -> dict[str, object]:
    episode, chapters = entry.episode, sidecars.moved_chapters(entry)
    passages = speech.passages(chapters, sidecars.moved_cues(entry))
    return {
        "title": episode.title,
        "date": episode.published.isoformat(),
        "summary": episode.summary,
        "guests": [person.name for person in episode.guests],
        "topics": list(episode.topics),
        "chapters": [{"start": chapter.start_s, "title": chapter.title} for chapter in chapters],
        "turns": [
            {"start": turn.start_s, "speaker": turn.speaker, "text": turn.text}
            for passage in passages
            for turn in passage.turns
        ],
    }
