"""Of hatchling: no wheel while a text is marked as untranslated. An installation from the tree for those who work on it is no wheel."""

import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_LIST = "smart_app/locales/untranslated.toml"


class CompleteWheel(BuildHookInterface[Any]):
    """Refuses before anything is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's own
        """Raises RuntimeError with the first text of the list."""
        texts = tomllib.loads((Path(self.root) / _LIST).read_text(encoding="utf-8"))["texts"]
        if texts and version != "editable":
            raise RuntimeError(f"{len(texts)} of {_LIST} have to be translated before a wheel is built, the first: {texts[0]!r}")
