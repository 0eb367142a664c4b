"""Answers on their way to the record: response, score Observations, Provenance, one transaction."""
