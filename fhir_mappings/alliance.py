"""Alliance ratings from the record: responses, the scores stored with them, and everything of ours that cannot be used.

The response is the truth about what was answered; a stored score is shown as it was stored, and a recomputed one that differs is said.
Nothing raises, and nothing of another patient is used.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fhir_mappings import canonicals
from fhir_mappings.instrument import Informant, Instrument
from fhir_mappings.library import Library
from fhir_mappings.measurement import Skipped
from fhir_mappings.moment import Moment
from fhir_mappings.moments import parse_moment
from fhir_mappings.rating import Person, Rating, Score
from fhir_mappings.readers import foreign
from fhir_mappings.references import identifiers_in, is_about, reference_in, references_in, source_of
from fhir_mappings.response import read_answers
from fhir_mappings.scoring import score
from fhir_mappings.series import position
from fhir_mappings.stored_score import Code, Refusal, codes, number_of, own_code, status_refusal

Json = Mapping[str, Any]
_ANSWERED = {"completed": "final", "amended": "amended"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """A score Observation of ours that counts."""

    code: Code
    number: Decimal | None
    observation: Json
    source: str


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One run over the record: what was found so far, and what is listed instead."""

    library: Library
    base: str
    patient: str
    ratings: list[Rating] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def skip(self, resource: Json, code: str, reason: str, *, slug: str | None = None, shown: str | None = None) -> None:
        """List a resource of this patient that is not used."""
        kind = "Alliance score" if resource.get("resourceType") == "Observation" else "Alliance rating"
        when = _when(resource)
        source = _source(resource)
        self.skipped.append(Skipped(source=source, measure=slug, what=kind, when=when, shown=shown, reason=reason, code=code))


def read_ratings(
    library: Library, responses: Iterable[Json], observations: Iterable[Json], *, patient: str, base: str
) -> tuple[list[Rating], list[Skipped]]:
    """Every rating of Patient/`patient` on an instrument of the library, oldest first, and what of ours is not used, with its reason."""
    reading = _Reading(library=library, base=base, patient=patient)
    scores = _by_response(reading, _stored(reading, observations))
    for response in _newest(reading, _own(reading, responses)):
        _read_response(reading, response, scores.pop(_source(response), []))
    for group in scores.values():
        _read_scores_alone(reading, group)
    return sorted(reading.ratings, key=lambda rating: (position(rating.when), rating.source)), reading.skipped


def _own(reading: _Reading, resources: Iterable[Json]) -> Iterable[Json]:
    """The resources that are about this patient; the others are listed by id alone."""
    for resource in resources:
        if not isinstance(resource, dict):
            continue
        if is_about(resource, reading.patient):
            yield resource
        else:
            reading.skipped.append(foreign(resource))


# Responses --------------------------------------------------------------------------------------------------------------


def _newest(reading: _Reading, responses: Iterable[Json]) -> list[Json]:
    """One response per submission: of two with the same identifier the later one counts, and the other is listed."""
    best: dict[object, Json] = {}
    for place, response in enumerate(responses):
        key = _submission_key(response, reading.base) or place
        other = best.get(key)
        if other is None or _rank(response) > _rank(other):
            best[key] = response
        if other is not None:
            dropped = response if best[key] is other else other
            reading.skip(dropped, "superseded", f"The same rating is there again, as {_source(best[key])}.")
    return list(best.values())


def _rank(response: Json) -> tuple[bool, str]:
    meta = response.get("meta")
    updated = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return response.get("status") == "amended", updated if isinstance(updated, str) else ""


def _submission_key(resource: Json, base: str) -> str | None:
    """The identifier of ours, of a response (one) or an Observation (several)."""
    return next(identifiers_in(resource.get("identifier"), canonicals.submission_system(base)), None)


