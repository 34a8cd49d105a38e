"""MP4 files with AV1 video: small moving pictures that browsers play.

AV1 is free of licence fees, and Pillow's wheels bring an encoder of it under a permissive licence (libaom, BSD) for
AVIF pictures. An AVIF sequence and an MP4 file are containers of the same kind, so pictures are encoded as short
AVIF sequences, and their frames are put into one MP4 file here.
"""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING, BinaryIO

from convkit.errors import MissingExtraError, OutputError
from convkit.writers._isobmff import Film, Sequence, box, media_head, movie, read_sequence
from convkit.writers._picture_writer import Frames, PictureOptions, PictureWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    from convkit.model.picture import Picture

LONGEST_SIDE = 65535
"""Rows or columns, which have 16 bits in the container and in AV1."""

MOST_GROUP_FRAMES = 30
"""Frames encoded together; players can jump to the first of each group."""

MOST_GROUP_PIXELS = 1 << 24
"""Pixels encoded together, which bounds what is held in memory."""

SPEED = 8
"""Of the encoder: 8 times as fast as Pillow's default of 6, and at quality 90 no larger; 9 and 10 gain little."""

_BRANDS = b"isom\0\0\2\0isomiso6av01mp41"


def encode_mp4(file: BinaryIO, pictures: Iterator[Picture], options: PictureOptions) -> None:
    """Write pictures that are shown one after the other."""
    first = next(pictures)
    rows, columns = first.pixels.shape[:2]
    file.write(box(b"ftyp", _BRANDS))
    start = file.tell()
    offset = start + file.write(media_head(0))
    film = Film(rows, columns, [], offset, [], options.frame_ms, b"")
    for group in _groups(itertools.chain((first,), pictures), rows * columns):
        sequence = _encoded(group, options)
        film = film._replace(configuration=sequence.configuration)
        film.sync.extend(len(film.sizes) + number for number in sorted(sequence.sync))
        film.sizes.extend(file.write(frame) for frame in sequence.frames)
    file.write(movie(film))
    file.seek(start)
    file.write(media_head(sum(film.sizes)))
    file.seek(0, io.SEEK_END)


def require_av1() -> None:
    """Check that Pillow can encode AV1.

    Raises
    ------
    MissingExtraError
        It cannot.
    """
    from PIL import features  # noqa: PLC0415 (loaded only when such a picture is written)

    if not features.check("avif"):
        hint = "Install Pillow 11.3 or newer as a wheel, or choose apng, webp or gif."
        raise MissingExtraError("mp4 needs AV1, which the installed Pillow cannot encode.", "--to", hint)


def _groups(pictures: Iterator[Picture], pixels: int) -> Iterator[list[Picture]]:
    count = min(MOST_GROUP_FRAMES, max(1, MOST_GROUP_PIXELS // pixels))
    while group := list(itertools.islice(pictures, count)):
        yield group


def _encoded(group: list[Picture], options: PictureOptions) -> Sequence:
    """The frames of some pictures; the first of them stands by itself."""
    images = [_image(picture) for picture in group]
    if len(images) == 1:  # a single image would be coded as a still one, which is no frame of a film
        images *= 2
    out = io.BytesIO()
    images[0].save(
        out,
        "AVIF",
        save_all=True,
        append_images=images[1:],
        quality=options.quality,
        speed=SPEED,
        subsampling="4:2:0",  # what every player decodes
        max_threads=1,  # one thread gives the same bytes on every machine; workers are the parallelism
    )
    sequence = read_sequence(out.getvalue())
    if len(sequence.frames) != len(images):
        raise OutputError(f"Of {len(images)} pictures the encoder returned {len(sequence.frames)}.")
    return sequence._replace(frames=sequence.frames[: len(group)], sync=sequence.sync & set(range(len(group))))


def _image(picture: Picture) -> Image.Image:
    from PIL import Image  # noqa: PLC0415 (see `require_av1`)

    return Image.fromarray(picture.pixels).convert("RGB")


MP4 = PictureWriter("mp4", ".mp4", Frames.MANY, (8,), LONGEST_SIDE, encode_mp4, require_av1)
