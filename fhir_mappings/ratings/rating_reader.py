"""Alliance ratings from the record. The response is the truth; a stored score is shown as it was stored, and a difference is said.

Total: whatever JSON a server returns, the result is a rating or a Skipped that says why not.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.instruments.instrument import Informant, Instrument, Scale
from fhir_mappings.instruments.library import Library
from fhir_mappings.instruments.scores import NOT_FOUND, Score
from fhir_mappings.instruments.scoring import score
from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment, parse_moment, position
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.possible_dates import REASONS, PossibleDates, date_problem
from fhir_mappings.r4.references import About, PatientOnServer, literal_reference, reference_in, references_in, source_of
from fhir_mappings.ratings.answers_reader import answer_words, read_answers
from fhir_mappings.ratings.corrections import Correction, answers_before, is_given_after_seen, read_corrections
from fhir_mappings.ratings.displaced import Displaced, displaced
from fhir_mappings.ratings.grouping import Grouping, StoredScore, Submitted, rank
from fhir_mappings.ratings.not_answered_reader import is_not_answered_code, says_not_answered
from fhir_mappings.ratings.rating import PROXY, Rating, form_named
from fhir_mappings.ratings.score_reader import Absence, ScoreCode, ScoreRefusal, absence_of, codes, number_of, own_code, status_refusal
from fhir_mappings.sentence import Sentence, full_sentence, joined
from fhir_mappings.skipped import Skipped, not_own

_RESPONSE, _OBSERVATION = "QuestionnaireResponse", "Observation"
_STANDING = {"completed": "final", "amended": "amended"}
# A language, in a region or not: what a form's own language is written as (BCP 47).
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{2})?", re.ASCII)
_HUNDREDTHS = Decimal("0.01")
_NOT_SCORED = Sentence("Stored, not scored: this version of the form is not known here.")
_GONE = Sentence("This version of the form is not installed any more, so its scores are shown and not judged.")
_NOT_STORED = Sentence("no score was stored")
_ANY_RATING = Sentence("Working-alliance rating")
_Found = tuple[list[Rating], list[Skipped]]


class _RatingReading(Struct, frozen=True, kw_only=True):
    """What one call reads by, and where it collects what it does not use; `base` is the canonical base, `server` the address of the FHIR
    server; `withdrawn` are the responses entered in error, `displaced` those that others stand in the place of or take back; days are of
    `zone`, and other than `possible` ones are not used."""

    library: Library
    codes: Mapping[str, ScoreCode]
    about: About
    base: str
    server: str
    zone: tzinfo
    skipped: list[Skipped]
    withdrawn: set[str]
    displaced: Displaced
    possible: PossibleDates | None


def read_ratings(
    library: Library,
    responses: Iterable[Mapping[str, Any]],
    observations: Iterable[Mapping[str, Any]],
    *,
    patient: PatientOnServer,
    base: str,
    zone: tzinfo = UTC,
    possible: PossibleDates | None = None,
) -> _Found:
    """The ratings of that patient, oldest first, and everything that is not one, with the reason. Never raises.

    `base` is the canonical base, `zone` the clinic's: a visit without an Encounter is its day there. `possible` are the
    dates a rating of theirs can have; others are listed.
    Foreign forms, forms that were not answered and Observations of other code systems are left alone.
    """
    given = list(responses)
    reading = _reading(library, given, patient, base, zone=zone, possible=possible)
    grouping = Grouping(base=base, server=patient.base)
    for response in given:
        _file_response(reading, grouping, response)
    usable = [stored for observation in observations if (stored := _stored(reading, observation)) is not None]
    for stored in sorted(usable, key=_is_member):
        grouping.add_observation(stored)
    ratings = [rating for submitted in grouping if not submitted.refused and (rating := _rating(reading, submitted)) is not None]
    return sorted(ratings, key=_place_in_time), reading.skipped


def _reading(
    library: Library, responses: Iterable[object], patient: PatientOnServer, base: str, *, zone: tzinfo, possible: PossibleDates | None
) -> _RatingReading:
    about = About(patient)
    own = (one for one in responses if isinstance(one, dict) and about.holds(one))
    return _RatingReading(
        library=library,
        codes=codes(library),
        about=about,
        base=base,
        server=patient.base,
        zone=zone,
        skipped=[],
        withdrawn=set(),
        displaced=displaced(own, base=base, server=patient.base),
        possible=possible,
    )


def _is_member(stored: StoredScore) -> bool:
    return stored.code.scale is not None


def _place_in_time(rating: Rating) -> tuple[tuple[date, float], str]:
    return position(rating.when), rating.source


# Responses


def _file_response(reading: _RatingReading, grouping: Grouping, response: object) -> None:
    """File a response of one of our forms, or list why it is not used."""
    if not isinstance(response, dict):
        reading.skipped.append(_unreadable(_RESPONSE))
        return
    judged = reading.about.whose(response)
    if judged.owner != "own":
        reading.skipped.append(not_own(response, judged))
        grouping.add_response(response, refused=True)
        return
    canonical = response.get("questionnaire")
    if not isinstance(canonical, str) or not reading.library.knows_form(canonical, reading.base):
        return
    displacement = _displacement(reading, response)
    if displacement is None and says_not_answered(response, base=reading.base):
        grouping.add_response(response, refused=True)
        return
    refusal = displacement or _response_refusal(reading, response, canonical)
    grouping.add_response(response, refused=refusal is not None)
    if refusal is not None:
        form = reading.library.for_questionnaire(canonical, reading.base)
        reading.skipped.append(_skipped(reading, response, _RESPONSE, refusal, form=form))
        if refusal.code == "entered_in_error":
            reading.withdrawn.add(source_of(response, _RESPONSE))


def _displacement(reading: _RatingReading, response: FhirJson) -> ScoreRefusal | None:
    """That another response takes it back or stands in its place; None where it stands itself."""
    source = source_of(response, _RESPONSE)
    if source in reading.displaced.retracted:
        reason = Sentence("Entered in error, still stored in the EHR: {source} says so.", source=reading.displaced.retracted[source])
        return ScoreRefusal(code="retracted", reason=reason)
    if source in reading.displaced.replaced:
        reason = Sentence("It was put right: {source} stands in its place.", source=reading.displaced.replaced[source])
        return ScoreRefusal(code="replaced", reason=reason)
    return None


def _response_refusal(reading: _RatingReading, response: FhirJson, canonical: str) -> ScoreRefusal | None:
    """Why a response of a form of ours is not used; None for one that stands."""
    status = _status(response)
    if status == "entered-in-error":
        return ScoreRefusal(code="entered_in_error", reason=Sentence("It was entered in error."))
    if not any((reading.library.for_questionnaire(canonical, reading.base), reading.library.gone_form(canonical, reading.base))):
        return ScoreRefusal(code="version_unknown", reason=_NOT_SCORED)
    if status not in _STANDING:
        return ScoreRefusal(code="not_completed", reason=Sentence("The form was not completed."))
    return None


def _status(resource: FhirJson) -> str:
    status = resource.get("status")
    return status.strip() if isinstance(status, str) else ""


# Observations


def _stored(reading: _RatingReading, observation: object) -> StoredScore | None:
    """A panel or score of ours that may be used; otherwise None, and the reason is listed where it is ours."""
    if not isinstance(observation, dict):
        reading.skipped.append(_unreadable(_OBSERVATION))
        return None
    judged = reading.about.whose(observation)
    if judged.owner != "own":
        reading.skipped.append(not_own(observation, judged))
        return None
    name = own_code(observation, canonicals.score_system(reading.base))
    if name is None or is_not_answered_code(name):
        return None
    code = reading.codes.get(name)
    if code is None:
        refusal = ScoreRefusal(code="code_unknown", reason=Sentence("Its code is not one of the scores known here."))
        reading.skipped.append(_skipped(reading, observation, _OBSERVATION, refusal, form=None))
        return None
    refused = status_refusal(observation.get("status"))
    if refused is not None:
        # One line for a rating withdrawn whole, not one for each of its scores.
        if reading.withdrawn.isdisjoint(references_in(observation.get("derivedFrom"), base=reading.server)):
            reading.skipped.append(
                _skipped(reading, observation, _OBSERVATION, refused, form=(code.instrument, code.informant), scale=code.scale)
            )
        return None
    return StoredScore(source=source_of(observation, _OBSERVATION), resource=observation, code=code)


# Ratings


def _rating(reading: _RatingReading, submitted: Submitted) -> Rating | None:
    """The rating of one submission; None, and a Skipped, where it cannot be placed."""
    if submitted.response is None and not submitted.observations:
        return None
    form = _form(reading, submitted)
    _list_copies(reading, submitted, form)
    stored = _own_scores(reading, submitted, form)
    response = submitted.response
    if response is not None and _is_gone(reading, response):
        _list_gone(reading, response, form, scored=any(one.code.scale for one in stored))
        if not any(one.code.scale for one in stored):
            return None
        # Its answers were given on other words than those of any version here.
        response = None
    parts = [one.resource for one in stored]
    main = submitted.response if submitted.response is not None else parts[0]
    kind = _RESPONSE if submitted.response is not None else _OBSERVATION
    if kind == _OBSERVATION and not _says_something(stored):
        refusal = ScoreRefusal(code="scores_missing", reason=Sentence("Neither its scores nor the answers could be read."))
        reading.skipped.append(_skipped(reading, main, kind, refusal, form=form))
        return None
    rates_one = form[0].rated == "clinician"
    clinician, when = _clinician(reading, main, parts) if rates_one else None, _when(reading, submitted.response, parts)
    unnamed = rates_one and clinician is None
    if unnamed or when is None:
        refusal = _clinician_missing() if unnamed else _date_missing()
        reading.skipped.append(_skipped(reading, main, kind, refusal, form=form))
        return None
    instrument, informant = form
    problem = date_problem(when, reading.possible) if reading.possible is not None else None
    if problem is not None:
        reading.skipped.append(_skipped(reading, main, kind, ScoreRefusal(code=problem, reason=REASONS[problem]), form=form))
        return None
    stored_answers = _answers(reading, instrument, response, form)
    corrections = _corrections(reading, submitted.response)
    answers = stored_answers if response is None else _counted(instrument, stored_answers, corrections)
    encounter = _encounter(reading, [main, *parts])
    answering = None if submitted.response is None else _answering(reading, submitted.response)
    language = None if submitted.response is None else _language(submitted.response, instrument)
    return Rating(
        instrument=instrument.slug,
        version=instrument.version,
        informant=informant,
        clinician=clinician,
        when=when,
        visit=encounter or when.day.isoformat(),
        encounter=encounter,
        scores=_scores(reading, form, None if response is None else answers, stored),
        answers=answers.values,
        declined=answers.declined,
        extra=answers.extra,
        standing=_STANDING.get(_status(main), _status(main)),
        source=source_of(main, kind),
        language=language,
        observer=_somebody_else(reading, informant, answering, [main, *parts]),
        version_told=submitted.response is not None or _has_one_version(reading, instrument),
        answering=answering,
        anchors={} if response is None else answer_words(instrument, response, language=language),
        corrections=corrections,
        after_seen=None if answers is stored_answers else stored_answers,
        given_after_seen=submitted.response is not None and is_given_after_seen(submitted.response, base=reading.base),
    )


def _corrections(reading: _RatingReading, response: FhirJson | None) -> tuple[Correction, ...]:
    return () if response is None else read_corrections(response, base=reading.base, server=reading.server, zone=reading.zone)


def _counted(instrument: Instrument, answers: Answers, corrections: Sequence[Correction]) -> Answers:
    """The answers that count: those before the first that their author changed once they had seen the other's rating; else the same."""
    seen = next((place for place, one in enumerate(corrections) if one.after_seen), None)
    return answers if seen is None else answers_before(instrument, answers, corrections[seen:])


