"""The EHR's authorization server: clients, launches, requests, tokens."""
