"""The crash rig: it breaks publishing at every request and system call, and looks at what listeners have meanwhile."""
