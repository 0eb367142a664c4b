"""Patients and clinicians as the record names them."""
