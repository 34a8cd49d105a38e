"""What the user must know: coded notes, the same in terminal, JSON, sidecar and tests.

`CODES` is the one list of problem codes. A note is made by `note(code, text)`, which takes severity and hint
from that list, so that a code means the same thing everywhere and the documentation can be generated from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How much a note matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing the user must know.

    Attributes
    ----------
    code : str
        Stable, dotted, from `CODES`.
    severity : Severity
    text : str
        One sentence. Never an attribute's value that may identify a person.
    hint : str
        What can be done, or empty.
    where : str
        Path or series, or empty.
    """

    code: str
    severity: Severity
    text: str
    hint: str = ""
    where: str = ""

    def to_json(self) -> dict[str, str]:
        """The note as a JSON object; empty fields are left out."""
        fields = {"code": self.code, "severity": str(self.severity), "text": self.text}
        if self.hint:
            fields["hint"] = self.hint
        if self.where:
            fields["where"] = self.where
        return fields

    @classmethod
    def from_json(cls, fields: Mapping[str, str]) -> Note:
        """The note that `to_json` wrote."""
        return cls(
            fields["code"],
            Severity(fields["severity"]),
            fields["text"],
            fields.get("hint", ""),
            fields.get("where", ""),
        )

    def at(self, where: str) -> Note:
        """The same note about another place."""
        return replace(self, where=where)


class Code(NamedTuple):
    """What a problem code means."""

    severity: Severity
    meaning: str
    hint: str = ""


_INFO, _WARNING, _ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR

