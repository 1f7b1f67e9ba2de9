"""A company's network on loopback: a proxy that is the only way out, and a host with the company's own CA."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

HOST = "quantum.company.test"
"""A host that only the proxy knows the way to."""
Respond = Callable[[str, str], tuple[int, str]]
"""Method and target of a request; status and JSON of the answer."""


@dataclass
class Company:
    """The network while it stands.

    Attributes:
        proxy: the proxy's URL.
        ca_file: the company's CA certificate.
        asked: what the proxy was asked to connect to.
        passes: the `Proxy-Authorization` it was given, decoded.
        requests: what the host behind was asked.
    """

    proxy: str
    ca_file: Path
    asked: list[str] = field(default_factory=list)
    passes: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@asynccontextmanager
async def company(folder: Path, respond: Respond, *, encrypted_proxy: bool = False) -> AsyncIterator[Company]:
    """The network, with its files in `folder`; an encrypted proxy is spoken to by TLS itself."""
    ca_file, chain = certificates(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    network = Company("", ca_file)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split(" ", 2)
            for line in head.splitlines():
                if line.lower().startswith("content-length:"):
                    await reader.readexactly(int(line.split(":")[1]))
            network.requests.append(f"{method} {target}")
            status, body = respond(method, target)
            writer.write(
                f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n"
                f"content-length: {len(body)}\r\n\r\n{body}".encode()
            )
            await writer.drain()
        writer.close()

    host = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = host.sockets[0].getsockname()[1]

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            network.asked.append(head.split(" ")[1])
            for line in head.splitlines():
                if line.lower().startswith("proxy-authorization: basic "):
                    network.passes.append(base64.b64decode(line.split()[2]).decode())
            behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pump(reader, behind_writer), _pump(behind_reader, writer))
        writer.close()

    proxy = await asyncio.start_server(tunnel, "127.0.0.1", 0, ssl=context if encrypted_proxy else None)
    at = "https://localhost" if encrypted_proxy else "http://127.0.0.1"
    network.proxy = f"{at}:{proxy.sockets[0].getsockname()[1]}"
    try:
        yield network
    finally:
        proxy.close()
        host.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await source.read(65536):
            sink.write(piece)
            await sink.drain()
    sink.close()


def certificates(folder: Path) -> tuple[Path, Path]:
    """A CA's certificate, and the key and certificate it gave `HOST` (and localhost), as PEM files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A company's CA")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )

    ca = (
        builder(ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName("localhost")])
    leaf = builder(name, key.public_key()).add_extension(names, critical=False).sign(ca_key, hashes.SHA256())
    ca_file, chain = folder / "ca.pem", folder / "host.pem"
    ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain.write_bytes(private + leaf.public_bytes(serialization.Encoding.PEM))
    return ca_file, chain
