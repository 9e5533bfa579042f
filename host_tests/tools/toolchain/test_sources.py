"""Fetching the sources: only files that fit the pins arrive, complete or not at all."""

import hashlib
import io
import subprocess
import tarfile

import pytest
from setup_fakes import apt_get, command, in_front, leftovers

from iotsafe_tools.toolchain import debian, linked, pins, releases, sources, steps
from iotsafe_tools.toolchain.layout import Layout

LISTING = """Package: micropython
Version: {version}
Checksums-Sha256:
 0000 12 micropython.dsc
 {digest} 123 {filename}
"""


def tarball(**files: str) -> bytes:
    """Return a tar archive with `files` (dots for slashes) inside one folder."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo("top/" + name.replace(".", "/"))
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return sink.getvalue()


@pytest.fixture
def layout(tmp_path):
    (tmp_path / "checkout").mkdir()
    return Layout(tmp_path / "checkout")


@pytest.fixture
def offered(tmp_path, monkeypatch):
    """An apt that offers two small pinned source packages; a dict of changes to its behaviour."""
    offers = tmp_path / "offered"
    rows = []
    for package, place, files in (
        ("micropython", "", {"py.mpconfig": "upstream"}),
        ("mbedtls", "lib/mbedtls", {"library.aes": "cipher"}),
    ):
        content = tarball(**files)
        (offers / package).mkdir(parents=True)
        (offers / package / f"{package}.tar").write_bytes(content)
        digest = debian.sha256(offers / package / f"{package}.tar")
        rows.append((pins.Archive(package, f"{package}.tar", digest, place),))
        listing = LISTING.format(version="7-1", digest=digest, filename=f"{package}.tar")
        (offers / package / "listing").write_text(listing)
    monkeypatch.setattr(pins, "ARCHIVES", tuple(rows))
    monkeypatch.setattr(pins, "COMMITS", ())
    monkeypatch.setattr(debian, "_mirror", lambda: "http://127.0.0.1:9/debian")
    tools = tmp_path / "tools"
    apt_get(tools, "7-1", f"{offers}/${{last%=*}}/*.tar")
    command(tools, "apt-cache", f"for last; do :; done\ncat {offers}/$last/listing")
    in_front(monkeypatch, tools)
    return offers


def test_the_tree_is_put_together_from_both_archives(layout, offered):
    tree = sources.ensure(layout)
    assert (tree / "py" / "mpconfig").read_text() == "upstream"
    assert (tree / "lib" / "mbedtls" / "library" / "aes").read_text() == "cipher"
    assert leftovers(layout) == ["micropython"]


def test_the_second_run_fetches_nothing(layout, offered, tmp_path, monkeypatch, capsys):
    sources.ensure(layout)
    command(tmp_path / "tools", "apt-get", "exit 1")
    capsys.readouterr()
    sources.ensure(layout)
    assert capsys.readouterr().out == ""


def test_other_pins_make_another_tree(layout, offered, monkeypatch):
    stale = sources.ensure(layout) / "stale"
    stale.touch()
    monkeypatch.setattr(pins, "COMMITS", (pins.Commit("", "", "", ""),))
    sources.ensure(layout)
    assert not stale.exists()


def test_a_wrong_digest_ends_it(layout, offered):
    with open(offered / "mbedtls" / "mbedtls.tar", "ab") as sink:
        sink.write(b"tampered")
    with pytest.raises(steps.SetupError, match=r"mbedtls\.tar has the SHA-256 .* do not use"):
        sources.ensure(layout)
    assert leftovers(layout) == []
    assert not (layout.downloads / "mbedtls.tar").exists()


def test_a_download_that_has_changed_since_is_fetched_again(layout, offered):
    layout.downloads.mkdir(parents=True)
    (layout.downloads / "mbedtls.tar").write_bytes(b"cut off")
    sources.ensure(layout)
    assert debian.sha256(layout.downloads / "mbedtls.tar") == pins.ARCHIVES[1][0].sha256


def test_an_unreachable_archive_ends_it(layout, offered, tmp_path):
    command(tmp_path / "tools", "apt-get", 'echo "W: Failed to fetch x"; exit 100')
    with pytest.raises(steps.SetupError, match="apt-get update: the server cannot be reached"):
        sources.ensure(layout)
    assert leftovers(layout) == []


def test_an_interrupted_download_leaves_nothing(layout, offered, monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(debian.View, "fetch_source", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sources.ensure(layout)
    assert leftovers(layout) == []


def test_what_an_interrupted_unpacking_left_is_not_trusted(layout, offered):
    (layout.sources / "py").mkdir(parents=True)
    tree = sources.ensure(layout)
    assert (tree / "py" / "mpconfig").exists()


@pytest.mark.parametrize(
    ("carried", "taken"),
    [
        ({"trixie": "new"}, "new"),  # a point release brought it
        ({"trixie": "old", "forky": "new"}, "new"),
        ({"trixie": "old", "sid": "new"}, "new"),
        ({"trixie": "old", "forky": "other"}, "old"),
        ({"trixie": "old"}, "old"),
    ],
)
def test_the_first_suite_with_the_best_alternative(layout, tmp_path, monkeypatch, carried, taken):
    contents = {name: tarball(**{"library.aes": name}) for name in ("new", "old", "micropython")}

    class View:
        def __init__(self, _layout, _folder, _kind, suite):
            self.offers = [carried.get(suite), "micropython" if suite == "trixie" else None]
            if not any(self.offers):
                raise debian.NotOffered(f"the mirror does not carry {suite}")

        def fetch_source(self, archive):
            if archive.package not in self.offers:
                raise debian.NotOffered("another version")
            (tmp_path / archive.filename).write_bytes(contents[archive.package])
            debian.keep(tmp_path / archive.filename, archive.sha256, layout.downloads)

    def archive(name, place, *suites):
        digest = hashlib.sha256(contents[name]).hexdigest()
        return pins.Archive(name, f"{name}.tar", digest, place, suites)

    alternatives = (
        archive("new", "lib/mbedtls", "trixie", "forky", "sid"),
        archive("old", "lib/mbedtls", "trixie"),
    )
    rows = ((archive("micropython", "", "trixie"),), alternatives)
    monkeypatch.setattr(debian, "View", View)
    monkeypatch.setattr(pins, "ARCHIVES", rows)
    monkeypatch.setattr(pins, "COMMITS", ())
    tree = sources.ensure(layout)
    assert (tree / "lib" / "mbedtls" / "library" / "aes").read_text() == taken
    kept = sorted(path.stem for path in layout.downloads.iterdir())
    assert kept == ["micropython", taken]


def test_the_pinned_mbedtls_mends_what_its_predecessor_refuses():
    first, second = pins.ARCHIVES[1]
    assert first.filename == "mbedtls_3.6.7.orig.tar.bz2"
    assert first.sha256 == "a7e8bcbec0e6f761b4af24f25677626b35f762f68eef79c08677a363212d11f6"
    assert second.filename == "mbedtls_3.6.6.orig.tar.bz2"
    assert "3.6.2" not in repr(pins.COMMITS)


def test_the_version_is_the_one_that_holds_the_pinned_archive():
    archive = pins.ARCHIVES[0][0]
    newer = LISTING.format(version="9-1", digest="f" * 64, filename="other.tar.xz")
    fitting = LISTING.format(version="7-1", digest=archive.sha256, filename=archive.filename)
    assert debian.find_version(newer + "\n" + fitting, archive) == "7-1"
    with pytest.raises(debian.NotOffered, match="another micropython"):
        debian.find_version(newer, archive)


# ---- other releases -----------------------------------------------------------------------


def test_another_release_gets_the_pinned_mbedtls(layout, offered, tmp_path, monkeypatch, capsys):
    tree = sources.ensure(layout)
    with tarfile.open(layout.downloads / "micropython.tar", "a") as tar:
        member = tarfile.TarInfo("top/lib/mbedtls")
        member.type = tarfile.DIRTYPE
        tar.addfile(member)
    digest = debian.sha256(layout.downloads / "micropython.tar")
    offered_row = pins.ARCHIVES[0][0]._replace(sha256=digest)
    other_row = offered_row._replace(filename="other.tar")
    monkeypatch.setattr(pins, "RELEASES", {"1.2": offered_row, "1.3": other_row})
    releases.ensure(layout)
    assert (layout.releases / "1.2" / "py" / "mpconfig").read_text() == "upstream"
    assert (layout.releases / "1.2" / "lib/mbedtls/library/aes").read_text() == "cipher"
    assert not sources.is_pinned(layout.releases / "1.2")
    assert "No MicroPython 1.3 here" in capsys.readouterr().out
    assert sources.ensure(layout) == tree
    releases.ensure(layout)
    assert not (layout.releases / "1.3").exists()


# ---- upstream git -------------------------------------------------------------------------


@pytest.fixture
def upstream(tmp_path, monkeypatch):
    """Two local git repositories, pinned by commit; apt offers nothing."""

    def repository(name: str, path: str) -> tuple[str, str]:
        folder = tmp_path / name
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text(name)
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.invalid"]
        for arguments in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "x"]):
            subprocess.run(["git", "-C", folder, *arguments], check=True)
        head = subprocess.run(
            ["git", "-C", folder, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        )
        return f"file://{folder}", head.stdout.strip()

    def not_offered(*_args):
        raise debian.NotOffered("a test")

    monkeypatch.setattr(sources, "_from_debian", not_offered)
    one, two = repository("one", "py/mpconfig.h"), repository("two", "library/aes.c")
    commits = (
        pins.Commit(one[0], "v1", one[1], ""),
        pins.Commit(two[0], "v2", two[1], "lib/mbedtls"),
    )
    monkeypatch.setattr(pins, "COMMITS", commits)
    return commits


def test_without_debian_sources_git_is_asked(layout, upstream, capsys):
    tree = sources.ensure(layout)
    assert "using upstream's git" in capsys.readouterr().out
    assert (tree / "py" / "mpconfig.h").read_text() == "one"
    assert (tree / "lib" / "mbedtls" / "library" / "aes.c").read_text() == "two"
    assert not list(tree.rglob(".git"))


def test_a_commit_that_upstream_lacks_ends_it(layout, upstream, monkeypatch):
    absent = upstream[1]._replace(commit="1" * 40)
    monkeypatch.setattr(pins, "COMMITS", (upstream[0], absent))
    with pytest.raises(steps.SetupError, match="no such commit there: set MICROPYTHON_DIR="):
        sources.ensure(layout)
    assert leftovers(layout) == []


# ---- a tree of the user's -----------------------------------------------------------------


def own_tree(folder, version=(1, 26, 0), mbedtls=(3, 6, 6)):
    """Make the least tree that counts as a MicroPython tree; `mbedtls`: None for none."""

    def defines(prefix: str, names: str, numbers: tuple) -> str:
        pairs = zip(names.split(), numbers, strict=True)
        return "".join(f"#define {prefix}_{name} {number}\n" for name, number in pairs)

    files = {
        "py/mpconfig.h": defines("MICROPY_VERSION", "MAJOR MINOR MICRO", version),
        "ports/unix/Makefile": "",
        "ports/unix/build-standard/old.o": "",
        "lib/re1.5/re1.5.h": "",
    }
    if mbedtls:
        place = "lib/mbedtls/include/mbedtls/build_info.h"
        files[place] = defines("MBEDTLS_VERSION", "MAJOR MINOR PATCH", mbedtls)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return str(folder)


def test_an_own_tree_is_taken_as_it_is(layout, tmp_path):
    given = own_tree(tmp_path / "mine")
    assert str(sources.ensure(layout, given)) == given
    assert leftovers(layout) == []


@pytest.mark.parametrize("mbedtls", [None, (3, 6, 2), (3, 6, 5)])
def test_an_own_tree_with_an_old_mbedtls_or_none_is_built_with_the_pinned_one(
    layout, offered, tmp_path, capsys, mbedtls
):
    mine = tmp_path / "mine"
    own_tree(mine, mbedtls=mbedtls)
    before = sorted(mine.rglob("*"))
    tree = sources.ensure(layout, str(mine))
    assert (tree / "lib" / "mbedtls" / "library" / "aes").read_text() == "cipher"
    assert (tree / "py" / "mpconfig.h").read_text() == (mine / "py" / "mpconfig.h").read_text()
    assert (tree / "lib" / "re1.5" / "re1.5.h").exists()
    assert not (tree / "ports" / "unix" / "build-standard").exists()
    assert not sources.is_pinned(tree)
    assert linked.original(tree) == mine
    assert sorted(mine.rglob("*")) == before
    capsys.readouterr()
    assert sources.ensure(layout, str(mine)) == tree
    assert capsys.readouterr().out == ""
    (mine / "py" / "new.c").touch()
    assert (sources.ensure(layout, str(mine)) / "py" / "new.c").exists()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"version": (1, 24, 1)}, r"is MicroPython 1\.24\.1: 1\.25\.0 or newer is needed"),
        ({"mbedtls": (4, 0, 0)}, r"has mbedTLS 4\.0\.0, .* use a release with mbedTLS 3\.6"),
    ],
)
def test_an_own_tree_that_cannot_be_built_is_refused(layout, tmp_path, options, complaint):
    with pytest.raises(steps.SetupError, match=complaint):
        sources.ensure(layout, own_tree(tmp_path / "mine", **options))


def test_a_folder_without_micropython_is_refused(layout, tmp_path):
    with pytest.raises(steps.SetupError, match="is not a MicroPython source tree"):
        sources.ensure(layout, str(tmp_path))
