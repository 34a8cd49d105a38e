// All groups: cards in sections, drawn as far as they are looked at, and the search among them.

const FIRST_CARDS = 90; // drawn at once: more than a large screen holds
const NEXT_CARDS = 150; // drawn at a time afterwards
const IDLE_CARDS = 3000; // drawn without being asked for, so that the browser's own search finds them
const SETTLE_MS = 400; // pause after which the address tells where one is; browsers refuse frequent changes

const groups = JSON.parse(byId("groups").textContent);
groups.forEach((group, index) => Object.assign(group, { index }));
const sections = byId("sections");
const query = byId("query");
const noted = byId("noted");
const cards = new Map(); // by index of the group; a card is made once
let order = groups; // what the search leaves
let sizes = new Map(); // of the sections, after the search
let drawn = 0;
let idle = 0;

// ---- thumbnails, read block by block as their cards come into sight

const blocks = [...document.querySelectorAll("script.thumbnails")];
const readBlocks = new Map();

function block(number) {
  if (!readBlocks.has(number)) readBlocks.set(number, JSON.parse(blocks[number].textContent));
  return readBlocks.get(number);
}

function thumbnailOf(group) {
  const size = block(0).length;
  const inline = block(Math.floor(group.index / size))[group.index % size];
  if (inline || !countOf(group)) return inline;
  return urlOf(group, Math.floor(countOf(group) / 2));
}

// A film shows its first picture; the browser reads no more of it than that.
function filmOf(url, alt) {
  const film = made("video");
  Object.assign(film, { muted: true, playsInline: true, preload: "metadata", src: url });
  film.setAttribute("aria-label", alt);
  return film;
}

function showThumbnail(item) {
  seen.unobserve(item);
  const group = groups[item.dataset.group];
  const image = item.querySelector("img");
  if (!image || image.src) return;
  const url = thumbnailOf(group);
  let shown = image;
  const blank = () => shown.replaceWith(made("span", "blank", countOf(group) ? "No preview" : "No pictures"));
  if (!url) return void blank();
  if (isFilm(url)) {
    shown = filmOf(url, image.alt);
    image.replaceWith(shown);
  }
  shown.addEventListener("error", blank, { once: true });
  if (shown === image) image.src = url;
}

const seen = new IntersectionObserver(
  (entries) => entries.forEach((entry) => entry.isIntersecting && showThumbnail(entry.target)),
  { rootMargin: "500px 0px" });

// ---- cards

function cardOf(group) {
  if (cards.has(group.index)) return cards.get(group.index);
  const item = made("li");
  item.dataset.group = group.index;
  const card = made("button", "card");
  card.type = "button";
  const titleId = `title-${group.index}`;
  const metaId = `meta-${group.index}`;
  const thumbnail = made("span", "thumbnail");
  const image = made("img");
  image.alt = `Preview of ${group.title}`;
  image.decoding = "async";
  thumbnail.append(image);
  if (countOf(group) > 1) thumbnail.append(made("span", "count", countOf(group).toLocaleString("en")));
  const title = made("span", "title", group.title);
  title.id = titleId;
  title.title = group.title;
  const meta = made("span", "meta");
  meta.id = metaId;
  meta.append(made("span", "facts", group.details.map(([, value]) => value).join(" · ")));
  if (group.notes.length) meta.append(made("span", "flag", counted(group.notes.length, "note", "notes")));
  meta.append(made("span", "hidden", counted(countOf(group), "picture", "pictures")));
  card.setAttribute("aria-labelledby", titleId);
  card.setAttribute("aria-describedby", metaId);
  card.setAttribute("aria-haspopup", "dialog");
  card.append(thumbnail, title, meta);
  item.append(card);
  cards.set(group.index, item);
  seen.observe(item);
  return item;
}

function sectionOf(group) {
  const last = sections.lastElementChild;
  if (last && last.dataset.section === group.section) return last.querySelector("ul");
  const section = made("section");
  section.dataset.section = group.section;
  if (group.section) {
    const heading = made("h2");
    heading.id = `section-${group.index}`;
    section.setAttribute("aria-labelledby", heading.id);
    const size = `${sizes.get(group.section).toLocaleString("en")} series`;
    heading.append(made("span", "label", group.section), made("span", "size", size));
    section.append(heading);
  }
  const list = made("ul", "grid");
  section.append(list);
  sections.append(section);
  return list;
}

function grow(count) {
  const until = Math.min(order.length, drawn + count);
  for (; drawn < until; drawn += 1) {
    const item = cardOf(order[drawn]);
    sectionOf(order[drawn]).append(item);
    if (!item.querySelector("img")?.src) seen.observe(item);
  }
  byId("more").hidden = drawn >= order.length;
}

function growWhenIdle() {
  clearTimeout(idle);
  if (drawn >= Math.min(order.length, IDLE_CARDS)) return;
  idle = setTimeout(() => {
    grow(NEXT_CARDS);
    growWhenIdle();
  }, 20);
}

function focusCard(group) {
  const place = order.indexOf(group);
  if (place < 0) return void query.focus();
  grow(place + 1 - drawn);
  cards.get(group.index).querySelector("button").focus();
}

