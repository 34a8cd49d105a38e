// One group, large: a dialog in which its pictures are scrolled through, as at a reading station.

const CACHED = 24; // pictures kept decoded; a dozen to either side of where one reads
const NEIGHBOURS = [1, -1, 2, -2, 3, 4]; // fetched ahead, the likeliest first
const LATE_MS = 150; // a picture that takes longer is announced, and the old one no longer shown in its place
const SAID_MS = 300; // pause in scrolling after which the position is spoken
const NOTCH = 50; // wheel travel, in pixels, that makes one step; a mouse gives 100 and more a notch
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
const PAN = { ArrowRight: [60, 0], ArrowLeft: [-60, 0], ArrowDown: [0, 60], ArrowUp: [0, -60] };

const byId = (id) => document.getElementById(id);
const counted = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
const countOf = (group) => group.pictures.names.length;
const urlOf = (group, index) => group.pictures.prefix + group.pictures.names[index] + group.pictures.suffix;
const isFilm = (url) => /\.(mp4|webm)$/i.test(url);
const prefersStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function made(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

function fileName(url) {
  const name = url.split("/").pop();
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // bytes that are not UTF-8
  }
}

// Pictures by URL, the last used at the end. `changed` is called when one has arrived or has failed.
function pictureCache(changed) {
  const held = new Map();

  function fetched(url) {
    const film = isFilm(url);
    const node = document.createElement(film ? "video" : "img");
    const entry = { url, node, film, state: "loading" };
    const settle = (state) => () => {
      entry.state = state;
      changed(entry);
    };
    node.addEventListener(film ? "loadeddata" : "load", settle("ready"), { once: true });
    node.addEventListener("error", settle("broken"), { once: true });
    if (film) Object.assign(node, { controls: true, loop: true, muted: true, playsInline: true });
    else Object.assign(node, { decoding: "sync", draggable: false });
    node.src = url;
    return entry;
  }

  return {
    get(url) {
      const entry = held.get(url) ?? fetched(url);
      held.delete(url);
      held.set(url, entry);
      if (held.size > CACHED) held.delete(held.keys().next().value);
      return entry;
    },
    clear: () => held.clear(),
  };
}

