"""The one door to the app's own database: launches, outbox, audit, reveals. Payloads are sealed at rest."""
