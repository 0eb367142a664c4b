"""The clinician's dashboard as one frozen view model: the patient, what changed, the alliance above HbA1c, the rest, what is not shown."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.sentence import full_sentence, listed
from fhir_mappings.skipped import Skipped, UntiedResource
from smart_app.care.dashboard.history import Dyad, HiddenRating, History, LookedAt, Panel, Years
from smart_app.care.record.closed_visits import REASONS
from smart_app.care.record.page_rule import PageOffers, WaitingFacts, WaitingOffers, of_visit_before, offers_for, waiting_offers
from smart_app.care.record.reads import ReadReport
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.launch.oauth.granted_features import FeatureOff, WhyOff
from smart_app.web import formats
from smart_app.web.charts import plot
from smart_app.web.views.banner import Banner, ContextLine, context_line, page_banner
from smart_app.web.views.dashboard.alliance_lanes import (
    cutoffs_table,
    element_lane,
    element_scales,
    latest_in_words,
    latest_moment,
    not_validated,
    person,
    ratings_table,
    total_lane,
)
from smart_app.web.views.dashboard.left_over import LeftOver
from smart_app.web.views.dashboard.measure_lanes import NOT_RESULTS, LaneFrame, measure_lane, none_found
from smart_app.web.views.dashboard.offers import Offer, Offers
from smart_app.web.views.dashboard.summary import Summary, is_of, summary
from smart_app.web.views.dashboard.unscored_lanes import answered_in_words, answered_lane, answers_table
from smart_app.web.views.parts import (
    OLDER_UNREAD,
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

_HBA1C_HEIGHT = 156
_MEASURE_HEIGHT = 60
_FIRST_SKIPPED = 12
_MOST_PLACES = 2
_MONTHS_SPOKEN = 36
_RANGES: tuple[tuple[Years, str], ...] = (("1", "1 year"), ("2", "2 years"), ("5", "5 years"), ("all", "all"))
_NOT_SHOWN_HEAD = ("Date", "What", "Why it is not drawn or not scored", "What would settle it", "Source")


class DashboardUrls(Struct, frozen=True, kw_only=True):
    """Where the page's links lead. `page` is the dashboard without query; None hides an action (`rate` where nobody may answer);
    `others` are further questionnaires, `late` where a rating of a visit of before begins, by the visit."""

    page: str
    hand_over: Link | None
    rate: Link | None
    reveal: str
    end: str | None
    others: tuple[Offer, ...] = ()
    late: Mapping[str, str] = {}


class RevealReason(Struct, frozen=True, kw_only=True):
    """Why a colleague looks: what goes back, and what is read."""

    code: str
    words: str


class WithheldRating(Struct, frozen=True, kw_only=True):
    """A patient's rating kept back: the sentence, what to post to see it without rating, and who saw it before. `late` begins a rating of
    its visit, where that is of before; `reasons` to choose from where one has to be given; without `shown` it cannot be seen from here."""

    text: str
    clinician: str
    visit: str
    shown: bool
    reasons: tuple[RevealReason, ...]
    seen: tuple[str, ...]
    late: Link | None = None


class TimeAxis(Struct, frozen=True, kw_only=True):
    """One time axis for every lane: ticks, visit hairlines as a path one unit high, and the focus line's stops."""

    ticks: tuple[plot.Tick, ...]
    visits: str
    today: str | None
    focus: str | None
    focus_day: str
    stops: str
    earlier: str | None
    later: str | None


class AlliancePanel(Struct, frozen=True, kw_only=True):
    """One dyad: heading, total lane, elements and the table of ratings. `line` says it all in one line while folded."""

    key: str
    title: str
    direction: str
    standing: str
    line: str
    total: Lane
    elements_title: str
    elements: tuple[Lane, ...]
    elements_open: bool
    table: Table | None
    cutoffs: Table | None


