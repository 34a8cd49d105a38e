"""Real values of volumes whose images have a Modality LUT (PS3.3 C.11.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels import apply_modality_lut

from convkit.errors import InputError
from convkit.model.notes import Severity
from convkit.model.volume import MappingState, Volume
from convkit.series.choices import Values
from convkit.series.leads import leads_of
from convkit.series.load import load
from convkit.series.options import LoadOptions, StackOptions
from convkit.series.plan import plan_series
from convkit.series.stack import Stack
from tests.builders import series
from tests.builders.oracle import stored_values
from tests.pictures.tables import table_item
from tests.series.frames import series_of

CURVE = (np.arange(2000) ** 2 // 100).astype(np.uint16)
NO_RESCALE: dict[str, Any] = {"RescaleSlope": None, "RescaleIntercept": None, "RescaleType": None}


def loaded(datasets: list[Dataset], folder: Path, **options: Any) -> Volume:
    one = series_of(datasets, folder)
    (stack,) = plan_series(one, StackOptions())
    assert isinstance(stack, Stack)
    return load(stack, leads_of(one, stack), LoadOptions(**options))


def with_tables(tables: list[Dataset], **overrides: Any) -> list[Dataset]:
    given: dict[str, Any] = {"dtype": "uint16", "slices": len(tables)} | NO_RESCALE
    return series(**(given | {"ModalityLUTSequence": lambda place: [tables[place.slice]]} | overrides))


def expected(datasets: list[Dataset]) -> NDArray[Any]:
    return np.stack([apply_modality_lut(stored_values(d), d) for d in datasets])[None]


def codes(volume: Volume) -> dict[str, Severity]:
    return {note.code: note.severity for note in volume.notes}


def table(factor: int = 1, *, bits: int = 16, kind: str = "US") -> Dataset:
    item = table_item(0, CURVE // factor, bits)
    item.ModalityLUTType = kind
    return item


def test_values_are_the_entries(tmp_path: Path) -> None:
    datasets = with_tables([table()] * 4)
    volume = loaded(datasets, tmp_path)
    assert np.array_equal(volume.array, expected(datasets))
    assert volume.mapping.state is MappingState.APPLIED
    assert (volume.mapping.slopes, volume.mapping.intercepts) == ((1.0,), (0.0,))
    assert codes(volume) == {"values.modality-lut": Severity.INFO}


def test_each_slice_has_a_table_of_its_own(tmp_path: Path) -> None:
    datasets = with_tables([table(1), table(3), table(7), table(2)])
    volume = loaded(datasets, tmp_path)
    assert np.array_equal(volume.array, expected(datasets))
    assert codes(volume) == {"values.modality-lut": Severity.INFO}


@pytest.mark.parametrize(("bits", "dtype"), [(8, "uint8"), (12, "int16"), (16, "uint16")])
def test_the_type_is_that_of_the_entries(bits: int, dtype: str, tmp_path: Path) -> None:
    entries = (np.arange(2000) % 2**bits).astype(np.uint16)
    datasets = with_tables([table_item(0, entries, bits)] * 3)
    volume = loaded(datasets, tmp_path)
    assert volume.dtype == dtype
    assert np.array_equal(volume.array[0], np.stack([entries.take(stored_values(d), mode="clip") for d in datasets]))


def test_the_unit_is_that_of_the_table(tmp_path: Path) -> None:
    assert loaded(with_tables([table(kind="HU")] * 3), tmp_path / "a").units == "HU"
    assert loaded(with_tables([table(kind="US")] * 3, modality="CT"), tmp_path / "b").units == ""
    mixed = [table(kind="HU"), table(kind="OD"), table(kind="HU")]
    assert loaded(with_tables(mixed), tmp_path / "c").units == ""


def test_a_table_counts_more_than_a_rescale(tmp_path: Path) -> None:
    datasets = with_tables([table()] * 3, RescaleSlope=3, RescaleIntercept=-7)
    volume = loaded(datasets, tmp_path)
    assert np.array_equal(volume.array, expected(datasets))
    assert codes(volume) == {"values.modality-lut": Severity.INFO, "values.table-and-rescale": Severity.WARNING}


def test_a_real_world_value_mapping_counts_more_than_a_table(tmp_path: Path) -> None:
    datasets = with_tables([table()] * 3, modality="MR")
    for dataset in datasets:
        mapping, unit = Dataset(), Dataset()
        unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "ms", "UCUM", "ms"
        mapping.MeasurementUnitsCodeSequence = [unit]
        mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 2.0, 0.0
        dataset.RealWorldValueMappingSequence = [mapping]
    volume = loaded(datasets, tmp_path, values=Values.RESCALED)
    assert np.array_equal(volume.array, np.stack([stored_values(d) for d in datasets])[None] * 2)
    assert set(codes(volume)) == {"values.real-world"}


def test_signed_values_find_entries_below_zero(tmp_path: Path) -> None:
    item = table_item(-100, np.arange(5000, dtype=np.uint16), 16)
    datasets = with_tables([item] * 3, dtype="int16")
    assert np.array_equal(loaded(datasets, tmp_path).array, expected(datasets))


def test_stored_values_are_stored_where_they_are_asked_for(tmp_path: Path) -> None:
    datasets = with_tables([table()] * 3)
    volume = loaded(datasets, tmp_path, values=Values.STORED)
    assert np.array_equal(volume.array, np.stack([stored_values(d) for d in datasets])[None])
    assert volume.mapping.state is MappingState.IGNORED
    assert "values.modality-lut" in codes(volume)


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "deflated"])
def test_tables_are_read_in_every_encoding(syntax: str, tmp_path: Path) -> None:
    datasets = with_tables([table()] * 3)
    wanted = expected(datasets)
    assert np.array_equal(loaded(with_tables([table()] * 3, syntax=syntax), tmp_path).array, wanted)


def test_an_empty_sequence_is_no_table(tmp_path: Path) -> None:
    datasets = series(dtype="uint16", ModalityLUTSequence=lambda _: [])
    volume = loaded(datasets, tmp_path)
    assert "values.modality-lut" not in codes(volume)


def test_a_table_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    broken = table()
    broken.LUTData = b"\0" * 8
    broken["LUTData"].VR = "OW"
    datasets = with_tables([table(), broken, table()])
    with pytest.raises(InputError) as caught:
        loaded(datasets, tmp_path)
    assert caught.value.code == "values.bad-lut"
    assert loaded(datasets, tmp_path, values=Values.STORED).mapping.state is MappingState.IGNORED


def test_a_table_of_some_images_alone_is_refused(tmp_path: Path) -> None:
    datasets = with_tables([table()] * 4)
    del datasets[2].ModalityLUTSequence
    with pytest.raises(InputError) as caught:
        loaded(datasets, tmp_path)
    assert caught.value.code == "header.inconsistent"
