"""Alliance instruments and diabetes measures as data, and their mapping to and from FHIR R4. Pure: no web, no network, no clock."""
