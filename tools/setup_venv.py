"""Make the checkout's own virtual environment from a hashed lock file. Standard library only: it runs before anything is installed.

    python3 tools/setup_venv.py runtime    what `rapport` needs
    python3 tools/setup_venv.py dev        that, and what tests and checks need

Done once per lock file: a stamp inside the environment remembers the lock's hash. uv is used where it is on the PATH
(RAPPORT_NO_UV=1 says not to), plain pip otherwise, and where uv fails. On failure no half-made folder stays.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
_ALWAYS = {"UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(VENV), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


class SetupError(Exception):
    """A sentence that says what is missing and the line that mends it."""


def wanted(kind: str) -> str:
    """The hash of everything the environment is made from."""
    parts = [ROOT / "requirements" / f"{kind}.txt", ROOT / "pyproject.toml"]
    text = b"".join(part.read_bytes() for part in parts) + str(ROOT).encode() + sys.version.encode()
    return hashlib.sha256(text).hexdigest()


def stamps(kind: str) -> list[Path]:
    """The stamps that satisfy `kind`: the dev environment holds the runtime one."""
    kinds = ["dev", "runtime"] if kind == "runtime" else ["dev"]
    return [VENV / f".rapport-{one}" for one in kinds]


def ready(kind: str) -> bool:
    """True when the environment was made from the present lock file by the present Python."""
    return PYTHON.exists() and any(
        stamp.exists() and stamp.read_text() == wanted(stamp.name.removeprefix(".rapport-")) for stamp in stamps(kind)
    )


def uv() -> str | None:
    """The uv command, unless told not to use it."""
    return None if os.environ.get("RAPPORT_NO_UV") else shutil.which("uv")


def check_python(fast: str | None) -> None:
    """Refuse a Python that is too old, or lacks the parts venv needs where uv (`fast`) does not make the environment."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        raise SetupError(f"Rapport needs Python 3.11 or later; {sys.executable} is {found}. Try: make PYTHON=python3.12 demo")
    if fast:
        return
    try:
        import ensurepip
        import venv  # noqa: F401

        ensurepip.version()
    except (ImportError, OSError) as missing:
        raise SetupError("Python's venv module is missing its parts. On Debian or Ubuntu: apt-get install python3-venv") from missing


def run(command: list[str], *, total: int = 0) -> None:
    """Run a command; with `total` count the packages pip names and show how far it is. SetupError with its last lines otherwise."""
    # A clinic's proxy signs with the clinic's own certificate: uv, too, looks where the system keeps them.
    certificates = {"UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true"}
    environment = {**certificates, **os.environ, **_ALWAYS}
    lines: list[str] = []
    seen = 0
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if total and line.startswith("Collecting "):
                seen += 1
                progress(f"  {seen} of {total} packages")
    progress("")
    if process.returncode:
        raise SetupError("\n".join([f"`{' '.join(command[:4])} …` failed:", *lines[-12:]]))


def progress(text: str) -> None:
    """Show `text` on one line that is written over; nothing when the output is no terminal."""
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)


def create(fast: str | None) -> None:
    """An empty environment at `.venv`."""
    if VENV.exists():
        shutil.rmtree(VENV)
    run([fast, "venv", "-q", "--python", sys.executable, str(VENV)] if fast else [sys.executable, "-m", "venv", str(VENV)])


def install(kind: str, fast: str | None) -> None:
    """Everything of the lock file, and the project itself as an editable install."""
    lock = ROOT / "requirements" / f"{kind}.txt"
    total = sum("==" in line for line in lock.read_text().splitlines())
    pip = [fast, "pip", "install", "-q"] if fast else [str(PYTHON), "-m", "pip", "install"]
    compiled = ["--compile-bytecode"] if fast else ["--progress-bar", "off"]
    print(f"Setting up .venv from requirements/{kind}.txt ({total} packages, once) …", flush=True)
    run([*pip, *compiled, "--require-hashes", "-r", str(lock)], total=0 if fast else total)
    run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)])


def setup(kind: str) -> None:
    """Make `.venv` fit for `kind`, or leave none behind."""
    if ready(kind):
        return
    fast = uv()
    try:
        fill(kind, fast)
    except SetupError as failed:
        if not fast:
            raise
        print(f"uv could not set it up, so pip is used. {failed}", flush=True)
        fill(kind, None)


def fill(kind: str, fast: str | None) -> None:
    """The environment by uv (`fast`) or pip; no half-made one stays. One made by uv holds no pip, so pip begins with an empty one."""
    check_python(fast)
    fresh = not any(stamp.exists() for stamp in stamps("runtime")) or not (fast or (VENV / "bin" / "pip").exists())
    try:
        if fresh:
            create(fast)
        install(kind, fast)
        (VENV / f".rapport-{kind}").write_text(wanted(kind))
    except BaseException:
        shutil.rmtree(VENV, ignore_errors=True)
        raise


def main() -> int:
    """Set up what the one argument names."""
    kind = sys.argv[1] if len(sys.argv) > 1 else "dev"
    try:
        setup(kind)
    except SetupError as wrong:
        print(f"Rapport cannot be set up here: {wrong}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; nothing half-made is left behind.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
