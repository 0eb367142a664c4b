"""The page's first words where something is missing or may be: which reads, from which day on, whose data came along."""

from collections.abc import Sequence

from fhir_mappings.sentence import Sentence, counted, full_sentence, joined, listed
from fhir_mappings.skipped import UntiedResource
from smart_app.care.dashboard.history import History
from smart_app.care.record.reads import ReadReport
from smart_app.web import formats
from smart_app.web.views.dashboard.lanes.measure_lanes import NOT_RESULTS, LaneFrame
from smart_app.web.views.dashboard.panels import alliance_reads
from smart_app.web.views.parts import OLDER_UNREAD, TRY_AGAIN, Link, Notice, untied_words


def incomplete(history: History, frame: LaneFrame) -> Notice | None:
    """The page's first words when something is missing or may be: how many reads, which, and when the rest was read."""
    # What a server does not offer of events its lane says: nobody waits for it.
    broken = [
        one for one in history.reads if one.state != "complete" and one.since is None and not (one.of_events and one.state == "unsupported")
    ]
    cut = _complete_from(history)
    foreign = sum(read.foreign for read in history.reads)
    untied = untied_resources(history)
    unusable = _unusable(history)
    if not (broken or cut or foreign or untied or unusable):
        return None
    parts = _how_broken(broken, of=len(history.reads))
    if cut:
        parts += [full_sentence(listed(cut)), OLDER_UNREAD]
    if foreign:
        parts.append(foreign_words(foreign))
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
    lists = [(read.title, read.since) for read in alliance_reads(history)]
    return [*found, *(Sentence("{what} are complete from {day} on", what=title, day=day) for title, day in lists if day is not None)]


def _incomplete_title(*, certainly: bool, foreign: int) -> Sentence:
    """What is worst of it: what is missing, whose data came along, what may be missing."""
    if certainly:
        return Sentence("This page is incomplete.")
    return Sentence("The server returned other patients’ data.") if foreign else Sentence("This page may be incomplete.")


def untied_resources(history: History) -> list[UntiedResource]:
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


def foreign_words(number: int) -> Sentence:
    """How many resources of other patients came along, and what is done with them."""
    return counted(
        "{n} resource the server returned belongs to other patients; nothing of theirs is used or shown.",
        "{n} resources the server returned belong to other patients; nothing of theirs is used or shown.",
        number,
    )
