"""A questionnaire on the page: the patient's own, plain and without chart content, or the clinician's."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.answers import DECLINED, NO_ANSWER, FieldError, Invalid
from fhir_mappings.instruments.instrument import Informant, Instrument, Item, Option, Question
from fhir_mappings.people.person import Person
from fhir_mappings.sentence import NOTHING, Sentence, capitalised, counted, full_sentence, joined
from smart_app.care.forms.saved_drafts import SavedDraft
from smart_app.care.record.page_rule import AGAIN, CONFIRM, Confirmation
from smart_app.care.submission.begin import BlankForm
from smart_app.care.submission.submit import CONFIRMED
from smart_app.web import formats
from smart_app.web.languages.offered_languages import LanguageName
from smart_app.web.views.banner import Banner, clinician_banner, patient_banner, plain_name, recorded_name
from smart_app.web.views.forms.not_today import NotToday, not_today
from smart_app.web.views.forms.one_at_a_time import Asked, Screens, screens_of
from smart_app.web.views.parts import Fact, Statement, rated_words

_FIRST_PROBLEMS = 10
_ON_SHEET = Sentence("Choose a number, or tick the box.")
_BACK, _DECLINE = Sentence("Back to the history"), Sentence("I would rather not answer this one")


class RadioOption(Struct, frozen=True, kw_only=True):
    """One radio button. On paper `label` is the number printed there."""

    value: str
    label: str
    checked: bool


class FormItem(Struct, frozen=True, kw_only=True):
    """One item or question. `name` is the field and the anchor; `problem` is empty unless something is wrong with its answer;
    `may_decline` offers the box beside a missing item; `before`: it was answered before, and how is not shown. `screen` is its own where
    one question is shown at a time."""

    name: str
    place: Sentence
    text: str
    choices: tuple[RadioOption, ...]
    problem: Sentence
    may_decline: bool
    declined: bool
    before: bool
    screen: int


class Block(Struct, frozen=True, kw_only=True):
    """Items under one heading; `now`: the question that is shown alone is one of them."""

    title: str
    help: str
    items: tuple[FormItem, ...]
    now: bool = False


class FormProblem(Struct, frozen=True, kw_only=True):
    """One line of the error summary; `name` is the item it leads to, empty for one about the whole form, and `screen` the item's."""

    name: str
    text: Sentence
    screen: int = 0


class FormUrls(Struct, frozen=True, kw_only=True):
    """Where a form is sent, saved while it is typed, and where its offer leads; `not_me` where somebody says that it is not theirs, ""
    where who it is was asked; `idle`, followed by the form's key, where a page without a script goes after `idle_seconds`, and `keep` where
    a button of it keeps what was chosen, both "" where it stays. `decline` is the page before
    somebody declines it whole, `refuse` where that is sent, and `questions` the form itself; "" where it is not declined here.
    `turned` is the form as it is gone on with, at a screen whose number follows, and `not_today` where staff enter why a sheet was not
    answered."""

    action: str
    back: str
    save: str
    go_on: str
    discard: str
    not_me: str = ""
    idle: str = ""
    keep: str = ""
    idle_seconds: int = 0
    decline: str = ""
    refuse: str = ""
    questions: str = ""
    not_today: str = ""
    turned: str = ""


class UnsentOffer(Struct, frozen=True, kw_only=True):
    """Answers of before that were not sent: what they are, and the two things that can be done with them."""

    text: Sentence
    key: str
    go_on: str
    discard: str


class GoingOn(Struct, frozen=True, kw_only=True):
    """What is said of answers of before with which a form goes on. `completes`: they are not on the page, and complete it when it is
    sent."""

    text: Sentence
    completes: bool


class ErrorSummary(Struct, frozen=True, kw_only=True):
    """Why a form came back: the `headline`, the first `problems`, and in `more` how many there is no line for."""

    headline: Sentence
    problems: tuple[FormProblem, ...]
    more: Sentence


class ConfirmBox(Struct, frozen=True, kw_only=True):
    """A box staff tick before what they entered is stored: what it says they have checked, what is wrong while it is not ticked, and where
    the error summary leads."""

    value: str
    text: Sentence
    checked: bool
    problem: Sentence
    anchor: str


class HiddenField(Struct, frozen=True, kw_only=True):
    """What goes back unseen."""

    name: str
    value: str


