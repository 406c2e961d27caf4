"""What to make of recordings that lie in `episodes/` and are no episode yet: names, files and dates in, drafts out."""
