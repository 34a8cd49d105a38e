"""The rows of a PNG file before compression: which filter they pass, and the filtered bytes.

All rows of a band are filtered at once. One filter is chosen for the whole picture, or one for every few rows, by
compressing a small sample of the rows with each; the same picture always gets the same choice.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.writers._png_filters import FILTERS, Bytes, Near, RowFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Pixels = NDArray[np.unsignedinteger]

BAND_BYTES = 1 << 18
"""Bytes filtered at a time: a slice of 512 x 512 in one go, and little memory for a large picture."""

GROUP_ROWS = 8
"""Rows that share a filter where it is chosen along the way; the choice is made on one of them."""

KINDS_ROWS = 64 * GROUP_ROWS
"""Rows for which filters are chosen at once."""

SAMPLE_ROWS = 4
"""Neighbouring rows in one sample: enough to show how alike they are."""

MOST_PROBES = 128
"""Rows that are looked at to find the ones worth a sample."""

SAMPLED_PART = 1 / 32
"""Part of the picture that is tried, so that trying costs less than compressing."""

LEAST_SAMPLE_BYTES, MOST_SAMPLE_BYTES = 1 << 13, 1 << 16
"""Bytes that are tried: with less, chance decides; more do not make the choice better."""

LEAST_SAMPLES = 4
"""Samples in any picture, as its parts differ."""

LEAST_TRIED_BYTES = 1 << 14
"""Below, trying takes longer than compressing and saves some bytes only."""

SLOW_GAIN = 0.95
"""Size with a slow filter over size with a fast one, above which the fast one is taken: 5 % is worth a millisecond for
a CT slice."""

NEAR_WINDOW_BITS = 10
"""Matches within 1 KiB: differences between noisy pixels are shorter as single bytes than as far matches."""

FAR_WINDOW_BITS = 15
"""Matches as far as deflate allows, for drawings, text and repeated colours (RFC 1951)."""


class RowCoding(NamedTuple):
    """How the rows of one picture are filtered and compressed.

    Attributes
    ----------
    row_filter : RowFilter
    window_bits : int
        Matches reach back ``2 ** window_bits`` bytes.
    is_even : bool
        True where the rows are alike throughout.
    """

    row_filter: RowFilter
    window_bits: int
    is_even: bool = False


_SLOW = (RowFilter.PAETH, RowFilter.CHANGING)
_FAST = tuple(kind for kind in FILTERS if kind not in _SLOW)
_GAIN = dict.fromkeys(_SLOW, SLOW_GAIN)


NOISE_SHARE = 0.9
"""Differences from the average of two neighbours over those from one of them, below which a picture may be noise. Of
independent noise it is the square root of 3/4, 0.87."""

LEAST_NOISE = 3
"""Mean difference in grey levels that is noise."""

MOST_EQUAL_NOISE, MOST_EQUAL = 0.08, 0.2
"""Share of pixels that equal their neighbour, above which a picture is no noise, and no tissue: a drawing, a picture
that a lossy codec or an enlargement has smoothed, one of few grey levels."""

LEAST_INSIDE = 0.35
"""Share of pixels between black and white, below which flat areas decide what compresses best."""

LEAST_INSIDE_FOR_UP = 0.05
"""The same where the row above is the nearest guess of all: it repeats itself in flat areas, too."""

LEAST_DIFFERENCE = 1
"""The same of the mean difference: below it most differences are none."""

UP_FOR_SPEED = 1.2
"""Differences from the row above over the smallest, up to which it is taken: a few per cent larger, in a fifth of the
time."""

LOOKED_AT_ROWS = 6
"""Rows in the middle three quarters of a picture that are looked at."""


def choose_coding(pixels: Pixels, compressed_size: Callable[[Bytes, int], int]) -> RowCoding:
    """The filter and window that compress a sample of the rows best.

    Parameters
    ----------
    pixels : (rows, columns) uint8 or uint16, or (rows, columns, 3) uint8
    compressed_size : callable of ((n, row bytes + 1) uint8, window bits)
        Size in bytes after compression.
    """
    if pixels.nbytes < LEAST_TRIED_BYTES:
        return RowCoding(RowFilter.AVERAGE, FAR_WINDOW_BITS)
    bits = FAR_WINDOW_BITS if pixels.dtype == np.uint16 else NEAR_WINDOW_BITS
    seen = _by_looks(pixels) if bits == NEAR_WINDOW_BITS and pixels.ndim == 2 else None
    if seen is not None:
        return seen
    sample = _sample(pixels)
    if not sample.size:
        return RowCoding(RowFilter.NONE, FAR_WINDOW_BITS)
    near, band = _gathered(pixels, sample)
    trials = {kind: _tagged(near, kind, band) for kind in _FAST}
    sizes = {kind: compressed_size(trial, bits) for kind, trial in trials.items()}
    if min(sizes, key=sizes.__getitem__) is not RowFilter.AVERAGE:  # it is best in noise, where no other gains more
        trials |= _slow_trials(near, band, trials)
        sizes |= {kind: compressed_size(trials[kind], bits) for kind in _SLOW}
    best = min(sizes, key=lambda kind: sizes[kind] / _GAIN.get(kind, 1))
    if bits != FAR_WINDOW_BITS and compressed_size(trials[best], FAR_WINDOW_BITS) <= sizes[best]:
        bits = FAR_WINDOW_BITS
    return RowCoding(best, bits)


def filtered_bands(pixels: Pixels, kind: RowFilter) -> Iterator[Bytes]:
    """Yield the filtered rows, a band at a time: (rows, row bytes + 1) uint8, the filter type first in each row."""
    if kind is RowFilter.UP and pixels.ndim == 2 and pixels.dtype == np.uint8 and pixels.nbytes <= BAND_BYTES:
        yield _up(pixels)
        return
    count = max(1, BAND_BYTES // (pixels[:1].nbytes))
    kinds = _kinds(pixels) if kind is RowFilter.CHANGING else None
    for start in range(0, len(pixels), count):
        band = _band(pixels, start, start + count)
        rows = _tagged(band.near(), kind, band) if kinds is None else _changing(band, kinds[start : start + count])
        rows[_black_rows(band)] = 0  # without a filter: so black rows are one run of zeros
        yield rows


def _up(pixels: Pixels) -> Bytes:
    """A small grey picture, each row minus the one above, in one step."""
    rows = np.empty((len(pixels), pixels.shape[1] + 1), np.uint8)
    rows[:, 0] = RowFilter.UP
    rows[0, 1:] = pixels[0]
    np.subtract(pixels[1:], pixels[:-1], out=rows[1:, 1:])
    if np.count_nonzero(pixels[:, pixels.shape[1] // 2]) < MOSTLY_BLACK * len(pixels):
        rows[~pixels.any(axis=1)] = 0  # as in all bands; in a picture that is full it saves nothing
    return rows


MOSTLY_BLACK = 0.5
"""Part of the rows that may be black in the middle before it pays to look for black rows: each costs four bytes."""


# --- bytes and their neighbours --------------------------------------------------------------------------


class _Band(NamedTuple):
    """Rows of bytes, each with a margin of one black pixel on its left; before them the row above.

    So each byte's neighbours lie at fixed distances before it, and a filter is arithmetic of whole 1-D arrays. What
    it makes of the margins is thrown away.

    Attributes
    ----------
    flat : 1-D uint8
        A margin, then rows of `width` bytes.
    margin, width : int
        Bytes.
    """

    flat: Bytes
    margin: int
    width: int

    @property
    def grid(self) -> Bytes:
        """(rows + 1, width), the row above first."""
        return self.flat[self.margin :].reshape(-1, self.width)

    def near(self) -> Near:
        return _near(self.flat[self.width :], self.flat[: -self.width], self.margin)


def _band(pixels: Pixels, start: int, stop: int) -> _Band:
    """Rows `start` to `stop`, black outside the picture; 16-bit samples with the high byte first (PNG 7.1)."""
    margin = pixels.dtype.itemsize * (3 if pixels.ndim == 3 else 1)
    rows = pixels[max(start - 1, 0) : stop]
    raw = np.ascontiguousarray(rows.astype(">u2") if pixels.dtype == np.uint16 else rows).view(np.uint8)
    raw = raw.reshape(len(rows), -1)
    width = margin + raw.shape[1]
    is_top = int(start == 0)
    band = _Band(np.empty(margin + (len(raw) + is_top) * width, np.uint8), margin, width)
    band.flat[: margin + is_top * width] = 0
    band.grid[:, :margin] = 0
    band.grid[is_top:, margin:] = raw
    return band


def _near(here: Bytes, above: Bytes, margin: int) -> Near:
    """From the rows and the rows above, each after one more margin."""
    return Near(here[margin:], here[:-margin], above[margin:], above[:-margin])


def _near_rows(band: _Band, rows: NDArray[np.intp]) -> Near:
    """The same of some rows of a band."""
    here, above = (np.zeros(band.margin + rows.size * band.width, np.uint8) for _ in range(2))
    here[band.margin :].reshape(-1, band.width)[:] = band.grid[rows + 1]
    above[band.margin :].reshape(-1, band.width)[:] = band.grid[rows]
    return _near(here, above, band.margin)


def _gathered(pixels: Pixels, rows: NDArray[np.intp]) -> tuple[Near, _Band]:
    """The same of some rows of the picture."""
    here, above = _band(pixels[rows], 0, rows.size), _band(pixels[np.maximum(rows - 1, 0)], 0, rows.size)
    above.grid[1:][rows == 0] = 0
    return _near(here.flat[here.width :], above.flat[here.width :], here.margin), here


# --- filtered rows ---------------------------------------------------------------------------------------


def _tagged(near: Near, kind: RowFilter, band: _Band) -> Bytes:
    """(rows, row bytes + 1): filtered, the filter type in the last byte of the margin."""
    rows = FILTERS[kind](near).reshape(-1, band.width)[:, band.margin - 1 :]
    rows[:, 0] = kind
    return np.ascontiguousarray(rows)


def _by_looks(pixels: Pixels) -> RowCoding | None:
    """The coding of noise and of tissue, from a look at some rows; None where only trying tells, as for drawings.

    A tenth of the price of trying all filters on a sample. Over 160 pictures of public files of all kinds, half of
    which it decides, files are 1 % larger than by trying.
    """
    near = pixels[_rows_to_see(len(pixels))].astype(np.int16)  # each row after the one above it
    above, left, here = near[0, :, 1:], near[1, :, :-1], near[1, :, 1:]
    if here.size == 0:
        return None
    guesses = np.empty((3, *here.shape), np.int16)
    guesses[0], guesses[1], guesses[2] = left, above, left + above >> 1
    differences = np.abs(guesses - here)
    sums = differences.sum(axis=(1, 2)).tolist()
    inside = (here > 0) & (here < 255)  # what the window cuts off is flat, noise or not
    inner, equal = int(np.count_nonzero(inside)), int(np.count_nonzero(inside & (differences[0] == 0)))
    is_noise = sums[2] >= LEAST_NOISE * here.size and sums[2] < NOISE_SHARE * min(sums[:2])
    if is_noise and equal < MOST_EQUAL_NOISE * inner:
        return RowCoding(RowFilter.UP, NEAR_WINDOW_BITS, is_even=True)
    least = min(sums)
    if equal >= MOST_EQUAL * inner or least < LEAST_DIFFERENCE * here.size:
        return None
    if inner < LEAST_INSIDE * here.size and (sums[1] > least or inner < LEAST_INSIDE_FOR_UP * here.size):
        return None
    best = RowFilter.UP if sums[1] <= UP_FOR_SPEED * least else _GUESSED[sums.index(least)]
    return RowCoding(best, NEAR_WINDOW_BITS)


_GUESSED = (RowFilter.SUB, RowFilter.UP, RowFilter.AVERAGE)


@lru_cache(maxsize=16)
def _rows_to_see(count: int) -> NDArray[np.intp]:
    """(2, rows): the rows to look at, after those above them."""
    rows = count // 8 + (2 * np.arange(LOOKED_AT_ROWS) + 1) * 3 * count // (8 * LOOKED_AT_ROWS)
    return np.stack((rows - 1, rows))


def _slow_trials(near: Near, band: _Band, fast: Mapping[RowFilter, Bytes]) -> dict[RowFilter, Bytes]:
    """The sample, filtered in the ways that cost time."""
    trials = {**fast, RowFilter.PAETH: _tagged(near, RowFilter.PAETH, band)}
    least = np.argmin([_magnitudes(trial[:, 1:]) for trial in trials.values()], axis=0)
    changing = np.stack(list(trials.values()))[least, np.arange(least.size)]
    return {RowFilter.PAETH: trials[RowFilter.PAETH], RowFilter.CHANGING: changing}


def _sample(pixels: Pixels) -> NDArray[np.intp]:
    """Groups of rows, evenly spread over those that are not all of one colour; none where there are no such."""
    probed = np.arange(0, len(pixels), max(SAMPLE_ROWS, len(pixels) // MOST_PROBES))
    probes = pixels[probed].reshape(probed.size, -1)
    step = pixels.shape[2] if pixels.ndim == 3 else 1
    has_content = (probes[:, step:] != probes[:, :-step]).any(axis=1)
    starts = probed[has_content]
    wanted = min(max(pixels.nbytes * SAMPLED_PART, LEAST_SAMPLE_BYTES), MOST_SAMPLE_BYTES)
    count = min(starts.size, max(LEAST_SAMPLES, int(wanted) // (SAMPLE_ROWS * pixels[:1].nbytes)))
    chosen = starts[(2 * np.arange(count) + 1) * starts.size // (2 * count)]
    rows = (chosen[:, np.newaxis] + np.arange(SAMPLE_ROWS)).ravel()
    return np.asarray(rows[rows < len(pixels)])


def _kinds(pixels: Pixels) -> NDArray[np.intp]:
    """A filter for each row: for each group that which leaves the least differences in one of its rows.

    In parts, so that a large picture is not filtered in all ways at once.
    """
    return np.concatenate([_kinds_of(pixels, start) for start in range(0, len(pixels), KINDS_ROWS)])


def _kinds_of(pixels: Pixels, start: int) -> NDArray[np.intp]:
    stop = min(start + KINDS_ROWS, len(pixels))
    tried = np.minimum(np.arange(start, stop, GROUP_ROWS) + GROUP_ROWS // 2, stop - 1)
    near, band = _gathered(pixels, tried)
    least = np.argmin([_magnitudes(_tagged(near, kind, band)[:, 1:]) for kind in FILTERS], axis=0)
    return np.asarray(np.repeat(least, GROUP_ROWS)[: stop - start])


def _changing(band: _Band, kinds: NDArray[np.intp]) -> Bytes:
    """Each row by its own filter."""
    out = np.empty((kinds.size, band.width - band.margin + 1), np.uint8)
    for kind in np.unique(kinds):
        rows = np.flatnonzero(kinds == kind)
        out[rows] = _tagged(_near_rows(band, rows), RowFilter(kind), band)
    return out


def _black_rows(band: _Band) -> NDArray[np.intp]:
    inside = band.grid[1:]
    maybe = np.flatnonzero(inside[:, band.width // 2] == 0)  # a look at their middle rules most out
    return np.asarray(maybe[~inside[maybe].any(axis=1)])


def _magnitudes(differences: Bytes) -> NDArray[np.uint32]:
    """Sum of the absolute differences of each row, taken as signed: -128 counts 128."""
    absolute = np.abs(differences.view(np.int8)).view(np.uint8)
    return np.asarray(absolute.sum(axis=1, dtype=np.uint32))
