"""The pages of a patient who has signed in themself: what they can answer, and what they answered."""