def _answering(reading: _RatingReading, response: FhirJson) -> Answering | None:
    """Who said that they answer; None where it is not told, or in words of another version."""
    url, system = canonicals.answering(reading.base), canonicals.answering_system(reading.base)
    extensions = [one for one in _listed(response.get("extension")) if isinstance(one, dict) and one.get("url") == url]
    concepts = [one for each in extensions if isinstance(one := each.get("valueCodeableConcept"), dict)]
    codings = [coding for one in concepts for coding in _listed(one.get("coding")) if isinstance(coding, dict)]
    said = [coding.get("code") for coding in codings if coding.get("system") == system]
    return next((code for code in canonicals.ANSWERING if code in said), None)


def _somebody_else(reading: _RatingReading, informant: Informant, answering: Answering | None, resources: Iterable[FhirJson]) -> str | None:
    """Who answered where that is another person than the form is about: an observer, or somebody for the patient, of whom no more is
    known."""
    if informant == "observer":
        return _answered_by(reading, resources)
    return PROXY if informant == "patient" and answering == PROXY else None


def _has_one_version(reading: _RatingReading, instrument: Instrument) -> bool:
    return all(one.version == instrument.version for one in reading.library.instruments if one.slug == instrument.slug)


def _is_gone(reading: _RatingReading, response: FhirJson) -> bool:
    return reading.library.for_questionnaire(response["questionnaire"], reading.base) is None


