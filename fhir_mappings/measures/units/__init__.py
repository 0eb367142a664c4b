"""What a unit is, however it is coded or written: equal by UCUM, named by words, plausible with its value."""
