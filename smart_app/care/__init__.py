"""Use cases: the only room that joins the launch, the FHIR server and the mapping. Knows no Flask."""
