"""View models of the clinician's page."""
