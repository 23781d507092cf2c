"""Upkeep: which partitions are there, and how old what each source gave is."""
