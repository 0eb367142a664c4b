"""The record in context: its reads, its patient, and what this sign-in may do there."""
