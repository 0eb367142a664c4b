"""Every setting, from the environment (`RAPPORT_*`). `docs/configuration.md` is made from the descriptions here."""

import os
import re
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AnyHttpUrl, BeforeValidator, Field, SecretStr, StringConstraints, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from smart_app.settings.environment_values import PREFIX, EnvironmentValues, secret_variables, variable_of
from smart_app.settings.setting_names import misspelt
from smart_app.settings.setting_words import Wanted, configuration_error, refused

_HTTP_URL = TypeAdapter(AnyHttpUrl)
# In minutes. A launch is one sitting; and a number that no date can be moved by is refused at the start, not at the first launch.
_WEEK = 7 * 24 * 60
# Language, script and region of BCP 47: `de`, `sr-Latn`, `es-419`.
_LANGUAGE = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"
_Wanted = TypeVar("_Wanted", bound="_FromEnvironment")


def _address(value: str) -> str:
    """`value` without a trailing slash, when it is an http(s) address; a ValueError otherwise."""
    _HTTP_URL.validate_python(value)
    return value.rstrip("/")


def _listed(value: object) -> object:
    """Comma-separated text as a tuple; in a file each may have a line of its own."""
    return tuple(part.strip() for part in re.split(r"[,\r\n]", value) if part.strip()) if isinstance(value, str) else value


class _FromEnvironment(BaseSettings):
    """Settings whose mistakes are sentences, wherever they are made."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    def __init__(self, **given: Any) -> None:
        """Raises ConfigurationError."""
        try:
            super().__init__(**given)
        except ValidationError as wrong:
            # Not `from wrong`: its text repeats what was given, secrets too.
            details = wrong.errors(include_url=False, include_context=False)
            raise configuration_error(refused(details, type(self).model_fields, PREFIX)) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the caller gives, then the environment."""
        return init_settings, EnvironmentValues(settings_cls)


class InstrumentSettings(_FromEnvironment):
    """Which instruments and codes a site uses, with which wording, and by which clock. Readable without any key."""

    instruments: Annotated[
        tuple[str, ...],
        NoDecode,
        BeforeValidator(_listed),
        Wanted(
            words="slugs of instruments, comma separated",
            example="rapport-check-in",
            helps="Without this variable `rapport instruments list` shows all.",
        ),
    ] = Field(
        ("rapport-check-in",),
        min_length=1,
        description="Instruments this site uses, comma separated; the first is offered first. "
        "`rapport instruments list` shows all there are.",
    )
    packs: Annotated[
        Path | None,
        BeforeValidator(lambda given: given or None),
        Wanted(
            words="the path of a folder",
            example="/etc/rapport/packs",
            helps="`rapport instruments check FOLDER` says whether one can be used.",
            path_of="folder",
        ),
    ] = Field(
        None,
        description="Folder of the site's wording packs and of `confirmations.toml`, read at start. "
        "`rapport instruments check` says what is wrong with them.",
    )
    measure_codes: Annotated[
        Path | None,
        BeforeValidator(lambda given: given or None),
        Wanted(words="the path of a TOML file", example="/etc/rapport/codes.toml", path_of="file"),
    ] = Field(
        None,
        description="TOML file of codes this site's records use for HbA1c and the other measures beyond those Rapport asks for, read at "
        "start. Its format: [codes of your own](add-a-measure.md#codes-of-your-own).",
    )
    options: Annotated[
        Path | None,
        BeforeValidator(lambda given: given or None),
        Wanted(words="the path of a TOML file", example="/etc/rapport/options.toml", path_of="file"),
    ] = Field(
        None,
        description="TOML file by which this site changes, translates, adds or leaves out what “Things people try” offers clinicians, read "
        "at start. Its format: [things people try](options.md).",
    )
    signals: Annotated[
        Path | None,
        BeforeValidator(lambda given: given or None),
        Wanted(words="the path of a TOML file", example="/etc/rapport/signals.toml", path_of="file"),
    ] = Field(
        None,
        description="TOML file by which this site switches off rules of what may speak up about a rating, declares errors of its own, and "
        "names the role that owns what is said, read at start. Its format: "
        "[changing what speaks up](reliable-change.md#changing-what-speaks-up).",
    )
    language: Annotated[
        str, Wanted(words="a language code of two letters, with the country in capitals where it matters", example="pt-BR")
    ] = Field(
        "en",
        pattern=r"^[a-z]{2}(-[A-Z]{2})?$",
        description="Language forms are shown in where there is wording in it (`de`, `pt-BR`); an instrument without is shown as it ships. "
        "The pages around a form speak the reader's own language (`RAPPORT_LANGUAGES`), and say so where the form's is another.",
    )
    time_zone: Annotated[str, Wanted(words="the IANA name of a time zone", example="Europe/Berlin")] = Field(
        "",
        description="Time zone of the clinic, by its IANA name (`Europe/Berlin`). What day a visit has, what is today and every clock time "
        "follow it. Not set, the machine's own counts, which in a container is UTC as a rule: set it wherever patients are real. "
        "`time_zone` of an entry in `launch.json` overrides it.",
    )


