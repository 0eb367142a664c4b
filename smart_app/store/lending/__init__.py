"""Devices lent to patients."""
