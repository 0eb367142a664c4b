"""`rapport instruments`."""
