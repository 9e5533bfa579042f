"""A minimal firmware in C, to link with the signing hook as a board enables it."""

from pathlib import Path

FOLDER = Path(__file__).parent

# mbedTLS' sources that a signature on P-256 needs (see include/probe_mbedtls_config.h).
MBEDTLS_SOURCES = (
    "asn1parse.c",
    "asn1write.c",
    "bignum.c",
    "bignum_core.c",
    "bignum_mod.c",
    "bignum_mod_raw.c",
    "constant_time.c",
    "ecdsa.c",
    "ecp.c",
    "ecp_curves.c",
    "ecp_curves_new.c",
    "md.c",
    "oid.c",
    "pk.c",
    "pk_ecc.c",
    "pk_wrap.c",
    "pkparse.c",
    "platform.c",
    "platform_util.c",
    "rsa_alt_helpers.c",
    "sha256.c",
)
