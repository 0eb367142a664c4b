"""Values of two numbers, as blood pressure: both or none."""
