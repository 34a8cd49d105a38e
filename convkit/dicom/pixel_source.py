"""Where the pixels of an object lie, how they are laid out, and whether they are all there; nothing is read here."""

from __future__ import annotations

from convkit.dicom import native, syntaxes
from convkit.dicom.header import Header
from convkit.errors import MissingAttributeError, PixelError
from convkit.model.frame import PixelLayout, PixelSource, ValuePlace

_ALLOWED_BITS = frozenset({1, 8, 16, 32, 64})


LAYOUT_KEYWORDS = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
)
"""Everything that the layout of an instance depends on."""

_OFFSET_KEYWORDS = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")

SOURCE_KEYWORDS = (*LAYOUT_KEYWORDS, "NumberOfFrames", *_OFFSET_KEYWORDS)
"""Everything that `source_of_all` reads."""


def source_of(instance: Header, layout: PixelLayout) -> PixelSource:
    """Where the pixels of an object lie; whether they are all there is for `check_complete` to say.

    Parameters
    ----------
    instance : Header
    layout : PixelLayout
        Of one frame.

    Raises
    ------
    MissingAttributeError
        There are no Pixel Data.
    """
    _check_there(instance)
    parsed = instance.parsed
    picture = instance.unfolded.picture if instance.unfolded else None
    return PixelSource(
        instance.path,
        parsed.pixel_offset,
        parsed.pixel_length,
        instance.transfer_syntax,
        layout,
        instance.frames,
        picture,
        instance.held,
        _extended(instance) if parsed.pixel_length < 0 else (),
        None if instance.held is not None else (instance.size, instance.modified_ns),
    )


def _extended(header: Header) -> tuple[ValuePlace, ...]:
    """Where the Extended Offset Table and its lengths lie; the lengths alone are of no use."""
    offsets, lengths = (header.far_place(keyword) for keyword in _OFFSET_KEYWORDS)
    if offsets is None:
        return ()
    return (offsets,) if lengths is None else (offsets, lengths)


def _check_there(header: Header) -> None:
    if not header.parsed.pixel_keyword:
        raise MissingAttributeError("(7FE0,0010) PixelData is missing.", header.path, "", "pixels.missing")


def source_of_all(header: Header) -> PixelSource:
    """Where all frames of an object lie, of whatever kind it is; `check_complete` says whether they are all there.

    Parameters
    ----------
    header : Header
        As it was read, not unfolded.

    Raises
    ------
    InputError
        There are no Pixel Data, or the layout is missing or not legal.
    """
    _check_there(header)
    frames = header.integer("NumberOfFrames")
    if frames is not None and frames < 0:
        raise MissingAttributeError("(0028,0008) NumberOfFrames is negative.", header.path, "", "header.inconsistent")
    return source_of(header, stored_layout_of(header))._replace(frames=frames or 1)


def layout_of(header: Header) -> PixelLayout:
    """How the samples of an image are stored that is to become part of a volume: one sample a pixel, or three.

    Raises
    ------
    MissingAttributeError
        Rows, Columns, Bits Allocated and the like are missing or no legal values.
    """
    layout = _layout(header)
    if not _fits(layout.bits_allocated, layout.bits_stored, layout.high_bit):
        raise _inconsistent(
            header, "(0028,0101) BitsStored and (0028,0102) HighBit do not fit (0028,0100) BitsAllocated."
        )
    if layout.samples not in {1, 3}:
        raise _inconsistent(header, "(0028,0002) SamplesPerPixel is neither 1 nor 3.")
    return layout


def stored_layout_of(header: Header) -> PixelLayout:
    """How the samples of any object with pixels are stored; a High Bit that cannot be is taken for a wrong one.

    Raises
    ------
    MissingAttributeError
        Rows, Columns, Bits Allocated and the like are missing or no legal values.
    """
    layout = _layout(header)
    if header.parsed.pixel_keyword in _FLOATS:
        return _float_layout(header, layout)
    if not _fits(layout.bits_allocated, layout.bits_stored, layout.high_bit):
        layout = layout._replace(high_bit=layout.bits_stored - 1)
    if not 0 < layout.bits_stored <= layout.bits_allocated:
        raise _inconsistent(header, "(0028,0101) BitsStored does not fit (0028,0100) BitsAllocated.")
    if not 1 <= layout.samples <= _MOST_SAMPLES:
        raise _inconsistent(header, "(0028,0002) SamplesPerPixel is not a number from 1 to 4.")
    return layout


_FLOATS = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}
"""Where samples are floats, to Bits Allocated (PS3.3 C.7.6.24, C.7.6.25)."""

_MOST_SAMPLES = 4
"""Of ARGB and CMYK, which are retired."""