class PublicSettings(InstrumentSettings):
    """What a deployment tells others about itself, and whom. Readable without any key."""

    base_url: Annotated[str, Wanted(words="an http(s) address", example="https://rapport.example.org")] = Field(
        "http://localhost:8080",
        description="Where browsers reach Rapport: scheme, host, port and path prefix. https everywhere but on this machine.",
    )
    launch_file: Annotated[
        Path | None,
        BeforeValidator(lambda given: given or None),
        Wanted(words="the path of a file like launch.json", example="/etc/rapport/launch.json", path_of="file"),
    ] = Field(
        None,
        description="The registration file; the `launch.json` shipped with Rapport when not set.",
    )
    canonical_base: Annotated[str, Wanted(words="an http(s) address", example="https://w3id.org/rapport/fhir")] = Field(
        "https://w3id.org/rapport/fhir",
        description="Where the canonical addresses of Rapport's own FHIR definitions begin. Change it before the first response is "
        "stored, never after.",
    )

    @field_validator("base_url", "canonical_base")
    @classmethod
    def _is_address(cls, value: str) -> str:
        """An http(s) address without a trailing slash."""
        return _address(value)


class Settings(PublicSettings):
    """What a deployment decides. Only `secret_keys` has no default."""

    secret_keys: Annotated[
        tuple[SecretStr, ...],
        NoDecode,
        BeforeValidator(_listed),
        Wanted(words="keys of 32 bytes in base64url, comma separated", helps="Make one with `rapport keys secret`.", secret=True),
    ] = Field(
        description="Keys that seal what the database holds, comma separated, newest first; each 32 bytes in base64url. "
        "The first seals, all open. Make one with `rapport keys secret`.",
        min_length=1,
    )
    # It may hold a password.
    database_url: Annotated[
        str, Wanted(words="the SQLAlchemy address of a database", example="sqlite:////var/lib/rapport/rapport.sqlite", secret=True)
    ] = Field(
        "sqlite:///rapport.sqlite",
        description="SQLAlchemy address of the app's own database. SQLite file by default; `postgresql+psycopg://…` for several instances. "
        "A relative path (three slashes) counts from the folder Rapport is started in; the start's log says which file it is.",
        repr=False,
    )
    blind_entry: bool = Field(
        default=True,
        description="Keep a patient's rating of a visit back until the clinician has rated that visit. Whoever chooses to see it without "
        "sees it alone, a colleague with a reason; the rated clinician reads who looked.",
    )
    return_code: bool = Field(
        default=True,
        description="Show whoever hands a device to a patient a code of six digits that takes it back. Without it the device comes back by "
        "signing in again on it, or by calling it back from another one: somebody who watches the hand-over can read a code.",
    )
    link_hours: int = Field(
        72,
        ge=0,
        le=168,
        description="Hours that a one-time link to a patient's form lasts that is sent to them; seven days at most, 0 offers none to send. "
        "One that is used in the room, by its code on the screen or on paper, lasts half an hour. See [one-time links](one-time-links.md).",
    )
    rate_within_days: int = Field(
        7,
        ge=1,
        le=365,
        description="Days within which clinicians of this site rate a visit that the patient has rated. After that the page asks once "
        "more, and offers to see the patient's rating without. A week is this project's own choice (assumed).",
    )
    pdf_fonts: Annotated[
        Path | None,
        BeforeValidator(lambda given: given or None),
        Wanted(words="the path of a folder", example="/etc/rapport/fonts", path_of="folder"),
    ] = Field(
        None,
        description="Folder of further fonts (`.ttf`, `.otf`, `.ttc`) for the PDF of the printed page (`rapport[pdf]`), read when the "
        "first is made. The font that ships draws Latin, Greek, Cyrillic, Arabic and Hebrew letters, among others; what no font draws "
        "stands there as its Unicode number.",
    )
    site_name: Annotated[str, Wanted(words="the name of the clinic", example="Northfield General")] = Field(
        "", description="Name of the clinic, shown to patients."
    )
    languages: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=_LANGUAGE)], ...],
        NoDecode,
        BeforeValidator(_listed),
        Wanted(words="codes of languages, comma separated", example="de,en", helps="docs/languages.md says which can be offered."),
    ] = Field(
        ("en",),
        min_length=1,
        description="Languages of the pages this site offers, comma separated; the first is what a reader gets whose browser asks for none "
        "of them. English is always among them. A form's own wording is `RAPPORT_LANGUAGE`'s: where it is in another language than the "
        "page around it, the page says so. Which there are, and who gets which: [languages](languages.md).",
    )
    read_timeout: float = Field(5.0, gt=0, le=600, description="Seconds one request to a FHIR server may take.")
    read_deadline: float = Field(8.0, gt=0, le=600, description="Seconds all reads of one dashboard may take together.")
    read_workers: int = Field(8, ge=1, le=32, description="Reads of one dashboard made at the same time.")
    page_limit: int = Field(
        20,
        ge=1,
        le=1000,
        description="Pages followed per search, within the sixteen requests a page may make; what lies beyond is said to be missing.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="The least a log line must be to be written.")
    idle_minutes: int = Field(30, ge=1, le=_WEEK, description="Minutes without a request after which a launch ends.")
    absolute_minutes: int = Field(480, ge=1, le=_WEEK, description="Minutes after which a launch ends in any case.")

    draft_hours: int = Field(
        24,
        ge=1,
        le=720,
        description="Hours that answers typed and not sent are kept, sealed, for the same user to go on with at the same patient.",
    )

    @property
    def form_lasts(self) -> timedelta:
        """How long a form that was opened may be sent: as long as its launch, and then as long as its answers are kept."""
        return timedelta(minutes=self.absolute_minutes, hours=self.draft_hours)


def read_settings(kind: type[_Wanted], *, besides: Collection[str] = ()) -> _Wanted:
    """The settings of the environment. Raises ConfigurationError for what is wrong with them, and for a name that looks like a setting and
    is none; `besides` are variables that the command line names as holding a secret."""
    variables = {variable_of(name) for name in Settings.model_fields}
    problems = misspelt(os.environ, variables=variables, secrets=secret_variables(Settings), besides=besides)
    if problems:
        raise configuration_error(problems)
    return kind()
