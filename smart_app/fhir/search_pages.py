"""A search page by page: what has arrived, what the server said beside it, where the next page is, and why none is read."""

from collections.abc import Mapping

from msgspec import Struct, field

from fhir_mappings.sentence import Sentence, counted, joined
from smart_app.fhir.outcome_entries import Said, said_in
from smart_app.fhir.self_link import shows_another_question
from smart_app.fhir.wire import under_base

_Resource = dict[str, object]
_ANOTHER_QUESTION = Sentence("The server's answer says that it searched for something else than it was asked, so results may be missing.")
_MOST_SAID = 2


class SearchResult(Struct, frozen=True, kw_only=True):
    """What a search gave. `resources` are the matches in the server's order, `included` came by `_include`, `notes` are what the server
    says beside every answer. Unless `complete`, `reason` says in a sentence what is missing, in the server's own words where it gave some;
    `lasting`: asking again would end the same."""

    resources: tuple[_Resource, ...]
    included: tuple[_Resource, ...]
    notes: tuple[str, ...]
    complete: bool
    reason: Sentence | None
    pages: int
    lasting: bool = False


class SearchPages(Struct, kw_only=True):
    """One search under way, for resources of the type `wanted` at `base`. `following` is the address of its next page, None at the end or
    where that must not be read; a resource that appears on two pages counts once, against the server's total too: pages that overlap may
    leave out as many as they repeat. `seen` is the page each came on."""

    wanted: str
    base: str
    matches: list[_Resource] = field(default_factory=list)
    included: list[_Resource] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    following: str | None = None
    total: int | None = None
    visited: set[str] = field(default_factory=set)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    received: int = 0
    suspect: bool = False
    stopped: Sentence | None = None

    def take(self, bundle: Mapping[str, object], *, asked: str) -> None:
        """Sort the entries of the page that came from the address `asked`, and see where it leads."""
        first = not self.visited
        self.visited.add(asked)
        self.suspect = self.suspect or shows_another_question(asked, _link(bundle, "self"))
        total = bundle.get("total")
        self.total = total if isinstance(total, int) else self.total
        before, entries = len(self.seen), entries_of(bundle)
        for entry in entries:
            resource = entry.get("resource")
            if isinstance(resource, dict):
                self._sort(resource, entry.get("search"))
        if not first and entries and len(self.seen) == before:
            self.stop(Sentence("The server sent the same page twice, so the list may lack some."))
        else:
            self._lead_on(_link(bundle, "next"), current=asked)

    def stop(self, reason: Sentence) -> None:
        """Read no further page, for that reason; nothing read before is lost."""
        self.following = None
        self.stopped = reason

    @property
    def troubled(self) -> bool:
        """Whether what has come cannot be relied on, whatever follows it."""
        return self.suspect or any(one.missing for one in self.said)

    def _lead_on(self, link: str | None, *, current: str) -> None:
        self.following = under_base(link, base=self.base, current=current) if link else None
        if link and self.following is None:
            self.stop(Sentence("The server's next page lies outside its own address, so it was not opened."))
        elif self.following in self.visited:
            self.stop(Sentence("The server's pages lead back to one another, so the list may lack some."))

    def _sort(self, resource: _Resource, search: object) -> None:
        kind = resource.get("resourceType")
        if kind == "OperationOutcome":
            self.said.extend(said_in(resource))
            return
        mode = search.get("mode") if isinstance(search, dict) else None
        match = kind == self.wanted and mode != "include"
        local_id = resource.get("id")
        identity = (str(kind), local_id if isinstance(local_id, str) and local_id else f"#{len(self.seen)}")
        page, known = len(self.visited), self.seen.get(identity)
        self.received += match and known in {None, page}
        if known is None:
            self.seen[identity] = page
            (self.matches if match else self.included).append(resource)

    def result(self) -> SearchResult:
        """The search as far as it was read; what the server said of it, a page that answers another question, and a total larger than what
        arrived, are said."""
        missing = [one for one in self.said if one.missing]
        said = [sentence for sentence in (self._why_short(), _in_its_words(missing)) if sentence]
        reason = joined(" ", said) if said else None
        return SearchResult(
            resources=tuple(self.matches),
            included=tuple(self.included),
            notes=tuple(dict.fromkeys(one.words for one in self.said if one.words and not one.missing)),
            complete=reason is None,
            reason=reason,
            pages=len(self.visited),
            lasting=bool(missing) and self.stopped is None and not any(one.passing for one in missing),
        )

    def _why_short(self) -> Sentence | None:
        if self.stopped is not None:
            return self.stopped
        if self.suspect:
            return _ANOTHER_QUESTION
        if self.total is not None and self.total > self.received:
            return counted(
                "The server counts {n} result and gave {received}.",
                "The server counts {n} results and gave {received}.",
                self.total,
                received=self.received,
            )
        return None


def entries_of(bundle: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The bundle's entries that are objects."""
    entries = bundle.get("entry")
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _in_its_words(missing: list[Said]) -> Sentence | None:
    """The first sentences of the server's; "" of it never hides that it had something to say."""
    words = list(dict.fromkeys(one.words for one in missing))[:_MOST_SAID]
    return Sentence("The server said: {words}.", words=_quoted(words)) if words else None


def _quoted(words: list[str]) -> str:
    return "; ".join(f"“{one.rstrip('.')}”" for one in words)


def _link(bundle: Mapping[str, object], relation: str) -> str | None:
    """The bundle's link of that relation, if the server gives one."""
    links = bundle.get("link")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("relation") == relation:
            url = link.get("url")
            return url if isinstance(url, str) and url else None
    return None
