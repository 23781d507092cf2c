"""Engagement indices: made of shares by country, whole history each time."""
