"""View models of the pages of a patient who has signed in themself."""
