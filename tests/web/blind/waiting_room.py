"""A clinician at a chart in which a patient's rating is kept back from them, and every address of that launch."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import simplejson
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from smart_app.sandbox.personas import persona_canonicals
from smart_app.sandbox.personas.build import TODAY, all_visits, build, build_staff, load_personas
from smart_app.sandbox.personas.calendar import Calendar
from smart_app.sandbox.personas.case import Persona, PersonaVisit, RatingEntry
from smart_app.sandbox.personas.rated import PersonaRating, rating_resources
from tests.care.ehr import Answer, Ehr, json_answer
from tests.support.authorization_server import BASE
from tests.web.blind.answer_sets import AnswerSet
from tests.web.clinic import OWN, SITE, SLUG, Clinic

Json = dict[str, Any]
_HBA1C = "59261-8"
_LAUNCH = "/l/<launch_id>/"
# What stands in an address's places, each value tried. A rule with another place says so and is given values here.
_PLACES: Mapping[str, tuple[str, ...]] = {
    "slug": (SLUG, "nothing-of-this-name"),
    "informant": ("patient", "clinician", "observer"),
    "key": ("nothing-of-this-name",),
    "way": ("discarded",),
    "about": ("clinician",),
}
# Queries of pages that others may not link to as they stand.
_QUERIES: Mapping[str, tuple[str, ...]] = {
    "dashboard": ("years=1", "years=2", "years=5", "years=all", "at=launch", "at={day}", "at=2001-01-01", "years=all&at={day}"),
    "note": ("years=all", "without=difficulty", "without=elements&without=difficulty"),
    "print": ("years=all", "tables=yes"),
    "stops": ("years=1", "years=all"),
    "file_page": ("years=all", "changed=yes"),
}
# Not asked: what ends the launch.
_ENDS = {"end"}
_RANDOM = (
    (re.compile(rb"nonce-[A-Za-z0-9_-]{22}|nonce=\"[A-Za-z0-9_-]{22}\""), b"nonce"),
    (re.compile(rb"RP-[A-Z0-9]{4}-[A-Z0-9]{4}"), b"RP"),
    (re.compile(rb'name="(?:key|ticket)" value="[^"]*"'), b"token"),
    (re.compile(rb"late=[A-Za-z0-9_-]*"), b"late"),
    (re.compile(rb'<output>\d{3} \d{3}</output>|name="sealed" value="[^"]*"'), b"code"),
    (re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), b"uuid"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer, what is random in it blanked; `length` is that of what was sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What is asked for; with `fields` it is a POST."""

    path: str
    fields: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A state: the persona, the visit whose rating by the patient waits (None: today's), who has signed in, and who has looked before."""

    persona: str
    visit: str = TODAY
    cut_from: str = ""
    user: str = "sofia-lindqvist"
    looked: str = ""

    @property
    def known(self) -> Persona:
        """The persona with the visits up to the waiting one, which has no rating in it but that of the answer sets."""
        persona = load_personas()[self.persona]
        visits = [one for one in all_visits(persona) if not self.cut_from or one.key < self.cut_from or one.key == TODAY]
        bare = [one.model_copy(update={"patient": (), "nurse_or_doctor": ()}) if one.key == self.visit else one for one in visits]
        return persona.model_copy(update={"visits": tuple(bare)})

    @property
    def waiting(self) -> PersonaVisit:
        """The visit that waits."""
        return next(one for one in self.known.visits if one.key == self.visit)


@dataclass(kw_only=True)
class ScriptedEhr(Ehr):
    """What does not change is searched once; what waits (`hidden`) is put to each search anew."""

    hidden: list[Json] = field(default_factory=list)
    found: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    def _get(self, path: str, query: dict[str, str]) -> Answer:
        hidden = {f"{one['resourceType']}/{one['id']}": one for one in self.hidden}
        if path in hidden:
            return json_answer(200, hidden[path])
        if path == "metadata" or "/" in path:
            return super()._get(path, query)
        key = (path, *(f"{name}={value}" for name, value in sorted(query.items())))
        if key not in self.found:
            self.found[key] = [_entry(one) for one in self.of_type(path) if self._matches(one, query)]
        entries = self.found[key] + [_entry(one) for one in self.hidden if one["resourceType"] == path and self._matches(one, query)]
        text = f'{{"resourceType": "Bundle", "type": "searchset", "total": {len(entries)}, "entry": [{", ".join(entries)}]}}'
        return 200, {"Content-Type": "application/fhir+json"}, text


def _entry(resource: Json) -> str:
    return simplejson.dumps({"resource": resource, "search": {"mode": "match"}}, use_decimal=True)


@dataclass(kw_only=True, eq=False)
class WaitingRoom:
    """The launch, and what the scripted server says to it."""

    clinic: Clinic
    ehr: ScriptedEhr
    state: Waiting
    chart: str = field(init=False)
    csrf: str = field(init=False)
    browser: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        persona, today = self.state.known, self.clinic.server.clock().date()
        # Of the measures HbA1c alone: what waits is in none of them, and each takes its time.
        self.ehr.put(*build_staff(), *(one for one in build(persona, today) if _is_drawn(one)))
        if self.state.looked:
            self._look(self.state.looked)
        self.chart = self._open(self.state.user)

    def answered(self, given: AnswerSet) -> None:
        """Let the patient have answered so."""
        self.ehr.hidden = list(self._resources(given))

    def declined(self) -> None:
        """Let the patient have declined the form whole."""
        self.answered(AnswerSet(signs="xxx xxx xxx", difficult=None))

    def rated(self) -> None:
        """Let the clinician have rated the visit as well."""
        self.ehr.hidden += self._made(RatingEntry(answers="444 444 444", difficult="no"), "clinician")

    def see(self, address: Address) -> Seen:
        """What is answered."""
        client = self.browser
        if address.fields is None:
            response = client.get(address.path, base_url=SITE)
        else:
            response = client.post(address.path, data=dict(address.fields), base_url=SITE, headers=OWN)
        headers = tuple(sorted((name, _blanked(value.encode()).decode()) for name, value in response.headers))
        return Seen(response.status_code, headers, _blanked(response.data), len(response.data))

    def every(self) -> dict[Address, Seen]:
        """Every address of the launch that can be asked for, and what is answered: of each rule, with each value in its places, and
        whatever the pages behind them link to in it; and where a form sends to that asks for nothing but the launch, with the waiting
        rating's own source."""
        found: dict[Address, Seen] = {}
        asked = list(dict.fromkeys(self._of_rules()))
        for _ in range(2):
            pages = {Address(path=path): self.see(Address(path=path)) for path in asked}
            found |= pages
            links = dict.fromkeys(link for page in pages.values() for link in self._links(page))
            asked = [link for link in links if Address(path=link) not in found]
        return found | {address: self.see(address) for address in self._posts()}

    def _of_rules(self) -> Iterator[str]:
        day = self.clinic.server.clock().date().isoformat()
        for rule in self._rules("GET"):
            for path in self._filled(rule):
                yield path
                yield from (f"{path}?{query.format(day=day)}" for query in _QUERIES.get(rule.endpoint, ()))

    def _rules(self, method: str) -> list[Rule]:
        every = self.clinic.app.url_map.iter_rules()
        return [one for one in every if one.rule.startswith(_LAUNCH) and method in (one.methods or ()) and one.endpoint not in _ENDS]

    def _filled(self, rule: Rule) -> Iterator[str]:
        names = [name for name in re.findall(r"<(\w+)>", rule.rule) if name != "launch_id"]
        assert set(names) <= set(_PLACES), f"say in _PLACES what stands in the places of {rule.rule}"
        usual = [_PLACES[name][0] for name in names]
        # Each value once, and the usual ones beside it: one address that is nobody's is like another.
        each = [[*usual[:place], value, *usual[place + 1 :]] for place, name in enumerate(names) for value in _PLACES[name]]
        for values in dict.fromkeys(map(tuple, each or [usual])):
            path = rule.rule.replace(_LAUNCH, self.chart)
            for name, value in zip(names, values, strict=True):
                path = path.replace(f"<{name}>", value)
            yield path

    def _links(self, page: Seen) -> Iterator[str]:
        if ("Content-Type", "text/html; charset=utf-8") in page.headers:
            for href in re.findall(r'<a [^>]*href="([^"#]+)', page.body.decode()):
                address = urlsplit(unescape(href))
                # A sealed note is another one each time, and opens the same form.
                if address.path.startswith(self.chart) and "late" not in address.query:
                    yield address.geturl()

    def _posts(self) -> Iterator[Address]:
        waiting = self._made(RatingEntry(answers="444 444 444"), "patient")[0]
        fields = {
            "csrf": self.csrf,
            "patient": self.state.persona,
            "source": f"QuestionnaireResponse/{waiting['id']}",
            "reason": "later",
            "clinician": f"Practitioner/{self.state.waiting.clinician}",
            "visit": "2001-01-01",
        }
        for rule in self._rules("POST"):
            if rule.arguments == {"launch_id"}:
                yield Address(path=rule.rule.replace(_LAUNCH, self.chart), fields=tuple(fields.items()))

    def _look(self, user: str) -> None:
        """A colleague sees what waits, for a reason."""
        self.answered(AnswerSet(signs="333 333 333", difficult="no"))
        chart = self._open(user)
        visit = f"Encounter/{self.state.persona}.{self.state.visit}"
        fields = {"clinician": f"Practitioner/{self.state.waiting.clinician}", "visit": visit, "reason": "cover"}
        sent = fields | {"csrf": self.csrf, "patient": self.state.persona}
        assert self.browser.post(f"{chart}reveal", data=sent, base_url=SITE, headers=OWN).status_code == 303

    def _open(self, user: str) -> str:
        self.clinic.server.claims |= {"fhirUser": f"Practitioner/{user}", "name": user.replace("-", " ").title(), "sub": user}
        self.clinic.server.token["encounter"] = f"{self.state.persona}.{TODAY}"
        self.browser = self.clinic.browser()
        chart = self.clinic.launch(patient=self.state.persona, client=self.browser)
        [self.csrf] = set(re.findall(r'name="csrf" value="([^"]*)"', self.browser.get(chart, base_url=SITE).text))
        return chart

    def _resources(self, given: AnswerSet) -> Iterator[Json]:
        status: Any = {"status": "amended", "scores": "amended"} if given.amended else {}
        for one in self._made(RatingEntry(answers=given.signs, difficult=given.difficult, **status), "patient"):
            role = str(one["id"]).rsplit(".", 1)[-1]
            if role == "response" or given.stored == "all" or (given.stored == "total" and role == "total"):
                yield one

    def _made(self, entry: RatingEntry, informant: Any) -> list[Json]:
        rating = PersonaRating(
            persona=self.state.known,
            visit=self.state.waiting,
            entry=entry,
            informant=informant,
            clinician_name="Sofia Lindqvist",
            calendar=Calendar(today=self.clinic.server.clock().date()),
            base=persona_canonicals.BASE,
        )
        return list(rating_resources(rating))


def scripted() -> ScriptedEhr:
    """A server with nothing in it."""
    return ScriptedEhr(base=BASE)


def _is_drawn(resource: Json) -> bool:
    coded = resource["code"]["coding"][0]["code"] if resource["resourceType"] == "Observation" else _HBA1C
    return "derivedFrom" in resource or coded == _HBA1C


def _blanked(text: bytes) -> bytes:
    for pattern, word in _RANDOM:
        text = pattern.sub(word, text)
    return text
