"""Repositories asked by poll: their newest events, and the history of their stars."""
