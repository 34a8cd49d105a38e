"""The script that many people write: pydicom and Pillow, one file after the other.

python benchmarks/pillow_script.py SOURCE DEST
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.pixels import apply_modality_lut, apply_voi_lut

source, target = Path(sys.argv[1]), Path(sys.argv[2])
for number, path in enumerate(sorted(p for p in source.rglob("*") if p.is_file())):
    dataset = dcmread(path)
    real = apply_modality_lut(dataset.pixel_array, dataset)
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    shown = apply_voi_lut(real, dataset)
    low, high = shown.min(), shown.max()
    grey = ((shown - low) / max(high - low, 1) * 255).astype(np.uint8)
    Image.fromarray(grey).save(target / f"{number}.png")
