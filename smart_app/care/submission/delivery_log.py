"""One log line for each delivery: how it ended, by which answer, by which rung, at which attempt. No id, no key, nobody."""

from smart_app.care.submission.sealed_submission import RESPONSE, SealedSubmission
from smart_app.errors import StoreError
from smart_app.telemetry import new_log


def log_outcome(sealed: SealedSubmission, state: str, *, sent: bool) -> None:
    """`status` is the server's to the answers, None where it gave none or took them. Unless `sent` it was looked for: another line."""
    answers = sealed.outcome_of(RESPONSE)
    lacking = sorted({outcome.became for outcome in sealed.outcomes.values() if outcome.reference is None and outcome.became})
    event = "delivery" if sent else "delivery_looked_up"
    new_log().info(event, code=state, status=answers.status, rung=sealed.step, attempt=sealed.attempt, lacking=" ".join(lacking))


def log_not_kept(what: str, error: StoreError) -> None:
    """That something could not be written down or taken away in Rapport's own database, which holds up nothing."""
    new_log().warning("not_kept", what=what, code=error.code)