class MeasurePanel(Struct, frozen=True, kw_only=True):
    """HbA1c, with its heading."""

    title: str
    direction: str
    standing: str
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

    sentence: str
    rows: tuple[tuple[str, ...], ...]
    instruments: tuple[str, ...]
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
    looked: tuple[str, ...]
    axis: TimeAxis
    span: str
    alliance: AlliancePanel | None
    no_alliance: Lane | None
    no_alliance_title: str
    other_dyads: tuple[AlliancePanel, ...]
    companions: tuple[AlliancePanel, ...]
    hba1c: MeasurePanel | None
    measures: tuple[Lane, ...]
    measures_standing: str
    measures_drawn: bool
    not_shown: NotShown
    sources: Sources
    opening: Notice | None = None
    ending: Notice | None = None
    unsent: tuple[Notice, ...] = ()
    left: LeftOver | None = None


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
) -> DashboardView:
    """The page for one history. `now` is aware and gives today and the zone of clock times; `focus` is the day the focus line
    stands at (`?at=2026-11-10`), the last visit when None or unknown; `opening` what to say of how the page was opened,
    `ending` of a sign-in that will end, `unsent` of forms that were begun and not sent, `left` of what was sent and is not in the record,
    `off` which features the launch lacks."""
    frame = LaneFrame(
        time=plot.TimeScale(start=history.start, end=history.end),
        today=now.date(),
        zone=now.tzinfo,
        retry=f"{urls.page}?years={history.years}",
        everything=f"{urls.page}?years=all",
    )
    first, others = _first_dyad(history)
    rule = offers_for(history.facts)
    waiting = [waiting_offers(_waiting_facts(hidden, history, rule, frame, urls)) for hidden in history.hidden]
    hba1c = next((panel for panel in history.panels if panel.measure.key == "hba1c"), None)
    measures = _measure_lanes([panel for panel in history.panels if panel is not hba1c], frame)
    rate_first = urls.rate is not None and any(offer.rate_first for offer in waiting)
    return DashboardView(
        banner=page_banner(history.patient, context, today=frame.today),
        context=context_line(history.patient, context, now=now, end=urls.end),
        offers=Offers(hand_over=urls.hand_over, rate=urls.rate, others=urls.others),
        reveal=urls.reveal,
        incomplete=_incomplete(history, frame),
        waiting=tuple(_withheld(hidden, offer, history, frame, urls) for hidden, offer in zip(history.hidden, waiting, strict=True)),
        summary=summary(history),
        ranges=tuple(Link(href=f"{urls.page}?years={years}", text=text, current=years == history.years) for years, text in _RANGES),
        rate_first=rate_first,
        hand_over_first=not rate_first and rule.hand_over == "yes",
        stands=rated_words(rule.stands, history.own_score),
        action_note=_action_note(history, rule, urls),
        looked=tuple(_seen_of(one, frame) for one in history.looked if one.visit not in {hidden.visit for hidden in history.hidden}),
        axis=_axis(history, first, hba1c, frame, urls=urls, focus=focus),
        span=_span(history),
        alliance=_alliance_panel(first, history, frame, key="alliance") if first else None,
        no_alliance=None if first else _no_alliance(history, frame),
        no_alliance_title=f"Alliance with {context.user.name}" if context.user.name else "Alliance",
        other_dyads=tuple(_alliance_panel(dyad, history, frame, key=f"alliance-{index}") for index, dyad in enumerate(others, 2)),
        companions=tuple(_companion_panel(each, history, frame, key=f"companion-{n}") for n, each in enumerate(history.companions, 1)),
        hba1c=_hba1c_panel(hba1c, history, frame) if hba1c else None,
        measures=measures,
        measures_standing=f"{history.server}, {formats.clock(history.read_at, frame.zone)}",
        measures_drawn=any(each.plot for each in measures),
        not_shown=_not_shown(history),
        sources=replace(_sources(history, frame), off=tuple(_off_row(one) for one in off)),
        opening=opening,
        ending=ending,
        unsent=unsent,
        left=left,
    )


def _local_day(instant: datetime, zone: tzinfo | None) -> date:
    return instant.astimezone(zone).date()


def _first_dyad(history: History) -> tuple[Dyad | None, list[Dyad]]:
    """The signed-in clinician's dyad, else the first; and the others in order."""
    dyads = list(history.dyads)
    first = next((dyad for dyad in dyads if dyad.mine), dyads[0] if dyads else None)
    return first, [dyad for dyad in dyads if dyad is not first]


def _span(history: History) -> str:
    months = round((history.end - history.start).days / 30.44)
    return f"{formats.count(months, 'month')}, time to scale" if months < _MONTHS_SPOKEN else f"{round(months / 12)} years, time to scale"