def _read_response(reading: _Reading, response: Json, stored: Sequence[_Stored]) -> None:
    """One response with the scores stored beside it, as a rating or as a skipped entry."""
    canonical = response.get("questionnaire")
    if not isinstance(canonical, str):
        return
    form = reading.library.for_questionnaire(canonical, reading.base)
    if form is None:
        _unknown_version(reading, response, canonical)
        return
    instrument, informant = form
    standing = _standing(reading, response, instrument)
    when = _when(response)
    clinician = _rated(response, stored, reading.base)
    if standing is None:
        return
    if when is None:
        reading.skip(response, "date_missing", "No date is recorded that could be read.", slug=instrument.slug)
    elif clinician is None:
        reading.skip(response, "clinician_missing", "It does not say which clinician was rated.", slug=instrument.slug)
    else:
        _add(reading, response, stored, form=(instrument, informant), standing=standing, when=when, clinician=clinician)


def _unknown_version(reading: _Reading, response: Json, canonical: str) -> None:
    """A form of ours in a version that this program does not know is listed; a foreign form is none of our business."""
    if reading.library.knows_form(canonical, reading.base):
        version = canonical.partition("|")[2] or "none"
        reading.skip(response, "version_unknown", f"Stored, not scored: version {version} of the form is not known here.")


def _standing(reading: _Reading, response: Json, instrument: Instrument) -> str | None:
    """How settled a response is; None, and listed, for one that does not count."""
    status = response.get("status")
    name = status.strip() if isinstance(status, str) else ""
    if name in _ANSWERED:
        return _ANSWERED[name]
    if name == "entered-in-error":
        reading.skip(response, "entered_in_error", "Marked entered in error by the source.", slug=instrument.slug)
    else:
        reading.skip(response, "not_completed", f"Its status is {name or 'missing'}: it was not completed.", slug=instrument.slug)
    return None


def _add(
    reading: _Reading,
    response: Json,
    stored: Sequence[_Stored],
    *,
    form: tuple[Instrument, Informant],
    standing: str,
    when: Moment,
    clinician: Person,
) -> None:
    """The rating of a response that counts."""
    instrument, informant = form
    answers, odd = read_answers(instrument, response)
    for problem in odd:
        reading.skip(response, "answer_unreadable", f"Not used: {problem}.", slug=instrument.slug)
    encounter = reference_in(response.get("encounter"))
    reading.ratings.append(
        Rating(
            instrument=instrument.slug,
            version=instrument.version,
            informant=informant,
            clinician=clinician,
            when=when,
            visit=encounter or when.day.isoformat(),
            encounter=encounter,
            scores=_scores(reading, score(instrument, answers.values), stored, form=form),
            answers=answers.values,
            declined=answers.declined,
            extra=answers.extra,
            standing=standing,
            source=_source(response),
        )
    )


def _scores(
    reading: _Reading, computed: dict[str, Score], stored: Sequence[_Stored], *, form: tuple[Instrument, Informant]
) -> dict[str, Score]:
    """The stored number where there is one, the computed one elsewhere; a difference is listed."""
    for one in stored:
        if one.code.scale is None or one.number is None or (one.code.instrument, one.code.informant) != form:
            continue
        key, own = one.code.scale.key, computed[one.code.scale.key]
        if own.value != one.number:
            told = f"Stored as {one.number:f}, but the answers give {own.text or own.reason}. The stored number is shown."
            reading.skip(one.observation, "score_differs", told, slug=form[0].slug, shown=f"{one.number:f}")
        computed[key] = _as_stored(own, one.number)
    return computed


def _as_stored(own: Score, number: Decimal) -> Score:
    return Score(
        key=own.key, value=number, text=f"{number:f}", answered=own.answered, of=own.of, prorated=0 < own.answered < own.of, reason=None
    )


# Scores -----------------------------------------------------------------------------------------------------------------


