"""Mastering, tagging and remembering audio: a recording in, a measured file that can be delivered out."""
