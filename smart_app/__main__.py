"""`python -m smart_app` is the `rapport` command."""

from smart_app.cli import main

main(prog_name="rapport")
