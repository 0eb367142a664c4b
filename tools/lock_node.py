"""Write the lock of the Node peers anew from their package.json. It names no host: neither where a package came from nor whom to fund.

Standard library only; needs npm and its registry.
"""

import json
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "peers" / "node"


def main() -> int:
    """Resolve, then drop the funding links, which npm has no switch for. Returns npm's exit code."""
    command = [
        "npm",
        "install",
        "--package-lock-only",
        "--legacy-peer-deps",
        "--omit-lockfile-registry-resolved",
        "--no-audit",
        "--no-fund",
    ]
    done = subprocess.run(command, cwd=FOLDER, check=False)
    if done.returncode:
        return done.returncode
    path = FOLDER / "package-lock.json"
    lock = json.loads(path.read_text())
    for package in lock["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(lock, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
