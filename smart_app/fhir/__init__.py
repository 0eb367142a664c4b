"""Talking to a FHIR R4 server: reads, searches, writes, what it can do. Knows no Flask and no OAuth."""