class Heading(Struct, frozen=True, kw_only=True):
    """What the form is called and how it begins. `language` is that of the instrument's words, "" where they are the page's own."""

    title: str
    effort: Sentence
    intro: str
    language: str


class FormKind(Struct, frozen=True, kw_only=True):
    """What one kind of form says, and which parts it has; a part that is left out is empty.

    `who` are the lines about who will see the answers; `sheet` says whose answers are typed in from which licensed sheet; `about` whom an
    observer rates, or which visit of before is rated; `warning` that answers cannot be stored in the record; `decline` is the box beside an
    item that is left out.
    """

    banner: Banner
    heading: Heading
    back: str | None
    send: Sentence
    footer: tuple[Sentence, ...]
    back_words: Sentence = _BACK
    decline: Sentence = _DECLINE
    who: tuple[Statement, ...] = ()
    sheet: tuple[Fact, ...] = ()
    about: Sentence = NOTHING
    warning: Sentence = NOTHING


class FormView(Struct, frozen=True, kw_only=True):
    """Everything a questionnaire's page prints: what its kind says, and what is asked. `key`, `patient` and `hidden` (whom it is about,
    sealed, where the sign-in does not say it) go back as hidden fields. `offer` are answers of before, `going_on` those it goes on with,
    `errors` why it came back; `stands` how an earlier rating of this visit stands, `confirms` what has to be ticked. `save` and
    `ticket` are empty where nothing is kept of a form that is not sent; `idle` is when a page without a script goes where, `keep` where its
    button keeps what was chosen, both "" where it stays. `decline` leads to
    declining all of it, "" where that is not offered, `not_today` are the reasons for which staff enter that a sheet was not answered.
    `screens` has it one question at a time; a sheet is typed in whole."""

    kind: FormKind
    action: str
    save: str
    key: str
    ticket: str
    patient: str
    hidden: tuple[HiddenField, ...]
    offer: UnsentOffer | None
    going_on: GoingOn | None
    errors: ErrorSummary | None
    blocks: tuple[Block, ...]
    questions: tuple[FormItem, ...]
    of: int
    stands: Sentence
    confirms: tuple[ConfirmBox, ...]
    lasts: str = ""
    idle: str = ""
    keep: str = ""
    decline: str = ""
    not_today: NotToday | None = None
    screens: Screens | None = None


class Filling(Struct, frozen=True, kw_only=True):
    """What was given already and what is wrong with it; `before` are the fields answered before whose answers are not shown."""

    kept: Mapping[str, str]
    before: frozenset[str]
    errors: Mapping[str, Sentence]
    say: Callable[[str], str]
    informant: Informant
    from_paper: bool


def form_view(
    draft: BlankForm,
    *,
    urls: FormUrls,
    now: datetime,
    site_name: str,
    ticket: str,
    invalid: Invalid | None,
    earlier: SavedDraft | None = None,
    offered: SavedDraft | None = None,
    hidden: tuple[tuple[str, str], ...] = (),
    confirmed: Collection[str] = (),
    lasts: str = "",
    screen: str = "",
) -> FormView:
    """The page of one form. `earlier` are the answers it goes on with, `offered` those it could; `hidden` goes back too, `confirmed` is
    what was ticked already. `lasts` says until when it can be sent, where that is known; `screen` which of its screens was chosen."""
    instrument = draft.instrument
    filling = _filling(draft, invalid, earlier)
    questions = [question for question in instrument.questions if _is_asked(question, draft)]
    screens = _screens(draft, filling, questions, address=urls.turned, chosen=screen, offered=offered) if urls.turned else None
    return FormView(
        kind=_kind(draft, urls, site_name=site_name, today=now.date()),
        action=urls.action,
        save=urls.save,
        key=draft.key,
        ticket=ticket,
        patient=draft.patient.id,
        hidden=tuple(HiddenField(name=name, value=value) for name, value in hidden),
        offer=_offer(offered, urls, now) if offered else None,
        going_on=_going_on(earlier, now) if earlier else None,
        errors=_error_summary(draft, filling.errors),
        blocks=_blocks(instrument, filling, screens.now if screens else -1),
        questions=tuple(_question(question, filling, len(instrument.items) + place) for place, question in enumerate(questions, 1)),
        of=len(instrument.items),
        stands=rated_words(draft.stands, draft.own_score),
        confirms=tuple(_confirm_box(one, filling.errors, confirmed) for one in draft.confirm),
        lasts=lasts,
        idle=f"{urls.idle_seconds};url={urls.idle}{draft.key}" if urls.idle else "",
        keep=urls.keep,
        decline=urls.decline,
        not_today=not_today(action=urls.not_today, key=draft.key) if urls.not_today and not draft.stopped else None,
        screens=screens,
    )


