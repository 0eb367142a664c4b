"""The `rapport` command."""

from typing import Any

import click

from smart_app import __version__
from smart_app.cli.audit import audit
from smart_app.cli.definitions.command import definitions
from smart_app.cli.demo.command import demo
from smart_app.cli.instruments.command import instruments
from smart_app.cli.launches import launches
from smart_app.cli.outbox_command import outbox
from smart_app.cli.registration.command import register
from smart_app.cli.registration.keys import keys
from smart_app.cli.sealing import seal
from smart_app.errors import RapportError, StoreError, in_one_line
from smart_app.store import store_failure


class _Unusable(click.ClickException):
    """Something about the deployment has to be put right first; 1 is left for what a command found."""

    exit_code = 2


class _Commands(click.Group):
    """No command meets a setting, or a file that one leads to, with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """The command; what is wrong with the deployment or with what was asked of it, and not said by the command itself, is one sentence
        and ends the program."""
        try:
            return super().invoke(ctx)
        except StoreError as failed:
            raise _Unusable(store_failure(failed, None)) from failed
        except RapportError as wrong:
            raise _Unusable(in_one_line(wrong)) from wrong


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="rapport")
def main() -> None:
    """Keep the working alliance beside the diabetes record: a SMART on FHIR app."""


main.add_command(audit)
main.add_command(definitions)
main.add_command(demo)
main.add_command(instruments)
main.add_command(keys)
main.add_command(launches)
main.add_command(outbox)
main.add_command(register)
main.add_command(seal)
