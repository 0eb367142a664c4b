"""Rapport: a SMART on FHIR app that keeps the working alliance beside the diabetes record."""

import gc

__version__ = "0.1.0"

# New objects between two searches for garbage. Modules and dashboards make tens of thousands at once, nearly all of which stay or go by
# themselves; Python's own 700 spent a tenth of the start and a sixth of a dashboard's processor time on looking.
gc.set_threshold(20_000, 10, 10)
