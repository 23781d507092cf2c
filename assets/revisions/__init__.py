"""Revisions: every publication of a figure is kept, and by how much later ones changed it."""
