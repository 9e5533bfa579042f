"""What a bare root takes over from this machine: how the package servers are reached, no more.

Proxy variables, certificates, name servers, and the settings of apt, pip, npm and git that say
where packages come from. No package, no download, no cache.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

_VARIABLES = re.compile(
    r"(?i:(https?|ftp|all|no)_proxy)|PIP_\w+|UV_\w+|(?i:npm_config)_\w+|NODE_EXTRA_CA_CERTS"
    r"|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|GIT_SSL_\w+"
)
_APT = re.compile(r"Acquire::(https?|ftp|Check-|Retries|Force)")
_CERTIFICATES = "/usr/local/share/ca-certificates"
_SETTINGS = (
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/pip.conf",
    "/etc/npmrc",
    "/usr/etc/npmrc",
    "~/.config/pip/pip.conf",
    "~/.pip/pip.conf",
    "~/.npmrc",
    "/etc/apt/auth.conf",
    "/etc/apt/auth.conf.d",
)
UBUNTU = ("noble",)
# Of git's settings only these: a name or an address of somebody would hide that one is needed.
_GIT = r"^(http|https|url)\."


def environment() -> dict[str, str]:
    """Variables of ours that say how to reach package servers."""
    return {name: value for name, value in os.environ.items() if _VARIABLES.fullmatch(name)}


def apt_options() -> list[str]:
    """Lines of an apt configuration: proxies, and what this machine's mirror needs."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    return [line for line in dump.stdout.splitlines() if _APT.match(line)]


def sources(suite: str) -> list[str]:
    """The lines of sources.list for `suite` at this machine's mirror; none if it is not known.

    What apt reads here, with the name of the suite changed: bookworm-updates gives trixie-updates.
    """
    here = _release("VERSION_CODENAME")
    if _release("ID") != ("ubuntu" if suite in UBUNTU else "debian"):
        return []
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)"]
    found = subprocess.run([*command, "Created-By: Packages"], capture_output=True, text=True)
    lines = []
    for line in sorted(set(found.stdout.splitlines())):
        address, name, component = line.rsplit(" ", 2)
        if re.fullmatch(rf"{here}(-updates|-security)?", name) and component in (
            "main",
            "universe",
        ):
            lines.append(f"deb {address} {name.replace(here, suite, 1)} {component}")
    return lines if any(f" {suite} main" in line for line in lines) else []


def ubuntu_key() -> bool:
    """Whether this machine can tell Ubuntu's archive from another."""
    return Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg").exists()


def _release(field: str) -> str:
    """A field of this machine's os-release; "" without one."""
    text = Path("/etc/os-release").read_text()
    found = re.search(rf'^{field}="?([^"\n]*)"?$', text, re.MULTILINE)
    return found[1] if found else ""


def into(root: Path, home: Path) -> None:
    """Copy settings and certificates; `home` is the home folder inside `root` that gets ours."""
    for name in _SETTINGS:
        source = Path(name).expanduser()
        target = root / home / name[2:] if name.startswith("~") else root / name[1:]
        if not source.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            target.unlink(missing_ok=True)
            shutil.copyfile(source, target)
    if Path(_CERTIFICATES).is_dir():
        shutil.copytree(_CERTIFICATES, root / _CERTIFICATES[1:], dirs_exist_ok=True)
    listing = subprocess.run(
        ["git", "config", "--global", "-z", "--get-regexp", _GIT], capture_output=True, text=True
    )
    for entry in filter(None, listing.stdout.split("\0")):
        key, _, value = entry.partition("\n")
        subprocess.run(["git", "config", "--file", root / home / ".gitconfig", key, value])
