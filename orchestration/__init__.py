"""Wiring only: settings, definitions, partitions, jobs, automation and sensors."""
