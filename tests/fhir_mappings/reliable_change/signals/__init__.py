"""What a rating says aloud, and the rows it is judged by."""
