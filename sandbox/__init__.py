"""A small synthetic world with planted truth, served at the upstreams' own paths."""
