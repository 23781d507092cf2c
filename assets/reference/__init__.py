"""What an analyst edits: tracked repositories, model families, economies, events."""
