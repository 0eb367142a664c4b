"""The SMART App Launch protocol: discovery, authorization, tokens, identity, context. Knows no Flask and no FHIR resource."""
