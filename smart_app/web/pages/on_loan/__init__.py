"""What every address of a locked launch answers."""
