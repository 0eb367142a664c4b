"""The pages of docs/ that are made from the code: settings, instruments, what is read, the schema of launch.json, the addresses
for machines."""

from collections.abc import Mapping

import simplejson
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.library import Library, load_library
from smart_app.cli.instruments.text import Standing, doubted, permission, standing, structures
from smart_app.registration import launch_schema, load_registration
from smart_app.settings import InstrumentSettings, Settings, secret_variables, variable_of
from smart_app.web.pages.openapi import openapi
from tests.documentation.reliable_change_page import reliable_change_page
from tests.documentation.what_is_read import what_is_read_page

_CONFIGURATION = """# Configuration

Every setting is an environment variable. This page is made from `smart_app/settings/` by `make docs`; edit it there.

| variable | default | meaning |
|---|---|---|
"""
_INSTRUMENTS = """# Instruments

Every instrument Rapport carries. This page is made from `fhir_mappings/instruments/files/` by `make docs`; edit the files there.
Wording is never shipped without the holder's leave: where it is missing, a site brings it as a [wording pack](wording-packs.md) or fills
the form in from the licensed sheet. To add an instrument, and for those that are not built, see [add an instrument](add-an-instrument.md).

| instrument | items | forms | scored? | wording and licence | how to get permission |
|---|---|---|---|---|---|
"""
_ANSWERED = """
## What a review of these files asked, and the answers
Every file was compared with its sources. No key, reversal, range or score was found wrong; what was, and what became of it:

- **Whose spread stands behind the WAI-SR's threshold?** Of people who rated a chatbot. The file says so (`population`, first citation),
  and so does [when a change is more than chance](reliable-change.md), which also says why the figure of general practice, of another
  form, does not replace it.
- **Are DSES-8, WHO-5 and the CARE Measure locked although their keys can be read?** No more. Each part of their keys names the page it
  was read on and is verified, so they are scored without a confirmation.
- **What becomes of two circled numbers on a sheet of the DSES-8?** The page on which a sheet is typed in says the developer's rule: of
  two neighbours the lower one, else the item is left out and counts as missing.
- **Is a screen called after a diagnosis?** No. The WHO-5's lower cut-off says "screen for depression", and a test refuses any other word
  of that kind. The time it asks about, two weeks, stands beside it.
- **Do the STAR thresholds rest on a spread that nobody saw?** Not any more: the spreads are gone, and with them the thresholds. None
  beats a guessed one.
- **Over which time was a reliability measured?** Every entry says so (`interval`); [when a change is more than
  chance](reliable-change.md) says what that means for visits months apart.
- **Is a scale of the PACIC rightly scored from one answer?** That is how the sentence of its scoring guide is read, which names no least
  number. The claim says "read as" and is unverified, so a site confirms it.
- **Could the PACIC's wording ship?** No. It would, if the statement that it is in the public domain could be cited exactly and nothing
  stood against it. The abstract of the first paper (Glasgow 2005, Med Care 43:436) makes it; the holder does not. Its page
  (improvingchroniccare.org, Using the PACIC, `index.php?p=User_Info&s=227`) claims the copyright (The MacColl Center for Health Care
  Innovation, Group Health Cooperative, 2004), allows personal and non-commercial use with that line on each page, forbids changes of the
  wording and wants a written licence for commercial use. The holder's word holds.
- **Is the CARE Measure called about ten minutes long?** No. Its source says no longer than ten, which is no length, so the form says
  none.
- **Do the sentences of the check-in ask what its elements are called after?** Since 0.2.0. Its elements were "clear aims" and "clear,
  doable steps", and no sentence asked about agreement or a say; now the first and the sixth do ("I had a say in ..."), and the elements
  are called "a say in the aims, and aims that fit" and "a say in the next steps, and knowing them". The sentence about managing the steps
  in a normal week asked for confidence, and left. What is asked about is one visit, today's or at home the last one, but for two:
  `goal-2` says "at the moment", and `bond-3` what the person would do. A new version is a series of its own.
- **Is the check-in's rule for missing answers verified, or not?** Verified in the sense of these files, as the file defines it and so is
  its source: the claim says that, and the comment at the scores no longer says otherwise. That it is a good rule nobody has shown.
- **Are the answers to the direct question told apart?** "A little" beside "Yes" was no answer by itself. It is "Yes, a little" since
  0.2.0.
- **Do a section's words agree on the two forms?** Yes: "What you are aiming for together" on both, since 0.2.0.
- **Which way do the codes of a course's steps run?** No file of Rapport names them yet. Only the ballot 2.0.0 of the guide that has them
  knows one for "did not attend"; whichever file names them first says which version it means.

What it asked of the rules of change, answered in [when a change is more than chance](reliable-change.md):

- **May one fallen answer, or leaving the top of the scale, be called a change?** No. Both are only shown, and never count; how often they
  happen to people whose view has not changed stands in the tables there.
- **Does a slow slide on the check-in say nothing before the sixth score?** Not any more: its error is declared (0.40, assumed; none
  published), and the pooled rule looks from the third score on.
- **Is it said that extreme first scores are followed by ones nearer the middle?** Beside every comparison, and rises are only shown.
- **Is one error right for the whole scale?** No. Near the top people vary less, further down more; the pooled rule makes it matter less,
  and the page says so.
- **Do the published rates hold for these forms?** The old ones were of scores around the middle and an error known exactly. Those of now
  are of scores like the check-in's and the WAI-SR's, from three to eight visits, by the product's own rules.
- **Is a score compared with the mean of n others by the right error?** By √(1 + 1/n), and for a reason to talk at 99 %.
- **What is a person's own range where no error is known?** None: without an error that rule says nothing, and with one the range is never
  narrower than it.
- **Does the patient's own answer count?** It is the first reason to talk, from the first rating on, and needs no arithmetic.
"""
_READING = """
## How settings are read
A setting that is missing, wrong or misspelt stops the start, and the commands that use it, with a sentence that names the variable, says
what it has to be and which command helps. A command exits with 2. A server stops: under gunicorn the sentence is the worker's last line
and the exit status 4.

- **Whole names only.** A name that begins with `RAPPORT_` and is no setting is refused, with the nearest that is one: it would do nothing
  without a word. So is a setting's name in small letters, with dashes, or with the prefix misspelt. Not refused are variables that
  `launch.json` names for a secret, and those by which Kubernetes tells of a service called `rapport` (`RAPPORT_PORT=tcp://…`,
  `RAPPORT_SERVICE_HOST`).
- **Values as they are.** White space around a value is left out. Quotation marks are not: `docker run --env-file` hands them on as part of
  the value, and a value in quotation marks is refused. Empty is not set where the table says "not set" and refused elsewhere.
- **Secrets in files.** Instead of a variable that the table shows with `_FILE` that one may be set, to the path of a file that holds the
  value, as secrets of Docker, Kubernetes and systemd (`LoadCredential`) are. The same goes for every variable that `launch.json` names in
  `secret_env` or `key_env`. A line break or byte order mark that an editor adds is left out; keys may have a line each. Refused are both
  variables at once, a file that is not there, empty, not UTF-8 or larger than 64 KiB, and a folder. A file that every user of the machine
  may read is used, and the start warns of it (`secret_file_open_to_all`), but for one on a file system mounted read-only, as the secrets
  of containers are.
- **Paths from where Rapport is started.** A path that does not begin with a slash counts from the folder the process is started in, that of
  the database too: `sqlite:///rapport.sqlite` is a file in that folder, `sqlite:////var/lib/rapport/rapport.sqlite` one from the root. The
  start says in the log which file it is (`database_opened`), a command on stderr where the address is relative. `/readyz`, which anybody
  may ask, does not.
"""
_TIME = """
## Whose day it is
One clock counts, the clinic's: it says what is today, what day a visit has where the EHR names none (no Encounter), every clock time on
a page, and the offset that `authored`, `effectiveDateTime`, `issued` and `recorded` carry in what is written. Of what the record holds,
an instant (a time with its offset) is shown, compared and counted for a visit by its day at the clinic, whatever offset it was written
with; a bare date stays itself. An EHR that writes a day as midnight in UTC has it shown as the day before wherever the clinic is west of
Greenwich: it has to write the date alone. What only Rapport's own database keeps (expiry, audit trail) is in UTC.

`RAPPORT_TIME_ZONE` names the clinic's zone, `time_zone` of an entry in `launch.json` that of the launches of one EHR. Where neither does,
the machine's own counts: `TZ`, else the zone that `/etc/localtime` leads to, else UTC. The start says which in the log (`time_zone`), and
warns (`time_zone_not_set`) where it was nobody's choice and patients are real. It stops at a name that is none, and where the machine
goes by a zone that it does not name. Names and changes to summer time come from the machine's zone database, or where it has none from
the `tzdata` package. All instances on one database need the same zone.

Changed later, it moves the day of what was rated near midnight: two ratings of such a visit may no longer meet, and one that was shown
without rating may be kept back again.
"""
_JAR = """
## How many charts one browser keeps open
Fifty, in a frame and in a window apart. With one more the oldest gives way: its page says so, its tokens are forgotten, what was typed in
it is kept and offered at that patient's next launch. One from which something is being sent stays until it is sent. The cookies of launches
that are over go with the pages that browser asks for next.

Each launch has a cookie of 56 bytes, and a browser sends them all with every request. Servers before the app answer 400 by themselves
to a longer line than they take, and Rapport never hears of it: nginx 8 kB (`large_client_header_buffers 4 8k`), gunicorn 8,190 bytes
(`limit_request_field_size`), Apache 8,190 (`LimitRequestFieldSize`), Tomcat and Jetty 8 kB for all headers together. Fifty launches and
twenty sign-ins under way take 3.9 kB, so the defaults are enough as long as the other cookies of the host, and those a site sets for its
whole domain, stay below 4 kB. A second Rapport on another path or port of the same host has as many of its own in the same line, and a
third has no room. Do not set these limits lower. nginx takes 4 kB of headers from the app (`proxy_buffer_size`); Rapport stays below.

Versions before this one set 73 bytes for each launch and took none away while it lasted: after 112 launches in eight hours nginx and
gunicorn refused everything. A browser that still gets through is relieved within a few pages. One that is refused already cannot be helped
from here: its last cookies end `RAPPORT_ABSOLUTE_MINUTES` after its last launch, or the site's data is deleted in the browser; or, on the
day of the upgrade, both limits are doubled (`large_client_header_buffers 4 16k` in nginx, `--limit-request-field-size 16380` in gunicorn),
and the answers that come through then take the old cookies away.
"""