def _screens(
    draft: BlankForm, filling: Filling, questions: Sequence[Question], *, address: str, chosen: str, offered: SavedDraft | None
) -> Screens | None:
    """One question at a time: by itself on a patient's phone, and for everybody who asks for it. None for a sheet."""
    if draft.from_paper:
        return None
    items = _in_order(draft.instrument)
    asked = [
        *(_asked(draft.instrument, item, number, filling) for number, item in enumerate(items, 1)),
        *(Asked(place=_IF_YOU_LIKE, given=False, may_stay=True) for _ in questions),
    ]
    on_phones, on_loan = draft.informant == "patient", not (draft.alone or draft.own_device)
    return screens_of(
        asked, address=address, chosen=chosen, wrong=bool(filling.errors), on_phones=on_phones, told=on_loan and offered is None
    )


def _asked(instrument: Instrument, item: Item, number: int, filling: Filling) -> Asked:
    fields = (item.link_id, item.link_id + DECLINED)
    given = any(field in filling.kept or field in filling.before for field in fields)
    return Asked(place=_place_of_all(instrument, number), given=given)


def _place_of_all(instrument: Instrument, number: int) -> Sentence:
    return Sentence("Question {number} of {of}", number=number, of=len(instrument.items))


def _is_asked(question: Question, draft: BlankForm) -> bool:
    """Somebody at home is asked nothing about a visit of today."""
    return draft.informant in question.text and not (draft.at_home and question.at_visit)


def _confirm_box(one: Confirmation, errors: Mapping[str, Sentence], confirmed: Collection[str]) -> ConfirmBox:
    anchor = f"{CONFIRMED}-{one}"
    return ConfirmBox(value=one, text=CONFIRM[one], checked=one in confirmed, problem=errors.get(anchor, NOTHING), anchor=anchor)


# Kinds of form


def _kind(draft: BlankForm, urls: FormUrls, *, site_name: str, today: date) -> FormKind:
    if draft.from_paper:
        return _paper_entry(draft, urls, today)
    if draft.informant == "patient":
        if draft.own_device:
            return _own_device(draft, urls, site_name)
        return _portal(draft, urls, site_name) if draft.alone else _tablet(draft, urls, site_name)
    return _observers(draft, urls, today) if draft.informant == "observer" else _clinicians(draft, urls, today)


def _tablet(draft: BlankForm, urls: FormUrls, site_name: str) -> FormKind:
    """The patient's, on the clinic's device: no way back into the chart."""
    return FormKind(
        banner=patient_banner(draft.patient),
        heading=form_heading(draft),
        back=None,
        send=Sentence("Send my answers"),
        footer=(
            Sentence("Not you, or not your name at the top? Hand the device back to a member of staff."),
            Sentence("Nobody watches this page while you fill it in; if you feel unwell, tell someone now."),
            _colophon(draft.instrument),
        ),
        who=who_will_see(draft, site_name, saved=bool(urls.save)),
    )


def _portal(draft: BlankForm, urls: FormUrls, site_name: str) -> FormKind:
    """The patient's, where they have signed in themself."""
    return replace(
        _tablet(draft, urls, site_name),
        back=urls.back,
        back_words=Sentence("Back to your page"),
        footer=(
            Sentence("Not you, or not your name at the top? Go back to your page and sign out."),
            NOT_WATCHED,
            _colophon(draft.instrument),
        ),
    )


def _own_device(draft: BlankForm, urls: FormUrls, site_name: str) -> FormKind:
    """The patient's, on a device of their own, by a one-time link."""
    return replace(
        _tablet(draft, urls, site_name),
        footer=(
            Sentence("Not you, or not your name at the top? Close this page, and tell your clinic."),
            NOT_WATCHED,
            _colophon(draft.instrument),
        ),
    )


def _clinicians(draft: BlankForm, urls: FormUrls, today: date) -> FormKind:
    """The clinician's own."""
    return FormKind(
        banner=clinician_banner(draft.patient, today=today),
        heading=form_heading(draft),
        back=urls.back,
        send=Sentence("Save this rating"),
        footer=(joined(" ", [_colophon(draft.instrument), full_sentence(draft.instrument.direction)]),),
        about=_late(draft, today),
        warning=_not_stored(draft),
    )


