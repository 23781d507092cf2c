"""From hourly archives to one table of events."""
