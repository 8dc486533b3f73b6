"""A small OpenID provider over real HTTP: discovery, keys, codes bound to PKCE, signed ID tokens; it can lie."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "the-portal", "known-to-both"


class OpenIdProvider:
    """Runs on a free port of the loopback until it is closed; ``person`` is who is signed in there."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {
            "sub": "subject-1", "email": "mira@northlight.example", "email_verified": True
        }  # fmt: skip
        self.lies: dict[str, Any] = {}
        """Claims that replace the true ones; None leaves one out."""
        self.metadata_lies: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str | None] = self.signed
        self.key = self._new_key("first")
        self.published = [self.key]
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(urlsplit(self.path).path)
                provider.get(self)

            def do_POST(self) -> None:
                provider.asked.append(self.path)
                provider.token(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def signed_by_a_stranger(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self._new_key("first"))

    def signed_with_the_shared_secret(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET.ljust(32, "-")), ["HS256"])

    def unsigned(self, claims: dict[str, Any]) -> str:
        parts = [json.dumps(each).encode() for each in ({"alg": "none"}, claims)]
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."

    def change_keys(self) -> None:
        """Sign with a key that nobody has fetched yet."""
        self.key = self._new_key("second")
        self.published = [self.key]

    def get(self, handler: BaseHTTPRequestHandler) -> None:
        path, query = urlsplit(handler.path).path, urlsplit(handler.path).query
        if path == "/.well-known/openid-configuration":
            _answer(handler, self._metadata())
        elif path == "/keys":
            _answer(handler, {"keys": [key.as_dict(private=False) for key in self.published]})
        elif path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(query).items()}
            code = secrets.token_urlsafe(16)
            self.codes[code] = asked
            back = {"code": code, "state": asked["state"]}
            handler.send_response(302)
            handler.send_header("Location", f"{asked['redirect_uri']}?{urlencode(back)}")
            handler.end_headers()
        else:
            _answer(handler, {"error": "not_found"}, status=404)

    def token(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.codes.pop(sent.get("code", ""), None)
        known = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or handler.headers.get("Authorization") != f"Basic {known}"
            or base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked.get("code_challenge")
            or sent.get("redirect_uri") != asked["redirect_uri"]
        ):
            _answer(handler, {"error": "invalid_grant"}, status=400)
            return
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "exp": now + 300, "iat": now, "nonce": asked["nonce"],
            **self.person, **self.lies,
        }  # fmt: skip
        id_token = self.sign({name: value for name, value in claims.items() if value is not None})
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 300}
        _answer(handler, answer | ({"id_token": id_token} if id_token else {}))

    def _metadata(self) -> dict[str, Any]:
        true = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
        }
        return true | self.metadata_lies

    @staticmethod
    def _new_key(kid: str) -> RSAKey:
        return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


def _answer(handler: BaseHTTPRequestHandler, body: dict[str, Any], *, status: int = 200) -> None:
    data = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)
