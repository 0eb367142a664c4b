"""A site's own word on what speaks up, from its file to the history; and every file that cannot be used stops the start and says why."""

from pathlib import Path

import pytest
import responses

from fhir_mappings.reliable_change.signals.dyad_signals import Signal
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.errors import ConfigurationError
from smart_app.launch.context.launch_context import User
from tests.care.support import context, in_launch
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.web.clinic import ITEMS, Clinic, clinic
from tests.web.pages.test_reveal import SOFIA, opens

OFF = """[[off]]
rule = "own-answer"
valid_from = {begin}
by = "A. Person, head of the clinic"
reason = "Asked in another way here."
"""
ERROR = """[[error]]
instrument = "rapport-check-in"
value = "0.35"
people = 64
interval = "two weeks"
interval_days = 14
source = "Retest in our clinic, report 12"
signed_by = "B. Person, statistician"
valid_from = 2001-01-01
until = 2999-01-01
"""
OWNER = '[[owner]]\nrole = "psychology team"\nvalid_from = 2001-01-01\n'


def difficult(here: Clinic) -> Signal:
    """What the history says of a visit that the patient called difficult and both have rated."""
    chart = opens(here, SOFIA)
    answers = here.blank(chart) | dict.fromkeys(ITEMS, "4") | {"difficult": "yes"}
    assert here.send(chart, answers).status_code == 303
    assert here.send(chart, here.filled(chart, "clinician"), "clinician").status_code == 303
    sofia = User(reference="Practitioner/dr-1", name="Sofia Lindqvist", issuer=BASE, subject="user-1")
    record = in_launch(here.services, context(iss=BASE, patient="pat-1", user=sofia))
    [found] = load_history(record, years="all").signals
    return found


class TestAGoodFile:
    def test_switches_a_rule_off_measures_by_its_own_error_and_names_the_role(
        self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
    ) -> None:
        file = tmp_path / "signals.toml"
        file.write_text(OFF.format(begin="2001-01-01") + ERROR + OWNER)
        with clinic(wire, server, clock, folder=tmp_path, signals=file) as here:
            found = difficult(here)
            terms = here.services.terms
        patient = next(one for one in found.judgements if one.rating.informant == "patient")
        assert (found.level, found.owner.kind, found.owner.role) == (None, "role", "psychology team")
        assert patient.error is not None
        assert (patient.error.kind, str(patient.error.precision.sem), patient.error.people) == ("site", "0.35", 64)
        [silent] = [one for one in patient.not_used if one.rule.id == "own-answer"]
        assert silent.because == "switched_off"
        said = terms.switched_off(silent.rule, patient.rating.when.day)
        assert said is not None
        assert (said.by, said.reason) == ("A. Person, head of the clinic", "Asked in another way here.")

    @pytest.mark.parametrize("text", [None, "", OFF.format(begin="2999-01-01")])
    def test_without_a_word_for_that_day_everything_is_as_it_ships(
        self, text: str | None, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
    ) -> None:
        file = tmp_path / "signals.toml"
        file.write_text(text or "")
        with clinic(wire, server, clock, folder=tmp_path, signals=None if text is None else file) as here:
            found = difficult(here)
        assert (found.level, [one.rule.id for one in found.reasons], found.owner.kind) == ("discuss", ["own-answer"], "clinician")
        assert {one.error and one.error.kind for one in found.judgements if one.rating.informant == "patient"} == {"assumed"}


