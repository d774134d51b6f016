// The class map: a grid of learners and exercises. Only the rows in sight are in the page, however large the class is.

const ROW = 30; // pixels, as in report.css
const SPARE = 8; // rows above and below those in sight
const FIXED = [
  ["name", "Learner"],
  ["points", "Points"],
];
const LAST = FIXED.length + exercises.length - 1;

const map = { row: 0, column: 0, from: -1, to: -1, printing: false };

function buildMap(onchange) {
  const narrow = exercises.length > 24;
  map.body = el("tbody", {});
  map.head = headRow();
  const groups = el(
    "tr",
    { class: "lessons", "aria-rowindex": 1 },
    el("th", { class: "name", colspan: 2 }),
    lessons.map((lesson) =>
      el(
        "th",
        { scope: "colgroup", colspan: lesson.exercises.length },
        el("span", {}, narrow ? `Lesson ${lesson.number}` : `${lesson.number} · ${lesson.title}`),
      ),
    ),
  );
  map.table = el(
    "table",
    {
      role: "grid",
      "aria-label": "Class map: learners and exercises",
      "aria-colcount": LAST + 1,
      class: narrow ? "map narrow" : "map",
    },
    el(
      "colgroup",
      {},
      el("col", { class: "name" }),
      el("col", { class: "points" }),
      exercises.map(() => el("col", {})),
    ),
    el("thead", {}, groups, map.head),
    map.body,
  );
  map.table.style.setProperty("--exercises", exercises.length || 1);
  map.scroller = el("div", { class: "map-scroll" }, map.table);
  map.about = el("p", { class: "about", "aria-live": "off" });
  map.onchange = onchange;
  map.scroller.addEventListener("scroll", () => drawRows(), { passive: true });
  map.table.addEventListener("keydown", onMapKey);
  map.table.addEventListener("click", onMapClick);
  for (const event of ["mouseover", "focusin"]) map.table.addEventListener(event, describeCell);
  return el("div", {}, map.scroller, map.about);
}

function headRow() {
  const cell = (key, label, name, column) =>
    el(
      "th",
      {
        scope: "col",
        role: "columnheader",
        class: FIXED[column]?.[0],
        "aria-sort": "none",
        "data-sort": key,
        "aria-colindex": column + 1,
      },
      el("button", { type: "button", tabindex: -1, "data-column": column, "aria-label": `Sort by ${name}` }, label),
    );
  return el(
    "tr",
    { class: "sorts", "aria-rowindex": 2 },
    FIXED.map(([key, label], column) => cell(key, label, label.toLowerCase(), column)),
    exercises.map((entry, at) => cell(String(at), entry.id, `${entry.id} ${entry.title}`, at + FIXED.length)),
  );
}

/** Show the chosen learners from the first one on. */
function resetMap() {
  map.from = map.to = -1;
  map.row = Math.min(map.row, Math.max(0, view.rows.length - 1));
  map.table.setAttribute("aria-rowcount", view.rows.length + 2);
  for (const cell of map.head.cells) {
    const sorted = cell.dataset.sort === view.sort || (view.sort === "id" && cell.dataset.sort === "name");
    cell.setAttribute("aria-sort", sorted ? (view.down ? "descending" : "ascending") : "none");
  }
  drawRows();
}

function drawRows() {
  const { scrollTop, clientHeight } = map.scroller;
  const total = view.rows.length;
  // A map that is hidden or not laid out yet has no height.
  const height = clientHeight || 20 * ROW;
  let from = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
  let to = Math.min(total, Math.ceil((scrollTop + height) / ROW) + SPARE);
  if (map.printing) [from, to] = [0, total];
  from = Math.min(from, Math.max(0, to - 1));
  if (from === map.from && to === map.to) return;
  const focused = map.table.contains(document.activeElement) && document.activeElement.closest("tbody") !== null;
  [map.from, map.to] = [from, to];
  const rows = view.rows.slice(from, to).map((who, at) => learnerRow(who, from + at));
  if (!total) rows.push(el("tr", { class: "none" }, el("td", { colspan: LAST + 1 }, "No learner fits this search.")));
  map.body.replaceChildren(spacer(from), ...rows, spacer(total - to));
  mark(focused);
}

function spacer(rows) {
  const row = el("tr", { "aria-hidden": "true", class: "spacer" });
  row.style.height = `${rows * ROW}px`;
  return row;
}

function learnerRow(who, at) {
  const states = exercises.map((entry, column) => {
    const state = who.states[column];
    return el(
      "td",
      {
        role: "gridcell",
        tabindex: -1,
        class: `v-${state}${entry.at ? "" : " edge"}${who.unstable.includes(entry.id) ? " unstable" : ""}`,
        "data-column": column + FIXED.length,
        "aria-colindex": column + FIXED.length + 1,
        "aria-label": `${entry.id} ${STATES[state].word}`,
      },
      STATES[state].sign,
    );
  });
  return el(
    "tr",
    { "data-row": at, "aria-rowindex": at + 3, class: who.handedIn ? "" : "away" },
    el(
      "th",
      { scope: "row", role: "rowheader", class: "name", "data-column": 0, tabindex: -1, "aria-colindex": 1 },
      el("div", {}, el("a", { href: learnerLink(who), tabindex: -1 }, own(who.title)), badges(who)),
    ),
    el(
      "td",
      { role: "gridcell", class: "points", "data-column": 1, tabindex: -1, "aria-colindex": 2 },
      who.scored ? num(who.points) : "–",
    ),
    states,
  );
}