def _observers(draft: BlankForm, urls: FormUrls, today: date) -> FormKind:
    """The clinician's about another one and the patient."""
    return replace(_clinicians(draft, urls, today), about=_about(draft))


def _paper_entry(draft: BlankForm, urls: FormUrls, today: date) -> FormKind:
    """What the clinician types in from the licensed sheet, whoever answered it."""
    return FormKind(
        banner=clinician_banner(draft.patient, today=today),
        heading=Heading(title=_from_paper(draft), effort=NOTHING, intro=_how_from_paper(draft), language=""),
        back=urls.back,
        send=Sentence("Save these answers"),
        footer=(joined(" ", [_colophon(draft.instrument), full_sentence(draft.instrument.direction)]),),
        decline=Sentence("Left empty on the sheet"),
        sheet=_sheet(draft),
        about=_about(draft) if draft.informant == "observer" else _late(draft, today),
        warning=_not_stored(draft),
    )


def form_heading(draft: BlankForm) -> Heading:
    """In the instrument's own words."""
    form, say = draft.instrument.forms[draft.informant], wording(draft)
    return Heading(
        title=say(form.title),
        effort=_effort(len(draft.instrument.items), form.minutes),
        intro=say((draft.at_home and form.intro_home) or form.intro),
        language=_language(draft.instrument, draft.informant),
    )


def _not_stored(draft: BlankForm) -> Sentence:
    """That the record cannot take the answers, to staff, where that is so."""
    if draft.step:
        return NOTHING
    why = full_sentence(draft.why_not_write or "")
    return Sentence("Answers cannot be stored in this record: {why} They would be kept in Rapport only.", why=why)


def _colophon(instrument: Instrument) -> Sentence:
    named = {"instrument": instrument.title, "version": instrument.version}
    if instrument.validated:
        return joined(" ", [Sentence("{instrument}, version {version}.", **named), *_review(instrument)])
    return joined(" ", [Sentence("{instrument}, version {version}. Not a validated instrument.", **named), *_review(instrument)])


def _review(instrument: Instrument) -> list[Sentence]:
    """Who has read a translated wording over."""
    if instrument.translation is None:
        return []
    spoken = LanguageName(instrument.language or "")
    return [Sentence("Wording in {language}: {review}.", language=spoken, review=instrument.translation.review)]


# What was given before


def _filling(draft: BlankForm, invalid: Invalid | None, earlier: SavedDraft | None) -> Filling:
    return Filling(
        kept=_kept(invalid, earlier),
        before=frozenset(earlier.answers) if earlier and earlier.hidden else frozenset(),
        errors=_by_field(invalid.errors if invalid else ()),
        say=wording(draft),
        informant=draft.informant,
        from_paper=draft.from_paper,
    )


def _kept(invalid: Invalid | None, earlier: SavedDraft | None) -> Mapping[str, str]:
    """What is shown as chosen: what was just sent, or else what is gone on with and may be shown."""
    if invalid:
        return invalid.kept
    return earlier.answers if earlier and not earlier.hidden else {}


def _offer(offered: SavedDraft, urls: FormUrls, now: datetime) -> UnsentOffer:
    text = begun_words(offered, now)
    if offered.other_visit:
        text = joined(" ", [text, Sentence("That was in another visit than the one open now.")])
    return UnsentOffer(text=text, key=offered.key, go_on=urls.go_on, discard=urls.discard)


def begun_words(offered: SavedDraft, now: datetime) -> Sentence:
    """How much was answered, and when; never how."""
    number = {"answered": offered.answered, "of": offered.of}
    return Sentence("{answered} of {of} were answered on {day} at {time}, and not sent.", **number, **_when(offered, now))


def _going_on(earlier: SavedDraft, now: datetime) -> GoingOn:
    begun = Sentence("This goes on with what was answered on {day} at {time}.", **_when(earlier, now))
    return GoingOn(text=joined(" ", [begun, _UNSEEN if earlier.hidden else _CHECK]), completes=earlier.hidden)


def _when(unsent: SavedDraft, now: datetime) -> dict[str, str]:
    """The day and the time that it was last saved."""
    saved = unsent.saved.astimezone(now.tzinfo)
    return {"day": formats.long_date(saved.date()), "time": formats.clock(saved, now.tzinfo)}


