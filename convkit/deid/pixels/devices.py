"""The catalogue of devices: where which device writes text into its images. A TOML file, checked when it is read."""

from __future__ import annotations

import difflib
import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from convkit.deid.pixels.box import Box, on_picture, outside
from convkit.deid.pixels.facts import Facts
from convkit.errors import UsageError


def _compiled(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as err:
        raise ValueError(f"it is no regular expression ({err.msg})") from err
    return pattern


_Pattern = Annotated[str, AfterValidator(_compiled)]
_Place = tuple[int, int, int, int]


class Device(BaseModel):
    """One layout of the screen of a device."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="For the audit: what was recognized.")
    about: str = Field("", description="What is written there.")
    manufacturer: _Pattern = Field("", description="Regular expression, found anywhere in Manufacturer, in any case.")
    model: _Pattern = Field("", description="The same for ManufacturerModelName.")
    software: _Pattern = Field("", description="The same for any value of SoftwareVersions.")
    modality: tuple[str, ...] = Field((), description="Any of these.")
    image_type: tuple[str, ...] = Field((), description="Any value of ImageType is any of these.")
    rows: int | None = Field(None, gt=0)
    columns: int | None = Field(None, gt=0)
    keep: bool = Field(default=False, description="True where all outside of the boxes is blanked.")
    boxes: tuple[_Place, ...] = Field(min_length=1, description="[top, left, bottom, right], pixels; see the file.")

    def fits(self, facts: Facts) -> bool:
        """True where an image is of this device."""
        literal = (
            (not self.modality or facts.modality in self.modality)
            and (not self.image_type or not set(self.image_type).isdisjoint(facts.image_type))
            and self.rows in {None, facts.rows}
            and self.columns in {None, facts.columns}
        )
        return literal and (
            _is_found(self.manufacturer, facts.manufacturer)
            and _is_found(self.model, facts.model)
            and (not self.software or any(_is_found(self.software, one) for one in facts.software))
        )

    def blanked(self, rows: int, columns: int) -> tuple[Box, ...]:
        """What is to be blanked of a picture of this size."""
        boxes = tuple(_placed(place, rows, columns) for place in self.boxes)
        return outside(boxes, rows, columns) if self.keep else on_picture(boxes, rows, columns)


def _is_found(pattern: str, value: str) -> bool:
    return not pattern or re.search(pattern, value, re.IGNORECASE) is not None


def _placed(place: _Place, rows: int, columns: int) -> Box:
    """A box with numbers that count from the far edges put right."""
    top, left, bottom, right = place
    return Box(
        top + rows if top < 0 else top,
        left + columns if left < 0 else left,
        bottom + rows if bottom <= 0 else bottom,
        right + columns if right <= 0 else right,
    )


class _Catalogue(BaseModel):
    """A file of devices."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: tuple[Device, ...] = ()


@cache
def shipped() -> tuple[Device, ...]:
    """The devices that convkit knows."""
    text = files("convkit.deid.pixels").joinpath("devices.toml").read_text("utf-8")
    return _parsed(text, "devices.toml")


def read_devices(path: str) -> tuple[Device, ...]:
    """The devices of an own file; they stand before those that convkit knows.

    Raises
    ------
    UsageError
        The file cannot be read, or has a mistake: which line, which field.
    """
    try:
        text = Path(path).read_text("utf-8")
    except OSError as err:
        raise UsageError(f"The catalogue of devices cannot be read ({err.strerror}).", path) from err
    except UnicodeDecodeError as err:
        raise UsageError("The catalogue of devices is not UTF-8.", path) from err
    return _parsed(text, path)


def _parsed(text: str, path: str) -> tuple[Device, ...]:
    try:
        return _Catalogue.model_validate(tomllib.loads(text)).device
    except tomllib.TOMLDecodeError as err:
        raise UsageError(f"The catalogue of devices is no TOML: {err}.", path) from err
    except ValidationError as err:
        raise _mistake(err.errors()[0], text, path) from err


def _mistake(error: Any, text: str, path: str) -> UsageError:
    """The error of the first mistake, by line and field."""
    place = error["loc"]
    index = next((part for part in place if isinstance(part, int)), None)
    field = next((str(part) for part in place[2:] if isinstance(part, str)), str(place[0]))
    line = _line(text, index, field)
    what, hint = str(error["msg"]).removeprefix("Value error, "), ""
    if error["type"] == "extra_forbidden":
        what, hint = "there is no such field", _nearest(field)
    return UsageError(f"Line {line}: {field}: {what}.", path, hint)


def _nearest(field: str) -> str:
    near = difflib.get_close_matches(field, Device.model_fields, n=1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else f"There are {', '.join(Device.model_fields)}."


def _line(text: str, index: int | None, field: str) -> int:
    """The line of a field of the n-th device; of its head where it has no such field."""
    lines = text.splitlines()
    heads = [n for n, line in enumerate(lines, start=1) if re.match(r"\s*\[\[\s*device\s*\]\]", line)]
    start = heads[index] if index is not None and index < len(heads) else 1
    end = next((head for head in heads if head > start), len(lines) + 1)
    own = range(start, end) if index is not None else range(1, len(lines) + 1)
    return next((n for n in own if re.match(rf"\s*(\[\[?\s*)?{re.escape(field)}\b", lines[n - 1])), start)