// `neighbour(group, by)` gives the group before or after, `moved` hears of every new picture, `closed` of the end.
function makeViewer({ neighbour, moved, closed }) {
  const dialog = byId("viewer");
  const stage = byId("stage");
  const message = byId("viewer-message");
  const slider = byId("viewer-slider");
  const details = byId("viewer-details");
  const button = (name) => dialog.querySelector(`[data-do="${name}"]`);
  const cache = pictureCache((entry) => entry === current && paint());
  let group = null;
  let index = 0;
  let current = null; // the cache's entry of the picture that belongs here
  let playing = 0; // timer of the next picture
  let late = 0;
  let said = 0;

  function open(wanted, at = 0) {
    group = wanted;
    describe();
    const isHeld = dialog.open && ![slider, stage, dialog, document.body].includes(document.activeElement);
    if (!dialog.open) {
      showDetails(matchMedia("(min-width: 900px)").matches);
      dialog.showModal();
    }
    pause();
    show(at);
    if (!isHeld || document.activeElement.hidden) (slider.hidden ? stage : slider).focus();
  }

  function describe() {
    const count = countOf(group);
    byId("viewer-title").textContent = group.title;
    byId("viewer-section").textContent = group.section;
    byId("viewer-facts").replaceChildren(
      ...group.details.flatMap(([label, value]) => [made("dt", "", label), made("dd", "", value)]),
      made("dt", "", "Pictures"), made("dd", "", count.toLocaleString("en")));
    const notes = byId("viewer-notes");
    notes.hidden = group.notes.length === 0;
    notes.querySelector("ul").replaceChildren(...group.notes.map((text) => made("li", "", text)));
    slider.max = Math.max(1, count);
    slider.hidden = byId("viewer-rate").hidden = count < 2;
    button("play").hidden = count < 2 && !(count === 1 && isFilm(urlOf(group, 0)));
    for (const [name, by] of [["previous-series", -1], ["next-series", 1]])
      button(name).setAttribute("aria-disabled", String(!neighbour(group, by)));
  }

  function show(wanted) {
    const count = countOf(group);
    index = Math.min(Math.max(wanted, 0), Math.max(count - 1, 0));
    current?.node.pause?.();
    current = count ? cache.get(urlOf(group, index)) : null;
    const place = count ? index + 1 : 0;
    slider.value = place;
    slider.setAttribute("aria-valuetext", `${place} of ${count}`);
    byId("viewer-position").textContent = `${place} / ${count}`;
    const link = byId("viewer-file");
    link.hidden = !current;
    if (current) link.href = current.url;
    paint();
    if (!playing) announce();
    moved(group, index);
  }

  // Shows what the current entry holds by now. It never leaves another picture standing under this position.
  function paint() {
    clearTimeout(late);
    dialog.setAttribute("aria-busy", String(current?.state === "loading"));
    if (!current) return say(`This series has no pictures.${group.notes.length ? " Its notes say why." : ""}`);
    if (current.state === "broken")
      return say(`This picture cannot be shown: ${fileName(current.url)} is missing or damaged. The page needs the folders that were written beside it.`);
    if (current.state === "loading") {
      late = setTimeout(() => say("Loading …"), LATE_MS);
      return undefined;
    }
    message.hidden = true;
    if (!current.film) current.node.alt = `${group.title}, picture ${index + 1} of ${countOf(group)}`;
    else current.node.setAttribute("aria-label", `${group.title}, film ${index + 1} of ${countOf(group)}`);
    scale();
    if (current.node.parentNode !== stage) {
      stage.querySelector("img, video")?.remove();
      stage.prepend(current.node);
    }
    for (const by of NEIGHBOURS) if (index + by >= 0 && index + by < countOf(group)) cache.get(urlOf(group, index + by));
    cache.get(current.url);
    return undefined;
  }

  function say(text) {
    stage.querySelector("img, video")?.remove();
    message.textContent = text;
    message.hidden = false;
    if (current?.state === "broken") announce();
  }

  function scale() {
    const actual = stage.classList.contains("actual");
    const { node } = current;
    const width = node.naturalWidth ?? node.videoWidth;
    node.style.width = actual ? `${width / devicePixelRatio}px` : "";
  }

  function announce() {
    clearTimeout(said);
    said = setTimeout(() => {
      const trouble = message.hidden ? "" : `. ${message.textContent}`;
      // A slider that has the focus speaks for itself.
      const text = trouble || document.activeElement !== slider ? `Picture ${index + 1} of ${countOf(group)}${trouble}` : "";
      byId("viewer-status").textContent = countOf(group) ? text : message.textContent;
    }, SAID_MS);
  }

  function step(by) {
    if (playing) pause();
    show(index + by);
  }

  function play() {
    if (current?.film) return void (current.node.paused ? current.node.play().catch(() => {}) : current.node.pause());
    if (playing) return pause();
    if (countOf(group) < 2) return undefined;
    const advance = () => {
      playing = setTimeout(advance, 1000 / Number(byId("viewer-rate").value));
      if (current.state !== "loading") show((index + 1) % countOf(group));
    };
    playing = setTimeout(advance, 0);
    markPlaying(true);
    return undefined;
  }

  function pause() {
    if (!playing) return;
    clearTimeout(playing);
    playing = 0;
    markPlaying(false);
    announce();
    moved(group, index);
  }

  function markPlaying(is) {
    button("play").classList.toggle("playing", is);
    button("play").setAttribute("aria-label", is ? "Pause" : "Play");
  }

  function zoom() {
    const actual = stage.classList.toggle("actual");
    button("zoom").setAttribute("aria-pressed", String(actual));
    if (current?.state === "ready") scale();
    if (actual) stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
  }

  function showDetails(is) {
    details.hidden = !is;
    button("details").setAttribute("aria-expanded", String(is));
  }

  function goTo(by) {
    const other = neighbour(group, by);
    if (other) open(other);
  }

  const ACTIONS = {
    close: () => dialog.close(),
    zoom,
    details: () => showDetails(details.hidden),
    play,
    "previous-series": () => goTo(-1),
    "next-series": () => goTo(1),
  };
  const LETTERS = { n: "next-series", p: "previous-series", z: "zoom", i: "details" };

  function key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { target } = event;
    const takesKeys = target.matches("select, video") || details.contains(target); // they scroll and seek themselves
    if (event.shiftKey && event.key in PAN && stage.classList.contains("actual")) stage.scrollBy(...PAN[event.key]);
    else if (event.key in STEPS && !takesKeys) step(STEPS[event.key]);
    else if (event.key === " " && !target.matches("button, a, select, video")) play();
    else if (event.key.toLowerCase() in LETTERS && !target.matches("select")) ACTIONS[LETTERS[event.key.toLowerCase()]]();
    else return;
    event.preventDefault();
  }

  let travel = 0;
  function wheel(event) {
    if (event.ctrlKey || details.contains(event.target)) return;
    event.preventDefault();
    const delta = (event.deltaY || event.deltaX) * (event.deltaMode === 0 ? 1 : NOTCH);
    if (travel * delta < 0) travel = 0;
    travel += delta;
    if (Math.abs(travel) < NOTCH) return;
    step(Math.sign(travel));
    travel = 0;
  }

  // Dragging goes through the pictures (down, or to the left as one turns a page); at 1:1 it moves the picture.
  let grip = null;
  function drag(event) {
    if (!grip || event.pointerId !== grip.id) return;
    const [dx, dy] = [event.clientX - grip.x, event.clientY - grip.y];
    if (stage.classList.contains("actual")) {
      stage.scrollBy(-dx, -dy);
      [grip.x, grip.y] = [event.clientX, event.clientY];
      return;
    }
    const way = Math.abs(dy) >= Math.abs(dx) ? dy : -dx;
    const pictures = Math.trunc(way / Math.min(Math.max(stage.clientHeight / countOf(group), 4), 24));
    if (!pictures) return;
    step(pictures);
    [grip.x, grip.y] = [event.clientX, event.clientY];
  }

  function release() {
    grip = null;
    stage.classList.remove("dragging");
  }

  dialog.addEventListener("keydown", key);
  dialog.addEventListener("wheel", wheel, { passive: false });
  dialog.addEventListener("click", (event) => {
    const name = event.target.closest("[data-do]")?.dataset.do;
    if (name) ACTIONS[name]();
  });
  dialog.addEventListener("close", () => {
    pause();
    clearTimeout(late);
    clearTimeout(said);
    current?.node.pause?.();
    stage.querySelector("img, video")?.remove();
    current = null;
    cache.clear();
    closed(group);
  });
  slider.addEventListener("input", () => step(Number(slider.value) - 1 - index));
  stage.addEventListener("dblclick", (event) => event.target.matches("video") || zoom());
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.matches("video")) return;
    grip = { id: event.pointerId, x: event.clientX, y: event.clientY };
    stage.setPointerCapture(event.pointerId);
    stage.classList.add("dragging");
  });
  stage.addEventListener("pointermove", drag);
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);
  if (prefersStill()) byId("viewer-rate").value = "2";

  return { open, close: () => dialog.open && dialog.close(), isOpen: () => dialog.open, isPlaying: () => playing !== 0 };
}
