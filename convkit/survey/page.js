/* Sorting and filtering the series, opening what a link leads to, and unfolding all for print. Without it the page
   shows the same. */
const table = document.getElementById("all-series");
const body = table?.tBodies[0];

const asNumber = (text) => {
  const found = /^-?\d+(\.\d+)?(e-?\d+)?/i.exec(text.replace(/(?<=\d),(?=\d{3})/g, ""));
  return found ? Number(found[0]) : null;
};
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function compare(one, other) {
  if (one.missing !== other.missing) return one.missing - other.missing;
  if (one.number !== null && other.number !== null && one.number !== other.number) return one.number - other.number;
  return collator.compare(one.text, other.text);
}

function sort(column) {
  const head = table.tHead.rows[0].cells[column];
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const keyed = [...body.rows].map((row) => {
    const text = row.cells[column].textContent.trim();
    return { row, text, number: asNumber(text), missing: text === "" || text === "–" ? 1 : 0 };
  });
  keyed.sort((one, other) => (one.missing || other.missing || !down ? compare(one, other) : compare(other, one)));
  body.append(...keyed.map((one) => one.row));
}

const LONG = 40;
const SHOWN_FIRST = 25; // as in the style sheet

/* What is in a row, with blanks between its parts: the texts of neighbours must not become one word. */
const wordsOf = (row) => {
  const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
  const parts = [];
  while (walker.nextNode()) {
    const { data, previousSibling } = walker.currentNode;
    parts.push(previousSibling?.nodeName === "WBR" ? data : ` ${data}`);
  }
  return parts.join("").toLowerCase();
};

/* A word is looked for where one begins, and one of a letter or two as a whole: CT is neither CTA nor in Rectum. */
const asPattern = (word) => {
  const text = word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}])${text}${word.length < 3 ? "(?![\\p{L}\\p{N}])" : ""}`, "u");
};

function prepare() {
  [...table.tHead.rows[0].cells].forEach((cell, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.textContent = cell.textContent;
    button.addEventListener("click", () => sort(column));
    cell.replaceChildren(button);
  });
  const query = document.getElementById("query");
  const troubled = document.getElementById("troubled");
  const texts = new Map([...body.rows].map((row) => [row, wordsOf(row)]));
  const more = document.getElementById("more");
  let isWhole = body.rows.length <= LONG;
  const shorten = () => {
    const isShort = !isWhole && !query.value.trim() && !troubled.checked;
    table.classList.toggle("short", isShort);
    more.hidden = !isShort;
  };
  const filter = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean).map(asPattern);
    let count = 0;
    shorten();
    for (const [row, text] of texts) {
      row.hidden = !words.every((word) => word.test(text));
      count += !row.hidden && (!troubled.checked || row.classList.contains("troubled"));
    }
    document.getElementById("shown").textContent =
      count === texts.size ? `${count.toLocaleString("en")} series` : `${count.toLocaleString("en")} of ${texts.size.toLocaleString("en")} series`;
  };
  query.parentElement.hidden = false;
  query.addEventListener("input", filter);
  troubled.addEventListener("change", filter);
  document.getElementById("find").addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => {
    isWhole = true;
    filter();
    body.rows[SHOWN_FIRST].focus({ preventScroll: true });
  });
  filter();
  return () => { query.value = ""; troubled.checked = false; isWhole = true; filter(); };
}

const showAll = table ? prepare() : () => {};

const SETTLED_MS = 600;

/* Scroll to it, and again while figures, fonts and unfolded parts above it still move it; the reader's hand ends that. */
function land(target) {
  const end = performance.now() + SETTLED_MS;
  const hand = new AbortController();
  for (const kind of ["wheel", "touchstart", "pointerdown", "keydown", "hashchange"])
    addEventListener(kind, () => hand.abort(), { signal: hand.signal, passive: true });
  const again = () => {
    if (hand.signal.aborted) return;
    target.scrollIntoView({ behavior: "instant", block: "start" });
    if (performance.now() < end) requestAnimationFrame(again);
    else hand.abort();
  };
  again();
}

/* A link into something that is folded or filtered away shows it. */
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.hidden || (target.closest("#all-series") && target.offsetParent === null)) showAll();
  let folded = target.closest("details:not([open])");
  while (folded) {
    folded.open = true;
    folded = target.closest("details:not([open])");
  }
  land(target);
  if (target.tabIndex === -1) target.focus({ preventScroll: true });
}
addEventListener("hashchange", reveal);
if (location.hash) {
  reveal();
  if (document.readyState !== "complete") addEventListener("load", reveal, { once: true });
}

let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details:not([open])")];
  for (const one of unfolded) one.open = true;
});
addEventListener("afterprint", () => { for (const one of unfolded) one.open = false; });

document.documentElement.dataset.ready = "";