_CHECK = Sentence("Check the answers before you send them.")
_UNSEEN = Sentence("Those answers are kept and not shown, so that nobody else reads them. To change one, choose again.")
_HOW_FROM_PAPER = Sentence(
    "The licensed sheet stays with the clinic; its wording is not repeated here. For each item choose the number marked on the sheet: "
    "the printed number, not its place, as some sheets turn the order round."
)


def _how_from_paper(draft: BlankForm) -> Sentence:
    """How a sheet is typed in, and what its author says of marks that fit no single answer."""
    form = draft.instrument.forms.get(draft.informant)
    return joined(" ", [_HOW_FROM_PAPER, form.sheet]) if form and form.sheet else _HOW_FROM_PAPER


def _about(draft: BlankForm) -> Sentence:
    """Whom an observer rates, so that no form is filled in about another; nothing where nobody is rated."""
    if draft.clinician is None:
        return NOTHING
    whom = {"clinician": clinician_name(draft), "patient": plain_name(draft.patient)}
    return Sentence("You rate how {clinician} and {patient} work together.", **whom)


def _late(draft: BlankForm, today: date) -> Sentence:
    """Which visit of before is rated, and that the rating is dated as it is given; nothing where it is the one open now."""
    if draft.late is None:
        return NOTHING
    visit = draft.late.called(joined(", ", [formats.short_date(draft.late.day), formats.ago(draft.late.day, today)]))
    rating = Sentence("You are rating {visit}. Your rating is stored with that visit and dated today.", visit=visit)
    if "today" not in draft.instrument.recall:
        return rating
    return joined(
        " ",
        [
            rating,
            Sentence("Where the form says “{today}”, that visit is meant.", today=_TODAY.get(draft.instrument.language or "", "today")),
        ],
    )


# As it stands in the form, whose words are of a language of their own.
_TODAY = {"de": "heute", "es": "hoy"}


def _from_paper(draft: BlankForm) -> Sentence:
    """Whose answers are typed in."""
    if draft.informant != "patient":
        return Sentence("Your answers, from paper")
    name = recorded_name(draft.patient)
    return Sentence("{patient}’s answers, from paper", patient=capitalised(name)) if name else Sentence("The patient’s answers, from paper")


def _sheet(draft: BlankForm) -> tuple[Fact, ...]:
    """Whose answers these are, from which sheet, and who holds it."""
    instrument = draft.instrument
    me = Sentence("{name} (you)", name=draft.signed_in.name or Sentence("The signed-in clinician"))
    answers = Sentence("{patient}, the patient", patient=plain_name(draft.patient)) if draft.informant == "patient" else me
    asked = Fact(label=Sentence("Time asked about"), value=instrument.recall)
    return (
        Fact(label=Sentence("Answered by"), value=answers),
        Fact(label=Sentence("Typed in by"), value=me),
        Fact(label=Sentence("Licensed sheet"), value=_licensed(instrument, draft.informant)),
        Fact(label=Sentence("Rights"), value=joined(". ", [instrument.rights.holder, full_sentence(instrument.rights.licence)])),
        Fact(label=Sentence("About"), value=_subject(draft)),
        *((asked,) if instrument.recall else ()),
    )


def _licensed(instrument: Instrument, informant: Informant) -> Sentence:
    """The sheet as its holder calls it, and the version of what is known here of its structure."""
    named = {"instrument": instrument.title, "version": instrument.version}
    if informant == "patient":
        return Sentence("{instrument}, the patient’s form; structure version {version}", **named)
    if informant == "clinician":
        return Sentence("{instrument}, the clinician’s form; structure version {version}", **named)
    return Sentence("{instrument}, the observer’s form; structure version {version}", **named)


def _subject(draft: BlankForm) -> Sentence:
    """What the sheet's items are about."""
    rated = draft.instrument.rated
    if rated != "clinician":
        return Sentence("the care received") if rated == "team" else Sentence("living with diabetes")
    whom = clinician_name(draft)
    if draft.informant == "observer":
        return Sentence("how {clinician} and the patient work together", clinician=whom)
    return Sentence("working with {clinician}", clinician=whom)


def _language(instrument: Instrument, informant: Informant) -> str:
    """The language of the instrument's words, which a screen reader has to change to on a page of another (WCAG 3.1.2); "" without any."""
    return instrument.language or "" if instrument.worded(informant) else ""


