"""Views of a form on the patient's own device, for whoever opens a one-time link."""
