"""The clinician's dashboard as one frozen view model: the patient, what changed, the alliance above HbA1c, the rest, what is not shown."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.r4.dates import Moment
from fhir_mappings.sentence import Sentence, capitalised, counted, full_sentence, joined, listed
from fhir_mappings.skipped import Skipped, UntiedResource
from smart_app.care.dashboard.history import Dyad, HiddenRating, History, LookedAt, Panel
from smart_app.care.dashboard.read_mark import read_mark
from smart_app.care.record.closed_visits import REASONS
from smart_app.care.record.page_rule import PageOffers, WaitingFacts, WaitingOffers, of_visit_before, offers_for, waiting_offers
from smart_app.care.record.reads import LoadState, ReadReport
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.launch.oauth.granted_features import FeatureOff, WhyOff
from smart_app.web import formats
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.views.banner import Banner, ContextLine, context_line, page_banner
from smart_app.web.views.dashboard.events.event_lanes import EventsPanel, events_panel, is_of_events
from smart_app.web.views.dashboard.first_screen import FirstScreen, NoticeShown, folds
from smart_app.web.views.dashboard.focus_line import TimeAxis, frame_with, place_in, range_links, shown_first, time_axis
from smart_app.web.views.dashboard.lanes.alliance_lanes import (
    NOT_SCORED,
    TOTAL,
    cutoffs_table,
    element_lane,
    element_scales,
    latest_in_words,
    latest_moment,
    not_validated,
    person,
    ratings_table,
    total_lane,
    total_scale,
)
from smart_app.web.views.dashboard.lanes.baseline_band import baseline_band
from smart_app.web.views.dashboard.lanes.measure_lanes import NOT_RESULTS, LaneFrame, measure_lane
from smart_app.web.views.dashboard.lanes.measure_rows import MeasuresPanel, measures_panel
from smart_app.web.views.dashboard.lanes.unscored_lanes import answered_in_words, answered_lane, answers_table
from smart_app.web.views.dashboard.left_over import LeftOver
from smart_app.web.views.dashboard.offers import Offer, Offers
from smart_app.web.views.dashboard.summary import Summary, is_of, summary
from smart_app.web.views.dashboard.talk.signal_lines import DyadLines, SignalContext, SignalUrls, ToTalkAbout, dyad_lines, to_talk_about
from smart_app.web.views.parts import (
    NO_REASON,
    OLDER_UNREAD,
    TRY_AGAIN,
    Lane,
    Link,
    Notice,
    Table,
    Words,
    filled_columns,
    rated_words,
    read_notice,
    untied_words,
)

_HBA1C_HEIGHT = 106
_FIRST_SKIPPED = 12
_MOST_PLACES = 2
_MONTHS_SPOKEN = 36
_NOT_SHOWN_HEAD = (
    Sentence("Date"),
    Sentence("What"),
    Sentence("Why it is not drawn or not scored"),
    Sentence("What would settle it"),
    Sentence("Source"),
)


class DashboardUrls(Struct, frozen=True, kw_only=True):
    """Where the page's links lead. `page` is the dashboard without query; None hides an action (`rate` where nobody may answer);
    `others` are further questionnaires, `late` where a rating of a visit of before begins, by the visit, `options` is what a clinician may
    try ("" for anybody else), `why` where it is said why a rating says what it says, `put_aside` and `take_back` where that is put aside
    until the next rating and shown again, `note` what is taken into the note, `printed` the page to print ("" where there is no such
    address), `answered` where a rating is shown as it was answered, by its source, `told` what stood at every stop of the focus line."""

    page: str
    hand_over: Link | None
    rate: Link | None
    reveal: str
    end: str | None
    others: tuple[Offer, ...] = ()
    late: Mapping[str, str] = {}
    options: str = ""
    why: str = ""
    put_aside: str = ""
    take_back: str = ""
    answered: Callable[[str], str] | None = None
    note: str = ""
    printed: str = ""
    told: str = ""


class RevealReason(Struct, frozen=True, kw_only=True):
    """Why a colleague looks: what goes back, and what is read."""

    code: str
    words: str


class WithheldRating(Struct, frozen=True, kw_only=True):
    """A patient's rating kept back: what is asked ("" for nothing), the sentence, what to post to see it without rating, and who saw it
    before. `late` begins a rating of its visit, where that is of before; `reasons` to choose from where one has to be given; without
    `shown` it cannot be seen from here."""

    title: str
    text: str
    clinician: str
    visit: str
    shown: bool
    reasons: tuple[RevealReason, ...]
    seen: tuple[Sentence, ...]
    late: Link | None = None


class AlliancePanel(Struct, frozen=True, kw_only=True):
    """One dyad: heading, total lane, elements and the table of ratings. `line` says it all in one line while folded, `said` is what its
    newest ratings say."""

    key: str
    title: str
    direction: str
    standing: Sentence
    line: Sentence
    total: Lane
    elements_title: Sentence
    elements: tuple[Lane, ...]
    elements_open: bool
    table: Table | None
    cutoffs: Table | None
    said: DyadLines | None = None


class MeasurePanel(Struct, frozen=True, kw_only=True):
    """HbA1c, with its heading."""

    title: str
    direction: str
    standing: Sentence
    lane: Lane


class NotShown(Struct, frozen=True, kw_only=True):
    """What was read and is not on the page. `rows` first, `more` folded; `foreign` says what other patients' resources came along."""

    count: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: tuple[tuple[str, ...], ...]
    foreign: str