def _effort(items: int, minutes: int | None) -> Sentence:
    """How much there is to do, and how long it takes where that is known."""
    questions = counted("{n} short question", "{n} short questions", items)
    if not minutes:
        return full_sentence(questions)
    return counted("{questions}, about {n} minute.", "{questions}, about {n} minutes.", minutes, questions=questions)


def wording(draft: BlankForm) -> Callable[[str], str]:
    """Puts the two names into the instrument's words."""
    return words_with(clinician=clinician_name(draft), patient=plain_name(draft.patient))


def words_with(*, clinician: str, patient: str) -> Callable[[str], str]:
    """Puts these two names into an instrument's words."""
    names = {"{clinician}": clinician, "{patient}": patient}
    return lambda text: _filled(text, names)


def clinician_name(draft: BlankForm) -> str:
    """Who is rated, or whom the answers go to, for people."""
    if draft.informant == "observer" and draft.clinician:
        return draft.clinician.called
    if not draft.alone:
        return draft.signed_in.name or _YOUR_CLINICIAN
    return spoken_of(draft.clinician)


def spoken_of(clinician: Person | None) -> str:
    """Whom a patient's own form is about, or goes to."""
    return (clinician.name or _YOUR_CLINICIAN) if clinician else Sentence("your care team")


_YOUR_CLINICIAN = Sentence("your clinician")


def _filled(text: str, names: Mapping[str, str]) -> str:
    """The wording as it was written; where a name begins it, with a capital."""
    named = text
    for place, name in names.items():
        named = named.replace(place, name)
    return named[:1].upper() + named[1:] if text.startswith("{") else named


def who_will_see(draft: BlankForm, site_name: str, *, saved: bool) -> tuple[Statement, ...]:
    """Who will see the answers and why; `saved` where they are kept while they are given."""
    name = clinician_name(draft)
    seen = Sentence(" will see them. They are about your work together.") if draft.clinician else Sentence(" will see them.")
    others = Sentence("Other staff who treat you can read them.")
    if site_name:
        others = Sentence("Other staff who treat you at {site} can read them.", site=site_name)
    # TRANSLATORS: then in bold “your health record”, and a full stop.
    record = Statement(before=Sentence("They become part of "), strong=Sentence("your health record"), after=joined(". ", ["", others]))
    why = Sentence("We ask so that you and {clinician} can talk about what helps and what does not.", clinician=name)
    return (
        # TRANSLATORS: before it stands in bold who, “Anna Berg” or “your clinician”.
        Statement(before="", strong=capitalised(name), after=seen),
        record if draft.step else _NOT_WRITTEN,
        Statement(before=why, strong="", after=""),
        YOUR_CHOICE,
        _KEPT if saved else _NOT_READ,
    )


_KEPT = Statement(
    before=Sentence("While you answer, your answers are kept here. "),
    strong=Sentence("Nobody reads them before you send them"),
    after=".",
)
_NOT_READ = Statement(before="", strong=Sentence("Nobody reads your answers before you send them"), after=".")
_NOT_WRITTEN = Statement(
    # TRANSLATORS: then in bold “in this app”, then “for the clinic's staff.”
    before=Sentence("This clinic's record cannot take them, so they are kept "),
    strong=Sentence("in this app"),
    after=Sentence(" for the clinic's staff."),
)
YOUR_CHOICE = Statement(
    # TRANSLATORS: then in bold “do not change the care you are offered”, then “You can stop …”
    before=Sentence("Your answers "),
    strong=Sentence("do not change the care you are offered"),
    after=Sentence(". You can stop at any time, or leave a question out."),
)
NOT_WATCHED = Sentence("Nobody watches this page. If you feel unwell or need help soon, call your clinic or the emergency number.")


def _by_field(errors: Sequence[FieldError]) -> dict[str, Sentence]:
    """The first message of each field."""
    found: dict[str, Sentence] = {}
    for error in errors:
        found.setdefault(error.link_id, error.message)
    return found


def _error_summary(draft: BlankForm, errors: Mapping[str, Sentence]) -> ErrorSummary | None:
    """What is wrong, in the order of the form, problems without a place last; None where nothing is."""
    problems = _problems(draft, errors)
    if not problems:
        return None
    more = len(problems) - _FIRST_PROBLEMS
    return ErrorSummary(
        headline=_headline(draft, errors),
        problems=problems[:_FIRST_PROBLEMS],
        more=Sentence("and {n} more", n=more) if more > 0 else NOTHING,
    )


