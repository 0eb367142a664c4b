"""The clinician's page: what is read, what changed, what blind entry hides."""
