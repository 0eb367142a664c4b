"""One-time links as staff make, see and end them."""
