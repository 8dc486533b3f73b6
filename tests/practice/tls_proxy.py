"""A reverse proxy that speaks TLS, as Caddy of docker-compose.override.example.yml does; of the standard library.

It hands on ``Host``, and adds who asks to what its visitor claims about that, which is the harder of the two ways that
proxies have; the other one forgets the claim.
"""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PATIENCE = 60
OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}
"""Headers that speak of the connection they come by, so no proxy hands them on."""


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of the loopback for a day, which vouches for itself; the files of it and of its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    began = datetime.now(UTC) - timedelta(hours=1)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.write_bytes(key.private_bytes(*pem))
    return certificate_file, key_file


class TlsProxy:
    """Runs on a free port of the loopback until it is closed, before what listens on another port there."""

    def __init__(self, behind: int, certificate_file: Path, key_file: Path) -> None:
        proxy = self
        self.behind = behind

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy.hand_on(self)

            def do_POST(self) -> None:
                proxy.hand_on(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate_file, key_file)
        # Each connection shakes hands in its own thread: a browser opens some that it never uses.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self.server.server_port)
        self.address = f"https://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def hand_on(self, asked: BaseHTTPRequestHandler) -> None:
        """Ask the portal the same, and answer what it answers."""
        body = asked.rfile.read(int(asked.headers.get("Content-Length", 0)))
        claimed = asked.headers.get("X-Forwarded-For")
        told = [
            (name, value)
            for name, value in asked.headers.items()
            if name.lower() not in OF_ONE_CONNECTION and not name.lower().startswith("x-forwarded-")
        ]
        told += [
            ("X-Forwarded-For", ", ".join(filter(None, [claimed, str(asked.client_address[0])]))),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", asked.headers["Host"]),
        ]
        portal = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=PATIENCE)
        portal.putrequest(asked.command, asked.path, skip_host=True, skip_accept_encoding=True)
        for name, value in [*told, ("Content-Length", str(len(body))), ("Connection", "close")]:
            portal.putheader(name, value)
        portal.endheaders(body)
        answer = portal.getresponse()
        content = answer.read()
        asked.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in OF_ONE_CONNECTION:
                asked.send_header(name, value)
        asked.send_header("Content-Length", str(len(content)))
        asked.end_headers()
        asked.wfile.write(content)
        portal.close()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
