"""The pages of a device that is on loan, and of taking it back."""
