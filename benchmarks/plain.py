"""Reads every file below a folder once, and writes as many bytes as were asked for: what no program can avoid.

python -I -S benchmarks/plain.py SOURCE TARGET BYTES
"""

from __future__ import annotations

import os
import sys

_PIECE = 1 << 20


def read_all(folder: str) -> None:
    """Read, and do nothing with it."""
    buffer = bytearray(_PIECE)
    for root, _, names in os.walk(folder):
        for name in names:
            descriptor = os.open(f"{root}/{name}", os.O_RDONLY)
            while os.readv(descriptor, [buffer]):
                pass
            os.close(descriptor)


def write(path: str, size: int) -> None:
    """Write bytes to a new file."""
    piece = bytes(_PIECE)
    with open(path, "wb", buffering=0) as file:  # noqa: PTH123 (nothing is imported that takes time)
        file.writelines(piece[: size - start] for start in range(0, size, _PIECE))


if __name__ == "__main__":
    read_all(sys.argv[1])
    write(f"{sys.argv[2]}/plain", int(sys.argv[3]))