BAD = {
    "an unknown form": (ERROR.replace("rapport-check-in", "wai-99"), r"error\.0\.instrument: .*there is no instrument 'wai-99'; known are"),
    "a form's scale there is not": (ERROR + 'scale = "zeal"\n', r"error\.0\.scale: .*rapport-check-in has no scale 'zeal'"),
    "a rule of its own": (
        '[[rule]]\nid = "ours"\nkind = "pooled"\n',
        r"rule: a site invents no rule; it switches one off by its id, in \[\[off\]\]",
    ),
    "a rule there is not": (
        OFF.format(begin="2027-01-01").replace("own-answer", "own-anwser"),
        r"off\.0\.rule: there is no rule 'own-anwser' to switch off; known are own-answer, pooled",
    ),
    "an error without a source": (ERROR.replace('source = "Retest in our clinic, report 12"\n', ""), r"error\.0\.source: Field required"),
    "an error nobody signed": (ERROR.replace('signed_by = "B. Person, statistician"\n', ""), r"error\.0\.signed_by: Field required"),
    "two errors for one day": (
        ERROR + ERROR.replace("2001", "2002"),
        r"error: .*are both valid on 2002-01-01; let one of the two end",
    ),
    "too few people": (ERROR.replace("64", "49"), r"error\.0\.people: Input should be greater than or equal to 50"),
    "no error at all": (ERROR.replace('"0.35"', '"0"'), r"error\.0\.value: Input should be greater than 0"),
    "a decimal comma": (ERROR.replace('"0.35"', '"0,35"'), r"error\.0\.value: Input should be a valid decimal"),
    "an error that ends before it begins": (
        ERROR.replace("until = 2999", "until = 2000"),
        r"error\.0\.until: .*ends on 2000-01-01, and is valid only from 2001-01-01",
    ),
    "a rule off that ends before it begins": (
        OFF.format(begin="2027-01-01\nuntil = 2026-01-01"),
        r"off\.0\.until: ends on 2026-01-01, and begins only on 2027-01-01",
    ),
    "a role that ends before it begins": (
        OWNER + "until = 2000-01-01\n",
        r"owner\.0\.until: ends on 2000-01-01, and begins only on 2001-01-01",
    ),
    "two roles for one day": (OWNER + OWNER.replace("2001", "2002"), r"owner: two roles are valid on one day"),
    "a key misspelt": (OFF.format(begin="2027-01-01").replace("reason", "reasons"), r"off\.0\.reasons: .*; the nearest there is: reason"),
    "a table misspelt": (OWNER.replace("[[owner]]", "[[owners]]"), r"owners: .*; the nearest there is: owner"),
    "a day that is none": (OFF.format(begin="2027-02-30"), r"\(syntax\): "),
    "no TOML": ("off: own-answer\n", r"\(syntax\): "),
}  # fmt: skip


class TestABadFile:
    @pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
    def test_stops_the_start_with_the_row_and_what_is_wrong_with_it(
        self, text: str, said: str, *, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
    ) -> None:
        file = tmp_path / "signals.toml"
        file.write_text(text)
        stops(file, f"signals\\.toml: {said}", wire=wire, server=server, clock=clock)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (None, r"cannot be read: No such file"),
            (b"# caf\xe9\n", r"is no UTF-8 text, at byte 5"),
            (b"#" * 3_000_000, r"has more than \d+ KiB"),
        ],
        ids=["not there", "not UTF-8", "too large"],
    )
    def test_or_that_it_is_no_file_to_be_read(
        self, content: bytes | None, said: str, *, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
    ) -> None:
        file = tmp_path / "signals.toml"
        if content is not None:
            file.write_bytes(content)
        stops(file, rf"signals\.toml: \(file\): {said}", wire=wire, server=server, clock=clock)

    def test_a_folder_in_its_place_is_said(
        self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
    ) -> None:
        folder = tmp_path / "signals.toml"
        folder.mkdir()
        stops(folder, r"signals\.toml: \(file\): cannot be read: Is a directory", wire=wire, server=server, clock=clock)


def stops(file: Path, said: str, *, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught, clinic(wire, server, clock, folder=file.parent, signals=file):
        raise AssertionError("it started")
    assert caught.value.where == "RAPPORT_SIGNALS"
    assert "docs/reliable-change.md" in str(caught.value.detail)
