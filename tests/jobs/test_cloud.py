"""Object storage as source and destination, against a real S3-compatible server: the same bytes as in a folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import convkit
from convkit import OutputError
from tests.builders import instance, write
from tests.builders.archives import tar_of, zip_of
from tests.builders.cloud import Bucket, Server, gated, served
from tests.cli.command import Done
from tests.cli.command import convkit as run_convkit
from tests.jobs.killing import wait_for_workers
from tests.jobs.work import contents

for name in ("moto.server", "flask", "s3fs"):
    pytest.importorskip(name, reason="the S3-compatible server needs moto[server] and s3fs")
if os.name != "posix":
    pytest.skip("processes are killed as POSIX does it", allow_module_level=True)

SERIES, FILES = 3, 4
MANY, SIZE = 120, 128

Command = Callable[..., Done]

VERBS = [
    "deid",
    pytest.param("convert", marks=pytest.mark.slow),
    pytest.param("preview", marks=pytest.mark.slow),
    pytest.param("sort", marks=pytest.mark.slow),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as one:
        yield one


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cloud") / "in"
    for series in range(1, SERIES + 1):
        write([instance(series=series, number=n) for n in range(1, FILES + 1)], root)
    return root


@pytest.fixture(scope="module")
def source(server: Server, folder: Path) -> Bucket:
    """A bucket with the files below `in`, and in archives."""
    bucket = server.bucket("source")
    bucket.put_all(folder, "in")
    bucket.put("a.zip", zip_of(folder, folder.with_name("a.zip")).read_bytes())
    bucket.put("a.tgz", tar_of(folder, folder.with_name("a.tgz")).read_bytes())
    return bucket


@pytest.fixture
def bucket(server: Server, request: pytest.FixtureRequest) -> Bucket:
    """An empty bucket."""
    return server.bucket(f"b{abs(hash(request.node.name))}")


@pytest.fixture
def command(server: Server, tmp_path: Path) -> Command:
    """The command as a process that reaches the server, with a temporary folder of its own."""
    (tmp_path / "tmp").mkdir()

    def run(*arguments: object, **environment: str) -> Done:
        known = {**server.environment, "TMPDIR": str(tmp_path / "tmp"), **environment}
        return run_convkit(*arguments, "-j", "1", **known)

    return run


def verbs(key: Path) -> dict[str, tuple[str, ...]]:
    return {
        "convert": ("--to", "nii"),
        "preview": (),
        "deid": ("--key", str(key), "--dicomdir"),
        "sort": (),
    }


@pytest.fixture(scope="module")
def expected(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """What each verb makes of the folder, in a folder."""
    root = tmp_path_factory.mktemp("expected")
    convkit.convert(folder, root / "convert", to="nii", jobs=1)
    convkit.preview(folder, root / "preview", jobs=1)
    convkit.deidentify(folder, output=root / "deid", key=root / "key", dicomdir=True, jobs=1)
    convkit.sort(folder, root / "sort", jobs=1)
    return {verb: contents(root / verb) for verb in ("convert", "preview", "deid", "sort")} | {
        "key": {"": (root / "key").read_bytes()}
    }


@pytest.fixture
def key(expected: dict[str, dict[str, bytes]], tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(expected["key"][""])
    path.chmod(0o600)
    return path


# --- sources ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_source_in_storage_gives_what_the_folder_gives(
    *, verb: str, source: Bucket, command: Command, expected: dict[str, dict[str, bytes]], key: Path, tmp_path: Path
) -> None:
    done = command(verb, f"{source.url}/in", "-o", tmp_path / "out", *verbs(key)[verb])
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == expected[verb]


@pytest.mark.parametrize("name", ["a.zip", "a.tgz", "in/"])
def test_archive_in_storage_gives_what_the_folder_gives(
    name: str, source: Bucket, command: Command, expected: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    done = command("convert", f"{source.url}/{name}", "-o", tmp_path / "out", "--to", "nii")
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == expected["convert"]
    assert not list((tmp_path / "tmp").rglob("spool-*"))


@pytest.mark.slow
def test_workers_read_from_storage(
    source: Bucket, server: Server, expected: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    done = run_convkit(
        "convert", f"{source.url}/in", "-o", tmp_path / "out", "--to", "nii", "-j", "2", **server.environment
    )
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == expected["convert"]


@pytest.mark.slow
def test_second_run_from_storage_resumes(source: Bucket, command: Command, tmp_path: Path) -> None:
    for words in ("done", "resumed"):
        done = command("convert", f"{source.url}/in", "-o", tmp_path / "out", "--to", "nii")
        assert f"{SERIES} {words}" in done.stderr


def test_list_may_name_objects(source: Bucket, command: Command, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("\n".join(f"{source.url}/{each}" for each in source.keys("in/")[:FILES]))
    done = command("scan", f"@{tmp_path / 'list.txt'}", "--json")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1


# --- an index in storage ---------------------------------------------------------------------------------


def test_index_in_storage_is_made_brought_up_to_date_and_stands_for_its_files(
    folder: Path, bucket: Bucket, command: Command, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow", reason="the extra tables is not installed")
    bucket.put_all(folder, "in")
    given = ("scan", f"{bucket.url}/", "--level", "instance", "-o", f"{bucket.url}/t/index.parquet", "--json")
    made = command(*given)
    assert made.returncode == 0, made.stderr
    assert made.stdout.strip() == f"{bucket.url}/t/index.parquet"
    count = SERIES * FILES
    assert f"{count} files, {count} read" in made.stderr
    first = bucket.get("t/index.parquet")
    bucket.put("in/new.dcm", next(folder.rglob("*.dcm")).read_bytes())
    updated = command(*given[:2], "-o", given[6 - 1], "--update")
    assert updated.returncode == 0, updated.stderr
    assert f"{count + 1} files, 1 read" in updated.stderr  # the index lies in the source, and is no file of it
    assert bucket.get("t/index.parquet") != first
    used = command("convert", f"{bucket.url}/t/index.parquet", "-o", tmp_path / "out", "--to", "nii")
    assert used.returncode == 0, used.stderr
    assert f"{SERIES} done" in used.stderr
    assert not [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()]


def test_update_that_would_empty_an_index_in_storage_is_refused(
    folder: Path, bucket: Bucket, command: Command, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow", reason="the extra tables is not installed")
    bucket.put("in/a.dcm", next(folder.rglob("*.dcm")).read_bytes())
    target = f"{bucket.url}/index.parquet"
    assert command("scan", f"{bucket.url}/in", "--level", "instance", "-o", target).returncode == 0
    bucket.remove("in/a.dcm")
    (tmp_path / "empty").mkdir()
    before = bucket.get("index.parquet")
    done = command("scan", tmp_path / "empty", "-o", target, "--update")
    assert done.returncode == 2
    assert "table.source-empty" in done.stderr
    assert bucket.get("index.parquet") == before
    assert not [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()]


def test_update_of_an_index_that_is_not_there_makes_it(folder: Path, bucket: Bucket, command: Command) -> None:
    pytest.importorskip("pyarrow", reason="the extra tables is not installed")
    done = command("scan", folder, "-o", f"{bucket.url}/index.parquet", "--update")
    assert done.returncode == 0, done.stderr
    assert bucket.get("index.parquet")[:4] == b"PAR1"


def test_table_in_storage_may_name_files_beside_it(folder: Path, bucket: Bucket, command: Command) -> None:
    bucket.put_all(folder, "lists/in")
    names = [key.removeprefix("lists/") for key in bucket.keys("lists/in/")]
    bucket.put("lists/files.csv", "\n".join(["path", *names[:FILES]]).encode())
    done = command("scan", f"{bucket.url}/lists/files.csv", "--json")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_index_that_cannot_be_sent_is_told_before_anything_is_read(
    folder: Path, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "no").mkdir()
    done = command("scan", tmp_path / "no", "--level", "instance", "-o", "s3://no-such-bucket/index.parquet")
    assert done.returncode == 5
    assert "no such bucket" in done.stderr
    assert "s3://no-such-bucket/index.parquet" in done.stderr
    assert not list((tmp_path / "tmp").rglob("*index*"))


def test_index_whose_bucket_is_lost_meanwhile_names_where_it_lies(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with served() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        bucket = server.bucket("meanwhile")
        with pytest.raises(OutputError, match="cannot be sent") as caught:
            convkit.save_index(
                folder,
                output=f"{bucket.url}/index.csv",
                jobs=1,
                progress=lambda step: server.forget_all() if step.what == "table" else None,
            )
    (kept,) = tmp_path.rglob("index.csv")
    assert str(kept) in caught.value.hint
    assert len(kept.read_text().splitlines()) == 1 + SERIES * FILES


# --- destinations ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_destination_in_storage_gets_what_a_folder_gets(
    *,
    verb: str,
    folder: Path,
    bucket: Bucket,
    command: Command,
    expected: dict[str, dict[str, bytes]],
    key: Path,
    tmp_path: Path,
) -> None:
    options = verbs(key)[verb]
    first = command(verb, folder, "-o", f"{bucket.url}/deep/out", *options)
    assert first.returncode == 0, first.stderr
    assert bucket.contents("deep/out") == expected[verb]
    assert all(line.startswith(f"{bucket.url}/deep/out/") for line in first.stdout.splitlines())
    assert not [k for k in bucket.keys("") if k.endswith((".part", "/lock"))]
    assert not list((tmp_path / "tmp").glob("*/*"))  # nothing stays here but our own, empty folder

    elsewhere = tmp_path / "another"
    elsewhere.mkdir()
    again = command(verb, folder, "-o", f"{bucket.url}/deep/out", *options, TMPDIR=str(elsewhere))
    assert again.returncode == 0, again.stderr
    assert "resumed" in again.stderr
    assert bucket.contents("deep/out") == expected[verb]


def test_table_is_saved_in_storage(folder: Path, bucket: Bucket, command: Command) -> None:
    done = command("scan", folder, "-o", f"{bucket.url}/t/table.csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{bucket.url}/t/table.csv"
    assert len(bucket.get("t/table.csv").splitlines()) == 1 + SERIES


def test_dry_run_writes_nothing(folder: Path, bucket: Bucket, command: Command) -> None:
    done = command("convert", folder, "-o", f"{bucket.url}/out", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert bucket.keys() == []


@pytest.mark.slow
def test_foreign_object_is_kept_or_refused(folder: Path, bucket: Bucket, command: Command) -> None:
    command("convert", folder, "-o", f"{bucket.url}/out", "--to", "nii")
    name = next(k for k in bucket.keys("out/") if k.endswith(".nii"))
    bucket.remove(*bucket.keys("out/.convkit/"))
    bucket.put(name, b"another program's")
    kept = command("convert", folder, "-o", f"{bucket.url}/out", "--to", "nii")
    assert kept.returncode == 0
    refused = command("convert", folder, "-o", f"{bucket.url}/out", "--to", "nii", "--exists", "error")
    assert refused.returncode == 5, refused.stderr
    assert bucket.get(name) == b"another program's"
    assert command("convert", folder, "-o", f"{bucket.url}/out", "--to", "nii", "--exists", "overwrite").returncode == 0
    assert bucket.get(name) != b"another program's"


@pytest.mark.slow
def test_changed_object_is_made_anew(folder: Path, bucket: Bucket, command: Command) -> None:
    command("convert", folder, "-o", f"{bucket.url}/out", "--to", "nii")
    name = next(k for k in bucket.keys("out/") if k.endswith(".nii"))
    before = bucket.get(name)
    bucket.remove(name)
    assert command("convert", folder, "-o", f"{bucket.url}/out", "--to", "nii").returncode == 0
    assert bucket.get(name) == before


def test_destination_inside_the_source_is_refused(source: Bucket, command: Command) -> None:
    done = command("deid", f"{source.url}/in", "-o", f"{source.url}/in/out")
    assert done.returncode == 5
    assert "output.inside-source" in done.stderr


def test_two_runs_do_not_share_a_destination(folder: Path, bucket: Bucket, command: Command, tmp_path: Path) -> None:
    bucket.put("out/.convkit/lock", b"another run")
    done = command("convert", folder, "-o", f"{bucket.url}/out")
    assert done.returncode == 5
    assert "Another run of convkit is writing here" in done.stderr
    assert bucket.keys() == ["out/.convkit/lock"]
    assert not list((tmp_path / "tmp").glob("*/*"))


def test_links_into_storage_are_refused(folder: Path, bucket: Bucket, command: Command) -> None:
    done = command("sort", folder, "-o", f"{bucket.url}/out", "--action", "symlink")
    assert done.returncode == 2
    assert bucket.keys() == []


# --- what goes wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["source", "output"])
def test_bucket_that_is_not_there(option: str, folder: Path, command: Command, tmp_path: Path) -> None:
    given = ("s3://no-such-bucket/x", "-o", tmp_path / "o") if option == "source" else (folder, "-o", "s3://no-such/x")
    done = command("convert", *given)
    assert done.returncode == {"source": 2, "output": 5}[option]
    assert "no such object or bucket" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_wrong_credentials_are_told(folder: Path, tmp_path: Path) -> None:
    with served(INITIAL_NO_AUTH_ACTION_COUNT="0") as strict:
        known = strict.environment | {"AWS_SECRET_ACCESS_KEY": "not-the-secret", "TMPDIR": str(tmp_path)}
        read = run_convkit("convert", "s3://source/in", "-o", tmp_path / "out", "-j", "1", **known)
        written = run_convkit("convert", folder, "-o", "s3://target/out", "-j", "1", **known)
    assert (read.returncode, written.returncode) == (2, 5)
    for done in (read, written):
        assert "refuses the credentials" in done.stderr
        assert "not-the-secret" not in done.stderr
        assert "Traceback" not in done.stderr


def test_password_in_a_url_is_refused_and_not_shown(command: Command, tmp_path: Path) -> None:
    done = command("convert", "s3://me:hunter2@bucket/x", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "hunter2" not in done.stderr + done.stdout
    done = command("convert", tmp_path, "-o", "s3://me:hunter2@bucket/x")
    assert done.returncode == 2
    assert "hunter2" not in done.stderr + done.stdout


def test_unknown_kind_of_storage_is_told(command: Command, tmp_path: Path) -> None:
    done = command("convert", "nowhere://x/y", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "nowhere://" in done.stderr


@pytest.mark.parametrize("library", ["fsspec", "s3fs"])
def test_missing_library_names_the_extra(library: str, tmp_path: Path) -> None:
    code = f"import sys; sys.modules[{library!r}] = None; from convkit.cli.main import run; run(sys.argv[1:])"
    arguments = ["convert", "s3://bucket/x", "-o", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "pip install '.[cloud]'" in done.stderr


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many files, so that a run takes long enough to be hit."""
    root = tmp_path_factory.mktemp("many") / "in"
    noise = np.random.default_rng(1)
    pixels = (noise.integers(-1000, 1000, (SIZE, SIZE), np.int16) for _ in range(MANY))
    write([instance(series=1 + n % 30, number=n, pixels=p) for n, p in enumerate(pixels)], root)
    return root


