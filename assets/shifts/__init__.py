"""Shifts: what policy shocks did to the measured series, and when their trends changed."""
