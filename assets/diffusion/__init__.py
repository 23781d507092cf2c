"""Which open models are named and used: the mention matcher, and what its readers share."""