def started(many: Path, bucket: Bucket, key: Path, tmp: Path, **environment: str) -> subprocess.Popen[bytes]:
    options = ["--key", str(key), "--pixels", "allow", "-j", "2", "-qq"]
    arguments = [sys.executable, "-m", "convkit", "deid", str(many), "-o", f"{bucket.url}/out", *options]
    return subprocess.Popen(
        arguments,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **bucket.server.environment, "TMPDIR": str(tmp), **environment},
    )


def wait_for(process: subprocess.Popen[bytes], bucket: Bucket, count: int) -> None:
    while process.poll() is None and len([k for k in bucket.keys("out/") if k.endswith(".dcm")]) < count:
        time.sleep(0.01)
    assert process.poll() is None, "the run was over before it was hit"


@pytest.mark.slow
@pytest.mark.parametrize("is_same_machine", [True, False])
@pytest.mark.parametrize("finished", [1, 40])
def test_killed_run_leaves_whole_objects_and_goes_on(
    *, finished: int, is_same_machine: bool, many: Path, server: Server, key: Path, command: Command, tmp_path: Path
) -> None:
    bucket = server.bucket(f"killed{finished}{is_same_machine}".lower())
    convkit.deidentify(many, output=tmp_path / "expected", key=key, pixels="allow", jobs=1)
    expected = contents(tmp_path / "expected")
    process = started(many, bucket, key, tmp_path / "tmp")
    wait_for(process, bucket, finished)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_for_workers(process)
    there = bucket.contents("out")
    assert 0 < len(there) < MANY
    assert there.items() <= expected.items()  # each is whole, none is half
    elsewhere = tmp_path / "another"
    elsewhere.mkdir()
    given = ("deid", many, "-o", f"{bucket.url}/out", "--key", key, "--pixels", "allow")
    if not is_same_machine:
        held = command(*given, TMPDIR=str(elsewhere))
        assert "Another run of convkit is writing here" in held.stderr  # it cannot know that it is no more
        bucket.remove("out/.convkit/lock")  # as if time had passed
    again = command(*given, TMPDIR=str(tmp_path / "tmp" if is_same_machine else elsewhere))
    assert again.returncode == 0, again.stderr
    assert bucket.contents("out") == expected
    assert not [k for k in bucket.keys("") if k.endswith((".part", "/lock"))]


