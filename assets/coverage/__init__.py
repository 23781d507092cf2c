"""How much of what happened each source captured."""
