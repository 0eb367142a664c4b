"""FHIR R4 as such, with nothing of ours: dates, references, quantities, code systems, what is valid."""