def _list_gone(reading: _RatingReading, response: FhirJson, form: tuple[Instrument, Informant], *, scored: bool) -> None:
    """Say of a rating on a version whose file is gone what becomes of it."""
    refusal = ScoreRefusal(code="version_unknown", reason=_GONE if scored else _NOT_SCORED, shown=form[0].version)
    reading.skipped.append(_skipped(reading, response, _RESPONSE, refusal, form=form))


def _language(response: FhirJson, instrument: Instrument) -> str | None:
    """The language of the form as it was answered: the response's own, where that is another than the form's; a region alone makes none, as
    servers and browsers write their own. Without one the form's, as every form has one language."""
    written = response.get("language")
    if not isinstance(written, str) or not _TAG.fullmatch(written.strip()):
        return instrument.language
    language, _, region = written.strip().partition("-")
    if instrument.language and instrument.language.partition("-")[0] == language.lower():
        return instrument.language
    return f"{language.lower()}-{region.upper()}" if region else language.lower()


def _list_copies(reading: _RatingReading, submitted: Submitted, form: tuple[Instrument, Informant]) -> None:
    """Say which copies of the response gave way to which."""
    if submitted.response is not None:
        kept = source_of(submitted.response, _RESPONSE)
        refusal = ScoreRefusal(code="superseded", reason=Sentence("The same rating is there again, as {source}.", source=kept))
        reading.skipped.extend(_skipped(reading, copy, _RESPONSE, refusal, form=form) for copy in submitted.copies)


