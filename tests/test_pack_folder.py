"""The folder of wording packs: every file is read, or named with the reason why not."""

from datetime import date
from pathlib import Path

import pytest

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.site.key_confirmations import as_toml
from fhir_mappings.site.wording_packs import PAGE
from smart_app.pack_folder import install_folder
from tests.fhir_mappings.packed import PACK, shipped
from tests.fhir_mappings.site.test_wording_packs import confirmation

TODAY = date(2026, 3, 4)


def test_without_a_folder_the_instruments_are_those_that_ship() -> None:
    assert install_folder(shipped(), None, today=TODAY).library == shipped()


def test_packs_and_confirmations_of_the_folder_are_used(tmp_path: Path) -> None:
    (tmp_path / "de.toml").write_text(PACK, encoding="utf-8")
    (tmp_path / "confirmations.toml").write_text(as_toml(confirmation(*shipped().instruments)), encoding="utf-8")
    found = install_folder(shipped(), tmp_path, today=TODAY)
    assert (found.broken, found.set_aside, found.passed_over) == ((), (), ())
    assert [(one.language, one.why_unscored) for one in found.library.instruments] == [(None, None), ("de", None)]


def test_files_that_cannot_be_used_are_each_named(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"#\xff\xfe")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "big.toml").write_bytes(b"#" * 10_000_000)
    (tmp_path / "confirmations.toml").write_bytes(b"\xff")
    (tmp_path / "wai.txt").write_text(PACK)
    (tmp_path / "notes").mkdir()
    (tmp_path / ".hidden.toml").write_text("[")
    (tmp_path / "twin.toml").write_text(PACK)
    (tmp_path / "de.toml").write_text(PACK)
    found = install_folder(shipped(), tmp_path, today=TODAY)
    assert [(one.file, one.key, one.problem) for one in found.broken] == [
        ("confirmations.toml", "(file)", "is no UTF-8 text, at byte 0"),
        ("big.toml", "(file)", "has more than 512 KiB"),
        ("bytes.toml", "(file)", "is no UTF-8 text, at byte 1"),
        ("folder.toml", "(file)", "cannot be read: Is a directory"),
        ("twin.toml", "pack", "another pack has wording of wai-sr 1.0.0 in 'de' already; keep one of the two"),
    ]
    assert {one.page for one in found.broken} == {PAGE}
    assert found.passed_over == ("notes", "wai.txt")
    assert [one.file for one in found.packs] == ["de.toml"]


def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"\(folder\): cannot be read: No such file"):
        install_folder(shipped(), tmp_path / "nowhere", today=TODAY)
