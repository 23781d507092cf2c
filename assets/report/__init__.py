"""What is published: exports and snapshots."""
