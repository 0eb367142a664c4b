"""The page that says why something is said, and the same for machines."""
