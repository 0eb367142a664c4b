"""What a site publishes: Questionnaires, code systems, the package that holds them."""
