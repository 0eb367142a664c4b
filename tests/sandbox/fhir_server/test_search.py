from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smart_app.sandbox.fhir_server.server import LocalServer
from smart_app.sandbox.fhir_server.storage import Storage
from tests.support.fhir_calls import BASE, FhirCalls, Json, body_of, link, local_server, matches, observation, with_mode

LOINC = "http://loinc.org"
HBA1C = [("4548-4", LOINC), ("59261-8", LOINC), ("hba1c", None)]


def put(fhir: FhirCalls, *resources: Json) -> None:
    for resource in resources:
        answered = fhir.send("PUT", f"{resource['resourceType']}/{resource['id']}", resource)
        assert answered.status == 201, answered.body


def found(fhir: FhirCalls, resource_type: str, *query: tuple[str, str]) -> list[str]:
    """The ids a strict search finds."""
    return [reference.partition("/")[2] for reference in matches(fhir.search(resource_type, *query))]


def coded(code: str, system: str | None) -> Json:
    return {"coding": [{"code": code} | ({"system": system} if system else {})]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("4548-4", ["o0", "o3"]),
        (f"{LOINC}|4548-4", ["o0"]),
        ("urn:other|4548-4", ["o3"]),
        ("|hba1c", ["o2"]),
        ("|4548-4", []),
        (f"{LOINC}|", ["o0", "o1"]),
        (f"{LOINC}|4548-4,{LOINC}|59261-8", ["o0", "o1"]),
        ("4548-4 ", []),
        ("HBA1C", []),
    ],
)
def test_tokens_match_by_system_and_code(fhir: FhirCalls, query: str, expected: list[str]) -> None:
    codes = [*HBA1C, ("4548-4", "urn:other")]
    put(fhir, *(observation(id=f"o{at}", code=coded(*code)) for at, code in enumerate(codes)))
    assert found(fhir, "Observation", ("code", query)) == expected


def test_repeats_are_and_commas_are_or(fhir: FhirCalls) -> None:
    lab, survey = [coded("laboratory", None)], [coded("survey", None)]
    put(fhir, observation(id="a", category=lab), observation(id="b", category=lab + survey), observation(id="c", category=survey))
    assert found(fhir, "Observation", ("category", "laboratory,survey")) == ["a", "b", "c"]
    assert found(fhir, "Observation", ("category", "laboratory"), ("category", "survey")) == ["b"]
    assert found(fhir, "Observation", ("category:not", "laboratory")) == ["c"]


def test_identifiers_with_bars_and_commas_are_escaped(fhir: FhirCalls) -> None:
    put(fhir, {"resourceType": "Patient", "id": "odd", "identifier": [{"system": "urn:a", "value": r"x,y|z\w"}]})
    assert found(fhir, "Patient", ("identifier", r"urn:a|x\,y\|z\\w")) == ["odd"]
    assert found(fhir, "Patient", ("identifier", "urn:a|x")) == []


def test_booleans_and_codes_are_tokens(fhir: FhirCalls) -> None:
    put(
        fhir,
        {"resourceType": "Patient", "id": "a", "active": True, "gender": "female"},
        {"resourceType": "Patient", "id": "b", "active": False},
    )
    assert found(fhir, "Patient", ("active", "true"), ("gender", "female")) == ["a"]
    assert found(fhir, "Patient", ("active", "false"), ("gender:missing", "true")) == ["b"]
    assert found(fhir, "Patient", ("gender:missing", "false")) == ["a"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("subject", "Patient/1", ["own", "versioned", "absolute"]),
        ("subject", "1", ["own", "versioned", "absolute", "group"]),
        ("subject", f"{BASE}/Patient/1", ["own", "versioned", "absolute"]),
        ("subject:Patient", "1", ["own", "versioned", "absolute"]),
        ("subject:Group", "1", ["group"]),
        ("patient", "1", ["own", "versioned", "absolute"]),
        ("patient", "Patient/1", ["own", "versioned", "absolute"]),
        ("patient", "Patient/1,Patient/2", ["own", "versioned", "absolute", "two"]),
        ("patient", "http://other.example/fhir/Patient/1", ["elsewhere"]),
        ("patient", "Group/1", []),
    ],
)
def test_references_match_in_every_form(fhir: FhirCalls, name: str, value: str, expected: list[str]) -> None:
    subjects = {
        "own": "Patient/1",
        "versioned": "Patient/1/_history/3",
        "absolute": f"{BASE}/Patient/1",
        "group": "Group/1",
        "two": "Patient/2",
        "elsewhere": "http://other.example/fhir/Patient/1",
        "contained": "#1",
    }
    put(fhir, *(observation(id=key, subject={"reference": reference}) for key, reference in subjects.items()))
    assert found(fhir, "Observation", (name, value)) == expected


