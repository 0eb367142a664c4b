"""A wording pack words exactly the instrument it names, on the leave it states, or is refused by file, key and page."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.instruments.instrument import Confirmation, Instrument
from fhir_mappings.instruments.library import Library, load_library
from fhir_mappings.instruments.scoring import score
from fhir_mappings.instruments.scoring_key import fingerprint
from fhir_mappings.instruments.toml_reader import problems, read_instrument
from fhir_mappings.site.installation import Installed, install
from fhir_mappings.site.key_confirmations import Confirmed, as_toml, read_confirmations
from fhir_mappings.site.wording_packs import PAGE, read_pack, worded_by
from tests.fhir_mappings.packed import CANARY, HEAD, KEY, PACK, STRUCTURE, TODAY, keyless, shipped, structure
from tests.fhir_mappings.samples import BASE


def applied(text: str, to: Instrument | None = None) -> Instrument:
    return worded_by(read_pack(text, file="de.toml", today=TODAY), to or structure())


def refused(text: str, to: Instrument | None = None) -> DataFileError:
    with pytest.raises(DataFileError) as caught:
        applied(text, to)
    assert (caught.value.file, caught.value.page) == ("de.toml", PAGE)
    assert all(part in str(caught.value) for part in ("de.toml", caught.value.key, PAGE))
    return caught.value


def changed(old: str, new: str, text: str = PACK) -> str:
    assert old in text
    return text.replace(old, new, 1)


def site(library: Library | None = None, *, today: date = TODAY, **files: str) -> Installed:
    return install(library or shipped(), [(f"{name}.toml", text) for name, text in files.items()], today=today)


def refusal_of(read: Callable[[], object]) -> DataFileError | None:
    try:
        read()
    except DataFileError as refusal:
        return refusal
    return None


# What a pack does


def test_a_pack_gives_every_form_its_words_and_changes_no_score() -> None:
    worded, plain = applied(PACK), structure()
    assert worded.language == "de"
    assert worded.forms["patient"].title == f"Fragebogen {CANARY}"
    assert worded.item("item-4").text["clinician"] == f"Sentence 4 {CANARY} for the clinician."
    assert [option.label for option in worded.options] == [f"nie {CANARY}", f"manchmal {CANARY}", f"immer {CANARY}"]
    assert all(worded.worded(informant) for informant in worded.forms)
    assert fingerprint(worded) == fingerprint(plain)
    assert (worded.scales, worded.reliability, worded.why_unscored) == (plain.scales, plain.reliability, plain.why_unscored)
    assert list(problems(worded)) == []


def test_a_packs_leave_decides_what_may_be_done_with_its_words() -> None:
    worded = applied(PACK)
    assert [scope for scope in ("display", "store", "redistribute") if worded.may(scope)] == ["display", "store"]
    assert worded.wording is not None
    assert (worded.wording.granted_by, worded.wording.granted_on) == ("Society for Invented Scales", date(2026, 1, 15))


def test_a_pack_may_word_one_form_and_leave_the_other_to_the_sheet() -> None:
    one = "\n".join(line for line in PACK.splitlines() if "clinician" not in line and "Ihre Sicht" not in line)
    worded = applied(one)
    assert worded.worded("patient")
    assert not worded.worded("clinician")
    assert "clinician" in worded.forms


def test_a_pack_brings_a_key_where_the_file_has_none() -> None:
    worded = applied(PACK + KEY, keyless())
    assert worded.why_unscored is None
    assert worded.confirmation == Confirmation(by="S. Lindqvist", on=date(2026, 2, 1), source="scoring sheet of the licensed form, page 2")
    found = score(worded, {"item-1": 3, "item-2": 3, "item-3": 1, "item-4": 3})
    assert {key: one.text for key, one in found.items()} == {"total": "3.00", "first": "3.00"}
    assert [item.scale for item in worded.items] == ["first", "first", None, None]
    assert {claim.certainty for claim in worded.claims if claim.part != "options"} == {"unverified"}
    assert list(problems(worded)) == []


def test_statistics_of_another_key_do_not_follow_a_sites_own() -> None:
    assert applied(PACK + KEY).reliability == ()


def test_confirming_the_files_own_key_in_a_pack_keeps_its_sources_and_statistics() -> None:
    scale = '[[key.scale]]\nkey = "total"\ntitle = "T"\nabout = "a"\nmethod = "sum"\nitems = [4, 3, 2, 1]\n'
    key = (
        KEY[: KEY.index("[[key.scale]]")]
        .replace("2\nreverse = false", "2\nreverse = true")
        .replace("3\nreverse = true", "3\nreverse = false")
    )
    worded = applied(PACK + key + scale)
    assert worded.why_unscored is None
    assert (worded.claims, worded.reliability) == (structure().claims, structure().reliability)


def test_a_translation_of_a_shipped_instrument_words_headings_and_questions_too() -> None:
    check_in = load_library().get("rapport-check-in")
    assert "question" in refused(_check_in_pack(check_in, questions=False), check_in).key
    assert "section" in refused(_check_in_pack(check_in, sections=False), check_in).key
    worded = applied(_check_in_pack(check_in), check_in)
    assert {text for section in worded.sections for text in section.title.values()} == {"Titel"}
    assert worded.questions[0].options[0].label == "Wahl"
    assert "clinician" in refused(_check_in_pack(check_in, informants=("patient",)), check_in).key


def _check_in_pack(
    check_in: Instrument, *, sections: bool = True, questions: bool = True, informants: tuple[str, ...] = ("patient", "clinician")
) -> str:
    def each(name: str, text: str) -> str:
        return "\n".join(f'{name}.{one} = "{text}"' for one in informants)

    parts = [changed('"wai-sr"', '"rapport-check-in"', HEAD).replace("1.0.0", check_in.version)]
    parts += [f'[form.{one}]\ntitle = "Ihre Sicht auf {{clinician}}"' for one in informants]
    parts += [f'[[option]]\ncode = "{one.code}"\nlabel = "Antwort"' for one in check_in.options]
    parts += [f"[[item]]\nnumber = {one.number}\n{each('text', 'Satz')}" for one in check_in.items]
    if sections:
        parts += [f'[[section]]\nkey = "{one.key}"\n{each("title", "Titel")}\n{each("help", "Hilfe")}' for one in check_in.sections]
    for one in check_in.questions if questions else ():
        parts.append(f'[[question]]\nlink_id = "{one.link_id}"\n{each("text", "Frage")}')
        parts += [f'[[question.option]]\ncode = "{option.code}"\nlabel = "Wahl"' for option in one.options]
    return "\n".join(parts)


# What is refused


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("[pack]", "[pack]\nauthor = 1", "pack.author"),
        ('language = "de"', 'language = "German"', "pack.language"),
        ('language = "de"', "language = 5", "pack.language"),
        ("granted_on = 2026-01-15", 'granted_on = "2026-01-15"', "permission.granted_on"),
        ("granted_on = 2026-01-15", "granted_on = 2026-01-15T10:00:00", "permission.granted_on"),
        ("granted_on = 2026-01-15", "granted_on = 2026-03-06", "permission.granted_on"),
        ("expires = 2026-12-31", "expires = 2025-12-31", "permission.expires"),
        ('scopes = ["display", "store"]', 'scopes = ["store", "redistribute"]', "permission.scopes"),
        ('scopes = ["display", "store"]', "scopes = []", "permission.scopes"),
        ('scopes = ["display", "store"]', 'scopes = ["everything"]', "permission.scopes.0"),
        ('granted_by = "Society for Invented Scales"', 'granted_by = " "', "permission.granted_by"),
        ('reference = "letter of 15 January 2026"', "", "permission.reference"),
        ("number = 4", "number = 5", "item"),
        ("number = 4", "number = 3", "item"),
        ("number = 4", 'number = "4"', "item.3.number"),
        ("number = 4", "number = 0x" + "f" * 3900, "item.3.number"),
        ('code = "3"', 'code = "9"', "option"),
        ('code = "3"', 'code = "2"', "option"),
        ("[form.clinician]", "[form.observer]", "form.observer"),
        ("[form.clinician]", "[form.nurse]", "form.nurse"),
        ("text.clinician", "text.observer", "item 1: text.observer"),
        (f'text.clinician = "Sentence 1 {CANARY} for the clinician."', "", "item 1: text.clinician"),
        ("Sentence 1", "<<text of item 1>>", "item.0.text.patient"),
        ("Sentence 1", "{doctor} says", "item.0.text.patient"),
        ("Sentence 1", "\\u202Eecnetnes", "item.0.text.patient"),
        ("Sentence 1", "\\u0000", "item.0.text.patient"),
        ("Sentence 1", "two\\nlines", "item.0.text.patient"),
        ("Sentence 1", "long " * 300, "item.0.text.patient"),
        ("Denken Sie an heute.", "\\u2066", "form.patient.intro"),
        ("[form.patient]", "[form.patient]\n[form.patient]", "(syntax)"),
        ("[pack]", "x = " + "[" * 3000 + "\n[pack]", "(syntax)"),
        ("[pack]", "x = " + "9" * 4350 + "\n[pack]", "(line 2)"),
        ("[pack]", "a." * 2500 + "b = 1\n[pack]", "(line 2)"),
        ("[pack]", "a." * 201 + "b = 1\n[pack]", "(line 2)"),
        ("[pack]", "[pack", "(syntax)"),
    ],
)
def test_a_pack_that_is_wrong_is_refused_where_it_is_wrong(old: str, new: str, key: str) -> None:
    assert refused(changed(old, new)).key == key


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("confirmed_on = 2026-02-01", "confirmed_on = 2026-04-01", "key.confirmed_on"),
        ("[[key.item]]\nnumber = 4\nreverse = false\n", "", "key.item"),
        ("items = [1, 2]", "items = [1, 9]", "scale.first.items"),
        ("items = [1, 2]", "items = [1, 1]", "scale.first.items"),
        ('key = "first"', 'key = "panel"', "scale"),
        ('key = "first"', 'key = "total"', "scale"),
        ("min_answered = 3", "min_answered = 5", "scale.total.min_answered"),
        ("min_answered = 3", 'factor = "ten"', "key.scale.0.factor"),
        ("min_answered = 3", 'factor = "1E999999"', "key.scale.0.factor"),
        ("min_answered = 3", 'factor = "NaN"', "key.scale.0.factor"),
        ("min_answered = 3", 'needs = ["hope"]', "scale.total.needs"),
        ('method = "mean"', 'method = "median"', "key.scale.0.method"),
    ],
)
def test_a_key_that_is_wrong_is_refused_by_the_rules_of_instrument_files(old: str, new: str, key: str) -> None:
    assert refused(PACK + changed(old, new, KEY)).key == key


def test_a_verified_key_is_not_replaced_by_a_sites_own() -> None:
    sure = structure(STRUCTURE.replace('certainty = "unverified"', 'certainty = "verified"'))
    assert "verified" in refused(PACK + KEY, sure).problem


def test_nothing_is_put_to_an_instrument_that_is_only_described_or_ships_in_that_language() -> None:
    described = STRUCTURE[: STRUCTURE.index("[[option]]")]
    assert refused(PACK, read_instrument(described, file="wai-sr.toml")).key == "pack.instrument"
    check_in = load_library().get("rapport-check-in")
    assert refused(_check_in_pack(check_in).replace('language = "de"', 'language = "en"'), check_in).key == "pack.language"


def test_ten_megabytes_are_refused_before_anybody_parses_them() -> None:
    assert "KiB" in refused("# " + "x" * 10_000_000).problem
    assert "KiB" in refused("#\n" * 5_000_000).problem


@settings(deadline=None)
@given(st.text())
def test_no_text_makes_reading_a_pack_fail_in_another_way(text: str) -> None:
    for given_text in (text, f"{PACK}{text}", PACK.replace("Sentence 1", text), f"[pack]\n{text}"):
        refusal = refusal_of(partial(read_pack, given_text, file="any.toml", today=TODAY))
        assert refusal is None or refusal.page == PAGE


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(
    place=st.sampled_from(["instrument", "version", "language", "granted_by", "granted_on", "scopes", "title", "code", "label", "number"]),
    value=_VALUES,
)
def test_no_value_of_another_type_makes_reading_a_pack_fail_in_another_way(place: str, value: object) -> None:
    lines = [f"{place} = {_toml(value)}" if line.startswith(f"{place} = ") else line for line in PACK.splitlines()]
    refusal = refusal_of(partial(applied, "\n".join(lines)))
    assert refusal is None or str(refusal).isprintable()


def _toml(value: object) -> str:
    """A value as inline TOML; None as a float, which no place takes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(str(key))} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(one):08x}" for one in value) + '"'
    return "nan" if value is None else str(value).lower()


