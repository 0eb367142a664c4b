"""What a launch is about: patient, user, and what else the EHR says with it."""
