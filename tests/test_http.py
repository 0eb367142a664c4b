"""The session and the JSON reader, against real sockets that misbehave."""

import gzip
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from smart_app import __version__
from smart_app.http import FetchError, Limits, fetch_json, get_json, new_session

Act = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def acting(act: Act) -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads a request and then does what it likes; its address, and the requests it saw."""
    seen: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            seen.append(self.request.recv(65536))
            act(self.request)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()


def sending(content: bytes) -> Act:
    return lambda connection: connection.sendall(content)


def reason(address: str, *, limits: Limits | None = None) -> str:
    with new_session(pool=1) as session, pytest.raises(FetchError) as failed:
        get_json(session, address, limits=limits)
    assert address not in str(failed.value)
    return failed.value.reason


def test_object_is_read_with_its_digits() -> None:
    with acting(sending(OK + b'Content-Length: 14\r\n\r\n{"value":7.10}')) as (address, seen), new_session(pool=1) as session:
        assert str(get_json(session, address)["value"]) == "7.10"
    assert f"User-Agent: Rapport/{__version__}".encode() in seen[0]
    assert b"Accept: application/json" in seen[0]


def test_chunked_and_compressed_answers_are_read() -> None:
    packed = gzip.compress(b'{"a":1}')
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    with (
        acting(sending(OK + b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" + body)) as (address, _),
        new_session(pool=1) as session,
    ):
        assert get_json(session, address) == {"a": 1}


@pytest.mark.parametrize(
    ("head", "expected"),
    [(OK + b"Content-Length: 100000\r\n\r\n", "too_slow"), (b"HTTP/1.1 200 ", "unreachable"), (OK + b"X: ", "unreachable")],
)
def test_slow_drip_of_head_or_body_ends(head: bytes, expected: str) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        try:
            while not stop.wait(0.05):
                connection.sendall(b" ")
        except OSError:
            return

    stop = threading.Event()
    with acting(drip) as (address, _):
        assert reason(address, limits=Limits(read=0.5, deadline=0.3)) == expected
        stop.set()


def test_silence_ends_at_the_read_limit() -> None:
    stop = threading.Event()
    with acting(lambda connection: (stop.wait(5), None)[1]) as (address, _):
        assert reason(address, limits=Limits(read=0.2)) == "unreachable"
        stop.set()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (OK + b"\r\n" + b'{"a":"' + b"x" * 2000 + b'"}', "too_large"),
        (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b" " * 10_000_000), "too_large"),
        (OK + b"Content-Encoding: gzip\r\n\r\nnot gzip", "unreachable"),
        (OK + b"Content-Length: 50\r\n\r\n{", "unreachable"),
        (OK + b"\r\n", "not_json"),
        (OK + b"\r\n[]", "not_json"),
        (OK + b'\r\n{"a": NaN}', "not_json"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "status"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "redirected"),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", "redirected"),
        (b"nonsense\r\n\r\n", "unreachable"),
        (b"", "unreachable"),
    ],
)
def test_unusable_answer_has_its_reason(content: bytes, expected: str) -> None:
    with acting(sending(content)) as (address, _):
        assert reason(address, limits=Limits(max_bytes=1000)) == expected


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert reason(f"http://127.0.0.1:{port}") == "unreachable"


@pytest.mark.parametrize("address", ["http://", "http://[", "nonsense", "ftp://x/", "http://\udcff/", "http://" + "a" * 300 + ".example/"])
def test_address_that_is_none_is_unreachable(address: str) -> None:
    with new_session(pool=1) as session, pytest.raises(FetchError):
        get_json(session, address)


def test_cookies_are_not_kept_and_proxies_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with acting(sending(OK + b"Set-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}")) as (address, seen), new_session(pool=1) as session:
        get_json(session, address)
        get_json(session, address)
    assert len(seen) == 2
    assert b"Cookie" not in seen[1]


@responses.activate
def test_redirect_is_not_followed_even_when_asked_for() -> None:
    responses.get("https://one.example/", status=302, headers={"Location": "https://two.example/"})
    assert new_session(pool=1).get("https://one.example/", allow_redirects=True).status_code == 302
    assert len(responses.calls) == 1


# SMART K6
@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("POST", 1), ("PUT", 1)])
def test_only_a_read_is_repeated_when_the_server_is_busy(method: str, times: int) -> None:
    busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with acting(sending(busy)) as (address, seen), new_session(pool=1) as session:
        assert session.request(method, address).status_code == 503
    assert len(seen) == times


@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("POST", 1), ("PUT", 1)])
def test_only_a_read_is_repeated_when_the_connection_is_lost(method: str, times: int) -> None:
    with acting(sending(b"")) as (address, seen), new_session(pool=1) as session, pytest.raises(requests.ConnectionError):
        session.request(method, address)
    assert len(seen) == times


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_waits_twice(method: str) -> None:
    stop = threading.Event()
    with acting(lambda _: (stop.wait(5), None)[1]) as (address, seen), new_session(pool=1) as session:
        with pytest.raises(requests.ReadTimeout):
            session.request(method, address, timeout=0.2)
        stop.set()
    assert len(seen) == 1


@pytest.mark.parametrize(("method", "times"), [("GET", 3), ("POST", 1)])
def test_only_a_read_is_repeated_when_nobody_is_there(monkeypatch: pytest.MonkeyPatch, method: str, times: int) -> None:
    attempts: list[object] = []

    def refuse(address: object, *_: object, **__: object) -> None:
        attempts.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("urllib3.util.connection.create_connection", refuse)
    with new_session(pool=1) as session, pytest.raises(requests.ConnectionError):
        session.request(method, "http://127.0.0.1:9/")
    assert len(attempts) == times


@responses.activate
def test_error_status_may_come_without_an_object() -> None:
    responses.post("https://one.example/", status=400, body="<p>no</p>")
    answer = fetch_json(new_session(pool=1), "POST", "https://one.example/", form={"a": "b c"})
    assert (answer.status, answer.document) == (400, {})
    assert responses.calls[0].request.body == "a=b+c"


# SMART F4
# IG 1, 318
def test_server_nobody_vouches_for_is_not_spoken_to(tmp_path: Path) -> None:
    with encrypting(_certified(tmp_path)) as (address, heard), new_session(pool=1) as session, pytest.raises(FetchError) as refused:
        fetch_json(session, "POST", f"{address}/token", form={"client_secret": "hush"})
    assert (refused.value.reason, refused.value.detail) == ("unreachable", "SSLError")
    assert heard == []


# SMART F4
# IG 318
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
@pytest.mark.parametrize(
    ("version", "spoken_to"), [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)]
)
def test_encryption_older_than_tls_1_2_is_refused(tmp_path: Path, version: ssl.TLSVersion, spoken_to: bool) -> None:
    pair = _certified(tmp_path)
    with encrypting(pair, version) as (address, heard), new_session(pool=1) as session:
        session.verify = str(pair)
        with pytest.raises(FetchError):
            fetch_json(session, "POST", f"{address}/token", form={"client_secret": "hush"})
    assert bool(heard) == spoken_to


def _certified(folder: Path) -> Path:
    """A key and a certificate of this machine, which nobody but itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    pair = folder / "pair.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pair.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return pair


@contextmanager
def encrypting(pair: Path, version: ssl.TLSVersion | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """A server for one connection that speaks `version` alone, and what it heard once that was encrypted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if version is not None:
        # Without it OpenSSL offers the old versions to nobody.
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    context.load_cert_chain(pair)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_answer_one, args=(listening, context, heard))
        thread.start()
        try:
            yield f"https://127.0.0.1:{listening.getsockname()[1]}", heard
        finally:
            thread.join(5)


def _answer_one(listening: socket.socket, context: ssl.SSLContext, heard: list[bytes]) -> None:
    """Take one connection, and keep what is said once it is encrypted."""
    connection, _ = listening.accept()
    with suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as encrypted:
        if said := encrypted.recv(1024):
            heard.append(said)
