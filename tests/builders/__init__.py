"""Numbered builders of tiny real DICOM, and the oracle that judges what a converter made of it.

    from tests.builders import instance, series, write
    from tests.builders.oracle import check_world
    from tests.builders.outputs import read_all, read_output

A value says where it belongs: every voxel of `series()` has a stored value of its own.
"""

from tests.builders.files import truncate, write, write_as
from tests.builders.instances import instance
from tests.builders.kinds import (
    countless_mosaic,
    cr,
    dicomdir,
    encapsulated_pdf,
    enhanced_mr,
    key_object,
    mosaic,
    multi_frame_us,
    palette,
    presentation_state,
    rgb,
    rt_structure_set,
    segmentation,
    structured_report,
    ultrasound,
    ybr_full,
)
from tests.builders.stacks import PLANES, Place, Recipe, same_uid_twice, series
from tests.builders.uids import instance_uid, series_uid, study_uid

__all__ = [
    "PLANES",
    "Place",
    "Recipe",
    "countless_mosaic",
    "cr",
    "dicomdir",
    "encapsulated_pdf",
    "enhanced_mr",
    "instance",
    "instance_uid",
    "key_object",
    "mosaic",
    "multi_frame_us",
    "palette",
    "presentation_state",
    "rgb",
    "rt_structure_set",
    "same_uid_twice",
    "segmentation",
    "series",
    "series_uid",
    "structured_report",
    "study_uid",
    "truncate",
    "ultrasound",
    "write",
    "write_as",
    "ybr_full",
]