# The site's files


def test_the_library_holds_the_shipped_instrument_and_one_in_each_packs_language() -> None:
    found = site(de=PACK, fr=PACK.replace('language = "de"', 'language = "fr"'))
    assert (found.broken, found.set_aside) == ((), ())
    assert [one.language for one in found.library.instruments] == [None, "de", "fr"]
    assert found.library.get("wai-sr", language="fr").language == "fr"
    assert found.library.get("wai-sr", language="it").language is None
    assert found.library.newest == shipped().instruments


def test_without_a_file_the_instruments_are_those_that_ship() -> None:
    assert site().library == shipped()


def test_a_pack_whose_permission_has_ended_is_shown_to_nobody_but_its_responses_are_still_read() -> None:
    last = date(2026, 12, 31)
    assert site(de=PACK + KEY, today=last).set_aside == ()
    found = site(de=PACK + KEY, today=last + timedelta(days=1))
    [aside] = found.set_aside
    assert (aside.code, found.packs) == ("permission_expired", ())
    assert found.library.get("wai-sr", language="de").language is None
    form = found.library.for_questionnaire(f"{BASE}/Questionnaire/wai-sr-patient-de|1.0.0", BASE)
    assert form is not None
    assert form[0].why_unscored is None
    assert CANARY not in repr(found.library)