/** Short words behind a name, for what an instructor should know before reading the row. */
function badges(who) {
  const words = [];
  if (who.errors.length) words.push(["grader error", "bad"]);
  if (who.standing === "missing") words.push(["missing", ""]);
  if (who.standing === "invalid") words.push(["invalid", "bad"]);
  if (who.unstable.length) words.push(["unstable", ""]);
  if (who.percent > 0) words.push(["late", ""]);
  if (!who.roster) words.push(["no roster", ""]);
  else if (who.notes.length) words.push([plural(who.notes.length + who.moreNotes, "note"), ""]);
  return words.slice(0, 2).map(([word, tone]) => el("span", { class: `badge ${tone}` }, word));
}

/** The cell that Tab reaches is the one where the arrow keys left off. */
function mark(focus) {
  for (const cell of map.table.querySelectorAll("[tabindex='0']")) cell.tabIndex = -1;
  const cell =
    map.row < 0
      ? map.head.cells[map.column].firstChild
      : (map.body.querySelector(`[data-row='${map.row}']`)?.children[map.column] ?? map.head.cells[0].firstChild);
  cell.tabIndex = 0;
  if (focus) cell.focus({ preventScroll: true });
}

/** Go to a cell: bring its row into sight, then put the focus there. */
function moveTo(row, column) {
  map.row = Math.max(-1, Math.min(view.rows.length - 1, row));
  map.column = Math.max(0, Math.min(LAST, column));
  const headHeight = map.table.tHead.offsetHeight;
  const { scroller } = map;
  if (map.row >= 0) {
    const top = map.row * ROW;
    const room = scroller.clientHeight - headHeight - ROW;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top > scroller.scrollTop + room) scroller.scrollTop = top - room;
    drawRows();
  }
  mark(true);
  const cell = document.activeElement.closest("th, td");
  const left = FIXED.reduce((sum, _, at) => sum + map.head.cells[at].offsetWidth, 0);
  if (map.column < FIXED.length) scroller.scrollLeft = 0;
  else if (cell.offsetLeft - left < scroller.scrollLeft) scroller.scrollLeft = cell.offsetLeft - left;
  else if (cell.offsetLeft + cell.offsetWidth > scroller.scrollLeft + scroller.clientWidth) {
    scroller.scrollLeft = cell.offsetLeft + cell.offsetWidth - scroller.clientWidth;
  }
}

function onMapKey(event) {
  const page = Math.max(1, Math.floor(map.scroller.clientHeight / ROW) - 3);
  const far = event.ctrlKey || event.metaKey;
  const steps = {
    ArrowUp: [map.row - 1, map.column],
    ArrowDown: [map.row + 1, map.column],
    ArrowLeft: [map.row, map.column - 1],
    ArrowRight: [map.row, map.column + 1],
    PageUp: [Math.max(0, map.row - page), map.column],
    PageDown: [map.row + page, map.column],
    Home: [far ? 0 : map.row, 0],
    End: [far ? Infinity : map.row, LAST],
  };
  if (steps[event.key] && !event.altKey) {
    event.preventDefault();
    moveTo(...steps[event.key]);
  } else if ((event.key === "Enter" || event.key === " ") && map.row >= 0) {
    event.preventDefault();
    openCell();
  }
}

function onMapClick(event) {
  const sort = event.target.closest("[data-sort]");
  const cell = event.target.closest("tbody [data-column]");
  if (sort) {
    const key = sort.dataset.sort;
    map.row = -1;
    map.column = Number(sort.firstChild.dataset.column);
    map.onchange({ sort: key, down: view.sort === key ? !view.down : key === "points" });
  } else if (cell) {
    event.preventDefault();
    map.row = Number(cell.parentNode.dataset.row);
    map.column = Number(cell.dataset.column);
    mark(false);
    openCell();
  }
}

function openCell() {
  location.hash = learnerLink(view.rows[map.row], exercises[map.column - FIXED.length]);
}

/** Say below the map what stands in the cell under the pointer or the focus. */
function describeCell(event) {
  const cell = event.target.closest("[data-column]");
  const row = event.target.closest("[data-row]");
  const entry = cell && exercises[Number(cell.dataset.column) - FIXED.length];
  const who = row && view.rows[Number(row.dataset.row)];
  if (!cell || (!who && !entry)) return;
  const parts = [];
  if (who) parts.push(own(who.title, { class: "who" }));
  if (entry) parts.push(`${entry.id} ${entry.title}`);
  if (who && entry) {
    const result = outcome(who, entry);
    parts.push(STATES[stateOf(who, entry)].word + (result ? `, ${num(result.points)} of ${entry.max}` : ""));
  } else if (who) parts.push(who.handedIn ? `${num(who.points)} of ${who.max} points` : STATES[who.standing[0]].word);
  map.about.replaceChildren(...parts.flatMap((part, at) => (at ? [" · ", part] : [part])));
}