CODES: dict[str, Code] = {
    # --- files -------------------------------------------------------------------------------------------
    "input.not-dicom": Code(_WARNING, "The file is not DICOM."),
    "input.unreadable": Code(_ERROR, "The file cannot be read.", "Check the permissions and the disk."),
    "input.cut-header": Code(_ERROR, "The file ends inside its header.", "Copy it again from its source."),
    "input.broken-header": Code(_ERROR, "The header cannot be parsed."),
    "input.changed": Code(
        _ERROR,
        "The file was changed or replaced after its header was read.",
        "Run the same command again when nothing writes there any more.",
    ),
    "input.label-image": Code(_ERROR, "The label image cannot be used."),
    "input.dicomdir": Code(_INFO, "A DICOMDIR is an index, not an image; its images are found by themselves."),
    "table.too-wide": Code(_WARNING, "The files have more different elements than a table takes as columns."),
    "table.source-empty": Code(
        _ERROR,
        "A source has no file any more, and the index that would be brought up to date has files of it.",
        "See that the disk or share is mounted. Leave --update out to make the index anew.",
    ),
    "table.holds-identifiers": Code(
        _INFO,
        "The index holds values of the headers, the Patient ID among them: it is not for sharing.",
        "A table that may leave is made with --profile.",
    ),
    "input.link-loop": Code(_WARNING, "A symbolic link leads back to a folder above it; it was not followed."),
    "input.archive-damaged": Code(_ERROR, "Not all of the archive can be read.", "Copy it again from its source."),
    "input.archive-inside": Code(
        _WARNING, "An archive inside another one is not opened.", "Unpack the outer one, and give the inner one."
    ),
    "input.archive-member": Code(
        _ERROR, "The member of the archive cannot be read.", "Unpack it with another program."
    ),
    "input.archive-too-large": Code(
        _ERROR, "The archive becomes too large when it is inflated.", "Unpack it, or name a larger folder in TMPDIR."
    ),
    # --- objects -----------------------------------------------------------------------------------------
    "object.not-image": Code(_INFO, "The object holds no image (report, presentation state, raw data, ...)."),
    "object.multi-frame": Code(
        _ERROR, "The object is a segmentation or a whole-slide picture, which is not converted to a volume."
    ),
    "object.mosaic-count": Code(
        _ERROR,
        "The image is a mosaic of slices that does not tell how many slices it holds.",
        "Export the series again without removing private elements.",
    ),
    "object.float-pixels": Code(_ERROR, "Float Pixel Data are not converted yet."),
    "object.unknown-syntax": Code(
        _ERROR,
        "The transfer syntax is not one that convkit can decode.",
        "Transcode the file first, for instance with gdcmconv --raw.",
    ),
    "object.video": Code(_ERROR, "The pixel data are a video stream, not slices."),
    # --- headers -----------------------------------------------------------------------------------------
    "header.missing-attribute": Code(_ERROR, "An attribute that is needed is missing or unusable."),
    "header.no-series-uid": Code(_ERROR, "Series Instance UID is missing, so the file belongs to no series."),
    "header.inconsistent": Code(_ERROR, "Attributes contradict each other."),
    "header.duplicate-file": Code(_INFO, "The same instance is there more than once, byte for byte."),
    "header.conflicting-instances": Code(
        _WARNING,
        "Different files carry the same SOP Instance UID.",
        "Find out which one is right and remove the other.",
    ),
    # --- pixels ------------------------------------------------------------------------------------------
    "pixels.missing": Code(_ERROR, "There is no Pixel Data element."),
    "pixels.truncated": Code(
        _ERROR, "Pixel Data are shorter than the header says.", "Copy the file again from its source."
    ),
    "pixels.surplus": Code(
        _WARNING, "Pixel Data hold more bytes or frames than the header promises; the rest was not used."
    ),
    "pixels.fragments": Code(_ERROR, "The pixel data are said to be compressed, but are no fragments."),
    "pixels.undecodable": Code(_ERROR, "The compressed pixel data cannot be decoded."),
    "pixels.too-large": Code(_ERROR, "The header promises more pixels than the file can hold."),
    "pixels.palette": Code(_ERROR, "The palette of a colour image is missing, too short, or malformed."),
    "pixels.overlay": Code(_WARNING, "An overlay plane of the image cannot be used; it is not drawn."),
    "pixels.colour": Code(_ERROR, "The colours are of a kind that cannot be shown."),
    "pixels.junk-bits": Code(_INFO, "Bits above Bits Stored were set; they are not part of the values."),
    "segmentation.unplaced": Code(
        _WARNING, "Frames of a segmentation name neither an image nor a place; they are not drawn."
    ),
    # --- geometry ----------------------------------------------------------------------------------------
    "geometry.missing-slice": Code(
        _ERROR,
        "One or more slices are missing.",
        "Find the missing files, or choose --irregular split, keep or resample.",
    ),
    "geometry.irregular-spacing": Code(
        _ERROR, "The distance between slices varies.", "Choose --irregular split, keep or resample."
    ),
    "geometry.duplicate-slice": Code(
        _ERROR,
        "Some positions have more images than others.",
        "Remove the surplus images, or choose --irregular split or keep.",
    ),
    "geometry.unequal-extent": Code(
        _WARNING,
        "The volumes of the series cover different extents; slices may be missing from some.",
    ),
    "geometry.missing-position": Code(
        _ERROR,
        "Image Position (Patient) or Image Orientation (Patient) is missing.",
        "With --irregular keep each image is written by itself, without a place in space.",
    ),
    "geometry.missing-spacing": Code(
        _ERROR,
        "Pixel Spacing is missing, so the size of a pixel is unknown.",
        "With --irregular keep the image is written with pixels of 1 mm and without a place in space.",
    ),
    "geometry.bad-orientation": Code(
        _ERROR, "Image Orientation (Patient) is not a pair of perpendicular unit vectors."
    ),
    "geometry.not-collinear": Code(
        _ERROR,
        "Slices are shifted against each other within their plane, not along one line.",
        "Choose --irregular keep to write them as they are, or --irregular split.",
    ),
    "geometry.tilted": Code(
        _WARNING,
        "The slices are sheared (gantry tilt); the affine carries the shear exactly.",
        "Programs built on ITK refuse such a NIfTI file: for them choose --to nrrd, --to mha or --tilt resample.",
    ),
    "geometry.tilt-refused": Code(
        _ERROR, "The slices are sheared (gantry tilt).", "Choose --tilt keep or --tilt resample."
    ),
    "geometry.rounded-positions": Code(
        _WARNING,
        "Slice positions deviate from even places by the rounding in the header, or by less than a quarter of a pixel "
        "within the plane.",
    ),
    "geometry.kept-irregular": Code(
        _WARNING, "The slices are not evenly spaced; the affine is the best even fit and wrong in between."
    ),
    "geometry.resampled": Code(_WARNING, "Slices were interpolated; a mask marks the voxels that are invented."),
    "geometry.assumed-thickness": Code(_INFO, "A single slice has no neighbour; its depth is taken from the header."),
    "geometry.assumed-depth": Code(_WARNING, "A single slice has no stated depth; 1 mm was assumed."),
    "geometry.no-position": Code(_INFO, "The image has no place in space; the affine holds pixel sizes only."),
    "geometry.assumed-tiles": Code(
        _WARNING, "A mosaic does not tell where its tiles lie; the usual order or distance was assumed."
    ),
    "geometry.piled": Code(
        _INFO,
        "Captures of the frames of one object were put together in the order of their numbers; they have no place in "
        "space.",
    ),
    "geometry.split-runs": Code(_WARNING, "An uneven stack was cut into evenly spaced runs."),
    "geometry.split-doubles": Code(
        _WARNING, "Several images lie at one position; the first by Instance Number were taken for one volume."
    ),
    "geometry.dropped-duplicates": Code(
        _WARNING, "Surplus images at a position were left out; the first by Instance Number was kept."
    ),
    # --- values ------------------------------------------------------------------------------------------
    "values.per-slice-rescale": Code(
        _INFO, "Rescale Slope or Intercept differs between slices; they were applied, the result is float32."
    ),
    "values.modality-lut": Code(_INFO, "Values are the entries of the Modality LUT Sequence of the images."),
    "values.table-and-rescale": Code(
        _WARNING, "The header has a Modality LUT and a rescale, of which only one may be there; the table was used."
    ),
    "values.dtype-too-small": Code(
        _ERROR, "The values do not fit the data type that was asked for.", "Choose a wider --dtype, or --dtype auto."
    ),
    "values.real-world": Code(
        _INFO, "Values are those of the Real World Value Mapping, which has a unit, instead of the rescale."
    ),
    "values.padding": Code(_INFO, "Some voxels may hold the Pixel Padding Value, which is not a measurement."),
    "values.inverse-grey": Code(
        _INFO, "MONOCHROME1: larger values are meant to be shown darker; the values are as stored."
    ),
    "values.colour-depth": Code(_WARNING, "Colour samples of more than 8 bits were reduced to their upper 8."),
    "values.bad-rescale": Code(_ERROR, "Rescale Slope or Intercept is no usable number."),
    "values.bad-window": Code(
        _WARNING, "A window or VOI table cannot be used.", "Choose another window, for instance --window full."
    ),
    "values.constant": Code(_INFO, "There is no value, or only one, so there is nothing to see; it is shown black."),
    "values.bad-lut": Code(_ERROR, "The Modality LUT Sequence cannot be used, so the values are unknown."),
    # --- how an image is meant to be shown ------------------------------------------------------------------
    "display.bad-window": Code(_WARNING, "A window of the header cannot be used; it was left out."),
    "display.bad-lut": Code(_WARNING, "A look-up table for display cannot be used; it was left out."),
    "display.polarity": Code(
        _WARNING,
        "Photometric Interpretation and Presentation LUT Shape contradict each other in which values are white; the "
        "shape was followed.",
    ),
    "presentation.unsupported": Code(_ERROR, "The presentation state is of a kind that is not applied."),
    "presentation.broken": Code(_ERROR, "The presentation state cannot be read."),
    "presentation.partly": Code(_WARNING, "Parts of the presentation state were not applied."),
    # --- pictures ----------------------------------------------------------------------------------------
    "pictures.too-large": Code(_ERROR, "The picture would have more pixels than are drawn."),
    "pictures.bad-aspect": Code(
        _ERROR, "The pixels are more than 100 times as long as they are wide, or have no usable size."
    ),
    # --- pictures ----------------------------------------------------------------------------------------
    "preview.preset-modality": Code(
        _WARNING, "The preset is not meant for images of this kind; the automatic window was used."
    ),
    "preview.window-missing": Code(
        _WARNING, "The file does not have the window that was asked for; the automatic window was used."
    ),
    # --- volumes of one series ---------------------------------------------------------------------------
    "series.split": Code(_INFO, "The series holds several volumes; the reason says what tells them apart."),
    "series.mixed-values": Code(_WARNING, "An attribute that should be equal in a volume varies from slice to slice."),
    "series.ambiguous-order": Code(
        _WARNING, "The headers leave the order of the volumes in doubt; they may hold slices of each other."
    ),
    "series.conflicting-images": Code(
        _ERROR,
        "Different files of one SOP Instance UID claim one position, and nothing tells which one is right.",
        "Find out which one is right and remove the other.",
    ),
    "series.unordered-volumes": Code(
        _ERROR,
        "Each position has several images, and nothing in the headers tells which of them belong to one volume.",
        "Find the images that are missing, or choose --irregular keep to order them by number.",
    ),
    "series.merged": Code(
        _INFO, "Volumes of one acquisition that came as series of their own were put together again."
    ),
    "series.short-volume": Code(
        _WARNING, "The last volume of the series lacks slices, as in a run that was stopped; it was left out."
    ),
    "series.derived": Code(_INFO, "The image was computed from others (Image Type begins with DERIVED)."),
    "series.localizer": Code(_INFO, "The image is a localizer (Image Type contains LOCALIZER)."),
    "series.lone-image": Code(
        _WARNING,
        "One image is apart from the others of its series; it may belong to a stack that now lacks it.",
    ),
    "series.number-gaps": Code(
        _WARNING,
        "Instance numbers are missing within the series; files may be missing, too.",
        "Compare the number of images with the scanner or the archive.",
    ),
    "series.selected-part": Code(_WARNING, "Only some images of the series were selected."),
    # --- diffusion ---------------------------------------------------------------------------------------
    "diffusion.incomplete": Code(
        _WARNING, "Some images do not tell their diffusion weighting; no table of gradients was written."
    ),
    "diffusion.contradictory": Code(
        _WARNING,
        "Images of one volume tell different diffusion weightings; no table of gradients was written.",
    ),
    "diffusion.no-direction": Code(
        _INFO, "The weighted volumes have no direction (trace or isotropic); their vectors are zero."
    ),
    "diffusion.missing-direction": Code(
        _WARNING, "Some weighted volumes have no gradient direction; the b-values were written, the vectors not."
    ),
    "diffusion.sheared": Code(
        _WARNING, "The image axes are not perpendicular, so gradient directions along them were not written."
    ),
    "quirk.applied": Code(_INFO, "A rule for this vendor's headers was used."),
    # --- pictures ----------------------------------------------------------------------------------------
    "preview.unused-segmentation": Code(
        _WARNING,
        "None of the series that the segmentation belongs to is among the sources, so it is laid over nothing.",
        "Give the images that it was made on as a source, too.",
    ),
    "preview.unused-presentation": Code(
        _WARNING,
        "None of the images that the presentation state was made for is among the sources, so it is not applied.",
        "Give the images that it was made for as a source.",
    ),
    "preview.presented": Code(_INFO, "A presentation state was applied."),
    "preview.outside-window": Code(
        _WARNING,
        "All values lie outside of the window, so the picture is of one grey.",
        "Choose another window, such as --window p1-99.",
    ),
    "preview.annotation-text": Code(
        _WARNING,
        "The presentation state writes text upon the picture, which may identify a person.",
        "Look at the pictures before you share them.",
    ),
    "preview.first-volume": Code(_INFO, "Only the first volume over time is shown."),
    "preview.nothing-laid-over": Code(
        _WARNING, "Segmentations reference the series, but nothing of them lies on the pictures."
    ),
    "preview.unusable-segmentation": Code(_WARNING, "A segmentation cannot be laid over."),
    "preview.unplaced-segmentation": Code(
        _WARNING, "The segmentation references no series, so it is not laid over any picture."
    ),
    "pixels.burned-in": Code(
        _WARNING,
        "The header says that the pixels identify the patient (Burned In Annotation); pictures show them as they are.",
        "Look at the pictures before you share them.",
    ),
    # --- output ------------------------------------------------------------------------------------------
    "output.exists": Code(
        _WARNING, "The file is there already and was left alone.", "Choose --exists overwrite to write it anew."
    ),
    "output.exists-refused": Code(_ERROR, "The file is there already.", "Choose --exists skip or overwrite."),
    "output.stale": Code(
        _ERROR,
        "The file there was made from other files of this series, or with other options.",
        "Choose --exists overwrite to write it anew, or another destination.",
    ),
    "output.error": Code(_ERROR, "The file cannot be written.", "Check space and permissions at the destination."),
    "output.not-reached": Code(
        _ERROR, "The run ended before this file.", "Run the same command again: it goes on where it stopped."
    ),
    "output.too-large": Code(_ERROR, "The picture is larger than the format allows.", "Choose a smaller --size."),
    "output.mixed-sizes": Code(
        _ERROR,
        "One file cannot hold pictures of different sizes.",
        "Choose a format of one picture a file.",
    ),
    "output.inside-source": Code(_ERROR, "The destination lies where inputs are read from."),
    "output.not-carried": Code(_WARNING, "The format cannot carry this property of the volume."),
    # --- de-identification -------------------------------------------------------------------------------
    "deid.pixels-at-risk": Code(
        _ERROR,
        "The pixels may hold text that identifies.",
        "Choose --pixels ocr, or look at the image and choose --pixels allow for it alone.",
    ),
    "deid.pixels-blanked": Code(
        _WARNING, "No codec opens the pixels, so nobody can tell what is in them: all of them were blanked."
    ),
    "deid.pixels-not-looked-at": Code(
        _WARNING,
        "Nobody has looked for text in the pixels, and some images are of kinds that may show who the patient is.",
        "Make copies with convkit deid --pixels ocr first, and go on with these.",
    ),
    "deid.contents-kept": Code(
        _WARNING,
        "The profile is for the names of files alone: what is in them still identifies.",
        "convkit deid makes copies that do not.",
    ),
    "deid.one-way": Code(
        _INFO,
        "There was no key, so nobody can ever make the same pseudonyms again.",
        "Name a file with --key to keep one.",
    ),
    "deid.key-made": Code(
        _INFO, "There was no such key, so a new one was made.", "Keep it: only with it come the same pseudonyms again."
    ),
    "deid.mixed": Code(
        _WARNING,
        "The destination holds copies that were made with another key, profile or mapping: persons may have two codes.",
        "Choose another destination, or the key and the profile of the first run.",
    ),
    "deid.mapping-unused": Code(
        _WARNING, "Patient IDs of the mapping are in none of the files.", "Small and capital letters count."
    ),
    # --- audit -------------------------------------------------------------------------------------------
    "check.residual-value": Code(_ERROR, "A value that identifies in the originals, or a given term, is left."),
    "check.pattern": Code(_ERROR, "Something looks like an identifier."),
    "check.reference": Code(_ERROR, "Files do not fit together as they did: a reference, a series, a study."),
    "check.duplicate-uid": Code(_ERROR, "Several files have the same SOP Instance UID."),
    "check.interval": Code(_ERROR, "Dates of a patient were not all moved by the same number of days."),
    "check.invalid": Code(_ERROR, "The file has a fault that its original had not."),
    "check.unreadable": Code(_ERROR, "A file is damaged; it was searched as far as it can be read."),
    "check.not-searched": Code(
        _ERROR,
        "What is packed here was not searched.",
        "Unpack it, or leave it out: nobody can tell what is in it.",
    ),
    "check.text-in-pixels": Code(_ERROR, "There is text in the pixels."),
    "check.pixels-not-read": Code(_WARNING, "Not all pixels were looked at."),
    "check.no-original-matches": Code(
        _WARNING,
        "None of the outputs resembles one of the originals.",
        "See that --against names the originals of these outputs.",
    ),
    # --- engine ------------------------------------------------------------------------------------------
    "engine.worker-died": Code(
        _ERROR, "The worker process died while it worked on this item.", "Run again with --jobs 1 to see why."
    ),
    "engine.unexpected": Code(_ERROR, "An unexpected error; please report it."),
    "engine.journal-reset": Code(_WARNING, "The journal was unusable; it was moved aside and everything is done anew."),
    "storage.lost": Code(
        _ERROR,
        "The object storage that is read or written cannot be used any more, so the run was ended.",
        "Run the same command again when it can be reached: it goes on where it ended.",
    ),
    "cluster.unreachable": Code(
        _ERROR,
        "The scheduler does not answer.",
        "Check that it runs, that the address is right, and, with tls://, that the certificates are.",
    ),
    "cluster.lost": Code(
        _ERROR,
        "The connection to the scheduler is lost, or somebody has restarted the cluster.",
        "Run the same command again when there is a scheduler: it goes on where it ended.",
    ),
    "cluster.mismatch": Code(
        _ERROR,
        "A worker of the cluster has another version of convkit, or none.",
        "Install the same version for the workers and start them anew.",
    ),
    "cluster.not-shared": Code(
        _ERROR,
        "A worker of the cluster does not see the destination.",
        "Sources, destination and the folder in which you start convkit must lie where all workers see them.",
    ),
    # --- errors without a narrower code ------------------------------------------------------------------
    "convkit.error": Code(_ERROR, "An error without a narrower code."),
    "engine.error": Code(_ERROR, "The engine failed."),
    "geometry.error": Code(_ERROR, "The slices do not form a volume."),
    "input.error": Code(_ERROR, "The input cannot be used."),
    "input.multiple-volumes": Code(
        _ERROR, "One volume was asked for, and there are several.", "Use read_all, or select one with where."
    ),
    "install.missing-extra": Code(_ERROR, "An optional library is not installed."),
    "object.unsupported": Code(_ERROR, "The object is of a kind that is not handled."),
    "pixels.error": Code(_ERROR, "The pixel data cannot be used."),
    "usage.error": Code(_ERROR, "A wrong option, argument, expression or template."),
    "values.error": Code(_ERROR, "The values do not fit where they were asked to go."),
}


def note(code: str, text: str = "", *, where: str = "", hint: str = "") -> Note:
    """Make a note; severity, and the text and hint where left out, come from `CODES`.

    Raises
    ------
    KeyError
        The code is not in `CODES`: a code must be defined before it is used.
    """
    known = CODES[code]
    return Note(code, known.severity, text or known.meaning, hint or known.hint, where)