def test_a_renewed_pack_takes_the_place_of_the_ended_one() -> None:
    found = site(a=PACK, b=PACK.replace("expires = 2026-12-31", ""), today=date(2027, 1, 1))
    assert [one.language for one in found.library.instruments] == [None, "de"]
    assert found.library.get("wai-sr", language="de").may("display")


def test_a_response_in_a_language_whose_pack_is_gone_is_still_known_as_ours() -> None:
    library = site().library
    gone = f"{BASE}/Questionnaire/wai-sr-patient-pt-BR|1.0.0"
    assert library.knows_form(gone, BASE)
    assert library.for_questionnaire(gone, BASE) is None
    assert not library.knows_form(f"{BASE}/Questionnaire/other-patient-de|1.0.0", BASE)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"wai-sr"', '"../../etc/passwd"', "instrument_unknown"),
        ('"wai-sr"', '"sai-wr"', "instrument_unknown"),
        ('"1.0.0"', '"2.0.0"', "version_unknown"),
    ],
)
def test_a_pack_for_nothing_known_is_set_aside_and_says_what_is_known(old: str, new: str, code: str) -> None:
    found = site(de=changed(old, new))
    [aside] = found.set_aside
    assert aside.code == code
    assert "wai-sr" in aside.reason
    assert found.library == shipped()


