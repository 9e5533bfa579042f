"""The pins of all downloads: versions, digests, commits. Data only.

To change a release, change its rows here, run `make micropython`, and then the tests.
"""

from typing import NamedTuple

# Debian's suite for everything that no row says otherwise of.
DEBIAN_SUITE = "trixie"
DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Archive(NamedTuple):
    """One upstream tarball in a source package of the distribution."""

    package: str  # source package
    filename: str
    sha256: str
    destination: str  # inside the MicroPython tree; "" is the tree itself
    suites: tuple[str, ...] = (DEBIAN_SUITE,)  # where to look, in this order


class Package(NamedTuple):
    """One binary package of the distribution that holds sources."""

    name: str
    version: str
    filename: str  # the name that apt-get download gives it
    sha256: str
    folder: str  # the part of it to unpack
    destination: str  # inside the source tree


class Commit(NamedTuple):
    """One upstream git tree; the commit id is the digest of everything in it."""

    url: str
    tag: str
    commit: str
    destination: str


MICROPYTHON_VERSION = "1.25.0"
# Oldest MicroPython with the signing callback that lib/iotsafe uses.
MICROPYTHON_OLDEST = (1, 25, 0)

# Oldest mbedTLS that reaches every server of the README, with boards/common/tls12_pss.h. 3.6.2,
# which MicroPython 1.25 to 1.28 bring along, fails in TLS 1.3 with OpenSSL.
MBEDTLS_OLDEST = (3, 6, 6)

# Debian's source packages, without their patches (which remove the bundled mbedTLS). Each row has
# alternatives: the first one that a suite offers is taken.
ARCHIVES = (
    (
        Archive(
            "micropython",
            "micropython_1.25.0+ds.orig.tar.xz",
            "7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea",
            "",
        ),
    ),
    (
        Archive(
            "mbedtls",
            "mbedtls_3.6.7.orig.tar.bz2",
            "a7e8bcbec0e6f761b4af24f25677626b35f762f68eef79c08677a363212d11f6",
            "lib/mbedtls",
            (DEBIAN_SUITE, "forky", "sid"),
        ),
        Archive(
            "mbedtls",
            "mbedtls_3.6.6.orig.tar.bz2",
            "8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a",
            "lib/mbedtls",
        ),
    ),
)

# Other releases, with which the board folders are tested.
RELEASES = {
    "1.26.1": Archive(
        "micropython",
        "micropython_1.26.1+ds.orig.tar.xz",
        "f5ad2ec89d3e921f753d448955af98b6005655f84ba26087dde6ba0e8d062f34",
        "",
        (DEBIAN_SUITE, "forky", "sid"),
    ),
}

# If apt has no such source package.
COMMITS = (
    Commit(
        "https://github.com/micropython/micropython.git",
        "v1.25.0",
        "f498a16c7db6d4b2de200b3e0856528dfe0613c3",
        "",
    ),
    Commit(
        "https://github.com/Mbed-TLS/mbedtls.git",
        "mbedtls-3.6.7",
        "068ff080b369adfac81509f9b57b2afabaf82dc5",
        "lib/mbedtls",
    ),
)

# The rp2 port's own needs. Debian's source packages of these are not upstream's tarballs, so these
# are the binary packages that hold the sources.
RP2_PACKAGES = (
    Package(
        "pico-sdk-source",
        "2.1.1-1",
        "pico-sdk-source_2.1.1-1_all.deb",
        "507a3ca37636641bc90239d7c04dc9dc28c5008087a8162102ea94d2273153d3",
        "usr/src/pico-sdk",
        "lib/pico-sdk",
    ),
    Package(
        "tinyusb-source",
        "0.18.0+dfsg-1",
        "tinyusb-source_0.18.0+dfsg-1_all.deb",
        "01ce2c645df68f14a8a7dcfc8fb355713152543757955820479a87949a61154e",
        "usr/src/tinyusb",
        "lib/tinyusb",
    ),
)
RP2_COMMITS = (
    Commit(
        "https://github.com/raspberrypi/pico-sdk.git",
        "2.1.1",
        "bddd20f928ce76142793bef434d4f75f4af6e433",
        "lib/pico-sdk",
    ),
    Commit(
        "https://github.com/hathach/tinyusb.git",
        "0.18.0",
        "86ad6e56c1700e85f1c5678607a762cfe3aa2f47",
        "lib/tinyusb",
    ),
)

# umqtt.simple: the build freezes this release of the package index.
UMQTT_REQUIREMENT = "micropython-umqtt.simple==1.3.4"
UMQTT_FILENAME = "micropython-umqtt.simple-1.3.4.tar.gz"
UMQTT_SHA256 = "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f"

# The date in the version banner, and the order of Python's sets (boardgen.py writes one into the
# table of pins): with them fixed, two builds of one tree are the same, byte for byte.
BUILD_ENVIRONMENT = {
    "MICROPY_GIT_TAG": "v" + MICROPYTHON_VERSION,
    "MICROPY_GIT_HASH": "pinned",
    "SOURCE_DATE_EPOCH": "1743465600",
    "PYTHONHASHSEED": "0",
}
