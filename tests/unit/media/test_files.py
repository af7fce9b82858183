"""Writing whole files: what is on disk after success, failure, interrupts and a full disk."""

import contextlib
import errno
import hashlib
import json
import os
import resource
import stat
from pathlib import Path

import pytest

from toontween.errors import MediaError, OutputError
from toontween.media.files import atomic_output, check_output, sha256_of, write_json


def everything_in(folder):
    return sorted(path.name for path in folder.iterdir())


@contextlib.contextmanager
def files_limited_to(num_bytes):
    """A real "disk full": the system refuses to let files grow beyond this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "take.bin"
    with atomic_output(target, overwrite=False) as temporary:
        temporary.write_bytes(b"drawing")
        assert not target.exists()
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".bin"
    assert target.read_bytes() == b"drawing"
    assert everything_in(tmp_path) == ["take.bin"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_an_interrupt_in_mid_write_leaves_the_old_file(tmp_path, interruption):
    target = tmp_path / "take.bin"
    target.write_bytes(b"old")

    def write_half():
        with atomic_output(target, overwrite=True) as temporary:
            temporary.write_bytes(b"half of the ne")
            raise interruption

    with pytest.raises(interruption):
        write_half()
    assert target.read_bytes() == b"old"
    assert everything_in(tmp_path) == ["take.bin"]


def test_an_existing_file_is_refused_unless_asked(tmp_path):
    target = tmp_path / "take.bin"
    target.write_bytes(b"old")
    with (
        pytest.raises(OutputError, match="exists already"),
        atomic_output(target, overwrite=False),
    ):
        pytest.fail("the block must not run")
    with atomic_output(target, overwrite=True) as temporary:
        temporary.write_bytes(b"new")
    assert target.read_bytes() == b"new"


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path):
    target = tmp_path / "take.bin"

    def write_slowly():
        with atomic_output(target, overwrite=False) as temporary:
            temporary.write_bytes(b"mine")
            target.write_bytes(b"theirs")

    with pytest.raises(OutputError, match="meanwhile"):
        write_slowly()
    assert target.read_bytes() == b"theirs"
    assert everything_in(tmp_path) == ["take.bin"]


def test_disks_without_hard_links_work_too(tmp_path, monkeypatch):
    def refuse(*_args: object):
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "take.bin"
    with atomic_output(target, overwrite=False) as temporary:
        temporary.write_bytes(b"drawing")
    assert everything_in(tmp_path) == ["take.bin"]


def test_a_full_disk_while_writing_leaves_nothing_behind(tmp_path):
    target = tmp_path / "take.bin"
    with (
        pytest.raises(OutputError, match="larger than this disk allows") as caught,
        files_limited_to(1000),
        atomic_output(target, overwrite=False) as temporary,
    ):
        temporary.write_bytes(bytes(5000))
    assert "space" in (caught.value.hint or "")
    assert everything_in(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "quota"), (errno.EIO, "reports an error")],
)
def test_trouble_while_flushing_leaves_the_old_file(tmp_path, monkeypatch, number, words):
    def fail(_descriptor):
        raise OSError(number, os.strerror(number))

    target = tmp_path / "take.bin"
    target.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with (
        pytest.raises(OutputError, match=words),
        atomic_output(target, overwrite=True) as temporary,
    ):
        temporary.write_bytes(b"new")
    assert target.read_bytes() == b"old"
    assert everything_in(tmp_path) == ["take.bin"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(OutputError, match="nowhere does not exist"):
        check_output(tmp_path / "nowhere" / "take.bin", overwrite=False)


def test_a_folder_cannot_be_written_over(tmp_path):
    with pytest.raises(OutputError, match="it is a folder"):
        check_output(tmp_path, overwrite=True)


def test_a_device_cannot_be_written_over():
    with pytest.raises(OutputError, match="not a regular file"):
        check_output(Path(os.devnull), overwrite=True)


def test_a_name_that_is_too_long_is_refused(tmp_path):
    with (
        pytest.raises(OutputError, match=r"too long|File name"),
        atomic_output(tmp_path / ("a" * 300), overwrite=False),
    ):
        pytest.fail("the block must not run")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with (
        pytest.raises(OutputError, match="no permission"),
        atomic_output(tmp_path / "take.bin", overwrite=False),
    ):
        pytest.fail("the block must not run")


def test_a_refused_folder_is_named(tmp_path, monkeypatch):
    def refuse(path, *_args: object):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    with (
        pytest.raises(OutputError, match="no permission to write"),
        atomic_output(tmp_path / "take.bin", overwrite=False),
    ):
        pytest.fail("the block must not run")


def test_an_unreadable_input_is_not_blamed_on_the_output(tmp_path):
    elsewhere = "/proc/1/mem"
    with (
        pytest.raises(PermissionError) as caught,
        atomic_output(tmp_path / "take.bin", overwrite=False),
    ):
        raise PermissionError(errno.EACCES, "Permission denied", elsewhere)
    assert caught.value.filename == elsewhere
    assert everything_in(tmp_path) == []


def test_a_symbolic_link_is_kept_and_its_target_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "take.bin"
    real.write_bytes(b"old")
    link = tmp_path / "link.bin"
    link.symlink_to(real)
    with atomic_output(link, overwrite=True) as temporary:
        temporary.write_bytes(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_dangling_link_makes_its_target(tmp_path):
    link = tmp_path / "link.bin"
    link.symlink_to(tmp_path / "later.bin")
    with atomic_output(link, overwrite=False) as temporary:
        temporary.write_bytes(b"new")
    assert (tmp_path / "later.bin").read_bytes() == b"new"
    assert link.is_symlink()


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with (
        pytest.raises(OutputError, match="cannot write"),
        atomic_output(tmp_path / "a", overwrite=True),
    ):
        pytest.fail("the block must not run")


def test_replacing_keeps_the_permissions(tmp_path):
    target = tmp_path / "take.bin"
    target.write_bytes(b"old")
    target.chmod(0o640)
    with atomic_output(target, overwrite=True) as temporary:
        temporary.write_bytes(b"new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "usual.bin").write_bytes(b"")
    with atomic_output(tmp_path / "take.bin", overwrite=False) as temporary:
        temporary.write_bytes(b"new")
    usual = stat.S_IMODE((tmp_path / "usual.bin").stat().st_mode)
    assert stat.S_IMODE((tmp_path / "take.bin").stat().st_mode) == usual


def test_json_is_readable_and_complete(tmp_path):
    target = tmp_path / "take.json"
    value = {"title": "猫が跳ぶ", "keys": [1, 24], "fps": 23.976}
    write_json(target, value, overwrite=False)
    assert json.loads(target.read_text(encoding="utf-8")) == value
    assert "猫" in target.read_text(encoding="utf-8")
    assert target.read_bytes().endswith(b"}\n")


def test_json_without_a_standard_form_is_an_error_and_no_file(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "take.json", {"x": float("nan")}, overwrite=False)
    assert everything_in(tmp_path) == []


def test_the_digest_is_that_of_the_bytes(tmp_path):
    file = tmp_path / "a.bin"
    file.write_bytes(b"drawing" * 100_000)
    assert sha256_of(file) == hashlib.sha256(b"drawing" * 100_000).hexdigest()


def test_a_digest_of_nothing_is_an_error(tmp_path):
    with pytest.raises(MediaError, match=r"nothing\.bin"):
        sha256_of(tmp_path / "nothing.bin")