def generated_pages() -> Mapping[str, str]:
    """Every such page's text by its name in docs/."""
    return {
        "configuration.md": configuration_page(),
        "instruments.md": instruments_page(load_library()),
        "launch.schema.json": schema_file(),
        "openapi.json": openapi_file(),
        "reliable-change.md": reliable_change_page(),
        "what-is-read.md": what_is_read_page(),
    }


def configuration_page() -> str:
    """The text of docs/configuration.md."""
    fields = sorted(Settings.model_fields.items(), key=lambda one: one[0] in InstrumentSettings.model_fields)
    rows = (f"| {_variable(name)} | {_default(field)} | {field.description} |" for name, field in fields)
    return _CONFIGURATION + "\n".join(rows) + "\n" + _READING + _TIME + _JAR


def _variable(name: str) -> str:
    """The variable, and the one that names a file where there is one."""
    variable = variable_of(name)
    return f"`{variable}`" + (f" or `{variable}_FILE`" if variable in secret_variables(Settings) else "")


def schema_file() -> str:
    """The text of docs/launch.schema.json."""
    return f"{simplejson.dumps(launch_schema(), indent=2)}\n"


def openapi_file() -> str:
    """The text of docs/openapi.json."""
    return f"{simplejson.dumps(openapi(load_registration()), indent=2)}\n"


