"""What the record has not taken: offered to colleagues to send, and decided over by name."""
