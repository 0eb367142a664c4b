"""A rating as it was answered."""
