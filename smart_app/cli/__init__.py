"""The `rapport` command."""

import click

from smart_app import __version__
from smart_app.cli.audit import audit
from smart_app.cli.definitions.command import definitions
from smart_app.cli.demo.command import demo
from smart_app.cli.instruments.command import instruments
from smart_app.cli.launches import launches
from smart_app.cli.registration.command import register
from smart_app.cli.registration.keys import keys


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="rapport")
def main() -> None:
    """Keep the working alliance beside the diabetes record: a SMART on FHIR app."""


main.add_command(audit)
main.add_command(definitions)
main.add_command(demo)
main.add_command(instruments)
main.add_command(keys)
main.add_command(launches)
main.add_command(register)