@pytest.mark.slow
def test_bucket_that_vanishes_half_way(many: Path, key: Path, command: Command, tmp_path: Path) -> None:
    with served() as server:
        _check_vanishing(server.bucket("vanishing"), many, key, command, tmp_path)


def _check_vanishing(bucket: Bucket, many: Path, key: Path, command: Command, tmp_path: Path) -> None:
    convkit.deidentify(many, output=tmp_path / "expected", key=key, pixels="allow", jobs=1)
    process = started(many, bucket, key, tmp_path / "tmp")
    wait_for(process, bucket, 10)
    bucket.server.forget_all()
    _, said = process.communicate(timeout=100)
    assert process.returncode == 1, said.decode()
    assert b"[storage.lost]" in said
    assert len(said.splitlines()) == 1, said.decode()
    bucket.server.bucket(bucket.name)
    given = ("deid", many, "-o", f"{bucket.url}/out", "--key", key, "--pixels", "allow")
    again = command(*given, **bucket.server.environment)
    assert again.returncode == 0, again.stderr
    assert bucket.contents("out") == contents(tmp_path / "expected")


@pytest.mark.slow
def test_destination_that_is_lost_half_way_ends_the_run_soon(
    many: Path, server: Server, key: Path, tmp_path: Path
) -> None:
    convkit.deidentify(many, output=tmp_path / "expected", key=key, pixels="allow", jobs=1)
    bucket = server.bucket("lost-target")
    (tmp_path / "tmp").mkdir()
    with gated(server) as (gate, through):
        process = started(many, bucket, key, tmp_path / "tmp", **through)
        wait_for(process, bucket, 40)  # more than two batches, so that one of them is recorded
        gate.shut()
        begun = time.monotonic()
        _, said = process.communicate(timeout=100)
        assert time.monotonic() - begun < LOST_WITHIN_S
        _check_lost(process.returncode, said.decode(), bucket)
        done = len(bucket.contents("out"))
        assert 0 < done < MANY
        gate.reopen()
        given = ("deid", many, "-o", f"{bucket.url}/out", "--key", key, "--pixels", "allow", "-j", "2")
        again = run_convkit(*given, **through, TMPDIR=str(tmp_path / "tmp"))
    assert again.returncode == 0, again.stderr
    assert "resumed" in again.stderr
    assert bucket.contents("out") == contents(tmp_path / "expected")


