"""The sandbox's own certificate authority: it signs the certificates that the simulated edges show.

Owns its key and its certificate, two files in the sandbox directory, and how a certificate is made; the caller decides
the names in it. Dates are real ones: real clients check them.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from railway_sandbox.addresses import AUTHORITY_FILE
from railway_sandbox.storage import write_whole

KEY_FILE: Final = "edge-authority.key"
AUTHORITY_DAYS: Final = 3_650
ISSUER_DAYS: Final = 1_825
CERTIFICATE_DAYS: Final = 90

ISSUERS: Final[Mapping[str, str]] = {
    "E7": "Let's Encrypt",
    "WE1": "Google Trust Services",
    "GeoTrust TLS RSA CA G1": "DigiCert Inc",
}
"""Common name and organisation of those who sign in the authority's name, as the real edges' certificates say."""


@dataclass(frozen=True)
class _Signer:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class CertificateAuthority:
    """Signs certificates; clients trust ``edge-authority.pem`` of the sandbox directory."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / AUTHORITY_FILE
        self._root = self._load(directory / KEY_FILE)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._issuers: dict[str, _Signer] = {}
        self._contexts: dict[tuple[str, ...], ssl.SSLContext] = {}

    def context(self, names: Sequence[str], issuer: str) -> ssl.SSLContext:
        """Return a server's TLS context with a certificate for ``names``, signed by ``issuer``, a key of ISSUERS."""
        key = (issuer, *names)
        if key not in self._contexts:
            self._contexts[key] = self._context(names, issuer)
        return self._contexts[key]

    def _context(self, names: Sequence[str], issuer: str) -> ssl.SSLContext:
        if issuer not in self._issuers:
            self._issuers[issuer] = self._issuer(issuer)
        signer = self._issuers[issuer]
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        unsigned = _unsigned(_name(names[0]), self._key, signer, CERTIFICATE_DAYS).add_extension(
            alternatives, critical=False
        )
        leaf = unsigned.sign(signer.key, hashes.SHA256())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as file:  # the ssl module reads only files
            file.write(_private(self._key) + _public(leaf) + _public(signer.certificate))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def _issuer(self, name: str) -> _Signer:
        key = ec.generate_private_key(ec.SECP256R1())
        unsigned = _unsigned(_name(name, ISSUERS[name]), key, self._root, ISSUER_DAYS)
        return _Signer(_authority(unsigned, key).sign(self._root.key, hashes.SHA256()), key)

    def _load(self, key_file: Path) -> _Signer:
        if self.file.exists() and key_file.exists():
            key = serialization.load_pem_private_key(key_file.read_bytes(), None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            return _Signer(x509.load_pem_x509_certificate(self.file.read_bytes()), key)
        key = ec.generate_private_key(ec.SECP256R1())
        unsigned = _unsigned(_name("Railyard sandbox", "Railyard"), key, None, AUTHORITY_DAYS)
        certificate = _authority(unsigned, key).sign(key, hashes.SHA256())
        write_whole(key_file, _private(key))
        write_whole(self.file, _public(certificate))
        return _Signer(certificate, key)


def _unsigned(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, signer: _Signer | None, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    parent = signer.key if signer else key
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks differ
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(parent.public_key()), critical=False)
    )


def _authority(unsigned: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        unsigned.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str, organisation: str | None = None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common[:64])]
    if organisation:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(attributes)


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
