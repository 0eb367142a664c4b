"""The clinician's dashboard as one frozen view model: the patient, what changed, the alliance above HbA1c, the rest, what is not shown."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence, counted, full_sentence, joined
from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.read_mark import read_mark
from smart_app.care.record.page_rule import PageOffers, offers_for
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.launch.oauth.granted_features import FeatureOff
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.views.banner import Banner, ContextLine, context_line, page_banner
from smart_app.web.views.dashboard.account.incomplete import incomplete
from smart_app.web.views.dashboard.account.not_shown import NotShown, not_shown
from smart_app.web.views.dashboard.account.sources import Sources, sources
from smart_app.web.views.dashboard.events.event_lanes import EventsPanel, events_panel
from smart_app.web.views.dashboard.first_screen import FirstScreen, NoticeShown, folds
from smart_app.web.views.dashboard.focus_line import TimeAxis, frame_with, place_in, range_links, shown_first, time_axis
from smart_app.web.views.dashboard.lanes.alliance_lanes import TOTAL
from smart_app.web.views.dashboard.lanes.measure_rows import MeasuresPanel, measures_panel
from smart_app.web.views.dashboard.lanes.unanswered_words import of_nobody_shown
from smart_app.web.views.dashboard.left_over import LeftOver
from smart_app.web.views.dashboard.offers import Offer, Offers
from smart_app.web.views.dashboard.panels import (
    HBA1C_HEIGHT,
    AlliancePanel,
    MeasurePanel,
    alliance_panel,
    alliance_with,
    companion_panel,
    hba1c_panel,
    no_alliance,
)
from smart_app.web.views.dashboard.summary import Summary, summary
from smart_app.web.views.dashboard.talk.signal_lines import SignalContext, SignalUrls, ToTalkAbout, to_talk_about
from smart_app.web.views.dashboard.withheld import WithheldRating, offers_of_waiting, seen_before_rated, withheld_ratings
from smart_app.web.views.parts import Lane, Link, Notice, rated_words

_MONTHS_SPOKEN = 36


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
    unanswered: tuple[Sentence, ...]
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
    waiting = offers_of_waiting(history, rule, frame, urls.late)
    rate_first = urls.rate is not None and any(offer.rate_first for offer in waiting)
    view = DashboardView(
        banner=page_banner(history.patient, context, today=frame.today),
        context=context_line(history.patient, context, now=now, end=urls.end),
        offers=Offers(hand_over=urls.hand_over, rate=urls.rate, others=urls.others),
        reveal=urls.reveal,
        incomplete=incomplete(history, frame),
        waiting=withheld_ratings(history, waiting, frame, urls.late),
        summary=summary(history, why=urls.why),
        ranges=range_links(place, page=urls.page, years=history.years),
        rate_first=rate_first,
        hand_over_first=not rate_first and rule.hand_over == "yes",
        stands=rated_words(rule.stands, history.own_score),
        action_note=_action_note(history, rule),
        rate_note=rule.note if urls.rate is not None else "",
        looked=seen_before_rated(history, frame),
        axis=time_axis(frame, place, page=urls.page, years=history.years, told=urls.told, read=read_mark(history) if urls.told else ""),
        span=_span(history),
        alliance=alliance_panel(first, spoken, frame, key="alliance") if first else None,
        no_alliance=None if first else no_alliance(history, frame),
        no_alliance_title=alliance_with(context.user.name),
        other_dyads=tuple(alliance_panel(dyad, spoken, frame, key=f"alliance-{index}") for index, dyad in enumerate(others, 2)),
        unanswered=of_nobody_shown(history) if first else (),
        companions=tuple(companion_panel(each, spoken, frame, key=f"companion-{n}") for n, each in enumerate(history.companions, 1)),
        hba1c=hba1c_panel(hba1c, history, frame) if hba1c else None,
        measures=measures_panel(history, frame),
        not_shown=not_shown(history),
        sources=sources(history, frame, off),
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
        listed=(*total.listed, *total.unanswered) if total else (),
        numbered=[[one.words for one in lane.not_drawn] for lane in lanes if not lane.beside],
        taller=max(0, drawn - TOTAL.height - HBA1C_HEIGHT),
        seen=view.alliance.said.lines if view.alliance and view.alliance.said else (),
        language=language,
    )


def _signal_urls(urls: DashboardUrls) -> SignalUrls:
    return SignalUrls(options=urls.options, why=urls.why, put_aside=urls.put_aside, take_back=urls.take_back)


def _span(history: History) -> Sentence:
    months = round((history.end - history.start).days / 30.44)
    if months < _MONTHS_SPOKEN:
        return counted("{n} month, time to scale", "{n} months, time to scale", months)
    return counted("{n} year, time to scale", "{n} years, time to scale", round(months / 12))


def _action_note(history: History, rule: PageOffers) -> str:
    """What holds for what can be begun here: why the patient is asked nothing, where nothing can be stored."""
    parts: list[str] = [one for one in (rule.stopped, rule.unanswered) if one]
    if not history.can_write:
        why = full_sentence(history.why_not_write or Sentence("the reason is not known"))
        parts.append(Sentence("Answers cannot be stored in this record: {why}", why=why))
    return joined(" ", parts)