def _axis(
    history: History, dyad: Dyad | None, hba1c: Panel | None, frame: LaneFrame, *, urls: DashboardUrls, focus: date | None
) -> TimeAxis:
    """Visits of the dyad shown first carry the hairlines; without ratings the focus line steps through HbA1c."""
    visits = sorted({rating.when.day for rating in dyad.ratings}) if dyad else []
    stops = visits or sorted({point.when.day for point in hba1c.points} if hba1c else set())
    day = focus if focus in stops else (stops[-1] if stops else None)
    index = stops.index(day) if day else 0
    address = f"{urls.page}?years={history.years}&at="
    return TimeAxis(
        ticks=plot.time_ticks(frame.time),
        visits=plot.vertical_lines(frame.time, visits),
        today=frame.time.percent(frame.today) if frame.time.start <= frame.today <= frame.time.end else None,
        focus=frame.time.percent(day) if day else None,
        focus_day=formats.short_date(day) if day else "",
        stops=" ".join(f"{at[:-1]},{formats.short_date(stop)}" for at, stop in zip(frame.time.percents(stops), stops, strict=True)),
        earlier=f"{address}{stops[index - 1]}#focus" if index > 0 else None,
        later=f"{address}{stops[index + 1]}#focus" if day and index + 1 < len(stops) else None,
    )


def _alliance_panel(dyad: Dyad, history: History, frame: LaneFrame, *, key: str) -> AlliancePanel:
    """One rated clinician on one instrument, which is named where there is more than one."""
    whom = _whom(dyad)
    several = len({each.instrument.slug for each in history.dyads}) > 1
    of = f", {dyad.instrument.title}" if several else ""
    apart = "" if dyad.mine else " A clinician’s ratings are a line of their own."
    return _panel(
        dyad, history, frame, key=key, title=f"Alliance with {whom}{' (you)' if dyad.mine else ''}{of}", verb="rated", apart=apart
    )


def _whom(dyad: Dyad) -> str:
    if dyad.clinician is None:
        return "nobody"
    return dyad.clinician.name or "the signed-in clinician" if dyad.mine else person(dyad.clinician)


def _companion_panel(dyad: Dyad, history: History, frame: LaneFrame, *, key: str) -> AlliancePanel:
    """A questionnaire about living with diabetes, or about the care received: its title says what it is."""
    panel = _panel(dyad, history, frame, key=key, title=not_validated(dyad.instrument), verb="answered", apart="")
    return replace(panel, total=replace(panel.total, about=tuple(line for line in panel.total.about if line != panel.title)))


def _panel(dyad: Dyad, history: History, frame: LaneFrame, *, key: str, title: str, verb: str, apart: str) -> AlliancePanel:
    instrument, when = dyad.instrument, latest_moment(dyad)
    never = f"not {verb} yet" if dyad.whole else f"when last {verb} is not known"
    last = f"last {verb} {formats.since(when, frame.today)}" if when else never
    scored = instrument.why_unscored is None
    scales = element_scales(instrument) if scored else ()
    table = (ratings_table(dyad) if scored else answers_table(dyad)) if dyad.ratings else None
    return AlliancePanel(
        key=key,
        title=title,
        direction=instrument.direction if scored else "not scored",
        standing=f"{_how_many(dyad)}, {last} · {history.server}, {formats.clock(history.read_at, frame.zone)}",
        line=f"{formats.count(dyad.total, 'rating')}, {last}{_latest(dyad)}.{apart}",
        total=replace(total_lane(dyad, frame) if scored else answered_lane(dyad), notice=_alliance_notice(history, frame)),
        elements_title=full_sentence(listed([scale.title.lower() for scale in scales])).rstrip("."),
        elements=tuple(element_lane(dyad, scale, frame) for scale in scales) if dyad.ratings else (),
        elements_open=any(is_of(change, dyad) for change in history.changes if change.kind == "element"),
        table=table,
        cutoffs=cutoffs_table(instrument) if scored else None,
    )


def _latest(dyad: Dyad) -> str:
    """The latest of each informant, after a colon; "" where none can be called so."""
    if not dyad.latest:
        return ""
    return f": {latest_in_words(dyad) if dyad.instrument.why_unscored is None else answered_in_words(dyad)}"


def _how_many(dyad: Dyad) -> str:
    """Visits, as two people may rate one; forms, where nobody is rated."""
    return formats.count(dyad.visits, "visit") if dyad.clinician else formats.count(dyad.total, "form")


def _alliance_reads(history: History) -> list[ReadReport]:
    """The reads no measure came from, the patient's own aside."""
    measured = {panel.read.key for panel in history.panels}
    return [read for read in history.reads if read.key not in measured and read.key.lower() != "patient"]


