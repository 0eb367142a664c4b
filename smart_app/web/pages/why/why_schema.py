"""What stands in `why.json`, key by key, for the description of the addresses that machines read."""

from typing import Any

from smart_app.web.views.why.why_data import VERSION

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_WORDS: Schema = {"type": "string", "minLength": 1}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 1}
# Four places where it was computed, as written where it was read.
_NUMBER: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
_LEVEL: Schema = {"enum": ["discuss", "note", "shown"]}
_WHEN: Schema = {"type": "string", "minLength": 4, "description": "A FHIR date or dateTime, as precise as the record wrote it."}
_SOURCE: Schema = {"type": "string", "minLength": 1, "description": "The resource of the record, as type and id."}


def _closed(members: Schema, *, about: str = "") -> Schema:
    """An object with these members, all of them and no other."""
    found: Schema = {"type": "object", "additionalProperties": False, "required": list(members), "properties": members}
    return {**found, "description": about} if about else found


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _or_null(schema: Schema) -> Schema:
    return {"oneOf": [schema, {"type": "null"}]}


_SAID = _closed({"code": _WORDS, "text": _WORDS}, about="A sentence: a code that stays, and its English.")
_COMPARED = _closed(
    {"fall": _NUMBER, "limit": _NUMBER, "reached": _FLAG}, about="`fall` is positive towards the worse end; beyond `limit` it is reached."
)
_INPUT = _closed(
    {
        "when": _WHEN,
        "source": _SOURCE,
        "of": {**_WORDS, "description": "A scale's key, or an answer's link id."},
        "of_text": _WORDS,
        "value": {**_WORDS, "description": "A score, an option's value, or the code of an option."},
        "value_text": _WORDS,
        "roles": _list({"enum": ["latest", "previous", "first", "last-two", "reference", "answer"]}),
    }
)
_STEP = _closed(
    {
        "when": _WHEN,
        "source": _SOURCE,
        "value": _NUMBER,
        "since_previous": _or_null(_NUMBER),
        "latest": _or_null(_COMPARED),
        "last_two": _or_null(_COMPARED),
    },
    about="One score by the pooled rule and the error of the rating that is explained.",
)
_PART = _closed({"formula": _SAID, "numbers": _TEXT, "threshold": _or_null(_NUMBER), "reached": _FLAG})
_ERROR = _closed(
    {
        "id": _WORDS,
        "kind": {"enum": ["published", "assumed", "site"]},
        "value": _NUMBER,
        "source": _WORDS,
        "population": _TEXT,
        "interval": _TEXT,
        "certainty": _WORDS,
        "people": _or_null(_COUNT),
        "signed_by": _or_null(_WORDS),
        "valid_from": {"type": "string", "format": "date"},
        "retired": _or_null({"type": "string", "format": "date"}),
    }
)
_RATE = _closed({"retest": _NUMBER, "people_of_100": _NUMBER, "visits_of_100": _NUMBER})
_POWER = _closed({"retest": _NUMBER, "course": _WORDS, "at_of_100": _NUMBER, "next_of_100": _NUMBER})
_RULE = _closed(
    {
        "id": {**_WORDS, "description": "Where it stands on the page."},
        "rule": _WORDS,
        "rule_version": _COUNT,
        "level": _LEVEL,
        "title": _WORDS,
        "speaks": {**_FLAG, "description": "Whether it was said; else the rule looked and is silent, which is no all-clear."},
        "rating": _SOURCE,
        "inputs": _list(_INPUT),
        "steps": _list(_STEP),
        "parts": _list(_PART),
        "threshold_source": _TEXT,
        "error": _or_null(_ERROR),
        "error_said": _or_null(_WORDS),
        "caveats": _list(_SAID),
        "would_change": _list(_SAID),
        "how_often": _closed({"text": _WORDS, "rates": _list(_RATE)}, about="In people whose view had not changed, as simulated."),
        "misses": _closed({"text": _list(_WORDS), "powers": _list(_POWER)}, about="Of people whose view had changed, as simulated."),
        "silence": _WORDS,
        "in_force_on": {"type": "string", "format": "date", "description": "Rule and error are those of that day."},
    }
)
_UNUSED = _closed(
    {
        "what": {"enum": ["rule", "ratings", "elements", "measures"]},
        "rule": _or_null(_WORDS),
        "rule_version": _or_null(_COUNT),
        "rating": _or_null(_SOURCE),
        "ratings": _or_null(_COUNT),
        "reason": _SAID,
    }
)
_RATING = _closed(
    {
        "source": _SOURCE,
        "instrument": _WORDS,
        "instrument_version": _TEXT,
        "informant": {"enum": ["patient", "clinician", "observer"]},
        "when": _WHEN,
        "not_judged": _or_null(_SAID),
    }
)
_SIGNAL = _closed(
    {
        "id": _WORDS,
        "own": {**_FLAG, "description": "Whether it is about whoever is signed in."},
        "level": _or_null(_LEVEL),
        "source": _SOURCE,
        "owner": _closed({"kind": {"enum": ["clinician", "role", "taker"]}, "role": _or_null(_WORDS)}),
        "ratings": _list(_RATING),
        "rules": _list(_RULE),
        "not_used": _list(_UNUSED),
    }
)
WHY: Schema = _closed(
    {
        "version": {"const": VERSION},
        "language": {"const": "en"},
        "read_at": {"type": "string", "format": "date-time"},
        "complete": {**_FLAG, "description": "Whether no rating can be missing."},
        "simulation": _closed({"people": _COUNT, "seeds": _list({"type": "integer"})}),
        "signals": _list(_SIGNAL),
    },
    about="Why something is said of a patient's ratings, and what is not. Nothing in it names the patient.",
)