class Sources(Struct, frozen=True, kw_only=True):
    """Where everything came from: one sentence, a row per read, what the server says beside its answers, and what IT may want to know: in
    sentences, and in `off` a row per feature that this launch lacks."""

    sentence: Sentence
    rows: tuple[tuple[str, ...], ...]
    instruments: tuple[Sentence, ...]
    notes: tuple[str, ...]
    for_it: tuple[str, ...]
    off: tuple[tuple[str, ...], ...] = ()


class DashboardView(Struct, frozen=True, kw_only=True):
    """Everything the dashboard's template prints."""

    banner: Banner | None
    context: ContextLine
    offers: Offers
    reveal: str
    incomplete: Notice | None
    waiting: tuple[WithheldRating, ...]
    summary: Summary
    ranges: tuple[Link, ...]
    rate_first: bool
    hand_over_first: bool
    stands: str
    action_note: str
    rate_note: str
    looked: tuple[Sentence, ...]
    axis: TimeAxis
    span: Sentence
    alliance: AlliancePanel | None
    no_alliance: Lane | None
    no_alliance_title: Sentence
    other_dyads: tuple[AlliancePanel, ...]
    companions: tuple[AlliancePanel, ...]
    hba1c: MeasurePanel | None
    measures: MeasuresPanel | None
    not_shown: NotShown
    sources: Sources
    opening: Notice | None = None
    ending: Notice | None = None
    unsent: tuple[Notice, ...] = ()
    left: LeftOver | None = None
    options: str = ""
    to_talk: ToTalkAbout | None = None
    events: EventsPanel | None = None
    note: str = ""
    printed: str = ""
    folds: str = ""


