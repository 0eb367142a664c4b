"""One FHIR request and its answer, and how they get in and out."""