def _form(reading: _RatingReading, submitted: Submitted) -> tuple[Instrument, Informant]:
    """Whose form it is: the response's, else that of the first Observation."""
    if submitted.response is not None:
        canonical = submitted.response["questionnaire"]
        known = reading.library.for_questionnaire(canonical, reading.base) or reading.library.gone_form(canonical, reading.base)
        if known is not None:
            return known
    code = submitted.observations[0].code
    return code.instrument, code.informant


def _own_scores(reading: _RatingReading, submitted: Submitted, form: tuple[Instrument, Informant]) -> list[StoredScore]:
    """The panel and scores of that form, the best copy of each. Scores of a displaced copy of the response are not used."""
    best: dict[str, StoredScore] = {}
    for stored in submitted.observations:
        if (stored.code.instrument.slug, stored.code.informant) != (form[0].slug, form[1]):
            refusal = ScoreRefusal(code="score_of_another_form", reason=Sentence("It belongs to a rating of another form."))
            reading.skipped.append(_skipped(reading, stored.resource, _OBSERVATION, refusal, form=form))
        elif not _of_a_displaced_copy(reading, stored, submitted.response):
            key = stored.code.scale.key if stored.code.scale else ""
            if key not in best or rank(stored.resource) > rank(best[key].resource):
                best[key] = stored
    return list(best.values())


def _of_a_displaced_copy(reading: _RatingReading, stored: StoredScore, response: FhirJson | None) -> bool:
    if response is None:
        return False
    named = [one for one in references_in(stored.resource.get("derivedFrom"), base=reading.server) if one.startswith(f"{_RESPONSE}/")]
    return bool(named) and source_of(response, _RESPONSE) not in named


def _says_something(stored: Iterable[StoredScore]) -> bool:
    """A score, or a panel that says why there is none."""
    return any(one.code.scale is not None or "dataAbsentReason" in one.resource for one in stored)


def _answers(reading: _RatingReading, instrument: Instrument, response: FhirJson | None, form: tuple[Instrument, Informant]) -> Answers:
    """The answers; what could not be understood in them is listed."""
    if response is None:
        return Answers(values={}, declined=(), extra={})
    answers, odd = read_answers(instrument, response)
    for sentence in odd:
        refusal = ScoreRefusal(code="answer_unreadable", reason=full_sentence(sentence))
        reading.skipped.append(_skipped(reading, response, _RESPONSE, refusal, form=form))
    return answers


