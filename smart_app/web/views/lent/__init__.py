"""Pages of a lent device as text."""
