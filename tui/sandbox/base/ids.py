"""Identifiers in the shapes the real service uses."""

from __future__ import annotations

import base64
import secrets
import time
import uuid


def new_id() -> str:
    """A job or session id: 20 lower-case base32hex characters, as an xid (time first, then chance)."""
    raw = int(time.time()).to_bytes(4, "big") + secrets.token_bytes(8)
    return base64.b32hexencode(raw).decode("ascii").lower().rstrip("=")


def new_uuid() -> str:
    return str(uuid.uuid4())
