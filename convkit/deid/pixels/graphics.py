"""What lies on or beside the pixels: overlay planes, also in unused bits of the samples, and icon images.

Which of them go is for the profile to say; here is how to tell that there is something, and how it is taken away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convkit.deid.pixels.facts import number, text
from convkit.dicom import syntaxes
from convkit.dicom.tree import Coding, Element, Item, Span, Tree
from convkit.storage.files import opened

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GROUPS = range(0x6000, 0x6020, 2)
_DATA, _BIT_POSITION, _BITS_ALLOCATED = 0x3000, 0x0102, 0x0100
_ICON_SIZE = 64
"""Rows and columns of the icon that is made; the standard asks for no more than 64 (PS3.3 F.7), 128 in media."""


def overlay_groups(tree: Tree) -> tuple[int, ...]:
    """Groups from 0x6000 to 0x601E of which the object has elements."""
    there = {element.tag >> 16 for element in tree.elements}
    return tuple(group for group in _GROUPS if group in there)


def overlay_has_content(tree: Tree, group: int) -> bool:
    """True where an overlay plane has a bit set, or lies in the samples, where only they can tell.

    Parameters
    ----------
    tree : Tree
    group : int
        0x6000 to 0x601E.
    """
    there = {element.tag: element for element in tree.elements}
    data = there.get(group << 16 | _DATA)
    if data is None:
        return embedded_bit(tree, group) is not None
    return not isinstance(data.value, bytes) or any(data.value)


def embedded_bit(tree: Tree, group: int) -> int | None:
    """The bit of the samples that an overlay lies in (PS3.5-2004 8.1.2, retired); None where it lies in none."""
    there = {element.tag: element for element in tree.elements}
    if group << 16 | _DATA in there or group << 16 | 0x0010 not in there:
        return None
    bit = number(there.get(group << 16 | _BIT_POSITION), tree.coding)
    stored, high = (number(there.get(tag), tree.coding) for tag in (0x00280101, 0x00280102))
    if bit is None or stored is None or high is None or high - stored < bit <= high:
        return None
    return bit


def without_embedded_overlays(tree: Tree, element: Element) -> Element | None:
    """Pixel Data with all bits outside of the stored ones cleared; None where none is set.

    Parameters
    ----------
    tree : Tree
    element : Element
        Native Pixel Data: those of the tree, or what was made of them.

    Returns
    -------
    Element or None
        In the same encoding. None also for what has no such bits, as compressed samples.
    """
    there = {each.tag: each for each in tree.elements}
    allocated, stored, high = (number(there.get(tag), tree.coding) for tag in (0x00280100, 0x00280101, 0x00280102))
    is_unfit = allocated not in {8, 16, 32} or stored is None or high is None or not stored - 1 <= high < allocated
    if is_unfit or element.is_undefined or tree.transfer_syntax not in syntaxes.NATIVE or stored == allocated:
        return None
    assert allocated is not None and stored is not None and high is not None  # noqa: S101, PT018 (see is_unfit)
    import numpy as np  # noqa: PLC0415 (0.07 s, and overlays in samples are rare)

    kind = np.dtype(f"{'>' if tree.coding.is_big else '<'}u{allocated // 8}")
    content = _content(tree, element)
    samples: NDArray[Any] = np.frombuffer(content, kind, len(content) // kind.itemsize)
    cleared = _cleared(samples, stored, high, is_signed=number(there.get(0x00280103), tree.coding) == 1)
    if (cleared == samples).all():
        return None
    return Element(element.tag, element.vr, cleared.astype(kind, copy=False).tobytes() + content[samples.nbytes :])


def _content(tree: Tree, element: Element) -> bytes:
    if isinstance(element.value, bytes):
        return element.value
    span: Span = element.value
    with opened(tree.path, is_checked=True) as file:
        file.seek(span.offset)
        return file.read(span.length) or b""


def _cleared(samples: NDArray[Any], stored: int, high: int, *, is_signed: bool) -> NDArray[Any]:
    """Samples with nothing but the stored bits; above them the sign is repeated where samples have one.

    Example: 12 bits stored, high bit 11, unsigned: 0x1234 becomes 0x0234.
    """
    import numpy as np  # noqa: PLC0415 (see above)

    low = high - stored + 1
    mask = ((1 << stored) - 1) << low
    kept = samples & samples.dtype.type(mask)
    if is_signed:
        above = (1 << samples.dtype.itemsize * 8) - (1 << high + 1)
        negative = (samples >> high & 1).astype(bool)
        kept = np.where(negative, kept | samples.dtype.type(above), kept)
    cleared: NDArray[Any] = kept.astype(samples.dtype, copy=False)
    return cleared


# --- icons -----------------------------------------------------------------------------------------------


def blank_icon(tree: Tree, icon: Element) -> Element:
    """An icon image sequence with a black icon in the place of each (PS3.3 F.7), in the encoding of the tree."""
    coding = tree.coding
    items = [_blank(item, coding) for item in icon.items or ()]
    return Element(icon.tag, icon.vr, b"", items, is_undefined=icon.is_undefined)


def _blank(item: Item, coding: Coding) -> Item:
    there = {element.tag: element for element in item.elements}
    rows = number(there.get(0x00280010), coding) or _ICON_SIZE
    columns = number(there.get(0x00280011), coding) or _ICON_SIZE
    is_inverse = text(there.get(0x00280004)) == "MONOCHROME1"
    value = (b"\xff" if is_inverse else b"\0") * (rows * columns)
    value += bytes(len(value) % 2)
    return Item(
        [
            _us(0x00280002, 1, coding),
            Element(0x00280004, "CS" if coding.is_explicit else "", b"MONOCHROME1 " if is_inverse else b"MONOCHROME2 "),
            _us(0x00280010, rows, coding),
            _us(0x00280011, columns, coding),
            _us(0x00280100, 8, coding),
            _us(0x00280101, 8, coding),
            _us(0x00280102, 7, coding),
            _us(0x00280103, 0, coding),
            Element(0x7FE00010, "OB" if coding.is_explicit else "", value),
        ],
        is_undefined=item.is_undefined,
    )


def _us(tag: int, value: int, coding: Coding) -> Element:
    return Element(tag, "US" if coding.is_explicit else "", value.to_bytes(2, "big" if coding.is_big else "little"))
