"""Moving pictures in a real browser: every frame is there, in order, with its pixels."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from convkit.model.picture import Picture
from convkit.writers import PICTURE_WRITERS, PictureOptions
from tests.browser.page import Page

pytestmark = pytest.mark.slow

FRAMES = 33
FRAME_MS = 100.0
ROWS, COLUMNS = 60, 81

LOSSY = 8
"""Grey levels by which an even area may differ after lossy coding."""

# Both scripts give the middle pixel of every frame, as [red, green, blue].
IMAGE_FRAMES = """
const [type, content, done] = arguments;
(async () => {
  const data = Uint8Array.from(atob(content), c => c.charCodeAt(0));
  const decoder = new ImageDecoder({data, type});
  await decoder.tracks.ready;
  const found = [];
  for (let frameIndex = 0; frameIndex < decoder.tracks.selectedTrack.frameCount; frameIndex++) {
    const {image} = await decoder.decode({frameIndex});
    found.push(middle(image, image.displayWidth, image.displayHeight));
  }
  return found;
})().then(done, error => done(String(error)));
"""
VIDEO_FRAMES = """
const [type, content, frames, frame_s, done] = arguments;
(async () => {
  const data = Uint8Array.from(atob(content), c => c.charCodeAt(0));
  const video = document.createElement('video');
  video.muted = true;
  video.src = URL.createObjectURL(new Blob([data], {type}));
  await new Promise((ready, fail) => { video.onloadeddata = ready; video.onerror = () => fail(video.error.message); });
  // `seeked` may come before there is a picture to draw: only the frame callback says which one is shown.
  const show = k => new Promise(there => {
    const look = (_, shown) => Math.round(shown.mediaTime / frame_s) === k ? there() : again();
    const again = () => video.requestVideoFrameCallback(look);
    again();
    video.currentTime = (k + 0.5) * frame_s;
  });
  await show(frames - 1); // so that the first one, too, is a new one
  const found = [];
  for (let k = 0; k < frames; k++) {
    await show(k);
    found.push(middle(video, video.videoWidth, video.videoHeight));
  }
  return [video.duration, found];
})().then(done, error => done(String(error)));
"""
MIDDLE = """
function middle(source, width, height) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d');
  context.drawImage(source, 0, 0);
  return Array.from(context.getImageData(width >> 1, height >> 1, 1, 1).data.slice(0, 3));
}
"""


def even(number: int, *, is_colour: bool) -> Picture:
    level = np.uint8(40 + 5 * number)
    grey = np.full((ROWS, COLUMNS), level, np.uint8)
    return Picture(np.stack([grey, 255 - grey, grey // 2], axis=2) if is_colour else grey)


def middles(pictures: list[Picture]) -> np.ndarray:
    found = [picture.pixels[ROWS // 2, COLUMNS // 2] for picture in pictures]
    return np.array([np.broadcast_to(one, 3) for one in found]).astype(int)


def opened(page: Page, tmp_path: Path) -> Page:
    blank = tmp_path / "blank.html"
    blank.write_text("<!doctype html><title>blank</title>")
    page.driver.get(blank.as_uri())
    page.driver.set_script_timeout(30)
    return page


@pytest.mark.parametrize("is_mixed", [False, True])
@pytest.mark.parametrize(("name", "media_type"), [("gif", "image/gif"), ("webp", "image/webp"), ("apng", "image/png")])
def test_a_browser_shows_every_frame(page: Page, tmp_path: Path, name: str, media_type: str, is_mixed: bool) -> None:
    if is_mixed and name == "apng":
        pytest.skip("apng holds one kind of picture")
    pictures = [even(i, is_colour=is_mixed and i % 2 == 1) for i in range(FRAMES)]
    content = PICTURE_WRITERS[name].encode(pictures, PictureOptions(frame_ms=FRAME_MS))
    shown = opened(page, tmp_path).driver.execute_async_script(
        MIDDLE + IMAGE_FRAMES, media_type, base64.b64encode(content).decode()
    )
    tolerance = LOSSY if name == "webp" else 0
    assert np.abs(np.array(shown) - middles(pictures)).max() <= tolerance


def test_a_browser_plays_every_frame_of_a_film(page: Page, tmp_path: Path) -> None:
    pictures = [even(i, is_colour=i % 2 == 1) for i in range(FRAMES)]
    content = PICTURE_WRITERS["mp4"].encode(pictures, PictureOptions(frame_ms=FRAME_MS))
    duration, shown = opened(page, tmp_path).driver.execute_async_script(
        MIDDLE + VIDEO_FRAMES, "video/mp4", base64.b64encode(content).decode(), FRAMES, FRAME_MS / 1000
    )
    assert duration == pytest.approx(FRAMES * FRAME_MS / 1000)
    assert np.abs(np.array(shown) - middles(pictures)).max() <= LOSSY
