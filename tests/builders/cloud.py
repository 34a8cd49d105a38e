"""A real S3-compatible server on this machine, and buckets in it; the tests' own side uses another library."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

_STARTS_WITHIN_S = 30.0


class Server(NamedTuple):
    """A server and how it is reached.

    Attributes
    ----------
    client : boto3 client of S3
    environment : dict of str
        What a process must know to reach it.
    """

    client: Any
    environment: dict[str, str]

    def forget_all(self) -> None:
        """Remove all buckets with all that is in them, whoever is writing there."""
        with urlopen(Request(f"{self.environment['AWS_ENDPOINT_URL']}/moto-api/reset", method="POST")):
            pass

    def bucket(self, name: str) -> Bucket:
        self.client.create_bucket(Bucket=name)
        return Bucket(self, name)


class Bucket(NamedTuple):
    """A bucket of a server."""

    server: Server
    name: str

    @property
    def url(self) -> str:
        return f"s3://{self.name}"

    def put(self, key: str, content: bytes) -> None:
        self.server.client.put_object(Bucket=self.name, Key=key, Body=content)

    def put_all(self, folder: Path, prefix: str) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def keys(self, prefix: str = "") -> list[str]:
        pages = self.server.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def get(self, key: str) -> bytes:
        content: bytes = self.server.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return content

    def contents(self, prefix: str) -> dict[str, bytes]:
        """Keys without the prefix to bytes, convkit's own apart."""
        found = (key for key in self.keys(f"{prefix}/") if "/.convkit/" not in key)
        return {key.removeprefix(f"{prefix}/"): self.get(key) for key in found}

    def remove(self, *keys: str) -> None:
        for key in keys:
            self.server.client.delete_object(Bucket=self.name, Key=key)


class Gate:
    """A way to a server that can be shut and opened again: shut, nobody answers, and what is under way breaks off."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._carried = 0
        self._accept()

    def shut(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def reopen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._accept()

    def wait_for(self, count: int) -> None:
        """Wait until so many bytes have come through."""
        while self._carried < count:
            time.sleep(0.001)

    def _accept(self) -> None:
        Thread(target=self._let_in, args=(self._listener,), daemon=True).start()

    def _let_in(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                inner = listener.accept()[0]
                outer = socket.create_connection(("127.0.0.1", self._behind))
                self._open += [inner, outer]
                for source, target in ((inner, outer), (outer, inner)):
                    Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
                self._carried += len(data)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def gated(server: Server) -> Iterator[tuple[Gate, dict[str, str]]]:
    """A gate before a server, and what a process must know to go through it."""
    gate = Gate(int(server.environment["AWS_ENDPOINT_URL"].rpartition(":")[2]))
    try:
        yield gate, server.environment | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{gate.port}"}
    finally:
        with suppress(OSError):
            gate.shut()


@contextmanager
def served(**settings: str) -> Iterator[Server]:
    """A server on a free port of this machine until the block ends."""
    import boto3  # noqa: PLC0415 (with moto)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **settings},
    )
    try:
        _wait_for(url, process)
        known = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        client = boto3.client(
            "s3",
            endpoint_url=url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            region_name="us-east-1",
        )
        yield Server(client, known)
        client.close()
    finally:
        process.kill()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    last = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < last and process.poll() is None:
        with suppress(OSError), urlopen(f"{url}/moto-api/"):
            return
        time.sleep(0.05)
    raise AssertionError("the server does not start")
