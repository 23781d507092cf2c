"""From actors to countries."""
