"""See that the system tests find Chromium, PostgreSQL, nginx, Java, Maven and Node; install them where that is allowed, else say one line.

With the word `bench` it also sees to what only `make bench` is measured against. Standard library only. Needs Debian or Ubuntu and root to
install; elsewhere it only looks.
"""

import os
import shutil
import subprocess
import sys
from glob import glob
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def missing() -> list[str]:
    """The Debian packages whose programs are not here."""
    here = {
        "chromium": shutil.which("chromium"),
        "fonts-liberation": glob("/usr/share/fonts/**/LiberationSans-Regular.ttf", recursive=True),
        "postgresql": glob("/usr/lib/postgresql/*/bin/initdb"),
        "nginx": shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"),
        "default-jdk-headless": shutil.which("javac"),
        "maven": shutil.which("mvn"),
        "nodejs": shutil.which("node"),
        "npm": shutil.which("npm"),
    }
    return [package for package, found in here.items() if not found]


def install(packages: list[str]) -> int:
    """Install Debian packages. Returns the exit code."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    print(f"Installing {', '.join(packages)} …", flush=True)
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
            return done.returncode
    return 0


def fresh(made: Path, *sources: Path) -> bool:
    """Whether it is there, and no older than what it is made of."""
    return made.exists() and made.stat().st_mtime >= max(source.stat().st_mtime for source in sources)


def build(peer: str, what: str) -> int:
    """Build a Maven project of tests/peers where its jar is older than its sources. Returns the exit code."""
    folder = ROOT / "tests" / "peers" / peer
    if fresh(folder / "target" / f"{peer}-peer.jar", folder / "pom.xml", *folder.glob("src/**/*")):
        return 0
    print(f"Building {what} from Maven Central …", flush=True)
    return subprocess.run(["mvn", "-q", "-B", "-ntp", "package"], cwd=folder, check=False).returncode


def install_node(peer: str, what: str) -> int:
    """Install a folder of Node peers as its lock says, where it is older than that. Returns the exit code."""
    folder = ROOT / "tests" / "peers" / peer
    if fresh(folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"):
        return 0
    print(f"Installing {what} from npm …", flush=True)
    # Without --legacy-peer-deps npm looks for Angular's peers for minutes; none of the packages needs its install script.
    command = ["npm", "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, check=False)
    if done.returncode:
        print(f"Needed, with Node 20 or later and npm's registry: cd tests/peers/{peer} && npm ci --legacy-peer-deps", file=sys.stderr)
    return done.returncode


def bundle(peer: str) -> int:
    """Make the page of a peer that is a library, where it is older than its sources. Returns the exit code."""
    folder = ROOT / "tests" / "peers" / peer
    if fresh(folder / "dist" / "page.js", folder / "page.jsx", folder / "package.json", folder / "package-lock.json"):
        return 0
    return subprocess.run(["npm", "run", "--silent", "build"], cwd=folder, check=False).returncode


def main(wanted: list[str]) -> int:
    """Look, install, build. Returns the first exit code that is not 0."""
    packages = missing()
    if packages and not (shutil.which("apt-get") and os.geteuid() == 0):
        print(f"The system tests need: apt-get install {' '.join(packages)}", file=sys.stderr)
        return 1
    if packages and (failed := install(packages)):
        return failed
    failed = (
        install_node("node", "the engines in Node")
        or build("hapi", "the HAPI FHIR server")
        or build("validator", "the HAPI FHIR validator")
        or build("verapdf", "the PDF validator")
    )
    if failed or "bench" not in wanted:
        return failed
    return install_node("smart_forms", "the Smart Forms renderer") or bundle("smart_forms")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
