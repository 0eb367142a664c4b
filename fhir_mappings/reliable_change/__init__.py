"""What may be said about change in a series of scores."""