def _stored(reading: _Reading, observations: Iterable[Json]) -> Iterable[_Stored]:
    """Panels and scores of ours that count; the others of ours are listed."""
    system = canonicals.score_system(reading.base)
    known = codes(reading.library)
    for observation in _own(reading, observations):
        name = own_code(observation, system)
        if name is None:
            continue
        code = known.get(name)
        if code is None:
            reading.skip(observation, "code_unknown", f"The score {name[:40]} is not known here.")
            continue
        refusal = status_refusal(observation.get("status"))
        number = number_of(observation, code.scale) if code.scale and refusal is None else None
        refusal = number if isinstance(number, Refusal) else refusal
        if refusal is not None:
            reading.skip(observation, refusal.code, refusal.reason, slug=code.instrument.slug, shown=refusal.shown)
        else:
            yield _Stored(
                code=code, number=None if isinstance(number, Refusal) else number, observation=observation, source=_source(observation)
            )


def _by_response(reading: _Reading, stored: Iterable[_Stored]) -> dict[str, list[_Stored]]:
    """Scores by the response they were derived from; without one, by the submission or the panel they belong to."""
    found = list(stored)
    panels = {member: one.source for one in found if one.code.scale is None for member in references_in(one.observation.get("hasMember"))}
    groups: dict[str, list[_Stored]] = {}
    for one in found:
        derived = [source for source in references_in(one.observation.get("derivedFrom")) if source.startswith("QuestionnaireResponse/")]
        key = _submission_key(one.observation, reading.base)
        submission = key.rpartition(".")[0] if key else None
        name = next(iter(derived), None) or submission or panels.get(one.source) or one.source
        groups.setdefault(name, []).append(one)
    return groups


def _read_scores_alone(reading: _Reading, group: Sequence[_Stored]) -> None:
    """Scores whose response cannot be read still make a rating: without answers."""
    first = next((one for one in group if one.code.scale is None), group[0])
    numbers = {one.code.scale.key: one.number for one in group if one.code.scale is not None and one.number is not None}
    instrument, when = first.code.instrument, _when(first.observation)
    clinician = _rated({}, group, reading.base)
    if not numbers:
        return
    if when is None:
        reading.skip(first.observation, "date_missing", "No date is recorded that could be read.", slug=instrument.slug)
        return
    if clinician is None:
        reading.skip(first.observation, "clinician_missing", "It does not say which clinician was rated.", slug=instrument.slug)
        return
    encounter = reference_in(first.observation.get("encounter"))
    reading.ratings.append(
        Rating(
            instrument=instrument.slug,
            version=instrument.version,
            informant=first.code.informant,
            clinician=clinician,
            when=when,
            visit=encounter or when.day.isoformat(),
            encounter=encounter,
            scores={scale.key: _alone(instrument, scale.key, numbers.get(scale.key)) for scale in instrument.scales},
            answers={},
            declined=(),
            extra={},
            standing="final",
            source=first.source,
        )
    )


def _alone(instrument: Instrument, key: str, number: Decimal | None) -> Score:
    """A stored score without its answers."""
    of = len(instrument.scale(key).items)
    text, reason = (f"{number:f}", None) if number is not None else (None, "no score is stored, and the answers cannot be read")
    return Score(key=key, value=number, text=text, answered=0, of=of, prorated=False, reason=reason)


# Parts ------------------------------------------------------------------------------------------------------------------


def _rated(response: Json, stored: Sequence[_Stored], base: str) -> Person | None:
    """The rated clinician: our extension on the response, else the focus of its scores."""
    extensions = response.get("extension")
    for extension in extensions if isinstance(extensions, list) else ():
        if isinstance(extension, dict) and extension.get("url") == canonicals.rated_clinician(base):
            return _person(extension.get("valueReference"))
    for one in stored:
        focus = one.observation.get("focus")
        if isinstance(focus, list) and focus and (person := _person(focus[0])):
            return person
    return None


def _person(node: object) -> Person | None:
    reference = reference_in(node)
    name = node.get("display") if isinstance(node, dict) else None
    return Person(reference=reference, name=name if isinstance(name, str) else None) if reference else None


def _when(resource: Json) -> Moment | None:
    """When it was answered: authored, else the effective time of its scores."""
    return next((parse_moment(text) for text in (resource.get("authored"), resource.get("effectiveDateTime")) if text is not None), None)


def _source(resource: Json) -> str:
    return source_of(resource, str(resource.get("resourceType", "Resource"))[:64])
