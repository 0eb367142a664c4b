"""Every setting, from the environment (`RAPPORT_*`). `docs/configuration.md` is made from the descriptions here."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AnyHttpUrl, BeforeValidator, Field, SecretStr, TypeAdapter, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_HTTP_URL = TypeAdapter(AnyHttpUrl)


def _address(value: str) -> str:
    """`value` without a trailing slash, when it is an http(s) address; a ValueError otherwise."""
    _HTTP_URL.validate_python(value)
    return value.rstrip("/")


def _listed(value: object) -> object:
    """Comma-separated text as a tuple."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class InstrumentSettings(BaseSettings):
    """Which instruments and codes a site uses, with which wording, and by which clock. Readable without any key."""

    model_config = SettingsConfigDict(env_prefix="RAPPORT_", extra="ignore", frozen=True)

    instruments: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = Field(
        ("rapport-check-in",),
        min_length=1,
        description="Instruments this site uses, comma separated; the first is offered first. "
        "`rapport instruments list` shows all there are.",
    )
    packs: Annotated[Path | None, BeforeValidator(lambda given: given or None)] = Field(
        None,
        description="Folder of the site's wording packs and of `confirmations.toml`, read at start. "
        "`rapport instruments check` says what is wrong with them.",
    )
    measure_codes: Annotated[Path | None, BeforeValidator(lambda given: given or None)] = Field(
        None,
        description="TOML file of codes this site's records use for HbA1c and the other measures beyond those Rapport asks for, read at "
        "start. Its format: [codes of your own](add-a-measure.md#codes-of-your-own).",
    )
    language: str = Field(
        "en",
        pattern=r"^[a-z]{2}(-[A-Z]{2})?$",
        description="Language forms are shown in where there is wording in it (`de`, `pt-BR`); an instrument without is shown as it ships.",
    )
    time_zone: str = Field(
        "",
        description="Time zone of the clinic, by its IANA name (`Europe/Berlin`). What day a visit has, what is today and every clock time "
        "follow it. Not set, the machine's own counts, which in a container is UTC as a rule: set it wherever patients are real. "
        "`time_zone` of an entry in `launch.json` overrides it.",
    )


class Settings(InstrumentSettings):
    """What a deployment decides. Only `secret_keys` has no default."""

    base_url: str = Field(
        "http://localhost:8080",
        description="Where browsers reach Rapport: scheme, host, port and path prefix. https everywhere but on this machine.",
    )
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_listed)] = Field(
        description="Keys that seal what the database holds, comma separated, newest first; each 32 bytes in base64url. "
        "The first seals, all open. Make one with `rapport keys secret`.",
        min_length=1,
    )
    database_url: str = Field(
        "sqlite:///rapport.sqlite",
        description="SQLAlchemy address of the app's own database. SQLite file by default; `postgresql+psycopg://…` for several instances.",
    )
    launch_file: Path | None = Field(
        None,
        description="The registration file; the `launch.json` shipped with Rapport when not set.",
    )
    canonical_base: str = Field(
        "https://w3id.org/rapport/fhir",
        description="Where the canonical addresses of Rapport's own FHIR definitions begin. Change it before the first response is "
        "stored, never after.",
    )
    blind_entry: bool = Field(
        default=True,
        description="Keep a patient's rating of a visit back until the clinician has rated that visit. Whoever chooses to see it without "
        "sees it alone, a colleague with a reason; the rated clinician reads who looked.",
    )
    site_name: str = Field("", description="Name of the clinic, shown to patients.")
    read_timeout: float = Field(5.0, gt=0, description="Seconds one request to a FHIR server may take.")
    read_deadline: float = Field(8.0, gt=0, description="Seconds all reads of one dashboard may take together.")
    read_workers: int = Field(8, ge=1, le=32, description="Reads of one dashboard made at the same time.")
    page_limit: int = Field(
        20,
        ge=1,
        description="Pages followed per search, within the sixteen requests a page may make; what lies beyond is said to be missing.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="The least a log line must be to be written.")
    idle_minutes: int = Field(30, ge=1, description="Minutes without a request after which a launch ends.")
    absolute_minutes: int = Field(480, ge=1, description="Minutes after which a launch ends in any case.")

    draft_hours: int = Field(
        24,
        ge=1,
        le=720,
        description="Hours that answers typed and not sent are kept, sealed, for the same user to go on with at the same patient.",
    )

    @field_validator("base_url", "canonical_base")
    @classmethod
    def _is_address(cls, value: str) -> str:
        """An http(s) address without a trailing slash."""
        return _address(value)
