"""A device lent to a patient, and how it comes back."""
