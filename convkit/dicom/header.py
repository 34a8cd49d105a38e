"""A header: the kept attributes of one instance, decoded when asked, and where its pixels lie."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

from convkit.dicom import lean, values
from convkit.dicom.attributes import TagTable, table_of
from convkit.dicom.lean_layouts import parse_alike
from convkit.dicom.sequences import FarValue
from convkit.dicom.unfolded import Overlay, Unfolded, unfolded
from convkit.errors import InputError, NotDicomError
from convkit.model.frame import HeldPixels, Picture, ValuePlace
from convkit.model.notes import Note
from convkit.storage import files


class Redaction(NamedTuple):
    """What may leave of an instance where a profile says so: for names, sidecars and tables.

    Attributes
    ----------
    header : Header
        Every value as the de-identified copy of the instance has it. Its path is that of the copy.
    person : str
        Code of the patient.
    measured : frozenset of int
        Places of the makers' elements in which numbers may leave although the copy has lost them.
    may_show_text : bool
        By the header, text in the pixels may tell who the patient is.
    """

    header: Header
    person: str
    measured: frozenset[int] = frozenset()
    may_show_text: bool = False


class Header(NamedTuple):
    """What was kept of one instance, or of one frame of it.

    A tuple, because a scan sends one a file between processes, and nothing travels faster.

    Attributes
    ----------
    path : str
        Of the file; of a data set in memory a word for messages.
    size : int
        Bytes of the file, or of the pixels of a data set in memory.
    modified_ns : int
        Modification time of the file, nanoseconds; part of its identity for resuming.
    parsed : Parsed
        Raw values and the place of the pixels.
    table : TagTable
        Which attribute lies where in `parsed.raw`.
    unfolded : Unfolded or None
        What the frames do not share, for an object of several frames; None for any other, and for one frame.
    frame : int
        Place of the frame in its object, from 0.
    fault : Note or None
        Why the frames of the object cannot be told.
    said : tuple of Note
        What was assumed while it was unfolded.
    held : HeldPixels or None
        The pixels of a data set in memory.
    redaction : Redaction or None
        What may leave in place of the values here; None where all may.
    """

    path: str
    size: int
    modified_ns: int
    parsed: lean.Parsed
    table: TagTable
    unfolded: Unfolded | None = None
    frame: int = 0
    fault: Note | None = None
    said: tuple[Note, ...] = ()
    held: HeldPixels | None = None
    redaction: Redaction | None = None

    @property
    def frames(self) -> int:
        """Number of frames."""
        return 1 if self.unfolded is None else len(self.unfolded.rows)

    def of_frame(self, frame: int) -> Header:
        """The header of one frame: what is its own stands over what all frames share."""
        if self.unfolded is None:
            return self
        raw = list(self.parsed.raw)
        for place, value in zip(self.unfolded.places, self.unfolded.rows[frame], strict=True):
            raw[place] = value
        redaction = self.redaction and self._redaction_of(frame)
        return self._replace(
            parsed=self.parsed._replace(raw=tuple(raw)), unfolded=None, frame=frame, redaction=redaction
        )

    def _redaction_of(self, frame: int) -> Redaction | None:
        """What may leave of one frame; of the object where its copy can no longer be taken apart."""
        if self.redaction is None:
            return None
        header = self.redaction.header
        own = header.of_frame(frame) if header.frames == self.frames else header._replace(unfolded=None)
        return self.redaction._replace(header=own)

    @property
    def redacted(self) -> Header:
        """The header as it may leave: what names, sidecars and tables are made of; never what decides on geometry."""
        return self if self.redaction is None else self.redaction.header

    @property
    def measured(self) -> Header:
        """The redacted header with what makers write into elements of their own, of which numbers alone may leave."""
        if self.redaction is None:
            return self
        header, places = self.redaction.header, self.redaction.measured
        own = self.parsed.raw
        raw = tuple(own[place] if place in places else value for place, value in enumerate(header.parsed.raw))
        far = [each for each in header.parsed.far if each.place not in places]
        far += (each for each in self.parsed.far if each.place in places)
        return header._replace(path=self.path, parsed=header.parsed._replace(raw=raw, far=tuple(far)))

    def has_far(self, keyword: str) -> bool:
        """True where there is such a long value."""
        return self.raw(keyword) is not None

    def with_note(self, one: Note) -> Header:
        """The same header with something that the user must know."""
        return self._replace(said=(*self.said, one))

    def with_shared(self, values: Overlay) -> Header:
        """The same header with some values replaced."""
        raw = list(self.parsed.raw)
        for place, value in values.items():
            raw[place] = value
        return self._replace(parsed=self.parsed._replace(raw=tuple(raw)))

    def with_frames(self, frames: Sequence[Overlay], picture: Picture | None = None) -> Header:
        """The same header unfolded into frames, each with values of its own."""
        shared, rest = unfolded(self.parsed.raw, frames, picture)
        return self._replace(parsed=self.parsed._replace(raw=shared), unfolded=rest)

    def raw(self, keyword: str) -> bytes | None:
        """Raw value, None where absent."""
        return self.parsed.raw[self.table.places[keyword]]

    def has(self, keyword: str) -> bool:
        """True where the attribute is there with a value (a sequence: is there)."""
        raw = self.raw(keyword)
        if raw is None:
            return False
        vr = self._vr(keyword)
        return vr == "SQ" or bool(raw if values.is_binary(vr) else raw.strip(b" \0"))

    def text(self, keyword: str) -> str:
        """Decoded text; empty where absent."""
        raw = self.raw(keyword)
        return values.text(raw, self.charset) if raw else ""

    def _uid(self, keyword: str) -> str:
        """`text` of an attribute whose characters are no other than digits and dots, but in broken files."""
        raw = self.parsed.raw[self.table.places[keyword]]
        if raw is None:
            return ""
        stripped = raw.strip(b" \0")
        return stripped.decode("ascii") if stripped.isascii() and b"\x1b" not in stripped else self.text(keyword)

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Decoded values of a text attribute; empty where absent."""
        raw = self.raw(keyword)
        return values.texts(raw, self.charset) if raw else ()

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """Values of a numeric attribute; empty where absent or unusable."""
        raw = self.raw(keyword)
        return values.numbers(raw, self._vr(keyword)) if raw else ()

    def number(self, keyword: str) -> float | None:
        """First value of a numeric attribute, or None."""
        found = self.numbers(keyword)
        return found[0] if found else None

    def integer(self, keyword: str) -> int | None:
        """First value as an integer, or None."""
        raw = self.raw(keyword)
        return values.integer(raw, self._vr(keyword)) if raw else None

    def plain(self, keyword: str) -> Any:
        """The value as JSON would hold it, or None."""
        raw = self.raw(keyword)
        return values.plain(raw, self._vr(keyword), self.charset) if raw else None

    def far(self, keyword: str) -> FarValue | None:
        """A value of which only the place was kept, read from the file; None where absent.

        Raises
        ------
        InputError
            The file is gone or shorter than it was.
        """
        far = self._far(keyword)
        if far is None:
            return None
        is_held = far.held or not far.offset  # no value starts where a file does
        return FarValue(far.held if is_held else _read_at(self.path, far.offset, far.length), far.is_explicit)

    def far_place(self, keyword: str) -> ValuePlace | None:
        """Where a value lies of which only the place was kept; None where absent."""
        far = self._far(keyword)
        return None if far is None else ValuePlace(far.offset, far.length, far.held)

    def _far(self, keyword: str) -> lean.Far | None:
        place = self.table.places.get(keyword)  # a reader may have a table of its own
        return next((f for f in self.parsed.far if f.place == place), None)

    @property
    def charset(self) -> bytes:
        """Raw Specific Character Set."""
        return self.raw("SpecificCharacterSet") or b""

    @property
    def sop_class_uid(self) -> str:
        """SOP Class UID, from the meta header where the data set lacks it."""
        return self._uid("SOPClassUID") or self.parsed.media_class

    @property
    def sop_instance_uid(self) -> str:
        """SOP Instance UID, empty where absent."""
        return self._uid("SOPInstanceUID")

    @property
    def series_instance_uid(self) -> str:
        """Series Instance UID, empty where absent."""
        return self._uid("SeriesInstanceUID")

    @property
    def study_instance_uid(self) -> str:
        """Study Instance UID, empty where absent."""
        return self._uid("StudyInstanceUID")

    @property
    def transfer_syntax(self) -> str:
        """Transfer Syntax UID, guessed from the encoding where the meta header is missing."""
        return self.parsed.transfer_syntax

    def _vr(self, keyword: str) -> str:
        return self.table.attributes[self.table.places[keyword]].vr


