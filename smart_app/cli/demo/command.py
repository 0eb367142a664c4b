"""`rapport demo`: the whole job on this machine, against the embedded EHR or any open FHIR R4 server."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import requests
from msgspec import Struct

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measure import Measure
from smart_app.cli.definitions.consent import agreed
from smart_app.cli.demo.check import Subject, run
from smart_app.cli.demo.check_steps import Steps
from smart_app.cli.demo.data_file_check import check_file, may_be_rated
from smart_app.cli.demo.environment import DemoEnvironment, direct, embedded, local_backend, relayed
from smart_app.cli.demo.seeded_results import results_in
from smart_app.cli.demo.serving import port_of, take_port
from smart_app.clinic_time import site_zone
from smart_app.errors import ConfigurationError
from smart_app.garbage_collection import settle
from smart_app.pack_folder import with_site_codes
from smart_app.sandbox.faults.fault import Faults, UnknownFault
from smart_app.sandbox.faults.whole_ehr import whole_ehr_faults
from smart_app.sandbox.personas.build import build_all, load_personas
from smart_app.sandbox.personas.people import Resource
from smart_app.sandbox.seeding.data_file import LaunchChoices, LoadedFile, ResourceFileError, launch_choices, load_file
from smart_app.sandbox.seeding.remote_server import RemoteError
from smart_app.sandbox.seeding.seed import NotConfirmedError, clean, seed, stored
from smart_app.settings import PublicSettings, read_settings

_APP_PORT, _EHR_PORT = 8080, 8081
# One persona is enough for the check on a foreign server; seeding all of them there takes a minute.
_CHECKED_PERSONA = "falling-slowly"
_ASKED = "Write invented patients there?"
_MOST_OFFERED = 20


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A FHIR Bundle or NDJSON file to load too.")
@click.option("--fhir", metavar="BASE", help="Use the open FHIR R4 server at BASE instead of the embedded store.")
@click.option("--direct", "straight", is_flag=True, help="With --fhir: no launcher between; you pick the patient.")
@click.option("--check", "checking", is_flag=True, help="Do the whole job without a browser, print each step, exit 0 if all held.")
@click.option("--patient", metavar="ID", help="With --check: this patient alone, instead of every patient of the file.")
@click.option(
    "--fault", "faults", metavar="NAME", multiple=True, help="With --check: a way for the embedded EHR to misbehave, to see it fail."
)
@click.option("--clean", "cleaning", is_flag=True, help="With --fhir: remove what a demo wrote there, and stop.")
@click.option("--yes", is_flag=True, help="Write demo data to a server that is not on this machine.")
@click.option("--port", type=int, default=_APP_PORT, show_default=True, help="Port of the app.")
@click.option("--ehr-port", type=int, default=_EHR_PORT, show_default=True, help="Port of the embedded EHR.")
@click.option("--ehr-fault", "ehr_faults", metavar="FAULT", multiple=True, help="Let the embedded EHR misbehave so as a whole.")
@click.option("--store", type=click.Path(path_type=Path, dir_okay=False), help="Keep the embedded EHR's data in this file.")
def demo(
    data: Path | None,
    fhir: str | None,
    straight: bool,
    checking: bool,
    patient: str | None,
    faults: tuple[str, ...],
    cleaning: bool,
    yes: bool,
    port: int,
    ehr_port: int,
    ehr_faults: tuple[str, ...],
    store: Path | None,
) -> None:
    """Start Rapport beside an EHR on this machine, with invented patients, and print the address to open."""
    if fhir is None and (straight or cleaning):
        raise click.UsageError("--direct and --clean need --fhir BASE.")
    if fhir is not None and data is not None:
        raise click.UsageError("--data is loaded into the embedded EHR: leave --fhir out.")
    if patient is not None and not checking:
        raise click.UsageError("--patient needs --check.")
    if fhir is not None and ehr_faults:
        raise click.UsageError("--ehr-fault is of the embedded EHR: leave --fhir out.")
    if faults and (straight or not checking):
        raise click.UsageError("--fault needs --check, and the embedded EHR: leave --direct out.")
    base = fhir.rstrip("/") if fhir else None
    if base and cleaning:
        _clean(base, confirmed=yes)
        return
    misbehaving, measures, loaded = _misbehaving(ehr_faults), _measures(), _loaded(data)
    ports = (0, 0) if checking else (port, ehr_port)
    standing = _standing(
        base, loaded, straight=straight, checking=checking, confirmed=yes, ports=ports, store=store, misbehaving=misbehaving
    )
    with standing as (stand, given):
        if checking:
            check_patients(stand, _chosen(given.choices, patient), given.resources, measures, loaded=loaded is not None, faults=faults)
        else:
            _wait(stand)


def _zone() -> ZoneInfo:
    """Where the demo's clinic is: where the settings say, else where this machine is. Ends the program when neither tells."""
    try:
        return site_zone(read_settings(PublicSettings).time_zone)
    except ConfigurationError as wrong:
        raise click.ClickException(wrong.user_message) from wrong