def dashboard_view(
    history: History,
    *,
    context: LaunchContext,
    urls: DashboardUrls,
    now: datetime,
    focus: date | None = None,
    opening: Notice | None = None,
    ending: Notice | None = None,
    unsent: tuple[Notice, ...] = (),
    left: LeftOver | None = None,
    off: Sequence[FeatureOff] = (),
    language: PageLanguage = ENGLISH_PAGE,
) -> DashboardView:
    """The page for one history. `now` is aware and gives today and the zone of clock times; `focus` is the day the focus line
    stands at (`?at=2026-11-10`), the last visit when None or not within the range; `opening` what to say of how the page was opened,
    `ending` of a sign-in that will end, `unsent` of forms that were begun and not sent, `left` of what was sent and is not in the record,
    `off` which features the launch lacks, `language` the one it is read in."""
    first, others = shown_first(history)
    hba1c = next((panel for panel in history.panels if panel.measure.key == "hba1c"), None)
    place = place_in(history, focus)
    frame = frame_with(place, history, page=urls.page, now=now, language=language, answered=urls.answered)
    spoken = SignalContext(history=history, urls=_signal_urls(urls), signed_in=context.user.reference, today=frame.today)
    rule = offers_for(history.facts)
    waiting = [waiting_offers(_waiting_facts(hidden, history, rule, frame, urls)) for hidden in history.hidden]
    rate_first = urls.rate is not None and any(offer.rate_first for offer in waiting)
    view = DashboardView(
        banner=page_banner(history.patient, context, today=frame.today),
        context=context_line(history.patient, context, now=now, end=urls.end),
        offers=Offers(hand_over=urls.hand_over, rate=urls.rate, others=urls.others),
        reveal=urls.reveal,
        incomplete=_incomplete(history, frame),
        waiting=tuple(_withheld(hidden, offer, history, frame, urls) for hidden, offer in zip(history.hidden, waiting, strict=True)),
        summary=summary(history, why=urls.why),
        ranges=range_links(place, page=urls.page, years=history.years),
        rate_first=rate_first,
        hand_over_first=not rate_first and rule.hand_over == "yes",
        stands=rated_words(rule.stands, history.own_score),
        action_note=_action_note(history, rule),
        rate_note=rule.note if urls.rate is not None else "",
        looked=tuple(_seen_of(one, frame) for one in history.looked if one.visit not in {hidden.visit for hidden in history.hidden}),
        axis=time_axis(frame, place, page=urls.page, years=history.years, told=urls.told, read=read_mark(history) if urls.told else ""),
        span=_span(history),
        alliance=_alliance_panel(first, spoken, frame, key="alliance") if first else None,
        no_alliance=None if first else _no_alliance(history, frame),
        no_alliance_title=_alliance_with(context.user.name),
        other_dyads=tuple(_alliance_panel(dyad, spoken, frame, key=f"alliance-{index}") for index, dyad in enumerate(others, 2)),
        companions=tuple(_companion_panel(each, spoken, frame, key=f"companion-{n}") for n, each in enumerate(history.companions, 1)),
        hba1c=_hba1c_panel(hba1c, history, frame) if hba1c else None,
        measures=measures_panel(history, frame),
        not_shown=_not_shown(history),
        sources=replace(_sources(history, frame), off=tuple(_off_row(one) for one in off)),
        opening=opening,
        ending=ending,
        unsent=unsent,
        left=left,
        options=urls.options,
        to_talk=to_talk_about(spoken),
        events=events_panel(history, frame, signed_in=context.user.reference),
        note=urls.note,
        printed=urls.printed,
    )
    return replace(view, folds=folds(_first_screen(view, language)))


# As the template has them.
_COPY, _OTHERS = Sentence("Copy for the note"), Sentence("Other questionnaires")


def _first_screen(view: DashboardView, language: PageLanguage) -> FirstScreen:
    notices = [view.ending, view.opening, *view.unsent, view.incomplete]
    total = view.alliance.total if view.alliance else view.no_alliance
    lanes = [lane for lane in (total, view.hba1c.lane if view.hba1c else None) if lane]
    drawn = sum(lane.plot.height for lane in lanes if lane.plot)
    return FirstScreen(
        banner=view.banner,
        launch=[view.context.opened, view.context.signed_in],
        notices=[
            *(NoticeShown(f"{one.title} {one.text}", one.action is not None) for one in notices if one),
            *(NoticeShown(f"{one.title} {one.text}", one.shown or one.late is not None) for one in view.waiting),
        ],
        to_talk=view.to_talk,
        ranges=[one.text for one in view.ranges],
        buttons=[
            *(one.text for one in (view.offers.hand_over, view.offers.rate) if one),
            *([_COPY] if view.note else []),
            *([_OTHERS] if view.offers.others else []),
        ],
        beside=[one for one in (view.stands, view.action_note) if one],
        hint=view.rate_note,
        in_lanes=[f"{lane.notice.title} {lane.notice.text}" for lane in lanes if lane.notice],
        lines=view.summary.lines,
        listed=total.listed if total else (),
        numbered=[[one.words for one in lane.not_drawn] for lane in lanes if not lane.beside],
        taller=max(0, drawn - TOTAL.height - _HBA1C_HEIGHT),
        seen=view.alliance.said.lines if view.alliance and view.alliance.said else (),
        language=language,
    )


def _signal_urls(urls: DashboardUrls) -> SignalUrls:
    return SignalUrls(options=urls.options, why=urls.why, put_aside=urls.put_aside, take_back=urls.take_back)


def _local_day(instant: datetime, zone: tzinfo | None) -> date:
    return instant.astimezone(zone).date()


