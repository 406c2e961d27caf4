# What a maintainer does, as commands. `make publish` and `make test` work from nothing.
lock:
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml --group build --only-group build -o requirements/build.txt
