"""No client says anything to a server whose certificate nobody vouches for.

The certificate is in order but for that: of this address and of these days.
"""

import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tenacity
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from resources.git_program import GitProgram
from resources.http import UpstreamError
from resources.slack_errors import SlackDeliveryError
from tests.resources.test_outgoing import CLIENTS

_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_WAIT_S = 10.0
#: Where those who ask here look for certificates to trust: Python's, requests' and git's way.
_TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO")


def git_program(url: str, _folder: Path) -> None:
    """Git's own, which is otherwise asked only after a request of ours."""
    GitProgram("http:https").run("ls-remote", f"{url}/owner/name")


ALL = pytest.mark.parametrize("client", [*CLIENTS, git_program], ids=lambda each: each.__name__)


@dataclass
class TlsServer:
    """A server on localhost: its address, its certificate, and what it came to hear.

    Attributes:
        asked: first bytes of what was said to it, by connection.
        refused: what became of connections that came to nothing, as this side has it.
    """

    url: str
    certificate: Path
    asked: list[bytes] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1, and its key, for two days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    return certificate, private


@contextmanager
def tls_server(folder: Path) -> Iterator[TlsServer]:
    """A server that answers each request with 404; after its block it has heard all."""
    certificate, private = self_signed(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)

    class Handler(socketserver.BaseRequestHandler):
        request: socket.socket

        def handle(self) -> None:
            self.request.settimeout(_WAIT_S)
            try:
                with context.wrap_socket(self.request, server_side=True) as spoken:
                    if said := spoken.recv(1 << 16):
                        running.asked.append(said)
                        spoken.sendall(_NOT_FOUND)
                    else:
                        running.refused.append("nothing said")
            except OSError as error:
                running.refused.append(str(error))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        running = TlsServer(f"https://127.0.0.1:{server.server_address[1]}", certificate)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _nobody_is_trusted_or_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*_TRUST, "SSL_CERT_DIR", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr(tenacity.nap, "sleep", lambda _seconds: None)


@ALL
def test_no_client_talks_to_a_server_of_an_untrusted_certificate(
    client: Callable[[str, Path], None], tmp_path: Path
) -> None:
    with (
        tls_server(tmp_path) as server,
        pytest.raises((UpstreamError, SlackDeliveryError), match=r"SSL|certificate"),
    ):
        client(server.url, tmp_path)
    assert server.refused
    assert server.asked == []


@ALL
def test_every_client_talks_to_it_where_its_certificate_is_trusted(
    client: Callable[[str, Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it is for the certificate alone that none does above."""
    with tls_server(tmp_path) as server, suppress(UpstreamError, SlackDeliveryError):
        for name in _TRUST:
            monkeypatch.setenv(name, str(server.certificate))
        client(server.url, tmp_path)
    assert server.asked
    assert server.refused == []