def _alliance_notice(history: History, frame: LaneFrame) -> Notice | None:
    unread = next((read for read in _alliance_reads(history) if not read.whole), None)
    return read_notice(unread, unread.title, frame.retry, at=formats.clock(unread.finished, frame.zone)) if unread else None


def _no_alliance(history: History, frame: LaneFrame) -> Lane:
    """What stands in the alliance's place without any rating: a failed read is not "none"."""
    notice = _alliance_notice(history, frame)
    at = formats.clock(history.read_at, frame.zone)
    if notice:
        return Lane(title="Ratings", unit="", about=(), readings=(), notice=notice)
    if history.hidden:
        words = Words(lead="None to show yet", lines=("The patient’s rating is kept back until the visit is rated.",))
    else:
        words = Words(lead="None found", lines=(f"All dates, by patient and by clinician. Search complete, {at}.",))
    return Lane(title="Ratings", unit="", about=(), readings=(), words=words)


def _hba1c_panel(panel: Panel, history: History, frame: LaneFrame) -> MeasurePanel:
    places = list(dict.fromkeys(point.performer for point in panel.points if point.performer))
    source = listed(places) if 0 < len(places) <= _MOST_PLACES else f"{len(places)} laboratories" if places else history.server
    late = [one.when for one in (panel.latest, *panel.unordered) if one is not None]
    last = f", last {formats.since(formats.latest_possible(late), frame.today)}" if late else ""
    read = "" if panel.read.whole else " read"
    number = f"{formats.count(panel.total, 'result')}{read}" if panel.total or panel.read.whole else "not known"
    return MeasurePanel(
        title=panel.measure.title,
        direction=panel.measure.direction,
        standing=f"{number}{last} · {source}, {formats.clock(panel.read.finished, frame.zone)}",
        lane=_under_heading(measure_lane(panel, frame, height=_HBA1C_HEIGHT, tall=True), panel),
    )


def _under_heading(lane: Lane, panel: Panel) -> Lane:
    """The panel's heading already carries the title and the direction word."""
    measure = panel.measure
    about = tuple(line for line in lane.about if line not in {measure.direction, measure.about})
    return replace(lane, title=measure.about or measure.title, unit="", about=about)


def _measure_lanes(panels: Sequence[Panel], frame: LaneFrame) -> tuple[Lane, ...]:
    """A lane per measure; those with nothing at all, fully searched, share the last one."""
    empty = [panel for panel in panels if panel.read.whole and not panel.total and not panel.skipped]
    lanes = [measure_lane(panel, frame, height=_MEASURE_HEIGHT, tall=False) for panel in panels if panel not in empty]
    if len(empty) == 1:
        lanes.append(measure_lane(empty[0], frame, height=_MEASURE_HEIGHT, tall=False))
    elif empty:
        at = formats.clock(max(panel.read.finished for panel in empty), frame.zone)
        titles = full_sentence(listed([panel.measure.title for panel in empty]))
        title = f"{formats.in_words(len(empty)).capitalize()}{' other' if lanes else ''} measures"
        words = none_found(empty, (titles, f"All dates. Searches complete, {at}."))
        lanes.append(Lane(title=title, unit="", about=(), readings=(), words=words))
    return tuple(lanes)


def _incomplete(history: History, frame: LaneFrame) -> Notice | None:
    """The page's first words when something is missing or may be: how many reads, which, and when the rest was read."""
    broken = [read for read in history.reads if read.state != "complete" and read.since is None]
    cut = _complete_from(history)
    foreign = sum(read.foreign for read in history.reads)
    untied = _untied(history)
    unusable = _unusable(history)
    if not (broken or cut or foreign or untied or unusable):
        return None
    parts = _how_broken(broken, of=len(history.reads))
    if cut:
        parts.append(f"{full_sentence(listed(cut))} {OLDER_UNREAD}")
    if foreign:
        parts.append(_foreign(foreign))
    if untied:
        parts.append(_why_untied(untied))
    if unusable:
        parts.append(f"{unusable} could not be used; see “Not shown”.")
    if broken and not untied and not cut:
        parts.append(f"Everything else is complete as of {formats.clock(history.read_at, frame.zone)}.")
    title = _incomplete_title(certainly=bool(broken or cut or unusable), foreign=foreign)
    action = Link(href=frame.retry, text="Try again") if any(read.unfinished for read in broken) else None
    return Notice(title=title, text=" ".join(parts), action=action)


