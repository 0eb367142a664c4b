"""What stands before the app in a clinic, each a process of its own with its limits as they come: gunicorn, and nginx before it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 60.0
_WORKERS = 2
# Only what it needs to stand here; what it takes of headers is nginx's own choice.
_NGINX = """daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{app};
      proxy_set_header Host $http_host;
    }}
  }}
}}
"""


@contextmanager
def gunicorn(environ: Mapping[str, str], *, port: int, folder: Path) -> Iterator[None]:
    """The app as `smart_app.wsgi` says it is served, with the settings of `environ`; its log goes to `folder`."""
    # Without its control socket, which it would put into the home of whoever runs the tests.
    where = ["--bind", f"127.0.0.1:{port}", "--workers", str(_WORKERS), "--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", "smart_app.wsgi:app", *where]
    with _running(command, log=folder / "gunicorn.log", environ=environ, answers=f"http://127.0.0.1:{port}/healthz"):
        yield


@contextmanager
def nginx(*, app: int, port: int, folder: Path) -> Iterator[None]:
    """nginx on `port` before what listens on `app`."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise RuntimeError("nginx is not installed: run `make test-system`, or apt-get install nginx")
    written = folder / "nginx.conf"
    written.write_text(_NGINX.format(folder=folder, port=port, app=app))
    command = [found, "-c", str(written), "-p", str(folder), "-e", str(folder / "nginx.log")]
    with _running(command, log=folder / "nginx.out", environ={}, answers=f"http://127.0.0.1:{port}/healthz"):
        yield


@contextmanager
def _running(command: list[str], *, log: Path, environ: Mapping[str, str], answers: str) -> Iterator[None]:
    """The process, from when it answers; ended with the block."""
    with (
        log.open("w") as said,
        subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, cwd=ROOT, env={**os.environ, **environ}) as process,
    ):
        try:
            _await(process, answers, log)
            yield
        finally:
            process.terminate()


def _await(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """RuntimeError with its last words when it ends or stays silent."""
    until = time.monotonic() + _PATIENCE
    with requests.Session() as http:
        while process.poll() is None and time.monotonic() < until:
            try:
                if http.get(address, timeout=_PATIENCE).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not answer: {log.read_text()[-1000:]}")
