"""What a token reaches on the FHIR API."""
