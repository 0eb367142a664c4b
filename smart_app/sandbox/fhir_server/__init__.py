"""The EHR's FHIR server: storage, search, transactions."""