@pytest.mark.parametrize(
    ("name", "element"),
    [("focus", "focus"), ("performer", "performer"), ("derived-from", "derivedFrom"), ("has-member", "hasMember"), ("based-on", "basedOn")],
)
def test_observations_are_found_by_what_they_refer_to(fhir: FhirCalls, name: str, element: str) -> None:
    put(fhir, observation(id="a", **{element: [{"reference": "Thing/9"}, {"reference": "Practitioner/dr"}]}), observation(id="b"))
    assert found(fhir, "Observation", (name, "Practitioner/dr")) == ["a"]


@pytest.mark.parametrize(("value", "expected"), [("urn:q", ["v1", "v2", "bare"]), ("urn:q|1", ["v1"]), ("urn:q|3", []), ("urn:other", [])])
def test_questionnaire_is_found_with_and_without_its_version(fhir: FhirCalls, value: str, expected: list[str]) -> None:
    answered = {"resourceType": "QuestionnaireResponse", "status": "completed"}
    put(
        fhir,
        *(
            answered | {"id": key, "questionnaire": canonical}
            for key, canonical in (("v1", "urn:q|1"), ("v2", "urn:q|2"), ("bare", "urn:q"))
        ),
    )
    assert found(fhir, "QuestionnaireResponse", ("questionnaire", value)) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("name", "ozt", ["a"]),
        ("name", "ÖZT", ["a"]),
        ("family", "zt", []),
        ("name:contains", "zTü", ["a"]),
        ("given", "ann", ["a", "b"]),
        ("given:exact", "Ann", ["b"]),
        ("name:exact", "ann", []),
        ("name", "%", []),
        ("name:contains", "_", []),
        ("name", "Özt,Berg", ["a", "b"]),
    ],
)
def test_strings_begin_with_whatever_case_and_accents(fhir: FhirCalls, name: str, value: str, expected: list[str]) -> None:
    put(
        fhir,
        {"resourceType": "Patient", "id": "a", "name": [{"family": "Öztürk", "given": ["Anna"]}]},
        {"resourceType": "Patient", "id": "b", "name": [{"family": "Berg", "given": ["Ann"], "use": "official"}]},
    )
    assert found(fhir, "Patient", (name, value)) == expected
    assert found(fhir, "Patient", ("name", "official")) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-10", ["instant", "day"]),
        ("2026-03", ["instant", "day", "month", "period"]),
        ("2026", ["instant", "day", "month", "period", "year"]),
        ("2026-03-10T14:20:00Z", ["instant"]),
        ("2026-03-10T15:20:00+01:00", ["instant"]),
        ("2026-03-10T14:20Z", ["instant"]),
        ("ne2026-03", ["year", "open"]),
        ("gt2026-03-10", ["month", "year", "period", "open"]),
        ("lt2026-03-10", ["month", "year", "period"]),
        ("ge2026-03-10", ["instant", "day", "month", "year", "period", "open"]),
        ("le2026-03-10", ["instant", "day", "month", "year", "period"]),
        ("sa2026-03-10", ["open"]),
        ("eb2026-03-10", []),
        ("eb2026-04-01", ["instant", "day", "month", "period"]),
        ("ge2026-03-10,lt2026-02", ["instant", "day", "month", "year", "period", "open"]),
    ],
)
def test_dates_are_periods_compared_by_prefix(fhir: FhirCalls, value: str, expected: list[str]) -> None:
    times: dict[str, Json] = {
        "instant": {"effectiveDateTime": "2026-03-10T14:20:00Z"},
        "day": {"effectiveDateTime": "2026-03-10"},
        "month": {"effectiveDateTime": "2026-03"},
        "year": {"effectiveDateTime": "2026"},
        "period": {"effectivePeriod": {"start": "2026-03-01", "end": "2026-03-31"}},
        "open": {"effectivePeriod": {"start": "2026-12-01"}},
        "none": {},
    }
    put(fhir, *(observation(id=key, **elements) for key, elements in times.items()))
    assert found(fhir, "Observation", ("date", value)) == [key for key in times if key in expected]


