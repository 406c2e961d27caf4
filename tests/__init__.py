"""Tests of omroep: what listeners and producers would notice, by other people's eyes and ears."""

import os
import sys

# A machine that is told to keep no compiled Python would compile all of it again for each worker and each program.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
