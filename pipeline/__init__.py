"""omroep: publish a podcast from a git repository."""