def _read_at(path: str, offset: int, length: int) -> bytes:
    try:
        with files.opened(path) as file:
            file.seek(offset)
            data = file.read(length) or b""
    except OSError as err:
        raise files.unreadable(path, err) from err
    if len(data) < length:
        raise InputError("The file ends inside its header.", path, "Copy it again from its source.", "input.cut-header")
    return data


def read_header(path: str, table: TagTable | None = None) -> Header:
    """Read the header of one file.

    Raises
    ------
    NotDicomError
        The file is not DICOM.
    InputError
        The file cannot be read, ends inside its header, or has a header that cannot be parsed.
    """
    table = table or table_of()
    try:
        parsed, size, modified = _parse(path, table)
    except OSError as err:
        raise files.unreadable(path, err) from err
    except ValueError as err:
        if "\0" not in path:
            raise
        raise InputError("A path cannot hold a zero byte.", path, "Check the spelling.", "input.unreadable") from err
    return Header(path, size, modified, parsed, table)


def _parse(path: str, table: TagTable) -> tuple[lean.Parsed, int, int]:
    with files.opened(path) as file:
        size, modified_ns = files.stamp(file)
        if size == 0:
            raise NotDicomError("The file is empty.", path, "", "input.not-dicom")
        try:
            return parse_alike(file, size, table), size, modified_ns
        except lean.Cut as err:
            raise InputError(
                "The file ends inside its header.", path, "Copy it again from its source.", "input.cut-header"
            ) from err
        except lean.Foreign as err:
            raise NotDicomError("The file is not DICOM.", path, "", "input.not-dicom") from err
        except lean.Declined:
            pass
    # pydicom takes 0.2 s to import; most runs never need it.
    full = import_module("convkit.dicom.full")
    parsed: lean.Parsed = full.parse(path, table)
    return parsed, size, modified_ns