// ---- search

const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function wordsOf(group) {
  group.words ??= folded([group.title, group.section, ...group.details.flat(), ...group.notes].join("\n"));
  return group.words;
}

function search() {
  const wanted = folded(query.value).split(/\s+/).filter(Boolean);
  const onlyNoted = noted.getAttribute("aria-pressed") === "true";
  order = groups.filter((group) =>
    (!onlyNoted || group.notes.length) && wanted.every((word) => wordsOf(group).includes(word)));
  sizes = new Map();
  for (const { section } of order) sizes.set(section, (sizes.get(section) ?? 0) + 1);
  const pictures = counted(order.reduce((sum, group) => sum + countOf(group), 0), "picture", "pictures");
  const found = order.length === groups.length ? "" : `${order.length.toLocaleString("en")} of `;
  byId("counts").textContent = `${found}${groups.length.toLocaleString("en")} series · ${pictures}`;
  byId("empty").hidden = order.length > 0 || groups.length === 0;
  drawn = 0;
  sections.replaceChildren();
  grow(FIRST_CARDS);
  growWhenIdle();
}

function clearSearch() {
  query.value = "";
  noted.setAttribute("aria-pressed", "false");
  search();
  query.focus();
}

// ---- the address: #12/30 is picture 30 of series 12

let settle = 0;
let isOurEntry = false; // true while the history holds an entry that opening the viewer made

const bare = () => location.href.split("#")[0];
const addressOf = (group, index) => `#${group.index + 1}/${index + 1}`;

function readAddress() {
  const [, series, picture] = /^#(\d+)(?:\/(\d+))?$/.exec(location.hash) ?? [];
  const group = groups[Number(series) - 1];
  if (group) return viewer.open(group, Number(picture ?? 1) - 1);
  isOurEntry = false; // the browser's own "back" has left it already
  return viewer.close();
}

function moved(group, index) {
  clearTimeout(settle);
  if (viewer.isPlaying()) return;
  settle = setTimeout(() => history.replaceState(null, "", addressOf(group, index)), SETTLE_MS);
}

function closed(group) {
  clearTimeout(settle);
  if (isOurEntry) history.back();
  else if (location.hash) history.replaceState(null, "", bare());
  isOurEntry = false;
  focusCard(group);
}

const viewer = makeViewer({
  neighbour: (group, by) => order[order.indexOf(group) + by],
  moved,
  closed,
});

function openCard(group) {
  history.pushState(null, "", addressOf(group, 0));
  isOurEntry = true;
  viewer.open(group);
}

// ---- keys in the grid: arrows go from card to card

function nextCard(from, name) {
  const all = [...sections.querySelectorAll(".card")];
  const at = all.indexOf(from);
  if (name === "ArrowRight") return all[at + 1];
  if (name === "ArrowLeft") return all[at - 1];
  const here = from.getBoundingClientRect();
  const others = name === "ArrowDown" ? all.slice(at + 1) : all.slice(0, at).reverse();
  const isOffRow = (box) => Math.abs(box.top - here.top) > here.height / 2;
  const first = others.findIndex((card) => isOffRow(card.getBoundingClientRect()));
  if (first < 0) return undefined;
  const top = others[first].getBoundingClientRect().top;
  const row = others.slice(first).filter((card) => Math.abs(card.getBoundingClientRect().top - top) < here.height / 2);
  const distance = (card) => Math.abs(card.getBoundingClientRect().left - here.left);
  return row.reduce((best, card) => (distance(card) < distance(best) ? card : best));
}

function gridKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (!/^Arrow/.test(event.key) || !event.target.matches(".card")) return;
  const next = nextCard(event.target, event.key);
  if (!next) return;
  event.preventDefault();
  next.focus();
}

// ---- begin

sections.addEventListener("click", (event) => {
  const item = event.target.closest("li[data-group]");
  if (item && event.target.closest(".card")) openCard(groups[item.dataset.group]);
});
sections.addEventListener("keydown", gridKey);
query.addEventListener("input", search);
byId("find").addEventListener("submit", (event) => event.preventDefault());
byId("clear").addEventListener("click", clearSearch);
byId("more").addEventListener("click", () => grow(NEXT_CARDS));
new IntersectionObserver(([entry]) => entry.isIntersecting && grow(NEXT_CARDS), { rootMargin: "1200px 0px" }).observe(byId("more"));
noted.addEventListener("click", () => {
  noted.setAttribute("aria-pressed", String(noted.getAttribute("aria-pressed") !== "true"));
  search();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || viewer.isOpen() || event.target.matches("input")) return;
  event.preventDefault();
  query.focus();
});
addEventListener("popstate", readAddress);
addEventListener("beforeprint", () => {
  grow(Infinity);
  sections.querySelectorAll("li").forEach(showThumbnail);
});

const withNotes = groups.filter((group) => group.notes.length).length;
byId("none").hidden = groups.length > 0;
noted.hidden = withNotes === 0;
noted.querySelector("span").textContent = withNotes.toLocaleString("en");
search(); // a browser that goes back fills in what was searched for
readAddress();
document.documentElement.dataset.ready = "";
