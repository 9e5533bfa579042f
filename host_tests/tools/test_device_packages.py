"""The device packages: the frozen files and the files that mip installs are those in the
folder."""

import json

import pytest

from iotsafe_tools.testbed import ROOT

# Package -> the packages that mip installs with it.
PACKAGES = {
    "cellular": [],
    "iotsafe": [],
    "telemetry": [["umqtt.simple", "latest"]],
    "ticks": [],
}


def frozen(name: str) -> dict[str, list[str]]:
    """Return package -> files, according to the manifest of `name`."""
    packages = {}

    def package(title, files, base_path):
        assert base_path == ".."
        packages[title] = list(files)

    def include(path):
        packages.update(frozen((ROOT / "lib" / name / path).resolve().parent.name))

    source = (ROOT / "lib" / name / "manifest.py").read_text(encoding="utf-8")
    exec(source, {"package": package, "include": include})
    return packages


@pytest.mark.parametrize("name", PACKAGES)
def test_manifest_lists_the_folder(name):
    files = sorted(path.name for path in (ROOT / "lib" / name).glob("*.py"))
    files.remove("manifest.py")
    assert sorted(frozen(name)[name]) == files


@pytest.mark.parametrize("name", PACKAGES)
def test_mip_installs_what_is_frozen(name):
    folder = ROOT / "lib" / name
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    installed = {target: (folder / source).resolve() for target, source in package["urls"]}
    wanted = {
        f"{title}/{file}": ROOT / "lib" / title / file
        for title, files in frozen(name).items()
        for file in files
    }
    assert installed == wanted
    assert all(path.is_file() for path in wanted.values())
    assert package["deps"] == PACKAGES[name]


@pytest.mark.parametrize("name", ["cellular", "iotsafe", "telemetry"])
def test_versions_agree(name):
    source = (ROOT / "lib" / name / "__init__.py").read_text(encoding="utf-8")
    package = json.loads((ROOT / "lib" / name / "package.json").read_text(encoding="utf-8"))
    assert f'__version__ = "{package["version"]}"' in source
