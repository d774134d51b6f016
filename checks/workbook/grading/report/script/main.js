// The page itself: its head, which page is shown, the keyboard, printing, light and dark.

const main = document.getElementById("main");
const help = document.getElementById("help");
let overview = null;
let current = null;
let scrolled = 0;

const KEYS = [
  ["/", "search"],
  ["m", "go to the class map"],
  ["↑ ↓ ← →", "move in the map; also Home, End, Page Up, Page Down"],
  ["Enter", "open the learner of a cell; sort by a column"],
  ["← → k j", "previous and next learner, on a learner's page"],
  ["o", "open or close all exercises, on a learner's page"],
  ["Esc", "clear the search; go back to the class"],
  ["t", "light or dark"],
  ["?", "this list"],
];

function buildHead() {
  const button = (label, name, onclick) =>
    el("button", { type: "button", class: "square", title: name, "aria-label": name, onclick }, label);
  const banner = raw.warning
    ? el(
        "p",
        { class: "banner", role: "alert" },
        el("strong", {}, `${raw.warning} `),
        raw.warning.startsWith("Not")
          ? "Submissions ran without a sandbox (--sandbox none): a submission could read or change files, other submissions and these results. "
          : null,
        raw.isolation,
      )
    : null;
  document.getElementById("top").append(
    banner ?? "",
    el(
      "div",
      { class: "head" },
      el(
        "div",
        {},
        el("a", { href: "#class", class: "course" }, own(raw.course)),
        el("p", { class: "hint" }, `Class report · ${when(raw.made)}`),
        raw.policy ? el("p", { class: "hint" }, raw.policy) : null,
      ),
      el(
        "div",
        { class: "head-tools" },
        button("◐", "Light or dark (t)", toggleTheme),
        button("?", "Keyboard shortcuts (?)", () => help.showModal()),
      ),
    ),
  );
  help.append(
    el("h2", { id: "help-title" }, "Keyboard"),
    el(
      "dl",
      {},
      KEYS.flatMap(([key, text]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)]),
    ),
    el("form", { method: "dialog" }, el("button", { class: "button" }, "Close")),
  );
}

/** Show what the address names: the class, a learner, or a pair. */
function route() {
  const hash = location.hash.slice(1);
  const found = /^learner=([^&]*)(?:&exercise=([\d.]+))?$/.exec(hash);
  const pair = /^pair=(\d+)$/.exec(hash);
  if (current === overview) scrolled = scrollY;
  const before = current;
  if (found) {
    const who = byKey.get(decoded(found[1]));
    show(who ? learnerPage(who, found[2]) : missingPage());
    document.title = `${who?.title ?? "Unknown learner"} · ${raw.course}`;
    const wanted = found[2] && main.querySelector(`[data-exercise="${found[2]}"]`);
    if (wanted) {
      wanted.scrollIntoView({ block: "center" });
      wanted.firstChild.focus({ preventScroll: true });
    }
  } else if (pair && raw.pairs.list[Number(pair[1])]) {
    show(pairPage(Number(pair[1])));
    document.title = `Similar pair · ${raw.course}`;
  } else {
    show(overview);
    document.title = `${raw.course} · class report`;
    drawRows();
    const target = hash && hash !== "class" ? document.getElementById(hash) : null;
    if (target) target.scrollIntoView();
    else if (before && before !== overview) {
      scrollTo(0, scrolled);
      if (map.row >= 0 && view.rows.length) moveTo(map.row, map.column);
    }
  }
}

function show(page) {
  if (current === page) return;
  const first = current === null;
  current = page;
  for (const other of [...main.children]) if (other !== overview) other.remove();
  overview.hidden = page !== overview;
  if (page === overview) return;
  main.append(page);
  scrollTo(0, 0);
  if (!first) page.querySelector("h1")?.focus({ preventScroll: true });
}

function missingPage() {
  return el(
    "div",
    { class: "page" },
    el("h1", { tabindex: -1 }, "No such learner"),
    el("p", {}, "This report has no learner with that id. ", el("a", { href: "#class" }, "Back to the class")),
  );
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** Steps between learners replace the address, so that "back" leads to the class. */
function stepTo(rel) {
  const target = main.querySelector(`a[rel="${rel}"]`);
  if (target) location.replace(target.getAttribute("href"));
}

function openAll() {
  const rows = [...main.querySelectorAll("details.exercise")];
  const open = rows.some((row) => !row.open);
  for (const row of rows) row.open = open;
}

function onKey(event) {
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "Escape" && !help.open) {
    if (typing) typing.blur();
    if (current !== overview) location.hash = "#class";
    else if (view.text || view.only || view.filter !== "all") change({ text: "", only: null, filter: "all" });
    return;
  }
  if (typing || help.open || event.ctrlKey || event.metaKey || event.altKey) return;
  const onLearner = current.classList.contains("learner");
  const inClass = (act) => {
    if (current === overview) return act();
    location.hash = "#class";
    return addEventListener("hashchange", act, { once: true }); // after route, which came first
  };
  const acts = {
    "/": () => inClass(() => document.getElementById("search").focus()),
    m: () => inClass(() => moveTo(Math.max(0, map.row), map.column)),
    "?": () => help.showModal(),
    t: toggleTheme,
    ...(onLearner && {
      j: () => stepTo("next"),
      k: () => stepTo("prev"),
      ArrowRight: () => stepTo("next"),
      ArrowLeft: () => stepTo("prev"),
      o: openAll,
    }),
  };
  if (!Object.hasOwn(acts, event.key)) return;
  event.preventDefault();
  acts[event.key]();
}

const dark = matchMedia("(prefers-color-scheme: dark)");

function toggleTheme() {
  const now = document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
  remember(now === "dark" ? "light" : "dark");
}

/** Keep the choice where the browser lets a file do so. */
function remember(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("workbook-theme", theme);
  } catch {
    /* the choice holds until the page is closed */
  }
}

function remembered() {
  try {
    return localStorage.getItem("workbook-theme");
  } catch {
    return null;
  }
}

/** On paper the map has all of its rows. */
function printing(on) {
  map.printing = on;
  map.from = -1;
  drawRows();
}

const theme = remembered();
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
buildHead();
overview = buildOverview();
main.append(overview);
current = null;
change();
route();
addEventListener("hashchange", route);
document.addEventListener("keydown", onKey);
addEventListener("resize", () => drawRows());
matchMedia("print").addEventListener("change", (event) => printing(event.matches));
main.addEventListener("click", (event) => {
  const step = event.target.closest("a[rel]");
  if (!step) return;
  event.preventDefault();
  stepTo(step.rel);
});