def _span(history: History) -> Sentence:
    months = round((history.end - history.start).days / 30.44)
    if months < _MONTHS_SPOKEN:
        return counted("{n} month, time to scale", "{n} months, time to scale", months)
    return counted("{n} year, time to scale", "{n} years, time to scale", round(months / 12))


def _alliance_with(name: str | None) -> Sentence:
    return Sentence("Alliance with {clinician}", clinician=name) if name else Sentence("Alliance")


def _alliance_panel(dyad: Dyad, spoken: SignalContext, frame: LaneFrame, *, key: str) -> AlliancePanel:
    """One rated clinician on one instrument, which is named where there is more than one."""
    several = len({each.instrument.slug for each in spoken.history.dyads}) > 1
    title = _dyad_title(dyad, dyad.instrument.title if several else "")
    return _panel(dyad, spoken, frame, key=key, title=title)


def _dyad_title(dyad: Dyad, instrument: str) -> Sentence:
    """`instrument` is "" where it need not be said."""
    whom = _whom(dyad)
    if not dyad.mine:
        return (
            Sentence("Alliance with {clinician}, {instrument}", clinician=whom, instrument=instrument)
            if instrument
            else _alliance_with(whom)
        )
    if instrument:
        return Sentence("Alliance with {clinician} (you), {instrument}", clinician=whom, instrument=instrument)
    return Sentence("Alliance with {clinician} (you)", clinician=whom)


def _whom(dyad: Dyad) -> str:
    if dyad.clinician is None:
        return Sentence("nobody")
    return dyad.clinician.name or Sentence("the signed-in clinician") if dyad.mine else person(dyad.clinician)


def _companion_panel(dyad: Dyad, spoken: SignalContext, frame: LaneFrame, *, key: str) -> AlliancePanel:
    """A questionnaire about living with diabetes, or about the care received: its title says what it is."""
    return _panel(dyad, spoken, frame, key=key, title=not_validated(dyad.instrument))


def _panel(dyad: Dyad, spoken: SignalContext, frame: LaneFrame, *, key: str, title: str) -> AlliancePanel:
    history, instrument, when = spoken.history, dyad.instrument, latest_moment(dyad)
    last = _last_rated(dyad, when, frame) if dyad.clinician else _last_answered(dyad, when, frame)
    scored = instrument.why_unscored is None
    scales = element_scales(instrument) if scored else ()
    table = (ratings_table if scored else answers_table)(dyad, opens=frame.answered) if dyad.ratings else None
    band = baseline_band(dyad, total_scale(instrument), history) if scored else None
    named = dyad.clinician is not None
    total = total_lane(dyad, frame, named=named, band=band) if scored else answered_lane(dyad, then=frame.then)
    read = f"{history.server}, {formats.clock(history.read_at, frame.zone)}"
    return AlliancePanel(
        key=key,
        title=title,
        direction=instrument.direction if scored else NOT_SCORED,
        standing=joined(" · ", [joined(", ", [_how_many(dyad), last]), read]),
        line=_line(dyad, last),
        total=replace(total, notice=_alliance_notice(history, frame)),
        elements_title=capitalised(listed([scale.title_within for scale in scales])),
        elements=tuple(element_lane(dyad, scale, frame) for scale in scales) if dyad.ratings else (),
        elements_open=any(is_of(change, dyad) for change in history.changes if change.kind == "element"),
        table=table,
        cutoffs=cutoffs_table(instrument) if scored else None,
        said=dyad_lines(dyad, spoken),
    )


def _last_rated(dyad: Dyad, when: Moment | None, frame: LaneFrame) -> Sentence:
    if when is not None:
        return Sentence("last rated {day}", day=formats.since(when, frame.today))
    return Sentence("not rated yet") if dyad.whole else Sentence("when last rated is not known")


def _last_answered(dyad: Dyad, when: Moment | None, frame: LaneFrame) -> Sentence:
    if when is not None:
        return Sentence("last answered {day}", day=formats.since(when, frame.today))
    return Sentence("not answered yet") if dyad.whole else Sentence("when last answered is not known")


