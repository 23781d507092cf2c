"""One module an upstream or sink: a plain client, and the resource that makes it."""
