"""`rapport definitions`."""