def test_approximately_widens_with_the_distance_from_now(fhir: FhirCalls) -> None:
    put(fhir, observation(id="near", effectiveDateTime="2026-09-20"), observation(id="far", effectiveDateTime="2026-05-01"))
    assert found(fhir, "Observation", ("date", "ap2026-09-25")) == ["near"]


@pytest.mark.parametrize("value", ["yesterday", "2026-13", "2026-02-30", "ge", "xx2026", "2026-03-10T14:20:00 01:00", "26", "2026-1-1", ""])
def test_a_date_that_is_none_is_refused(fhir: FhirCalls, value: str) -> None:
    answered = fhir.send("GET", "Observation", query=[("date", value)], headers={"prefer": "handling=strict"})
    assert answered.status == 400
    assert body_of(answered)["issue"][0]["diagnostics"]


def test_sorting_by_several_keys_puts_the_missing_last(fhir: FhirCalls) -> None:
    rows = [("a", "2026-01", "x"), ("b", "2026-02", "y"), ("c", "2026-02", "x"), ("d", None, "x")]
    put(fhir, *(observation(id=key, code=coded(code, None), **({"effectiveDateTime": date} if date else {})) for key, date, code in rows))
    assert found(fhir, "Observation", ("_sort", "-date,code")) == ["c", "b", "a", "d"]
    assert found(fhir, "Observation", ("_sort", "code,date")) == ["a", "c", "d", "b"]
    assert found(fhir, "Observation", ("_sort", "-_id")) == ["d", "c", "b", "a"]
    assert found(fhir, "Observation", ("_sort", "-_lastUpdated")) == ["a", "b", "c", "d"]


def follow(fhir: FhirCalls, address: str | None) -> Json:
    """The page behind a link."""
    assert address is not None
    parts = urlsplit(address)
    return fhir.search(parts.path.removeprefix("/fhir/"), *parse_qsl(parts.query))


def pages(fhir: FhirCalls, first: Json) -> list[Json]:
    """The page and all that follow."""
    walked = [first]
    while address := link(walked[-1], "next"):
        walked.append(follow(fhir, address))
    return walked


@settings(max_examples=25, deadline=None)
@given(size=st.integers(0, 12), count=st.integers(1, 13), sort=st.sampled_from(["-date", "date", "code,-date", "_id"]))
def test_pages_hold_every_match_once_and_in_order(size: int, count: int, sort: str) -> None:
    storage = Storage()
    server = local_server(storage)
    server.load([observation(id=f"o{at:02}", effectiveDateTime=f"2026-01-{1 + at % 5:02}") for at in range(size)])
    fhir = FhirCalls(server)
    whole = matches(fhir.search("Observation", ("_sort", sort), ("_count", "1000")))
    walked = pages(fhir, fhir.search("Observation", ("_sort", sort), ("_count", str(count))))
    storage.close()
    assert [one for page in walked for one in matches(page)] == whole
    assert len(whole) == size
    assert all(page["total"] == size and len(matches(page)) <= count for page in walked)


def test_what_is_stored_while_paging_does_not_shift_the_pages(fhir: FhirCalls) -> None:
    put(fhir, *(observation(id=f"o{at}", effectiveDateTime=f"2026-01-0{at}") for at in range(1, 5)))
    first = fhir.search("Observation", ("_sort", "-date"), ("_count", "2"))
    put(fhir, observation(id="new", effectiveDateTime="2026-02-01"))
    second = follow(fhir, link(first, "next"))
    assert matches(first) + matches(second) == [f"Observation/o{at}" for at in (4, 3, 2, 1)]
    assert link(second, "next") is None


def test_counts_and_totals(fhir: FhirCalls) -> None:
    put(fhir, observation(id="a"), observation(id="b"))
    for query in (("_count", "0"), ("_summary", "count")):
        counted = fhir.search("Observation", query)
        assert (counted["total"], counted.get("entry"), link(counted, "next")) == (2, None, None)
    assert "total" not in fhir.search("Observation", ("_total", "none"))
    assert fhir.search("Observation", ("_total", "accurate"), ("_count", "1"))["total"] == 2