def _problems(draft: BlankForm, errors: Mapping[str, Sentence]) -> tuple[FormProblem, ...]:
    places = _places(draft)
    placed = [
        FormProblem(name=name, text=joined(": ", [place, _short(errors[name])]), screen=screen)
        for screen, (name, place) in enumerate(places.items(), 1)
        if name in errors
    ]
    return (*placed, *(FormProblem(name="", text=message) for name, message in errors.items() if name not in places))


def _places(draft: BlankForm) -> Mapping[str, Sentence]:
    """What each field is called, in the order of the form."""
    instrument = draft.instrument
    items = {item.link_id: _place(draft, number) for number, item in enumerate(_in_order(instrument), 1)}
    asked = {question.link_id: _LAST_QUESTION for question in instrument.questions}
    return items | asked | {f"{CONFIRMED}-{one}": _THE_SECOND if one in AGAIN else _THIS_RECORD for one in CONFIRM}


def _place(draft: BlankForm, number: int) -> Sentence:
    return Sentence("Item {number}", number=number) if draft.from_paper else Sentence("Question {number}", number=number)


_LAST_QUESTION, _IF_YOU_LIKE = Sentence("The last question"), Sentence("If you like")
_THE_SECOND, _THIS_RECORD = Sentence("The box about the second rating"), Sentence("The box about this record")


def _short(message: Sentence) -> Sentence:
    return Sentence("not answered yet") if message == NO_ANSWER else message


def _headline(draft: BlankForm, errors: Mapping[str, Sentence]) -> Sentence:
    missing = sum(1 for item in draft.instrument.items if errors.get(item.link_id) == NO_ANSWER)
    if missing != len(errors):
        return Sentence("This cannot be sent yet")
    if draft.from_paper:
        return counted("{n} item has no answer yet", "{n} items have no answer yet", missing)
    return counted("{n} question has no answer yet", "{n} questions have no answer yet", missing)


def _in_order(instrument: Instrument) -> list[Item]:
    """Items as they are asked."""
    return [instrument.item(link_id) for section in instrument.sections for link_id in section.items]


def _blocks(instrument: Instrument, filling: Filling, now: int) -> tuple[Block, ...]:
    order = {item.link_id: place for place, item in enumerate(_in_order(instrument), 1)}
    return tuple(
        Block(
            title=filling.say(section.title.get(filling.informant, "")),
            help=filling.say(section.help.get(filling.informant, "")),
            items=tuple(_item(instrument, link_id, order[link_id], filling) for link_id in section.items),
            now=now in [order[link_id] for link_id in section.items],
        )
        for section in instrument.sections
    )


def _item(instrument: Instrument, link_id: str, place: int, filling: Filling) -> FormItem:
    item = instrument.item(link_id)
    problem = filling.errors.get(link_id, NOTHING)
    declined = link_id + DECLINED in filling.kept
    given = declined or link_id in filling.kept
    return FormItem(
        name=link_id,
        place=NOTHING if filling.from_paper else _place_of_all(instrument, place),
        text=Sentence("Item {number}", number=item.number) if filling.from_paper else filling.say(item.text[filling.informant]),
        choices=_choices(instrument.options, filling.kept.get(link_id), numbers=filling.from_paper),
        problem=_ON_SHEET if filling.from_paper and problem == NO_ANSWER else problem,
        may_decline=bool(problem) or declined,
        declined=declined,
        before=not given and not filling.before.isdisjoint((link_id, link_id + DECLINED)),
        screen=place,
    )


def _question(question: Question, filling: Filling, screen: int) -> FormItem:
    return FormItem(
        name=question.link_id,
        place=_IF_YOU_LIKE,
        text=filling.say(question.text[filling.informant]),
        choices=_choices(question.options, filling.kept.get(question.link_id)),
        problem=filling.errors.get(question.link_id, NOTHING),
        may_decline=False,
        declined=False,
        before=question.link_id in filling.before and question.link_id not in filling.kept,
        screen=screen,
    )


def _choices(options: Sequence[Option], chosen: str | None, *, numbers: bool = False) -> tuple[RadioOption, ...]:
    signed = any(option.value is not None and option.value < 0 for option in options)
    return tuple(
        RadioOption(
            value=one.code,
            label=formats.option_number(one, signed=signed) if numbers or not one.label else one.label,
            checked=one.code == chosen,
        )
        for one in options
    )