def test_a_second_pack_of_the_same_is_named_as_broken() -> None:
    found = site(de=PACK, twin=PACK)
    assert ([one.file for one in found.broken], len(found.packs)) == (["twin.toml"], 1)


# Confirmations


def confirmation(instrument: Instrument, **more: str) -> Confirmed:
    said = Confirmation(by=more.get("by", "S. Lindqvist"), on=date(2026, 2, 1), source=more.get("source", 'page 2, "scoring"'))
    return Confirmed(slug=instrument.slug, version=instrument.version, key=more.get("key", fingerprint(instrument)), confirmation=said)


@settings(deadline=None)
@given(by=st.text(min_size=1), source=st.text(min_size=1))
def test_a_confirmation_that_is_written_is_read_back_or_refused(by: str, source: str) -> None:
    given_one = confirmation(structure(), by=by, source=source)
    read = partial(read_confirmations, as_toml(given_one), file="c.toml", today=TODAY)
    refusal = refusal_of(read)
    if refusal is None:
        assert read() == (given_one,)
    else:
        assert refusal.key.startswith(("confirmation.0.", "(syntax)", "(line"))


def test_a_confirmed_key_scores_in_every_language() -> None:
    found = site(de=PACK, confirmations=as_toml(confirmation(structure())))
    assert (found.set_aside, found.broken) == ((), ())
    assert [one.why_unscored for one in found.library.instruments] == [None, None]


