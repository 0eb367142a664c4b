"""Write the locks of the Node peers anew from their package.json. They name no host: neither where a package came from nor whom to fund.

Standard library only; needs npm and its registry.
"""

import json
import subprocess
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent / "tests" / "peers"
FOLDERS = (PEERS / "node", PEERS / "smart_forms")


def lock(folder: Path) -> int:
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
    done = subprocess.run(command, cwd=folder, check=False)
    if done.returncode:
        return done.returncode
    path = folder / "package-lock.json"
    resolved = json.loads(path.read_text())
    for package in resolved["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(resolved, indent=2) + "\n")
    return 0


def main() -> int:
    """Every folder's. Returns the first exit code that is not 0."""
    return next((code for code in map(lock, FOLDERS) if code), 0)


if __name__ == "__main__":
    raise SystemExit(main())
