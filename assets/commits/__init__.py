"""Commits of the tracked repositories and their authors' accounts."""