def test_a_changed_key_needs_a_new_confirmation() -> None:
    old = confirmation(structure(), key="0" * 64)
    found = site(confirmations=as_toml(old))
    [aside] = found.set_aside
    assert aside.code == "key_changed"
    assert "rapport instruments confirm wai-sr" in aside.reason
    assert found.library.get("wai-sr").why_unscored is not None
    again = site(confirmations=as_toml(old) + as_toml(confirmation(structure())))
    assert again.set_aside == ()
    assert again.library.get("wai-sr").why_unscored is None


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("on = 2026-02-01", "on = 2026-05-01", "confirmation.0.on"),
        ('by = "S. Lindqvist"', 'by = ""', "confirmation.0.by"),
        ("[[confirmation]]", '[[confirmation]]\nwho = "me"', "confirmation.0.who"),
        ('key = "', 'key = "x', "confirmation.0.key"),
    ],
)
def test_a_broken_confirmation_is_named_and_confirms_nothing(old: str, new: str, key: str) -> None:
    found = site(confirmations=changed(old, new, as_toml(confirmation(structure()))))
    [broken] = found.broken
    assert (broken.file, broken.key) == ("confirmations.toml", key)
    assert found.library.get("wai-sr").why_unscored is not None


# The fingerprint


def test_the_fingerprint_is_the_documented_one() -> None:
    scale = '{"factor":"1","items":[1,2,3,4],"key":"total","method":"sum","min_answered":4,"needs":[]}'
    text = f'{{"format":1,"options":[["1",1],["2",2],["3",3]],"reversed":[2],"scales":[{scale}]}}'
    assert fingerprint(structure()) == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("reverse = true", "reverse = false"),
        ('code = "3"\nvalue = 3', 'code = "3"\nvalue = 4'),
        ('code = "3"\nvalue = 3', 'code = "3"'),
        ('method = "sum"', 'method = "mean"'),
        ("items = [1, 2, 3, 4]", "items = [1, 2, 3]"),
        ("items = [1, 2, 3, 4]", "items = [1, 2, 3, 4]\nfactor = 2"),
        ('key = "total"\ntitle', 'key = "sum"\ntitle'),
    ],
)
def test_whatever_changes_a_score_changes_the_fingerprint(old: str, new: str) -> None:
    plain = STRUCTURE[: STRUCTURE.index("[[reliability]]")]
    assert fingerprint(structure(changed(old, new, plain))) != fingerprint(structure(plain))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("items = [1, 2, 3, 4]", "items = [4, 2, 3, 1]"),
        ('about = "sum of the items"', 'about = "all of them"'),
        ("items = [1, 2, 3, 4]", 'items = [1, 2, 3, 4]\nfactor = "1.00"'),
        ('version = "1.0.0"', 'version = "1.0.1"'),
        ("number = 3", 'number = 3\nlink_id = "third"'),
    ],
)
def test_whatever_changes_no_score_leaves_the_fingerprint(old: str, new: str) -> None:
    assert fingerprint(structure(changed(old, new, STRUCTURE))) == fingerprint(structure())
