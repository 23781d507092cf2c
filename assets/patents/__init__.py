"""U.S. patents: weekly full text of grants and applications, and the models they name."""