def instruments_page(library: Library) -> str:
    """The text of docs/instruments.md."""
    return _INSTRUMENTS + "\n".join(_row(one) for one in structures(library)) + "\n" + _ANSWERED


def _default(field: FieldInfo) -> str:
    """A field's default as it would be written in the environment."""
    value = field.default
    if value is PydanticUndefined:
        return "none: must be set"
    if value is None or value == "":
        return "not set"
    return f"`{','.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


def _row(one: Instrument) -> str:
    cells = (
        f"**{one.title}**<br>`{one.slug}` {one.version}",
        str(len(one.items)) if one.items else "none",
        ", ".join(one.forms) or "none",
        _scored(one),
        f"{_licence_class(one)} {one.rights.holder}: {one.rights.licence}. {one.rights.terms}",
        permission(one.rights),
    )
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _scored(one: Instrument) -> str:
    sentences: dict[Standing, str] = {
        "scored": "Yes: every part of its key is verified.",
        "needs confirmation": f"Not before the site confirms its key. Not verified: {doubted(one)}.",
        "no key": "No: no scoring key is known; a pack may bring it.",
        "described only": "No: only described.",
    }
    return sentences[standing(one)]


def _licence_class(one: Instrument) -> str:
    """What of it ships."""
    if not one.items:
        return "Nothing ships but this description."
    return "Ships with wording." if one.rights.wording_ships else "Ships without wording."
