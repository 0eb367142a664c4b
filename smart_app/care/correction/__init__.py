"""Putting right what is stored: who may, what it does, and how it gets into the record."""