def _line(dyad: Dyad, last: Sentence) -> Sentence:
    """All in one line, with the latest of each informant where any can be called so."""
    own = [] if dyad.mine or dyad.clinician is None else [Sentence("A clinician’s ratings are a line of their own.")]
    if not dyad.latest:
        return joined(" ", [counted("{n} rating, {last}.", "{n} ratings, {last}.", dyad.total, last=last), *own])
    scores = latest_in_words(dyad) if dyad.instrument.why_unscored is None else answered_in_words(dyad)
    said = counted("{n} rating, {last}: {scores}.", "{n} ratings, {last}: {scores}.", dyad.total, last=last, scores=scores)
    return joined(" ", [said, *own])


def _how_many(dyad: Dyad) -> Sentence:
    """Visits, as two people may rate one; forms, where nobody is rated."""
    return counted("{n} visit", "{n} visits", dyad.visits) if dyad.clinician else counted("{n} form", "{n} forms", dyad.total)


def _alliance_reads(history: History) -> list[ReadReport]:
    """The reads no measure came from, the patient's own aside."""
    measured = {panel.read.key for panel in history.panels}
    return [read for read in history.result_reads if read.key not in measured and read.key.lower() != "patient"]


def _alliance_notice(history: History, frame: LaneFrame) -> Notice | None:
    unread = next((read for read in _alliance_reads(history) if not read.whole), None)
    at = formats.clock(unread.finished, frame.zone) if unread else ""
    return read_notice(unread, unread.title, frame.retry, at=at, several=True) if unread else None


def _no_alliance(history: History, frame: LaneFrame) -> Lane:
    """What stands in the alliance's place without any rating: a failed read is not "none"."""
    notice = _alliance_notice(history, frame)
    at = formats.clock(history.read_at, frame.zone)
    title = Sentence("Ratings")
    if notice:
        return Lane(title=title, unit="", about=(), readings=(), notice=notice)
    if history.hidden:
        kept_back = Sentence("The patient’s rating is kept back until the visit is rated.")
        words = Words(lead=Sentence("None to show yet"), lines=(kept_back,))
    else:
        searched = Sentence("All dates, by patient and by clinician. Search complete, {time}.", time=at)
        words = Words(lead=Sentence("None found"), lines=(searched,))
    return Lane(title=title, unit="", about=(), readings=(), words=words)


def _hba1c_panel(panel: Panel, history: History, frame: LaneFrame) -> MeasurePanel:
    late = [one.when for one in (panel.latest, *panel.unordered) if one is not None]
    last = [Sentence("last {day}", day=formats.since(formats.latest_possible(late), frame.today))] if late else []
    source = joined(", ", [_laboratories(panel) or history.server, formats.clock(panel.read.finished, frame.zone)])
    return MeasurePanel(
        title=panel.measure.title,
        direction=panel.measure.direction,
        standing=joined(" · ", [joined(", ", [_results(panel), *last]), source]),
        lane=_under_heading(measure_lane(panel, frame, height=_HBA1C_HEIGHT, tall=True), panel),
    )


def _laboratories(panel: Panel) -> Sentence | None:
    """Who reported what is drawn, by name where they are few; None where nobody is named."""
    places = list(dict.fromkeys(point.performer for point in panel.points if point.performer))
    if len(places) > _MOST_PLACES:
        return counted("{n} laboratory", "{n} laboratories", len(places))
    return listed(places) if places else None


def _results(panel: Panel) -> Sentence:
    if panel.read.whole:
        return counted("{n} result", "{n} results", panel.total)
    return counted("{n} result read", "{n} results read", panel.total) if panel.total else Sentence("not known")


def _under_heading(lane: Lane, panel: Panel) -> Lane:
    """The panel's heading already carries the title and the direction word."""
    measure = panel.measure
    about = tuple(line for line in lane.about if line not in {measure.direction, measure.about})
    return replace(lane, title=measure.about or measure.title, unit="", about=about)


