"""Failures in the words of a patient who has signed in themself: nobody is beside them to hand the device to."""

from fhir_mappings.sentence import Sentence, joined
from smart_app.care.forms.saved_drafts import KeptAnswers
from smart_app.errors import (
    FhirError,
    Forbidden,
    NotForUser,
    NotSealed,
    NotTriedAgain,
    OutcomeNotKept,
    RapportError,
    SessionError,
    Unauthorized,
)
from smart_app.web.views.error import Brought, ErrorFact, ErrorView, became_of_it, error_facts, undenied
from smart_app.web.views.forms.kept_answers import SENT, how_many, moment_words, until
from smart_app.web.views.ways_back import WayBack

_SIGN_IN_AGAIN = Sentence("Open Rapport again where you opened it before: from your patient portal, or from its start page.")
_GIVE_CODE = Sentence("If it happens again, give your clinic the reference code.")


def portal_error_view(
    error: RapportError,
    *,
    reference: str,
    posted: bool,
    home: str | None,
    again: str | None,
    brought: Brought = "answers",
    way: WayBack | None = None,
) -> ErrorView:
    """The page of one failure. `posted`: something had been sent, and what it `brought`. `home` is the patient's own page while their
    launch is open; `again` the address that failed, None for a form that was sent; `way` the way back of a launch that did not begin in
    the portal, or may not have."""
    facts = error_facts(error.code, error.detail)
    if isinstance(error, NotForUser):
        return ErrorView(
            headline=Sentence("This page is for your clinician"),
            lead=error.user_message,
            steps=(Sentence("Go on from your own page."),),
            reference=reference,
            facts=facts,
            retry=home,
            retry_words=Sentence("Your own page"),
        )
    if isinstance(error, SessionError | Unauthorized):
        brings = brought if posted and not isinstance(error, NotTriedAgain) else "other"
        return _ended(error, reference=reference, facts=facts, brings=brings, home=home, way=way)
    if isinstance(error, Forbidden):
        return _not_permitted(reference=reference, facts=facts, posted=posted, home=home)
    if isinstance(error, NotSealed | OutcomeNotKept):
        return _not_noted(error, reference=reference, facts=facts, home=home)
    return ErrorView(
        headline=Sentence("Your record system did not give what this page needs")
        if isinstance(error, FhirError)
        else Sentence("Something went wrong in Rapport"),
        lead=joined(
            " ", [error.happened, _UNCERTAIN if posted else Sentence("Nothing is shown, because part of a record can look like all of it.")]
        ),
        steps=(Sentence("Try again in a moment."), _GIVE_CODE),
        reference=reference,
        facts=facts,
        retry=home if posted else again,
    )


def _not_permitted(*, reference: str, facts: tuple[ErrorFact, ...], posted: bool, home: str | None) -> ErrorView:
    return ErrorView(
        headline=Sentence("This page cannot show your record"),
        lead=joined(" ", [Sentence("Your record system does not permit it."), *((_UNCERTAIN,) if posted else ())]),
        steps=(Sentence("Your clinic can ask you at your next visit."), Sentence("Give your clinic the reference code.")),
        reference=reference,
        facts=facts,
        retry=home if posted else None,
        retry_words=Sentence("Your own page"),
    )


def _not_noted(error: NotSealed | OutcomeNotKept, *, reference: str, facts: tuple[ErrorFact, ...], home: str | None) -> ErrorView:
    """Rapport's own store failed before the answers were sealed, or after they were sent."""
    sealed = isinstance(error, OutcomeNotKept)
    headline = Sentence("Sent, and there is no confirmation yet") if sealed else Sentence("Your answers could not be taken just now")
    step = Sentence("Your own page shows how it stands.") if sealed else Sentence("Go back to the form: what you entered is still there.")
    return ErrorView(
        headline=headline,
        lead=error.happened,
        steps=(step, _GIVE_CODE),
        reference=reference,
        facts=facts,
        retry=home if sealed else None,
        retry_words=Sentence("Your own page"),
    )


def portal_kept_view(kept: KeptAnswers, over: RapportError, *, reference: str, way: WayBack | None = None) -> ErrorView:
    """The page after a patient's form reached a launch that has ended. It names nobody: whoever reads it now may be anybody."""
    if kept.state == "sent":
        return ErrorView(
            headline=Sentence("This form was sent already"),
            lead=joined(" ", [over.happened, SENT]),
            steps=(Sentence("Your own page shows when it was sent."), _sign_in_again(way)),
            reference=reference,
            facts=error_facts(over.code),
            retry=way.href if way else None,
            retry_words=way.button if way else Sentence("Try again"),
        )
    return ErrorView(
        headline=Sentence("Your answers are kept, and not sent yet"),
        lead=joined(
            " ",
            [
                over.happened,
                Sentence("{how_many}, sealed, {until}.", how_many=how_many(kept), until=until(kept)),
                Sentence("They are not in your health record."),
            ],
        ),
        steps=(_sign_in_again(way), Sentence("Open the same form there. It offers to go on with these answers."), _GIVE_CODE),
        reference=reference,
        facts=error_facts(over.code),
        retry=way.href if way else None,
        retry_words=way.button if way else Sentence("Try again"),
    )


def portal_kept_words(kept: KeptAnswers, _over: RapportError, *, way: WayBack | None = None) -> Sentence:
    """The same in a line, for a form that is still on the screen."""
    if kept.state == "sent":
        return SENT
    ended = Sentence("This page's session has ended.")
    held = Sentence("{how_many} until {moment}.", how_many=how_many(kept), moment=moment_words(kept.until, kept.until))
    return joined(" ", [ended, held, _sign_in_again(way), Sentence("Open the same form there. It offers to go on with these answers.")])


def _sign_in_again(way: WayBack | None) -> Sentence:
    """In the words of somebody who has no chart."""
    return way.step if way and way.kind == "start" else _SIGN_IN_AGAIN


_UNCERTAIN = Sentence("Whether your answers arrived is not known: look at your own page before you send them again.")


def _ended(
    error: RapportError, *, reference: str, facts: tuple[ErrorFact, ...], brings: Brought, home: str | None, way: WayBack | None
) -> ErrorView:
    """The sign-in is over, or what was sent cannot be taken."""
    again = isinstance(error, NotTriedAgain)
    became = became_of_it(error, posted=True, brought=brings, lost=Sentence("What you sent was not stored."), sealed=_SEALED)
    still = (Sentence("If answers were on the page, your browser's Back button may still show them."),) if brings == "answers" else ()
    return ErrorView(
        headline=Sentence("It was not tried again") if again else Sentence("This page cannot go on"),
        lead=joined(" ", [undenied(error, brings), *((became,) if became else ())]),
        steps=(*(() if home else (_sign_in_again(way),)), *still, _GIVE_CODE),
        reference=reference,
        facts=facts,
        retry=home or (way.href if way else None),
        retry_words=Sentence("Your own page") if home or not way else way.button,
    )


_SEALED = Sentence("Your answers are kept safely here. Please do not fill in the form again.")
