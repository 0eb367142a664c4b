"""What stands on the time axis: a lane or a row for each series, with its values, its table and what cannot be drawn."""
