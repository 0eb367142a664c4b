"""Where a secret may be kept: in a variable, or in the file that the variable's name with `_FILE` leads to, as Docker, Kubernetes and
systemd hand secrets out. One rule for the app's own settings and for what `launch.json` names; nothing here repeats a secret."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

FILE = "_FILE"
# Longer than any key set; a device or a log named by mistake is not read to its end.
_LARGEST = 64 * 1024
# `docker run --env-file` hands them on as part of the value, and so do shells inside shells.
QUOTED = "begins and ends with a quotation mark, which is taken as part of it; write it without"


class NoSecret(Exception):
    """No secret is there. `where` is the variable or file, `why` goes on a sentence that names it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


def kept(name: str, environ: Mapping[str, str]) -> str | None:
    """The secret in the variable, or in the file that NAME_FILE names; None where neither is set. Set and empty is as not set while the
    other is set: a compose file hands on variables that nobody has filled in. Raises NoSecret."""
    value, path = environ.get(name, ""), environ.get(f"{name}{FILE}", "").strip()
    if value.strip() and path:
        raise NoSecret(f"{name} and {name}{FILE}", "are both set, and it cannot be told which counts; take one of them away")
    if path:
        return contents(Path(path), where=f"{name}{FILE}")
    if name in environ and not value.strip():
        raise NoSecret(name, "is set and empty")
    if quoted(value.strip()):
        raise NoSecret(name, QUOTED)
    if f"{name}{FILE}" in environ and name not in environ:
        raise NoSecret(f"{name}{FILE}", "is set and empty; it has to be the path of a file")
    return value or None


def contents(path: Path, *, where: str) -> str:
    """A file's text without the byte order mark and the white space around it, which editors and `echo` add. Raises NoSecret."""
    named = f"leads to {path.absolute()}"
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except IsADirectoryError as error:
        raise NoSecret(where, f"{named}, which is a folder; name the file in it") from error
    except OSError as error:
        raise NoSecret(where, f"{named}, which cannot be read: {_reason(error)}") from error
    except ValueError as error:  # a NUL in the path
        raise NoSecret(where, "is no path of a file") from error
    return _text(data, where=where, named=named)


def quoted(value: str) -> bool:
    """Whether it stands in quotation marks."""
    return len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"


def open_to_all(path: str | Path | None) -> bool:
    """Whether every user of this machine may read it. Of a file system mounted read-only nothing is said: the secrets of Docker and
    Kubernetes are so, with mode 0444 or 0644, inside a container that has one user."""
    if not path:
        return False
    try:
        readable = bool(Path(path).stat().st_mode & stat.S_IROTH)
        return readable and not os.statvfs(path).f_flag & os.ST_RDONLY
    except (OSError, ValueError):
        return False


def _text(data: bytes, *, where: str, named: str) -> str:
    if len(data) > _LARGEST:
        raise NoSecret(where, f"{named}, which is larger than any secret ({_LARGEST // 1024} KiB)")
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise NoSecret(where, f"{named}, which is no UTF-8 text; PowerShell writes UTF-16 unless told otherwise") from error
    if "\0" in text:
        raise NoSecret(where, f"{named}, which is no text")
    if not text:
        raise NoSecret(where, f"{named}, and the file is empty")
    return text


def _reason(error: OSError) -> str:
    """The system's words; of a file kept from this user, who it is that has to be let in."""
    if isinstance(error, PermissionError):
        return f"user {os.geteuid()} may not read it, or not enter its folder"
    return str(error.strerror or type(error).__name__)
