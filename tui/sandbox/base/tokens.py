"""Keys and tokens: how they are issued, how long they are valid, and how they are revoked."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from tui.sandbox.base.clock import Clock

JWT_SECONDS = 3600
ACCESS_TOKEN_SECONDS = 1_209_600


def equal_secrets(given: str, expected: str) -> bool:
    """Compare two texts in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode(), expected.encode())


def to_base64url(data: bytes) -> str:
    """Encode bytes as URL-safe Base64 without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Decode URL-safe Base64 without padding.

    Raises:
        ValueError: when it is not that.
    """
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, slots=True)
class Secrets:
    """The two secrets of one start: a 44-character API key and a 128-character classic API token."""

    api_key: str = field(repr=False)
    api_token: str = field(repr=False)

    @classmethod
    def random(cls) -> Secrets:
        """Generate both secrets."""
        return cls(secrets.token_urlsafe(33), secrets.token_hex(64))


class IamTokens:
    """Issues and verifies JWTs. They are valid for an hour of real time, and for one process."""

    def __init__(self, api_key: str, user_id: str, account: str, clock: Clock) -> None:
        self._api_key = api_key
        self._user_id = user_id
        self._account = account
        self._clock = clock
        self._secret = secrets.token_bytes(32)

    def is_api_key(self, api_key: str) -> bool:
        """Return whether it is the API key of this start."""
        return equal_secrets(api_key, self._api_key)

    def issue(self) -> tuple[str, int]:
        """Return a new JWT and the Unix second at which it expires."""
        issued = int(self._clock.now().timestamp())
        expires = issued + JWT_SECONDS
        claims = {
            "iam_id": self._user_id,
            "id": self._user_id,
            "realmid": "IBMid",
            "jti": str(uuid4()),
            "sub": self._user_id,
            "account": {"valid": True, "bss": self._account},
            "iat": issued,
            "exp": expires,
            "iss": "https://iam.cloud.ibm.com/identity",
            "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
            "scope": "ibm openid",
        }
        head = f"{_jwt_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'sandbox'})}.{_jwt_part(claims)}"
        return f"{head}.{self._signature(head)}", expires

    def is_valid(self, token: str) -> bool:
        """Return whether it is a JWT of this process that has not expired."""
        head, _, signature = token.rpartition(".")
        if not equal_secrets(signature, self._signature(head)):
            return False
        try:
            claims = json.loads(from_base64url(head.rpartition(".")[2]))
        except ValueError:
            return False
        return bool(claims["exp"] > self._clock.now().timestamp())

    def _signature(self, head: str) -> str:
        return to_base64url(hmac.new(self._secret, head.encode(), sha256).digest())


class ClassicTokens:
    """Issues, verifies and revokes classic access tokens (64 characters)."""

    def __init__(self, api_token: str, clock: Clock) -> None:
        self._api_token = api_token
        self._clock = clock
        self._expires: dict[str, float] = {}

    def is_api_token(self, api_token: str) -> bool:
        """Return whether it is the API token of this start."""
        return equal_secrets(api_token, self._api_token)

    def issue(self) -> str:
        """Return a new access token, valid for `ACCESS_TOKEN_SECONDS` or until it is revoked."""
        token = secrets.token_hex(32)
        self._expires[token] = self._clock.now().timestamp() + ACCESS_TOKEN_SECONDS
        return token

    def is_valid(self, token: str) -> bool:
        """Return whether the access token was issued and has neither expired nor been revoked."""
        return self._expires.get(token, 0.0) > self._clock.now().timestamp()

    def revoke(self, token: str) -> None:
        """Invalidate an access token; an unknown one is no error."""
        self._expires.pop(token, None)


def _jwt_part(claims: dict[str, Any]) -> str:
    return to_base64url(json.dumps(claims, separators=(",", ":")).encode())
