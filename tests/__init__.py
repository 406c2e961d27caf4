"""Tests of omroep: what listeners and producers would notice, by other people's eyes and ears."""
