"""Amending a stored response with its five Observations, against posting them, to the same HAPI FHIR server with the same HTTP client.

Both sides are one transaction, built before the clock starts. All nine answers change, so that every score is written anew."""

from typing import Any
from uuid import uuid4

import requests
import simplejson
from msgspec.structs import replace

from fhir_mappings.instruments.scoring import score
from fhir_mappings.submission.amendment import StoredRating, amended_bundle
from fhir_mappings.submission.corrected_parts import CorrectionCause
from fhir_mappings.submission.submission import Submission
from fhir_mappings.submission.transaction import submission_bundle
from smart_app.http import new_session
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.submit import CANONICAL, FHIR, TIMEOUT, measured_submission, seed, timed
from tests.bench.timing import interleaved
from tests.peers.hapi_server import hapi

GOAL = 1.3
PAIRS = 40
_ANSWERS = tuple(f"{scale}-{number}" for scale in ("goal", "task", "bond") for number in (1, 2, 3))


def measure(effort: Effort) -> Figures:
    """One figure."""
    session = new_session(pool=2)
    with hapi() as base:
        seed(session, base)
        pair = interleaved(
            lambda: _amended(session, base), lambda: _posted(session, base), rounds=max(30, effort.rounds(PAIRS)), unmeasured=5
        )
    raw = pair.text(ours="amended", other="posted")
    name = "amending a response with five Observations over posting it, HAPI"
    return [Figure(name=name, value=pair.ratio, goal=GOAL, unit="×", raw=raw)]


def _amended(session: requests.Session, base: str) -> float:
    """Seconds of the transaction that changes what was just stored."""
    made = _submission(3)
    _send(session, base, submission_bundle(made, base=CANONICAL))
    values = dict.fromkeys(_ANSWERS, 4)
    answers = replace(made.answers, values=values)
    now = replace(made, answers=answers, scores=score(made.instrument, values))
    cause = CorrectionCause(reason="author-changed", at=made.authored, by=str(made.answered_by))
    return _send(session, base, amended_bundle(_stored(session, base, made), now, cause, base=CANONICAL))


def _posted(session: requests.Session, base: str) -> float:
    """Seconds of the transaction that stores it."""
    return _send(session, base, submission_bundle(_submission(4), base=CANONICAL))


def _submission(value: int) -> Submission:
    return measured_submission(dict.fromkeys(_ANSWERS, value), {}, key=str(uuid4()))


def _send(session: requests.Session, base: str, bundle: Any) -> float:
    body = simplejson.dumps(bundle, use_decimal=True, ensure_ascii=False).encode()
    return timed(lambda: session.post(base, data=body, headers=FHIR, timeout=TIMEOUT), 200)


def _stored(session: requests.Session, base: str, made: Submission) -> StoredRating:
    """As the server has it. RuntimeError where it is not all there."""
    system = f"{CANONICAL}/sid/submission"
    [response] = _found(session, f"{base}/QuestionnaireResponse?identifier={system}|{made.key}.response")
    derived = _found(session, f"{base}/Observation?derived-from=QuestionnaireResponse/{response['id']}")
    roles = {str(one["identifier"][0]["value"]).rpartition(".")[2]: one for one in derived}
    if len(roles) != 5:
        raise RuntimeError(f"{len(roles)} Observations of five are there")
    return StoredRating(server=base, response=response, observations=roles, answers=made.answers)


def _found(session: requests.Session, address: str) -> list[dict[str, Any]]:
    headers = {**FHIR, "Cache-Control": "no-cache"}
    answer = session.get(address, headers=headers, timeout=TIMEOUT)
    answer.raise_for_status()
    return [one["resource"] for one in simplejson.loads(answer.text, use_decimal=True).get("entry", [])]
