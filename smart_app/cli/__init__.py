"""The `rapport` command."""

import click

from smart_app import __version__
from smart_app.cli.audit import audit
from smart_app.cli.definitions import definitions
from smart_app.cli.demo import demo
from smart_app.cli.docs import docs
from smart_app.cli.instruments import instruments
from smart_app.cli.keys import keys
from smart_app.cli.launches import launches
from smart_app.cli.register import register


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="rapport")
def main() -> None:
    """Keep the working alliance beside the diabetes record: a SMART on FHIR app."""


main.add_command(audit)
main.add_command(definitions)
main.add_command(demo)
main.add_command(docs)
main.add_command(instruments)
main.add_command(keys)
main.add_command(launches)
main.add_command(register)