def _incomplete(history: History, frame: LaneFrame) -> Notice | None:
    """The page's first words when something is missing or may be: how many reads, which, and when the rest was read."""
    # What a server does not offer of events its lane says: nobody waits for it.
    broken = [
        one for one in history.reads if one.state != "complete" and one.since is None and not (one.of_events and one.state == "unsupported")
    ]
    cut = _complete_from(history)
    foreign = sum(read.foreign for read in history.reads)
    untied = _untied(history)
    unusable = _unusable(history)
    if not (broken or cut or foreign or untied or unusable):
        return None
    parts = _how_broken(broken, of=len(history.reads))
    if cut:
        parts += [full_sentence(listed(cut)), OLDER_UNREAD]
    if foreign:
        parts.append(_foreign(foreign))
    if untied:
        parts.append(_why_untied(untied))
    if unusable:
        parts.append(_unusable_words(unusable))
    if broken and not untied and not cut:
        parts.append(Sentence("Everything else is complete as of {time}.", time=formats.clock(history.read_at, frame.zone)))
    title = _incomplete_title(certainly=bool(broken or cut or unusable), foreign=foreign)
    action = Link(href=frame.retry, text=TRY_AGAIN) if any(read.unfinished for read in broken) else None
    return Notice(title=title, text=joined(" ", parts), action=action)


def _how_broken(broken: Sequence[ReadReport], *, of: int) -> list[Sentence]:
    """What did not complete, and may another time, apart from what this launch was not granted or the server does not offer."""
    said = (
        (_not_complete, [read for read in broken if read.unfinished]),
        (_not_permitted, [read for read in broken if read.state == "not_permitted"]),
        (_only_a_part, [read for read in broken if read.state == "partial" and read.lasting]),
        (_not_offered, [read for read in broken if read.state == "unsupported"]),
    )
    return [words(len(reads), of, listed([read.title for read in reads])) for words, reads in said if reads]


# The same in English for one read and for several; other languages tell them apart.


def _not_complete(number: int, of: int, which: Sentence) -> Sentence:
    return counted(
        "{n} of {all} reads did not complete ({which}).", "{n} of {all} reads did not complete ({which}).", number, all=of, which=which
    )


def _not_permitted(number: int, of: int, which: Sentence) -> Sentence:
    return counted(
        "{n} of {all} reads may not be made in this launch ({which}).",
        "{n} of {all} reads may not be made in this launch ({which}).",
        number,
        all=of,
        which=which,
    )


def _only_a_part(number: int, of: int, which: Sentence) -> Sentence:
    return counted(
        "{n} of {all} reads gave only a part, which trying again would not change ({which}).",
        "{n} of {all} reads gave only a part, which trying again would not change ({which}).",
        number,
        all=of,
        which=which,
    )


def _not_offered(number: int, of: int, which: Sentence) -> Sentence:
    return counted(
        "{n} of {all} reads cannot be made, as the server does not offer them ({which}).",
        "{n} of {all} reads cannot be made, as the server does not offer them ({which}).",
        number,
        all=of,
        which=which,
    )


def _complete_from(history: History) -> list[Sentence]:
    """What of the page is complete from a day on only: `glucose is complete from 03-May-2025 on`."""
    since = [(panel.measure.title, panel.read.since) for panel in history.panels]
    found = [Sentence("{what} is complete from {day} on", what=title, day=day) for title, day in since if day is not None]
    lists = [(read.title, read.since) for read in _alliance_reads(history)]
    return [*found, *(Sentence("{what} are complete from {day} on", what=title, day=day) for title, day in lists if day is not None)]


def _incomplete_title(*, certainly: bool, foreign: int) -> Sentence:
    """What is worst of it: what is missing, whose data came along, what may be missing."""
    if certainly:
        return Sentence("This page is incomplete.")
    return Sentence("The server returned other patients’ data.") if foreign else Sentence("This page may be incomplete.")


def _untied(history: History) -> list[UntiedResource]:
    """Of which nobody can say whose they are; each once, whatever searches returned it."""
    return list(dict.fromkeys(one for read in history.reads for one in read.untied))


def _why_untied(untied: Sequence[UntiedResource]) -> Sentence:
    """How many, and what is the matter with their subject; which, and what IT can do, stands in the list."""
    return counted(
        "{untied}: its subject is {subject}. See “Not shown”.",
        "{untied}: their subject is {subject}. See “Not shown”.",
        len(untied),
        untied=untied_words(untied),
        subject=listed(dict.fromkeys(one.subject for one in untied), "or"),
    )


