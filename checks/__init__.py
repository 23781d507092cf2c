"""Data-quality suites and the factory that turns them into asset checks."""
