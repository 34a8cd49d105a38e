"""What one writes with SimpleITK: every series of a folder to a volume.

python benchmarks/sitk_script.py SOURCE TARGET .nii|.nii.gz
"""

from __future__ import annotations

import sys
from pathlib import Path

import SimpleITK as sitk  # noqa: N813 (its usual name)


def main(source: str, target: str, suffix: str) -> None:
    folders = {path.parent for path in Path(source).rglob("*") if path.is_file()}
    for folder in sorted(map(str, folders)):
        for uid in sitk.ImageSeriesReader.GetGDCMSeriesIDs(folder):
            names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder, uid)
            sitk.WriteImage(sitk.ReadImage(names), f"{target}/{uid}{suffix}", useCompression=suffix.endswith("gz"))


if __name__ == "__main__":
    main(*sys.argv[1:])
