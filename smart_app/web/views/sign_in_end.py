"""What is said of a sign-in that ends and cannot be renewed: until when it lasts, and what keeps the work, before the end."""

from datetime import datetime, timedelta

from fhir_mappings.sentence import Sentence, joined
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web import formats
from smart_app.web.views.parts import Notice

# So near its end nobody should begin what takes a while.
_NEAR = timedelta(minutes=15)


def lasts_until(context: LaunchContext, *, now: datetime) -> str:
    """`14:35`, with its day where that is not today; "" where the sign-in can be renewed, or does not end."""
    return until_words(context.fixed_end, now=now) if context.fixed_end else ""


def until_words(end: datetime, *, now: datetime) -> str:
    """The same of any end."""
    local = end.astimezone(now.tzinfo)
    time = formats.clock(local, now.tzinfo)
    return time if local.date() == now.date() else joined(", ", [time, formats.short_date(local.date())])


def ending_notice(context: LaunchContext, *, now: datetime) -> Notice | None:
    """For the clinician's page, while the end is near: what is not lost by it, and how to go on."""
    end = context.fixed_end
    if end is None or end - now > _NEAR:
        return None
    way = _WAYS.get(context.via, Sentence("open Rapport again from the patient's chart"))
    title = Sentence("This sign-in ends at {time} and cannot be renewed.", time=lasts_until(context, now=now))
    return Notice(title=title, text=joined(" ", [_STAYS, Sentence("To go on, {way}.", way=way)]))


def form_words(context: LaunchContext, *, now: datetime) -> str:
    """For a form, whoever fills it in; "" where nothing has to be said."""
    until = lasts_until(context, now=now)
    if not until:
        return ""
    if context.by_patient:
        return Sentence("You are signed in until {time}. Please send your answers before then.", time=until)
    return Sentence(
        "This sign-in lasts until {time}. What is chosen here is kept as you go, and what is sent after that, for the next launch.",
        time=until,
    )


def link_words(end: datetime, *, now: datetime) -> Sentence:
    """For a form that is open by a one-time link."""
    local = end.astimezone(now.tzinfo)
    time = formats.clock(local, now.tzinfo) if local.date() == now.date() else on_its_day(end, now=now)
    return Sentence("Please send your answers before {time}.", time=time)


def on_its_day(end: datetime, *, now: datetime) -> Sentence:
    """A patient's end with its day, where it is read on another one."""
    day = end.astimezone(now.tzinfo).date()
    return Sentence("{time} on {day}", time=formats.clock(end, now.tzinfo), day=formats.long_date(day))


_STAYS = Sentence(
    "What is chosen in a form is kept as you go, and what is sent after the end is kept in Rapport: both can be sent from the next launch."
)
_WAYS = {"standalone": Sentence("start again on Rapport's own page")}
