"""The settings' values as the environment has them: what a variable's text may look like before its type is asked."""

import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from smart_app.settings.secret_places import QUOTED, NoSecret, kept, quoted
from smart_app.settings.setting_names import similar
from smart_app.settings.setting_words import Problem, missing, remedy, shown, wanted, wrong_value

PREFIX = "RAPPORT_"


class EnvironmentValues(PydanticBaseSettingsSource):
    """Takes the place of pydantic's own source: that one leaves quotes and blanks on, takes any case, and knows no `_FILE`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Pydantic asks for it; `__call__` does the work."""
        return _value(field, variable_of(field_name), os.environ), field_name, False

    def __call__(self) -> dict[str, Any]:
        """The text of every setting that the environment has and the caller did not give. In place of one that cannot be used stands what
        is wrong with it: no type takes that, so it is told together with what pydantic finds."""
        asked = [(name, field) for name, field in self.settings_cls.model_fields.items() if name not in self.current_state]
        found = ((name, _value(field, variable_of(name), os.environ)) for name, field in asked)
        return {name: value for name, value in found if value is not None}


def variable_of(name: str) -> str:
    """The variable of a field."""
    return f"{PREFIX}{name.upper()}"


def secret_variables(settings: type[BaseSettings]) -> tuple[str, ...]:
    """The variables that may be kept in a file."""
    return tuple(variable_of(name) for name, field in settings.model_fields.items() if wanted(field).secret)


def _value(field: FieldInfo, variable: str, environ: Mapping[str, str]) -> str | Problem | None:
    """The variable's text; None where it says nothing."""
    try:
        text = kept(variable, environ) if wanted(field).secret else environ.get(variable)
    except NoSecret as wrong:
        return Problem(variable=variable, sentence=f"{wrong.where} {wrong.why}; {remedy(field, variable)}")
    if text is not None:
        return _checked(field, variable, text.strip())
    return missing(field, variable, near=similar(variable, environ)) if field.is_required() else None


def _checked(field: FieldInfo, variable: str, text: str) -> str | Problem | None:
    if not text:
        return _empty(field, variable)
    if quoted(text):
        return Problem(variable=variable, sentence=f"{variable} {QUOTED}; {remedy(field, variable)}")
    if not wanted(field).secret and any(unicodedata.category(sign) == "Cc" for sign in text):
        return wrong_value(field, variable, text, fault=f"has a line break or another control character in it: {shown(text)}")
    return _led_somewhere(field, variable, text)


def _empty(field: FieldInfo, variable: str) -> Problem | None:
    """Empty says the same as not set only where that is a value of its own. Else it is a variable that somebody meant to fill in, and
    Rapport would start on something else."""
    if field.default in {None, ""} and field.default is not PydanticUndefined:
        return None
    leave = "" if field.is_required() else " Leave it out for the default."
    return Problem(variable=variable, sentence=f"{variable} is set and empty; {remedy(field, variable)}{leave}")


def _led_somewhere(field: FieldInfo, variable: str, text: str) -> str | Problem:
    """The text; of a path that leads nowhere, where it was looked for."""
    kind, path = wanted(field).path_of, Path(text)
    if kind is None:
        return text
    found = os.path.isdir(path) if kind == "folder" else os.path.exists(path) and not os.path.isdir(path)  # noqa: PTH110, PTH112
    if found:
        return text
    fault = f"is {shown(text)}, and there is no {kind} {path.absolute()}"
    return wrong_value(field, variable, text, fault=fault)
