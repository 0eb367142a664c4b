"""See that the system tests find Chromium, PostgreSQL, nginx, Java, Maven and Node; install them where that is allowed, else say one line.

Standard library only. Needs Debian or Ubuntu and root to install; elsewhere it only looks.
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


def build(peer: str, what: str) -> int:
    """Build a Maven project of tests/peers where its jar is older than its sources. Returns the exit code."""
    folder = ROOT / "tests" / "peers" / peer
    jar = folder / "target" / f"{peer}-peer.jar"
    sources = [folder / "pom.xml", *folder.glob("src/**/*")]
    if jar.exists() and jar.stat().st_mtime >= max(source.stat().st_mtime for source in sources):
        return 0
    print(f"Building {what} from Maven Central …", flush=True)
    return subprocess.run(["mvn", "-q", "-B", "-ntp", "package"], cwd=folder, check=False).returncode


def install_node() -> int:
    """Install the Node peers as their lock says, where they are older than it. Returns the exit code."""
    folder = ROOT / "tests" / "peers" / "node"
    stamp = folder / "node_modules" / ".package-lock.json"
    if stamp.exists() and stamp.stat().st_mtime >= (folder / "package-lock.json").stat().st_mtime:
        return 0
    print("Installing the engines in Node from npm …", flush=True)
    # Without --legacy-peer-deps npm looks for Angular's peers for minutes; none of the packages needs its install script.
    command = ["npm", "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, check=False)
    if done.returncode:
        print(
            "The system tests need, with Node 20 or later and npm's registry: cd tests/peers/node && npm ci --legacy-peer-deps",
            file=sys.stderr,
        )
    return done.returncode


def main() -> int:
    """Look, install, build."""
    packages = missing()
    if packages and not (shutil.which("apt-get") and os.geteuid() == 0):
        print(f"The system tests need: apt-get install {' '.join(packages)}", file=sys.stderr)
        return 1
    if packages and (failed := install(packages)):
        return failed
    return install_node() or build("hapi", "the HAPI FHIR server") or build("validator", "the HAPI FHIR validator")


if __name__ == "__main__":
    raise SystemExit(main())