def _unusable(history: History) -> int:
    """How many suspect HbA1c values there are in the range drawn: the line stops there, so the page's top says so."""
    suspects = [
        skip
        for panel in history.panels
        if panel.measure.key == "hba1c"
        for skip in panel.skipped
        if skip.code not in NOT_RESULTS and skip.when and history.start <= skip.when.day <= history.end
    ]
    return len(suspects)


def _unusable_words(number: int) -> Sentence:
    return counted("{n} HbA1c value could not be used; see “Not shown”.", "{n} HbA1c values could not be used; see “Not shown”.", number)


def _foreign(number: int) -> Sentence:
    return counted(
        "{n} resource the server returned belongs to other patients; nothing of theirs is used or shown.",
        "{n} resources the server returned belong to other patients; nothing of theirs is used or shown.",
        number,
    )


def _waiting_facts(hidden: HiddenRating, history: History, rule: PageOffers, frame: LaneFrame, urls: DashboardUrls) -> WaitingFacts:
    late = offers_for(of_visit_before(history.facts, sent=hidden.sent)).rate if hidden.visit in urls.late else "no"
    return WaitingFacts(
        day=hidden.day,
        waited=(frame.today - hidden.day).days,
        who=person(hidden.clinician),
        mine=hidden.mine,
        named=hidden.encounter is not None,
        here=hidden.visit == history.visit,
        today=hidden.day == frame.today,
        rate=rule.rate,
        late=late,
        can_write=history.can_write,
        personal=history.personal,
        overdue=hidden.overdue,
    )


def _withheld(hidden: HiddenRating, offer: WaitingOffers, history: History, frame: LaneFrame, urls: DashboardUrls) -> WithheldRating:
    """A rating kept back, in the rule's words."""
    return WithheldRating(
        title=offer.title,
        text=offer.text,
        clinician=hidden.clinician.reference,
        visit=hidden.visit,
        late=Link(href=urls.late[hidden.visit], text=offer.late_words) if offer.rate_late else None,
        shown=offer.reveal != "no",
        reasons=tuple(RevealReason(code=code, words=words) for code, words in REASONS.items()) if offer.reveal == "with_reason" else (),
        seen=tuple(_seen(one, frame) for one in history.looked if hidden.mine and one.visit == hidden.visit),
    )


def _seen(one: LookedAt, frame: LaneFrame) -> Sentence:
    """Who looked, when, and why; somebody whose name was not kept is a colleague, and no id."""
    at = one.by.at.astimezone(frame.zone)
    reason = REASONS.get(one.by.reason or "", "")
    who, day, time = one.by.name or Sentence("A colleague"), formats.short_date(at.date()), formats.clock(at, frame.zone)
    if reason:
        return Sentence("{who} saw it on {day} at {time}: “{reason}”.", who=who, day=day, time=time, reason=reason)
    return Sentence("{who} saw it on {day} at {time}.", who=who, day=day, time=time)


def _seen_of(one: LookedAt, frame: LaneFrame) -> Sentence:
    """The same of a rating that does not wait any more."""
    return Sentence("The patient’s rating of {day}, before you had rated: {seen}", day=one.day, seen=_seen(one, frame))


def _action_note(history: History, rule: PageOffers) -> str:
    """What holds for what can be begun here: why the patient is asked nothing, where nothing can be stored."""
    parts: list[str] = [rule.stopped] if rule.stopped else []
    if not history.can_write:
        why = full_sentence(history.why_not_write or Sentence("the reason is not known"))
        parts.append(Sentence("Answers cannot be stored in this record: {why}", why=why))
    return joined(" ", parts)


def _not_shown(history: History) -> NotShown:
    skipped = dict.fromkeys([*history.skipped, *(skip for panel in history.panels for skip in panel.skipped)])
    mine = sorted((skip for skip in skipped if skip.code != "foreign_patient"), key=_skip_order)
    failed = [read for read in history.reads if read.state != "complete"]
    all_rows = [*(_read_row(read) for read in failed), *(_skip_row(skip) for skip in mine)]
    head, rows = filled_columns(_NOT_SHOWN_HEAD, list(zip(*all_rows, strict=True)))
    foreign = sum(read.foreign for read in history.reads)
    events = sum(is_of_events(skip) for skip in mine)
    parts = [counted("{n} value", "{n} values", len(mine) - events)] if len(mine) > events else []
    parts += [counted("{n} event", "{n} events", events)] if events else []
    parts += [counted("{n} read", "{n} reads", len(failed))] if failed else []
    return NotShown(
        count=listed(parts) if parts else "",
        head=head,
        rows=rows[:_FIRST_SKIPPED],
        more=rows[_FIRST_SKIPPED:],
        foreign=_foreign(foreign) if foreign else "",
    )


