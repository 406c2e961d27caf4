"""A preview as one page of HTML that holds all it shows."""

from base64 import b64encode

from jinja2 import Environment, StrictUndefined

from pipeline.preview import Preview
from pipeline.text import xml_safe

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Preview: {{ preview.title }}</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.4 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
main > section { display: flex; flex-wrap: wrap; gap: 1.5rem; }
h2 { width: 100%; margin: 1.5rem 0 0; font-size: 1.2rem; }
article { box-sizing: border-box; width: 24rem; max-width: 100%; padding: 1rem; border: 1px solid; }
article.wide { width: 40rem; }
h3 { margin: 0 0 .8rem; font-size: .9rem; font-weight: normal; }
img { display: block; width: 100%; }
.wide img { width: 10rem; }
p { margin: .3rem 0; overflow-wrap: anywhere; }
.title { font-weight: bold; }
progress { width: 100%; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; margin: .8rem 0; }
dd { margin: 0; overflow-wrap: anywhere; }
</style>
</head>
<body>
<header>
<h1>How “{{ preview.title }}” will read</h1>
{% if preview.advice %}<ul>{% for told in preview.advice %}<li>{{ told }}</li>{% endfor %}</ul>{% endif %}
</header>
<main>
{% macro lines(fit, class) %}
{% if fit.lines %}<p class="{{ class }}" lang="{{ preview.language }}">
{%- for line in fit.lines %}{{ line }}{% if not loop.last %}<br>{% endif %}{% endfor %}</p>{% endif %}
{% endmacro %}
<section><h2>In a list</h2>
{% for screen in preview.lists %}<article><h3>{{ screen.app }}</h3>
<p>{{ screen.label }}</p>{{ lines(screen.title, "title") }}{{ lines(screen.summary, "summary") }}
<p>▶ {{ screen.length }}</p></article>
{% endfor %}</section>
<section><h2>While it plays</h2>
{% for screen in preview.playing %}<article><h3>{{ screen.app }}</h3>
<img src="{{ art }}" alt="{{ preview.directory.art }}">
{{ lines(screen.chapter, "chapter") }}{{ lines(screen.title, "title") }}{{ lines(screen.show, "show") }}
<progress aria-label="Played" value="0" max="1"></progress><p>0:00 · {{ screen.length }}</p></article>
{% endfor %}</section>
<section><h2>In a directory</h2>
{% set screen = preview.directory %}<article class="wide"><h3>{{ preview.show }}</h3>
<img src="{{ art }}" alt="{{ screen.art }}">
{{ lines(screen.title, "title") }}<p>{{ screen.label }} · {{ screen.length }}</p>
{{ lines(screen.text, "text") }}
{% if screen.people %}<p>With {{ screen.people | join("; ") }}</p>{% endif %}
{% if screen.chapters %}<dl>{% for start, title in screen.chapters %}<dt>{{ start }}</dt>
<dd lang="{{ preview.language }}">{{ title.lines | join }}</dd>{% endfor %}</dl>{% endif %}
</article></section>
</main>
</body>
</html>
"""
_TEMPLATE = Environment(autoescape=True, undefined=StrictUndefined).from_string(_PAGE)


def render(preview: Preview, art: bytes) -> str:
    """The page, with `art` (a JPEG) in it; it fetches nothing and runs nothing."""
    picture = f"data:image/jpeg;base64,{b64encode(art).decode()}"
    return xml_safe(_TEMPLATE.render(preview=preview, art=picture))
