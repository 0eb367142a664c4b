"""Visits, diabetes education and medicines on the time axis."""