LOST_WITHIN_S = 40
"""The library of the storage tries for 10 s or so, perhaps for what was fetched ahead and for what is read."""


def _check_lost(code: int, said: str, bucket: Bucket) -> None:
    assert code == 1, said
    assert len(said.splitlines()) == 1, said
    assert f"{bucket.url}: The work was ended" in said
    assert "[storage.lost]" in said
    assert "same command" in said


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "jobs"), [("deid", 2), ("convert", 1), ("preview", 2), ("sort", 1), ("scan", 2)])
def test_source_that_is_lost_half_way_ends_the_run_soon(
    *, verb: str, jobs: int, many: Path, server: Server, key: Path, tmp_path: Path
) -> None:
    bucket = server.bucket(f"lost-source-{verb}-{jobs}")
    bucket.put_all(many, "in")
    (tmp_path / "tmp").mkdir()
    options = ("--key", str(key), "--pixels", "allow") if verb == "deid" else ()
    target = tmp_path / ("out/t.parquet" if verb == "scan" else "out")
    level = ("--level", "instance") if verb == "scan" else ()
    given = [verb, f"{bucket.url}/in", "-o", str(target), *options, *level, "-j", str(jobs)]
    with gated(server) as (gate, through):
        known = {**os.environ, **through, "TMPDIR": str(tmp_path / "tmp"), "AWS_MAX_ATTEMPTS": "2"}
        process = subprocess.Popen(
            [sys.executable, "-m", "convkit", *given], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=known
        )
        gate.wait_for(MANY * SIZE * SIZE)  # half of what there is
        gate.shut()
        begun = time.monotonic()
        _, said = process.communicate(timeout=100)
        assert time.monotonic() - begun < LOST_WITHIN_S
        _check_lost(process.returncode, said.decode(), bucket)
        gate.reopen()
        again = run_convkit(*given, **through, TMPDIR=str(tmp_path / "tmp"))
    assert again.returncode == 0, again.stderr