def _scores(
    reading: _RatingReading, form: tuple[Instrument, Informant], answers: Answers | None, stored: Iterable[StoredScore]
) -> dict[str, Score]:
    """Every scale: the stored number, else the recomputed one, else the reason why there is none."""
    instrument, kept = form[0], tuple(stored)
    why = next((absent for one in kept if one.code.scale is None and (absent := absence_of(one.resource))), None)
    found = score(instrument, answers.values) if answers else {scale.key: _unscored(scale, why) for scale in instrument.scales}
    if instrument.why_unscored is not None:
        _list_unvouched(reading, form, kept)
        return found
    for one in kept:
        scale = _own_scale(instrument, one.code.scale)
        if scale is not None:
            found[scale.key] = _shown(reading, form, one, scale, computed=found[scale.key], checked=answers is not None)
    return found


def _list_unvouched(reading: _RatingReading, form: tuple[Instrument, Informant], stored: Iterable[StoredScore]) -> None:
    """Say which stored scores are not shown because nobody here vouches for the key they were made by."""
    reason = joined(" ", (form[0].why_unscored or "", Sentence("The stored score is not shown.")))
    for one in stored:
        if one.code.scale is not None:
            refusal = ScoreRefusal(code="key_unconfirmed", reason=reason)
            reading.skipped.append(_skipped(reading, one.resource, _OBSERVATION, refusal, form=form, scale=one.code.scale))


def _own_scale(instrument: Instrument, scale: Scale | None) -> Scale | None:
    """The scale of that key in the version the answers were given on, which may count otherwise than the newest."""
    return next((one for one in instrument.scales if scale is not None and one.key == scale.key), None)


def _shown(
    reading: _RatingReading, form: tuple[Instrument, Informant], stored: StoredScore, scale: Scale, *, computed: Score, checked: bool
) -> Score:
    """The stored number, in words with its digits and for comparisons with two decimals, as it is scored here: the same answers are
    the same score whoever stored it. `checked` says that there are answers to compare it with."""
    absent = absence_of(stored.resource)
    if absent is not None:
        return _gap(reading, form, stored, scale, computed=computed, absent=absent)
    number = number_of(stored.resource, scale)
    if isinstance(number, ScoreRefusal):
        reading.skipped.append(_skipped(reading, stored.resource, _OBSERVATION, number, form=form, scale=scale))
        return computed
    if checked and not _agree(number, computed.value):
        reading.skipped.append(_skipped(reading, stored.resource, _OBSERVATION, _differs(number, computed), form=form, scale=scale))
    value = number.quantize(_HUNDREDTHS, ROUND_HALF_UP) if number != number.quantize(_HUNDREDTHS) else number
    return Score(
        key=scale.key, value=value, text=f"{number:f}", answered=computed.answered, of=computed.of, prorated=computed.prorated, reason=None
    )


def _gap(
    reading: _RatingReading, form: tuple[Instrument, Informant], stored: StoredScore, scale: Scale, *, computed: Score, absent: Absence
) -> Score:
    """What is stored as having no score has none, whatever the answers give; that they give one is said."""
    if computed.value is not None:
        reason = Sentence("It is {absent}; the answers give {computed}.", absent=absent.reason, computed=computed.text or "")
        reading.skipped.append(
            _skipped(reading, stored.resource, _OBSERVATION, ScoreRefusal(code="score_differs", reason=reason), form=form, scale=scale)
        )
    return replace(computed, value=None, text=None, prorated=False, reason=absent.reason, absent=absent.code)


def _agree(number: Decimal, computed: Decimal | None) -> bool:
    """Equal, or equal once more digits than ours are rounded away."""
    return computed is not None and computed in {number, number.quantize(_HUNDREDTHS, ROUND_HALF_UP)}


def _unscored(scale: Scale, why: Absence | None) -> Score:
    """A score that is not in the record, nor are the answers it could be made of; `why` as the panel says."""
    of = len(scale.items)
    reason, absent = (why.reason, why.code) if why else (_NOT_STORED, NOT_FOUND)
    return Score(key=scale.key, value=None, text=None, answered=0, of=of, prorated=False, reason=reason, absent=absent)


