"""The Hugging Face Hub: daily snapshots of models, and whose weights they are made of."""