def test_includes_and_revincludes_come_once_and_marked(fhir: FhirCalls) -> None:
    put(
        fhir,
        {"resourceType": "Patient", "id": "p"},
        {"resourceType": "Practitioner", "id": "dr"},
        observation(id="a", subject={"reference": "Patient/p"}, performer=[{"reference": "Practitioner/dr"}, {"reference": "Patient/p"}]),
        observation(id="b", subject={"reference": "Patient/p"}, hasMember=[{"reference": "Observation/a"}]),
        {
            "resourceType": "Provenance",
            "id": "made",
            "target": [{"reference": "Observation/a"}, {"reference": "Observation/b"}],
            "recorded": "2026-11-22T12:00:00Z",
            "agent": [{"who": {"display": "Rapport"}}],
        },
    )
    both = fhir.search(
        "Observation",
        ("_include", "Observation:subject"),
        ("_include", "Observation:performer:Practitioner"),
        ("_revinclude", "Provenance:target"),
    )
    included = [one["resource"]["resourceType"] for one in with_mode(both, "include")]
    assert (matches(both), both["total"]) == (["Observation/a", "Observation/b"], 2)
    assert sorted(included) == ["Patient", "Practitioner", "Provenance"]
    members = fhir.search("Observation", ("_id", "b"), ("_include", "Observation:has-member"))
    assert [one["resource"]["id"] for one in with_mode(members, "include")] == ["a"]
    around = fhir.search("Patient", ("_revinclude", "Observation:patient"), ("_revinclude", "Observation:subject:Group"))
    assert len(with_mode(around, "include")) == 2


def test_unknown_parameters_are_ignored_and_said_so(fhir: FhirCalls) -> None:
    put(fhir, observation(id="a"))
    lenient = fhir.search("Observation", ("colour", "red"), ("status", "final"), ("code", ""), prefer="")
    assert matches(lenient) == ["Observation/a"]
    assert link(lenient, "self") == f"{BASE}/Observation?status=final"
    issues = with_mode(lenient, "outcome")[0]["resource"]["issue"]
    assert [issue["diagnostics"].split("'")[1] for issue in issues] == ["colour", "code"]
    strict = fhir.send("GET", "Observation", query=[("colour", "red")], headers={"prefer": "return=minimal; handling=strict"})
    assert strict.status == 400
    assert "colour" in body_of(strict)["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subject.name", "x"),
        ("subject:Patient.name", "x"),
        ("_has:Observation:patient:code", "x"),
        ("code:text", "x"),
        ("subject:identifier", "x"),
        ("subject:Sandwich", "x"),
        ("date:exact", "2026"),
        ("_id:exact", "x"),
        ("code:missing", "maybe"),
        ("code", ","),
        ("_count", "-1"),
        ("_count", "many"),
        ("_sort", "colour"),
        ("_sort", ""),
        ("_total", "some"),
        ("_page", "x"),
        ("_include", "Observation:code"),
        ("_include", "Patient:organization"),
        ("_include", "*"),
        ("_revinclude", "Provenance"),
        ("patient", "#x"),
    ],
)
def test_what_is_not_understood_is_refused_even_when_lenient(fhir: FhirCalls, name: str, value: str) -> None:
    answered = fhir.send("GET", "Observation", query=[(name, value)])
    assert answered.status == 400
    assert body_of(answered)["issue"][0]["diagnostics"]


def test_a_search_can_be_posted(fhir: FhirCalls) -> None:
    put(fhir, observation(id="a"), observation(id="b", status="amended"))
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    answered = body_of(fhir.send("POST", "Observation/_search", b"status=final&_count=5", query=[("code", "4548-4")], headers=form))
    assert matches(answered) == ["Observation/a"]
    assert link(answered, "self") == f"{BASE}/Observation?code=4548-4&status=final&_count=5"
    assert fhir.send("POST", "Observation/_search", b"\xff", headers=form).status == 400


def test_any_r4_type_is_stored_and_found_by_patient(fhir: FhirCalls) -> None:
    put(fhir, {"resourceType": "Immunization", "id": "i", "patient": {"reference": "Patient/p"}, "identifier": [{"value": "7"}]})
    put(fhir, {"resourceType": "CareTeam", "id": "c", "subject": {"reference": "Patient/p"}})
    assert found(fhir, "Immunization", ("patient", "p"), ("identifier", "7"), ("_id", "i")) == ["i"]
    assert found(fhir, "CareTeam", ("patient", "Patient/p"), ("subject", "Patient/p"), ("_id", "x,c")) == ["c"]


def test_ten_thousand_observations_are_searched_completely(server: LocalServer, fhir: FhirCalls) -> None:
    server.load(
        observation(id=f"o{at}", subject={"reference": f"Patient/{at % 20}"}, effectiveDateTime=f"20{10 + at % 16}") for at in range(10_000)
    )
    first = fhir.search("Observation", ("patient", "3"), ("_sort", "-date"), ("_count", "300"))
    assert [len(matches(page)) for page in pages(fhir, first)] == [300, 200]