def _clinician(reading: _RatingReading, main: FhirJson, parts: Iterable[FhirJson]) -> Person | None:
    """The rated person: the response's extension, else the first focus of its Observations."""
    extensions = main.get("extension")
    url = canonicals.rated_clinician(reading.base)
    named = (
        [one.get("valueReference") for one in extensions if isinstance(one, dict) and one.get("url") == url]
        if isinstance(extensions, list)
        else []
    )
    focused = [focus[0] for part in parts if isinstance(focus := part.get("focus"), list) and focus]
    return next((person for node in (*named, *focused) if (person := _person(reading, node)) is not None), None)


def _person(reading: _RatingReading, node: object) -> Person | None:
    """A clinician; one whose entry is on another server by its whole address."""
    named = literal_reference(node.get("reference"), base=reading.server) if isinstance(node, dict) else None
    if named is None or not isinstance(node, dict) or not is_clinician(named.type):
        return None
    display = node.get("display")
    return Person(reference=named.text, name=display if isinstance(display, str) and display.strip() else None)


def _answered_by(reading: _RatingReading, resources: Iterable[FhirJson]) -> str | None:
    """Who answered: the response's source, else the performer of its scores."""
    nodes = (node for one in resources for node in (one.get("source"), *_listed(one.get("performer"))))
    named = (literal_reference(node.get("reference"), base=reading.server) for node in nodes if isinstance(node, dict))
    return next((one.text for one in named if one is not None), None)


def _listed(node: object) -> list[Any]:
    return node if isinstance(node, list) else []


def _when(reading: _RatingReading, response: FhirJson | None, parts: Iterable[FhirJson]) -> Moment | None:
    authored = parse_moment(response.get("authored"), reading.zone) if response is not None else None
    effective = (moment for part in parts if (moment := parse_moment(part.get("effectiveDateTime"), reading.zone)) is not None)
    return authored or next(effective, None)


def _encounter(reading: _RatingReading, resources: Iterable[FhirJson]) -> str | None:
    found = (reference_in(resource.get("encounter"), base=reading.server) for resource in resources)
    return next((reference for reference in found if reference and reference.startswith("Encounter/")), None)


# What is said about the rest


def _skipped(
    reading: _RatingReading,
    resource: FhirJson,
    kind: str,
    refusal: ScoreRefusal,
    *,
    form: tuple[Instrument, Informant] | None,
    scale: Scale | None = None,
) -> Skipped:
    when = parse_moment(resource.get("authored" if kind == _RESPONSE else "effectiveDateTime"), reading.zone)
    return Skipped(
        source=source_of(resource, kind),
        measure=form[0].slug if form else None,
        what=_what(form, scale),
        when=when,
        shown=refusal.shown,
        reason=refusal.reason,
        code=refusal.code,
        remedy=_REMEDIES.get(refusal.code),
    )


def _what(form: tuple[Instrument, Informant] | None, scale: Scale | None) -> Sentence:
    if form is None:
        return _ANY_RATING
    named = form_named(form[0].title, form[1])
    return joined(", ", (named, scale.title_within)) if scale else named


def _unreadable(kind: str) -> Skipped:
    return Skipped(
        source=f"{kind}/(no id)",
        measure=None,
        what=Sentence("Entry"),
        when=None,
        shown=None,
        reason=Sentence("It is no FHIR resource."),
        code="unreadable",
    )


def _differs(number: Decimal, computed: Score) -> ScoreRefusal:
    stored = f"{number:f}"
    if computed.text:
        reason = Sentence("{stored} is stored and shown; the answers give {computed}.", stored=stored, computed=computed.text)
    else:
        why = computed.reason or ""
        reason = Sentence("{stored} is stored and shown; the answers give none ({why}).", stored=stored, why=why)
    return ScoreRefusal(code="score_differs", reason=reason, shown=stored)


def _clinician_missing() -> ScoreRefusal:
    return ScoreRefusal(code="clinician_missing", reason=Sentence("It does not say which clinician is rated."))


def _date_missing() -> ScoreRefusal:
    return ScoreRefusal(code="date_missing", reason=Sentence("It has no date that can be read."))


_REMEDIES = {
    "version_unknown": Sentence("Install the version of the instrument that the form names."),
    "score_differs": Sentence("Compare the stored answers with the stored score in the record."),
    "clinician_missing": Sentence("Name the rated clinician in the record."),
    "key_unconfirmed": Sentence("Compare the key with the licensed form and confirm it."),
    **dict.fromkeys(("date_missing", *REASONS), Sentence("Correct the date in the record.")),
}
