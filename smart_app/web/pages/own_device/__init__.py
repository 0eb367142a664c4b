"""A form on the patient's own device, behind a one-time link."""
