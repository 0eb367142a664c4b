"""Drawn people whose view of the work never changes, or does in a known way, and how often each rule speaks up about them."""
