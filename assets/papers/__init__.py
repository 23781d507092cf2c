"""Papers: which works name which models, by what institutions of which countries wrote them."""