def _misbehaving(asked: tuple[str, ...]) -> Faults:
    """The faults of the embedded EHR as a whole. Ends the program where there is no such one."""
    try:
        return whole_ehr_faults(asked)
    except UnknownFault as wrong:
        raise click.ClickException(str(wrong)) from wrong


def _measures() -> tuple[Measure, ...]:
    """What is looked for, with the site's own codes. Ends the program when the file of these is wrong."""
    try:
        return with_site_codes(load_measures(), read_settings(PublicSettings).measure_codes)
    except DataFileError as wrong:
        raise click.ClickException(f"RAPPORT_MEASURE_CODES: {wrong}") from wrong


def _loaded(data: Path | None) -> LoadedFile | None:
    """What the file holds, its notes said. Ends the program when it cannot be used."""
    if data is None:
        return None
    click.echo(f"Reading {data} …")
    try:
        loaded = load_file(data)
    except ResourceFileError as wrong:
        raise click.ClickException(str(wrong)) from wrong
    for note in loaded.notes:
        click.echo(f"  {note}")
    return loaded


class _Given(Struct, frozen=True, kw_only=True):
    """What the record was given, as it stands there, and whom the app can be opened for."""

    resources: Sequence[Resource]
    choices: LaunchChoices


@contextmanager
def _standing(
    base: str | None,
    loaded: LoadedFile | None,
    *,
    straight: bool,
    checking: bool,
    confirmed: bool,
    ports: tuple[int, int],
    store: Path | None,
    misbehaving: Faults,
) -> Iterator[tuple[DemoEnvironment, _Given]]:
    """The app and what it needs, running; and what its record was given."""
    zone = _zone()
    with ExitStack() as stack:
        seeded = _seed(base, zone, confirmed=confirmed, few=checking) if base else None
        app_socket = stack.enter_context(closing(_port(ports[0], "the app")))
        if base and seeded and straight:
            yield stack.enter_context(direct(base, app_socket=app_socket, zone=zone)), seeded
            return
        ehr_socket = stack.enter_context(closing(_port(ports[1], "the EHR")))
        if base and seeded:
            yield stack.enter_context(relayed(base, app_socket=app_socket, ehr_socket=ehr_socket, zone=zone)), seeded
            return
        click.echo("Starting the embedded EHR with its invented patients …")
        today = datetime.now(zone).date()
        resources = list(loaded.resources) if loaded else build_all(today, zone=zone)
        backend = stack.enter_context(closing(local_backend(resources if loaded else (), today=today, store=store, zone=zone)))
        yield (
            stack.enter_context(embedded(backend, app_socket=app_socket, ehr_socket=ehr_socket, zone=zone, misbehaving=misbehaving)),
            _Given(resources=resources, choices=launch_choices(resources)),
        )


