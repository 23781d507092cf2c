"""Country activity and engagement shares with their uncertainty."""
