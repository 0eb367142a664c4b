"""Views of one-time links for staff: how one is made and shown, and how those of a visit stand."""