def _how_broken(broken: Sequence[ReadReport], *, of: int) -> list[str]:
    """What did not complete, and may another time, apart from what this launch was not granted or the server does not offer."""
    said = {
        "did not complete": [read for read in broken if read.unfinished],
        "may not be made in this launch": [read for read in broken if read.state == "not_permitted"],
        "gave only a part, which trying again would not change": [read for read in broken if read.state == "partial" and read.lasting],
        "cannot be made, as the server does not offer them": [read for read in broken if read.state == "unsupported"],
    }
    return [f"{len(reads)} of {of} reads {what} ({_titles(reads)})." for what, reads in said.items() if reads]


def _complete_from(history: History) -> list[str]:
    """What of the page is complete from a day on only: `glucose is complete from 03-May-2025 on`."""
    titled: list[tuple[str, ReadReport]] = [(panel.measure.title, panel.read) for panel in history.panels]
    titled += [(read.title, read) for read in _alliance_reads(history)]
    return [f"{title} is complete from {formats.short_date(read.since)} on" for title, read in titled if read.since is not None]


def _incomplete_title(*, certainly: bool, foreign: int) -> str:
    """What is worst of it: what is missing, whose data came along, what may be missing."""
    if certainly:
        return "This page is incomplete."
    return "The server returned other patients’ data." if foreign else "This page may be incomplete."


def _untied(history: History) -> list[UntiedResource]:
    """Of which nobody can say whose they are; each once, whatever searches returned it."""
    return list(dict.fromkeys(one for read in history.reads for one in read.untied))


def _why_untied(untied: Sequence[UntiedResource]) -> str:
    """How many, and what is the matter with their subject; which, and what IT can do, stands in the list."""
    whose = "its" if len(untied) == 1 else "their"
    return f"{untied_words(untied)}: {whose} subject is {' or '.join(dict.fromkeys(one.subject for one in untied))}. See “Not shown”."


def _unusable(history: History) -> str:
    """Suspect HbA1c values in the range drawn: the line stops there, so the page's top says so."""
    suspects = [
        skip
        for panel in history.panels
        if panel.measure.key == "hba1c"
        for skip in panel.skipped
        if skip.code not in NOT_RESULTS and skip.when and history.start <= skip.when.day <= history.end
    ]
    return formats.count(len(suspects), "HbA1c value") if suspects else ""


def _titles(reads: Sequence[ReadReport]) -> str:
    return listed([read.title for read in reads])


def _foreign(number: int) -> str:
    verb = "belongs" if number == 1 else "belong"
    return f"{formats.count(number, 'resource')} the server returned {verb} to other patients; nothing of theirs is used or shown."


def _waiting_facts(hidden: HiddenRating, history: History, rule: PageOffers, frame: LaneFrame, urls: DashboardUrls) -> WaitingFacts:
    late = offers_for(of_visit_before(history.facts, sent=hidden.sent)).rate if hidden.visit in urls.late else "no"
    return WaitingFacts(
        mine=hidden.mine,
        named=hidden.encounter is not None,
        here=hidden.visit == history.visit,
        today=hidden.day == frame.today,
        rate=rule.rate,
        late=late,
        can_write=history.can_write,
        personal=history.personal,
    )


def _withheld(hidden: HiddenRating, offer: WaitingOffers, history: History, frame: LaneFrame, urls: DashboardUrls) -> WithheldRating:
    """A rating kept back, with the day and the name in the rule's words."""
    text = offer.text.replace("{visit}", formats.short_date(hidden.day)).replace("{who}", person(hidden.clinician))
    return WithheldRating(
        text=text,
        clinician=hidden.clinician.reference,
        visit=hidden.visit,
        late=Link(href=urls.late[hidden.visit], text=offer.late_words) if offer.rate_late else None,
        shown=offer.reveal != "no",
        reasons=tuple(RevealReason(code=code, words=words) for code, words in REASONS.items()) if offer.reveal == "with_reason" else (),
        seen=tuple(_seen(one, frame) for one in history.looked if hidden.mine and one.visit == hidden.visit),
    )


def _seen(one: LookedAt, frame: LaneFrame) -> str:
    """Who looked, when, and why; somebody whose name was not kept is a colleague, and no id."""
    at = one.by.at.astimezone(frame.zone)
    reason = REASONS.get(one.by.reason or "", "")
    why = f": “{reason}”" if reason else ""
    return f"{one.by.name or 'A colleague'} saw it on {formats.short_date(at.date())} at {formats.clock(at, frame.zone)}{why}."


