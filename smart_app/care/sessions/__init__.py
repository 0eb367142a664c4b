"""How a session begins without an EHR's launch, and how it ends."""
