"""Certificates for one machine: an authority, Envoy's own, and one for each caller by SPIFFE id.

`python -m tools.emulator.pricing.certificates FOLDER CALLER...`, with the container tools' Python.
They hold for a month; what is there and holds for another day is kept.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = timedelta(days=30)
AUTHORITY, ENVOY = "authority", "envoy"


def main(folder: Path, names: dict[str, str]) -> None:
    """Write ``{name}.pem`` and ``{name}.key``; ``names`` are SPIFFE ids by caller."""
    if all(_holds(folder / f"{it}.pem") for it in (AUTHORITY, ENVOY, *names)):
        return
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate(AUTHORITY, authority_key, None, None, [])
    _write(folder / f"{AUTHORITY}.pem", authority.public_bytes(serialization.Encoding.PEM))
    own = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    callers = {
        name: [x509.UniformResourceIdentifier(spiffe_id)] for name, spiffe_id in names.items()
    }
    for name, alternatives in {ENVOY: own, **callers}.items():
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(name, key, authority, authority_key, alternatives)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _write(folder / f"{name}.key", private)
        _write(folder / f"{name}.pem", made.public_bytes(serialization.Encoding.PEM))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey | None,
    alternatives: list[x509.GeneralName],
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if alternatives:
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    return builder.sign(issuer_key or key, hashes.SHA256())


def _holds(file: Path) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError):
        return False
    return bool(certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=1))


def _write(file: Path, content: bytes) -> None:
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        written.write(content)
    draft.replace(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), dict(it.split("=", 1) for it in sys.argv[2:]))
