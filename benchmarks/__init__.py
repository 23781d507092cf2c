"""Speed and memory, against peers, in one run: ratios of medians, never single times."""