def _seen_of(one: LookedAt, frame: LaneFrame) -> str:
    """The same of a rating that does not wait any more."""
    return f"The patient’s rating of {formats.short_date(one.day)}, before you had rated: {_seen(one, frame)}"


def _action_note(history: History, rule: PageOffers, urls: DashboardUrls) -> str:
    """What holds for what can be begun here: why the patient is asked nothing, where nothing can be stored, who rates first."""
    parts = [rule.stopped] if rule.stopped else []
    if not history.can_write:
        parts.append(f"Answers cannot be stored in this record: {full_sentence(history.why_not_write or 'the reason is not known')}")
    if urls.rate is not None and rule.note:
        parts.append(rule.note)
    return " ".join(parts)


def _not_shown(history: History) -> NotShown:
    skipped = dict.fromkeys([*history.skipped, *(skip for panel in history.panels for skip in panel.skipped)])
    mine = sorted((skip for skip in skipped if skip.code != "foreign_patient"), key=_skip_order)
    failed = [read for read in history.reads if read.state != "complete"]
    all_rows = [*(_read_row(read) for read in failed), *(_skip_row(skip) for skip in mine)]
    head, rows = filled_columns(_NOT_SHOWN_HEAD, list(zip(*all_rows, strict=True)))
    foreign = sum(read.foreign for read in history.reads)
    parts = [formats.count(len(mine), "value")] if mine else []
    parts += [formats.count(len(failed), "read")] if failed else []
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
    undated = "Not read" if skip.code == "untied" else formats.NOT_RECORDED
    when = formats.short_moment(skip.when) if skip.when else undated
    what = f"{skip.what}, “{skip.shown}”" if skip.shown else skip.what
    return (when, what, full_sentence(skip.reason), full_sentence(skip.remedy or ""), skip.source)


def _read_row(read: ReadReport) -> tuple[str, ...]:
    remedy = "Try again; if it stays so, tell the IT team." if read.unfinished else "The IT team can settle it."
    if read.since is not None:
        return (f"Before {formats.short_date(read.since)}", read.title, OLDER_UNREAD, "", "search")
    return ("All dates", read.title, full_sentence(read.reason or "The server gave no reason"), remedy, "search")


_READ_WORDS = {
    "complete": "complete",
    "partial": "incomplete",
    "failed": "failed",
    "unsupported": "not offered by the server",
    "not_permitted": "not permitted",
}


_WHY_OFF: dict[WhyOff, str] = {
    "refused": "The EHR refused to be asked for it, so it was asked without",
    "not_granted": "Asked for, and not granted",
    "no_token": "Granted, and no refresh token came with it",
    "not_asked": "Not among the features of its entry in launch.json",
}


def _off_row(off: FeatureOff) -> tuple[str, ...]:
    """What is off, why, what that means, and the scopes it needs."""
    return (off.feature.title, _WHY_OFF[off.why], off.feature.without, " ".join(off.feature.scopes))


def _outcome(read: ReadReport) -> str:
    return f"complete from {formats.short_date(read.since)} on" if read.since is not None else _READ_WORDS[read.state]


def _sources(history: History, frame: LaneFrame) -> Sources:
    whole = sum(read.whole for read in history.reads)
    reads = formats.count(len(history.reads), "read")
    tally = f"All {reads} complete." if whole == len(history.reads) else f"{whole} of {reads} complete."
    untied = _untied(history)
    left = f" {untied_words(untied)}." if untied else ""
    day = formats.short_date(_local_day(history.read_at, frame.zone))
    instruments = {dyad.instrument.slug: dyad.instrument for dyad in [*history.dyads, *history.companions]}.values()
    return Sources(
        sentence=f"Read from {history.server} (FHIR R4) on {day} at {formats.clock(history.read_at, frame.zone)}. {tally}{left}",
        rows=tuple((read.title, _outcome(read), str(read.count), formats.clock(read.finished, frame.zone)) for read in history.reads),
        instruments=tuple(
            f"{not_validated(each)}, version {each.version}. {each.rights.holder}, {each.rights.licence}." for each in instruments
        ),
        notes=tuple(dict.fromkeys(note for read in history.reads for note in read.notes)),
        for_it=tuple(history.for_it),
    )
