"""What this machine remembers from one run to the next: only a cache, so what is lost or damaged is made again."""
