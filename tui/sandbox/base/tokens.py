"""Keys and tokens: what opens the sandbox, for how long, and how it is taken back."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tui.sandbox.base.clock import Clock
from tui.sandbox.base.ids import new_uuid

JWT_SECONDS = 3600
ACCESS_TOKEN_SECONDS = 1_209_600


def same(given: str, expected: str) -> bool:
    """Equality that takes the same time wherever the difference is."""
    return hmac.compare_digest(given.encode(), expected.encode())


@dataclass(frozen=True, slots=True)
class Secrets:
    """The two secrets of one start: a 44-character API key and a 128-character classic API token."""

    api_key: str = field(repr=False)
    api_token: str = field(repr=False)

    @classmethod
    def random(cls) -> Secrets:
        return cls(secrets.token_urlsafe(33), secrets.token_hex(64))


class IamTokens:
    """Issues and checks JWTs. They live an hour of real time and die with the process."""

    def __init__(self, api_key: str, user_id: str, account: str, clock: Clock) -> None:
        self._api_key = api_key
        self._user_id = user_id
        self._account = account
        self._clock = clock
        self._secret = secrets.token_bytes(32)

    def knows_key(self, api_key: str) -> bool:
        return same(api_key, self._api_key)

    def issue(self) -> tuple[str, int]:
        """A new JWT and the Unix second it expires."""
        issued = int(self._clock.now().timestamp())
        expires = issued + JWT_SECONDS
        claims = {
            "iam_id": self._user_id,
            "id": self._user_id,
            "realmid": "IBMid",
            "jti": new_uuid(),
            "sub": self._user_id,
            "account": {"valid": True, "bss": self._account},
            "iat": issued,
            "exp": expires,
            "iss": "https://iam.cloud.ibm.com/identity",
            "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
            "scope": "ibm openid",
        }
        head = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'sandbox'})}.{_part(claims)}"
        return f"{head}.{self._signature(head)}", expires

    def valid(self, token: str) -> bool:
        """Whether we signed it and its time is not over."""
        head, _, signature = token.rpartition(".")
        if not same(signature, self._signature(head)):
            return False
        try:
            claims = json.loads(_decoded(head.rpartition(".")[2]))
        except (ValueError, binascii.Error):
            return False
        return bool(claims["exp"] > self._clock.now().timestamp())

    def _signature(self, head: str) -> str:
        return _b64(hmac.new(self._secret, head.encode(), sha256).digest())


class ClassicTokens:
    """Issues, checks and revokes classic access tokens (64 characters)."""

    def __init__(self, api_token: str, clock: Clock) -> None:
        self._api_token = api_token
        self._clock = clock
        self._expires: dict[str, float] = {}

    def knows_api_token(self, api_token: str) -> bool:
        return same(api_token, self._api_token)

    def issue(self) -> str:
        token = secrets.token_hex(32)
        self._expires[token] = self._clock.now().timestamp() + ACCESS_TOKEN_SECONDS
        return token

    def valid(self, token: str) -> bool:
        return self._expires.get(token, 0.0) > self._clock.now().timestamp()

    def revoke(self, token: str) -> None:
        self._expires.pop(token, None)


def _part(claims: dict[str, Any]) -> str:
    return _b64(json.dumps(claims, separators=(",", ":")).encode())


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
