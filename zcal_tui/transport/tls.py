"""Which certificates are trusted, and what is wrong with one that is not."""

import functools
import ssl
from pathlib import Path
from urllib.parse import urlsplit

_EXPIRED, _NOT_YET = 10, 9
_WRONG_NAME = (62, 64)
"""OpenSSL's verification errors: certificate expired, not yet valid, host name and address mismatch."""


class CertificateProblem(Exception):
    """A certificate or its file cannot be used. `parts`: the cause, what to do, why."""

    def __init__(self, cause: str, remedy: str, why: str) -> None:
        super().__init__(cause)
        self.parts = (cause, remedy, why)


@functools.cache
def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """The certificates that this machine trusts, and those in `ca_file` (PEM). Raises CertificateProblem.

    Read once: a hundred or more authorities take most of a megabyte, too much for each of many printers.
    """
    context = ssl.create_default_context()
    if ca_file is None:
        return context
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one: no certificate in the file
        reason = (
            "no certificate in PEM format"
            if isinstance(error, ssl.SSLError)
            else error.strerror or str(error)
        )
        raise CertificateProblem(
            f"the certificate file {ca_file} cannot be used: {reason}",
            "Correct --ca-file (ca_file in config.toml, ZCAL_CA_FILE).",
            "It must be a text file with BEGIN CERTIFICATE.",
        ) from error
    # A certificate that a person names is trusted itself, even if made without what Python 3.13 asks of authorities
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def certificate_problem(error: ssl.SSLCertVerificationError, url: str) -> CertificateProblem:
    """What is wrong with a server's certificate, by OpenSSL's verdict."""
    parts = urlsplit(url)
    said = error.verify_message
    if error.verify_code in _WRONG_NAME:
        return CertificateProblem(
            f"its certificate was made for another name ({said})",
            "Use the name in the certificate, or make a certificate for this name.",
            "Otherwise anybody with a certificate could pose as the printer.",
        )
    if error.verify_code in (_EXPIRED, _NOT_YET):
        return CertificateProblem(
            f"its certificate is not valid now ({said})",
            "Renew the certificate, and check the clocks of both machines.",
            "A certificate has a first and a last day.",
        )
    show = f"openssl s_client -connect {parts.hostname}:{parts.port or 443} </dev/null | openssl x509 > printer.pem"
    return CertificateProblem(
        f"its certificate is not trusted ({said})",
        f"Save the certificate in a network that you trust ({show}), then use --ca-file printer.pem.",
        "A self-signed certificate is trusted by no machine until it is told to.",
    )
