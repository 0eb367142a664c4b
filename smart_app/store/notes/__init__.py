"""What somebody keeps for themself about a patient: in no record, and nobody else's to see."""
