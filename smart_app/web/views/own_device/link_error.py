"""Failures in the words of whoever has a one-time link: nobody is beside them, and they have signed in nowhere."""

from fhir_mappings.sentence import Sentence, joined
from smart_app.care.forms.saved_drafts import KeptAnswers
from smart_app.errors import LinkOver, NotSealed, OutcomeNotKept, RapportError, SessionError
from smart_app.web.views.error import Brought, ErrorView, error_facts, undenied
from smart_app.web.views.forms.kept_answers import how_many, until

_NEW_LINK = Sentence("Ask your clinic for a new link.")
_GIVE_CODE = Sentence("If it happens again, give your clinic the reference code.")


def link_error_view(error: RapportError, *, reference: str, brought: Brought, again: str | None) -> ErrorView:
    """The page of one failure; `brought` is what was sent to it, `again` the address that failed."""
    if isinstance(error, LinkOver):
        return _over(error, reference=reference, brought=brought)
    if isinstance(error, NotSealed | OutcomeNotKept):
        sealed = isinstance(error, OutcomeNotKept)
        return ErrorView(
            headline=Sentence("Sent, and there is no confirmation yet") if sealed else Sentence("Your answers could not be taken just now"),
            lead=error.happened,
            steps=(*(() if sealed else (Sentence("Go back to the form: what you entered is still there."),)), _GIVE_CODE),
            reference=reference,
            facts=error_facts(error.code, error.detail),
        )
    if isinstance(error, SessionError):
        return ErrorView(
            headline=Sentence("This page cannot go on"),
            lead=undenied(error, brought),
            steps=(Sentence("Open the link again, or ask your clinic for a new one."), _GIVE_CODE),
            reference=reference,
            facts=error_facts(error.code, error.detail),
        )
    return ErrorView(
        headline=Sentence("Something went wrong in Rapport"),
        lead=error.happened,
        steps=(Sentence("Try again in a moment."), _GIVE_CODE),
        reference=reference,
        facts=error_facts(error.code, error.detail),
        retry=again,
    )


def _over(error: RapportError, *, reference: str, brought: Brought) -> ErrorView:
    """Used, ended, expired, dead or never there: whoever has the link reads the same."""
    became = {
        "answers": (Sentence("What was sent just now was not taken: the questions were answered before, or the link has ended."),),
        "sealed": (Sentence("Your answers are kept safely here. Please do not fill in the form again."),),
    }.get(brought, ())
    return ErrorView(
        headline=Sentence("This link cannot be used any more"),
        lead=joined(" ", [*became, Sentence("A link works once and for a short time.")]),
        steps=(Sentence("Have you answered already? Then there is nothing to do."), Sentence("If not, ask your clinic for a new link.")),
        reference=reference,
        facts=error_facts(error.code, error.detail),
    )


def link_kept_view(kept: KeptAnswers, over: RapportError, *, reference: str) -> ErrorView:
    """The page after a form reached a link that is over. It names nobody: whoever reads it now may be anybody."""
    if kept.state == "sent":
        return link_error_view(over, reference=reference, brought="sealed", again=None)
    words = Sentence("{how_many}, sealed, {until}.", how_many=how_many(kept), until=until(kept))
    return ErrorView(
        headline=Sentence("Your answers are kept, and not sent yet"),
        lead=joined(" ", [over.happened, words, Sentence("They are not in your health record.")]),
        steps=(_NEW_LINK, Sentence("Open the same form there. It offers to go on with these answers."), _GIVE_CODE),
        reference=reference,
        facts=error_facts(over.code),
    )
