"""How the site behaves in a real browser."""