def _float_layout(header: Header, layout: PixelLayout) -> PixelLayout:
    bits = _FLOATS[header.parsed.pixel_keyword]
    if layout.bits_allocated != bits or layout.samples != 1:
        raise _inconsistent(header, f"{header.parsed.pixel_keyword} needs one sample of {bits} bits a pixel.")
    return layout._replace(bits_stored=bits, high_bit=bits - 1, is_signed=True, is_float=True)


def _fits(allocated: int, stored: int, high: int) -> bool:
    """True where stored bits with this high bit lie within the allocated ones (PS3.5 8.1.1)."""
    return 0 < stored <= allocated and stored - 1 <= high < allocated


def _layout(header: Header) -> PixelLayout:
    rows, columns = _count(header, "Rows", "0028,0010"), _count(header, "Columns", "0028,0011")
    allocated = _count(header, "BitsAllocated", "0028,0100")
    if allocated not in _ALLOWED_BITS:
        raise _inconsistent(header, "(0028,0100) BitsAllocated is not 1, 8, 16, 32 or 64.")
    stored = header.integer("BitsStored") or allocated
    high = header.integer("HighBit")
    samples = header.integer("SamplesPerPixel") or 1
    return PixelLayout(
        rows,
        columns,
        samples,
        allocated,
        stored,
        stored - 1 if high is None else high,
        is_signed=header.integer("PixelRepresentation") == 1,
        photometric=header.text("PhotometricInterpretation") or "MONOCHROME2",
        is_planar=samples > 1 and header.integer("PlanarConfiguration") == 1,
    )


def _inconsistent(header: Header, what: str) -> MissingAttributeError:
    return MissingAttributeError(what, header.path, "", "header.inconsistent")


def _count(header: Header, keyword: str, tag: str) -> int:
    count = header.integer(keyword)
    if not count or count < 0:
        raise MissingAttributeError(
            f"({tag}) {keyword} is missing or zero.", header.path, "", "header.missing-attribute"
        )
    return count


def check_complete(source: PixelSource, size: int) -> None:
    """Hold what the header promises against the size of the file.

    Parameters
    ----------
    source : PixelSource
    size : int
        Bytes of the file; of a data set in memory those of its pixels.

    Raises
    ------
    PixelError
        Pixel Data are shorter than the header says, or hold more images.
    """
    if source.offset is None and source.held is None:
        return  # in a deflated stream
    start = source.offset or 0
    there = size - start if source.length < 0 else min(source.length, size - start)
    if source.transfer_syntax in syntaxes.NATIVE:
        _check_native(source, there, size)
    elif there <= 0:
        raise PixelError(
            "Pixel Data are missing from the end of the file.",
            source.path,
            "Copy the file again from its source.",
            "pixels.truncated",
        )
    else:
        _check_bomb(source, there)


def _check_native(source: PixelSource, there: int, size: int) -> None:
    need = native.bytes_needed(source)
    if source.length < 0:
        raise PixelError(
            "Pixel Data have no length, as only compressed ones may, but (0002,0010) TransferSyntaxUID names none.",
            source.path,
            "",
            "header.inconsistent",
        )
    if source.length >= 2 * need > 0:
        raise PixelError(
            f"Pixel Data hold {source.length} bytes where the header promises {need}: more images, or wider samples, "
            "than it says.",
            source.path,
            "",
            "header.inconsistent",
        )
    if there < need:
        code = "pixels.too-large" if need > 64 * max(size, _SMALL_FILE) else "pixels.truncated"
        raise PixelError(
            f"Pixel Data hold {max(there, 0)} bytes where the header promises {need}.",
            source.path,
            "Copy the file again from its source.",
            code,
        )


_SMALL_FILE = 4096
"""Bytes: a file may be cut to nearly nothing, and what it promises is not absurd for that."""

_BOMB_BYTES = 1 << 30
"""Images up to this size are decoded whatever they were compressed from."""

_BOMB_RATIO = 1000
"""No codec shrinks a real image so much; the best lossy ones reach a tenth of it."""


def _check_bomb(source: PixelSource, there: int) -> None:
    """Refuse a size that only a hostile or broken header promises, before memory is asked for."""
    need = source.stored_bytes
    if need > _BOMB_BYTES and need > _BOMB_RATIO * there:
        raise PixelError(
            f"The header promises {need} bytes of pixels, compressed to {there}.", source.path, "", "pixels.too-large"
        )


def has_surplus(source: PixelSource) -> bool:
    """True where native Pixel Data are longer than one frame and the byte that makes its length even."""
    return source.transfer_syntax in syntaxes.NATIVE and source.length > source.stored_bytes + 1


def has_another_frame(source: PixelSource) -> bool:
    """True where native Pixel Data are longer than the header says by a frame or more."""
    if source.transfer_syntax not in syntaxes.NATIVE or source.layout.photometric in native.SUBSAMPLED:
        return False
    return source.length >= source.stored_layout.bytes_of(source.frames + 1)
