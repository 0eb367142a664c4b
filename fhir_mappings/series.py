"""Measurements in the order of time."""

_START = float("-inf")
