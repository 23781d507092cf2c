"""Baselines measured by others: GitHub's Innovation Graph."""