def _port(wanted: int, whose: str) -> socket.socket:
    """A listening socket; said plainly when the wanted port is taken and another one is used."""
    listening, moved = take_port(wanted)
    if moved:
        click.echo(f"Port {wanted} is taken; {whose} uses {port_of(listening)}.")
    return listening


def _seed(base: str, zone: ZoneInfo, *, confirmed: bool, few: bool) -> _Given:
    """The personas on a foreign server, said as they are written."""
    click.echo(f"Seeding invented patients, tagged as Rapport's demo, into {base} …")
    personas = [load_personas()[_CHECKED_PERSONA]] if few else None
    with requests.Session() as session:
        try:
            agreed_to, today = confirmed or agreed(base, _ASKED), datetime.now(zone).date()
            report = seed(base, today, session=session, confirmed=agreed_to, personas=personas, zone=zone, say=_indented)
            resources = stored(report, session=session)
        except NotConfirmedError as refused:
            raise click.ClickException(f"{refused} Say --yes to write there.") from refused
        except RemoteError as failed:
            raise click.ClickException(f"{base} cannot be used: {failed}") from failed
    for line in report.lines():
        click.echo(f"  {line}")
    return _Given(resources=resources, choices=report.choices)


def _indented(line: str) -> None:
    click.echo(f"  {line}")


def _clean(base: str, *, confirmed: bool) -> None:
    """Remove what a demo wrote on a foreign server."""
    with requests.Session() as session:
        try:
            report = clean(base, session=session, confirmed=confirmed)
        except NotConfirmedError as refused:
            raise click.ClickException(f"{refused} Say --yes to remove it there.") from refused
        except RemoteError as failed:
            raise click.ClickException(f"{base} cannot be used: {failed}") from failed
    for line in report.lines():
        click.echo(line)
    if report.problems:
        raise SystemExit(1)


def _chosen(choices: LaunchChoices, patient: str | None) -> list[str]:
    """The ids of the patients to check: all there are, or the one that was asked for. Ends the program when there is none."""
    known = [one.id for one in choices.patients]
    if not known:
        raise click.ClickException("There is no patient to do the job on.")
    if patient is None:
        return known
    if patient not in known:
        more = f" and {len(known) - _MOST_OFFERED} more" if len(known) > _MOST_OFFERED else ""
        raise click.ClickException(f"There is no patient {patient!r}; there are {', '.join(known[:_MOST_OFFERED])}{more}.")
    return [patient]


def check_patients(
    stand: DemoEnvironment,
    patients: Sequence[str],
    resources: Sequence[Resource],
    measures: tuple[Measure, ...],
    *,
    loaded: bool = False,
    faults: tuple[str, ...] = (),
) -> None:
    """The job without a browser, on the first patient who can be rated; of a file, the results of every patient. Exits 1 unless every
    step held."""
    steps, results = Steps(), results_in(resources, measures, base=stand.fhir)
    subject = _to_be_rated(patients, resources)
    if subject is None:
        click.echo("        Of these patients nobody can be rated (died, inactive or replaced): only their results are checked.")
    else:
        hba1c = tuple(one for one in results.by_patient.get(subject, ()) if one.is_hba1c)
        run(stand, Subject(patient=subject, hba1c=hba1c, faults=faults), steps)
    if loaded:
        check_file(stand, results, patients, steps, faults=faults)
    click.echo(steps.summary())
    if steps.failed:
        raise SystemExit(1)


def _to_be_rated(patients: Sequence[str], resources: Sequence[Resource]) -> str | None:
    """The first of them that the whole job can be done on."""
    barred = {one.get("id") for one in resources if one["resourceType"] == "Patient" and not may_be_rated(one)}
    return next((one for one in patients if one not in barred), None)


def _wait(stand: DemoEnvironment) -> None:
    """Say where to look, and stay until told to stop."""
    settle()
    click.echo(f"\nOpen  {stand.front}\n\nInvented patients only. Stop with Ctrl+C.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("\nStopped.")