def _skip_order(skip: Skipped) -> int:
    """Newest first, undated last."""
    return -skip.when.day.toordinal() if skip.when else 0


def _skip_row(skip: Skipped) -> tuple[str, ...]:
    undated = _UNREAD if skip.code == "untied" else formats.NOT_RECORDED
    when = formats.short_moment(skip.when) if skip.when else undated
    what = Sentence("{what}, “{value}”", what=skip.what, value=skip.shown) if skip.shown else skip.what
    return (when, what, full_sentence(skip.reason), full_sentence(skip.remedy or ""), skip.source)


_UNREAD, _ALL_DATES, _SEARCH = Sentence("Not read"), Sentence("All dates"), Sentence("search")
_AGAIN, _FOR_IT = Sentence("Try again; if it stays so, tell the IT team."), Sentence("The IT team can settle it.")


def _read_row(read: ReadReport) -> tuple[str, ...]:
    if read.since is not None:
        return (Sentence("Before {day}", day=read.since), read.title, OLDER_UNREAD, "", _SEARCH)
    return (_ALL_DATES, read.title, full_sentence(read.reason or NO_REASON), _AGAIN if read.unfinished else _FOR_IT, _SEARCH)


_READ_WORDS: Mapping[LoadState, Sentence] = {
    "complete": Sentence("complete"),
    "partial": Sentence("incomplete"),
    "failed": Sentence("failed"),
    "unsupported": Sentence("not offered by the server"),
    "not_permitted": Sentence("not permitted"),
}


_WHY_OFF: Mapping[WhyOff, Sentence] = {
    "refused": Sentence("The EHR refused to be asked for it, so it was asked without"),
    "not_granted": Sentence("Asked for, and not granted"),
    "no_token": Sentence("Granted, and no refresh token came with it"),
    "not_asked": Sentence("Not among the features of its entry in launch.json"),
}


def _off_row(off: FeatureOff) -> tuple[str, ...]:
    """What is off, why, what that means, and the scopes it needs."""
    return (off.feature.title, _WHY_OFF[off.why], off.feature.without, " ".join(off.feature.scopes))


def _outcome(read: ReadReport) -> Sentence:
    return Sentence("complete from {day} on", day=read.since) if read.since is not None else _READ_WORDS[read.state]


def _sources(history: History, frame: LaneFrame) -> Sources:
    untied = _untied(history)
    left = [full_sentence(untied_words(untied))] if untied else []
    read_from = Sentence(
        "Read from {server} (FHIR R4) on {day} at {time}.",
        server=history.server,
        day=_local_day(history.read_at, frame.zone),
        time=formats.clock(history.read_at, frame.zone),
    )
    shown = [one for dyad in [*history.dyads, *history.companions] for one in (dyad.instrument, *dyad.older.values())]
    instruments = {(one.slug, one.version): one for one in shown}.values()
    return Sources(
        sentence=joined(" ", [read_from, _tally(history.reads), *left]),
        rows=tuple((read.title, _outcome(read), str(read.count), formats.clock(read.finished, frame.zone)) for read in history.reads),
        instruments=tuple(_rights(each) for each in instruments),
        notes=tuple(dict.fromkeys(note for read in history.reads for note in read.notes)),
        for_it=tuple(history.for_it),
    )


def _tally(reads: Sequence[ReadReport]) -> Sentence:
    whole, number = sum(read.whole for read in reads), len(reads)
    if whole == number:
        return counted("All {n} read complete.", "All {n} reads complete.", number)
    return counted("{whole} of {n} read complete.", "{whole} of {n} reads complete.", number, whole=whole)


def _rights(instrument: Instrument) -> Sentence:
    """What a form is called, in which version, whose it is, and on what terms."""
    rights = instrument.rights
    return Sentence(
        "{form}, version {version}. {holder}, {licence}.",
        form=not_validated(instrument),
        version=instrument.version,
        holder=rights.holder,
        licence=rights.licence,
    )
