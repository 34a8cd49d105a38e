"""Siemens V: diffusion weighting in the CSA header, where older software has it in no other element."""

from __future__ import annotations

from struct import pack

from convkit.dicom.header import Header
from convkit.quirks._csa import csa_numbers, csa_texts
from convkit.quirks._quirk import UnfoldQuirk

_DIFFUSION_SEQUENCES = ("ep_b", "*ep_b", "ep2d_diff", "*ep2d_diff")


def _applies(header: Header) -> bool:
    # The header of every file would have to be read otherwise; only diffusion series are worth that.
    is_diffusion = "DIFFUSION" in header.texts("ImageType") or header.text("SequenceName").startswith(
        _DIFFUSION_SEQUENCES
    )
    return is_diffusion and not header.has("SiemensBValue") and header.has_far("SiemensCSAImageHeader")


def _unfold(header: Header) -> Header:
    csa = header.far("SiemensCSAImageHeader")
    data = csa.data if csa else b""
    place = header.table.places
    found: dict[int, bytes] = {}
    b_value = csa_texts(data, "B_value")
    if b_value:
        found[place["SiemensBValue"]] = b_value[0].encode()
    direction = csa_numbers(data, "DiffusionGradientDirection")
    if len(direction) == 3:
        found[place["SiemensDiffusionGradientDirection"]] = pack("<3d", *direction)
    matrix = csa_numbers(data, "B_matrix")
    if len(matrix) == 6:
        found[place["SiemensBMatrix"]] = pack("<6d", *matrix)
    kind = csa_texts(data, "DiffusionDirectionality")
    if kind:
        found[place["SiemensDiffusionDirectionality"]] = kind[0].encode()
    return header.with_shared(found)


QUIRK = UnfoldQuirk(
    name="siemens-csa-diffusion",
    why="CSA image header, tags B_value, DiffusionGradientDirection, B_matrix; software before VB15 lacks the elements "
    "(0019,xx0C) to (0019,xx27) that repeat them (nibabel's notes on CSA headers)",
    applies=_applies,
    unfold=_unfold,
)
