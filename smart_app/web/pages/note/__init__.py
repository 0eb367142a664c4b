"""The page on which the lines for the note stand."""
