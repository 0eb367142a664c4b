"""The page of things people try."""
