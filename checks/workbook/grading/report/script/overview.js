// The class at a glance: counts, and the map with what searches, filters and sorts it.

const link = (who) => el("a", { href: learnerLink(who) }, own(who.title));

function buildOverview() {
  const page = el(
    "div",
    { id: "class", class: "page" },
    tiles(),
    graderErrors(),
    mapSection(),
    el("div", { class: "columns" }, distribution(), hardest()),
    itemStatistics(),
    failures(),
    cases(),
    pairList(),
    about(),
  );
  if (!raw.lessons.length) onlyPairs(page);
  return page;
}

/** Where nothing was graded, as in `workbook similar`, there are only pairs to show. */
function onlyPairs(page) {
  for (const part of page.children) part.hidden = part.id !== "pairs";
  if (!raw.pairs.list.length) page.append(el("p", {}, "No pairs to read were found."));
}

/** The numbers at the top; each one narrows the map to its learners. */
function tiles() {
  const chosen = [
    ["errors", "Grader errors", "not final: ours to mend"],
    ["graded", "Graded"],
    ["missing", "Missing"],
    ["invalid", "Invalid uploads"],
    ["timedOut", "Timed out"],
    ["unstable", "Unstable"],
    ["late", "Late"],
    ["flagged", "Flagged"],
  ];
  return el(
    "section",
    { class: "tiles", "aria-label": "Counts" },
    chosen.map(([key, label, more]) => {
      const count = learners.filter(FILTERS[key].test).length;
      const tone = key === "errors" ? (count ? "bad" : "calm") : count ? "" : "calm";
      return el(
        "button",
        {
          type: "button",
          class: `tile ${tone}`,
          "data-filter": key,
          "aria-pressed": "false",
          onclick: () => {
            change({ filter: view.filter === key ? "all" : key, only: null });
            if (view.filter === key) document.getElementById("class-map").scrollIntoView({ block: "nearest" });
          },
        },
        el("strong", {}, String(count)),
        el("span", {}, label),
        more && count ? el("small", {}, more) : null,
      );
    }),
  );
}

/** The map with what searches, filters and sorts it. */
function mapSection() {
  const search = el("input", {
    type: "search",
    id: "search",
    placeholder: "Name, id or words of a message",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": "Search for a name, an id or words of a message",
    oninput: () => change({ text: search.value }),
  });
  const filter = el(
    "select",
    { id: "filter", onchange: () => change({ filter: filter.value }) },
    Object.entries(FILTERS).map(([key, { name }]) => el("option", { value: key }, name)),
  );
  const sort = el(
    "select",
    { id: "sort", onchange: () => change({ sort: sort.value, down: sort.value === "points" }) },
    [
      ["name", "name"],
      ["id", "id"],
      ["points", "points"],
    ].map(([key, name]) => el("option", { value: key }, name)),
    exercises.map((entry, at) => el("option", { value: at }, `exercise ${entry.id}`)),
  );
  const turn = el(
    "button",
    {
      type: "button",
      id: "turn",
      class: "square",
      "aria-label": "Turn the order round",
      onclick: () => change({ down: !view.down }),
    },
    "↓",
  );
  const count = el("span", { id: "count", role: "status" });
  const only = el("button", {
    type: "button",
    id: "only",
    class: "chip",
    hidden: true,
    onclick: () => change({ only: null }),
  });
  const legend = el(
    "ul",
    { class: "legend", "aria-label": "Legend" },
    Object.entries(STATES).map(([key, { sign, word }]) =>
      el("li", {}, el("span", { class: `swatch v-${key}`, "aria-hidden": "true" }, sign), word),
    ),
  );
  return el(
    "section",
    { id: "class-map", "aria-labelledby": "class-map-title", tabindex: -1 },
    el("h2", { id: "class-map-title" }, "Class map"),
    el(
      "div",
      { class: "tools" },
      search,
      el("label", {}, "Show ", filter),
      el("label", {}, "Sort by ", sort),
      turn,
      only,
      count,
    ),
    buildMap(change),
    legend,
  );
}

/** Change what the map shows, and everything that says so. */
function change(what = {}) {
  Object.assign(view, what);
  refreshView();
  if (!("sort" in what) && !("down" in what)) map.row = map.scroller.scrollTop = 0;
  resetMap();
  const at = (id) => document.getElementById(id);
  at("search").value = view.text;
  at("filter").value = view.filter;
  at("sort").value = view.sort;
  at("turn").textContent = view.down ? "↑" : "↓";
  at("turn").title = view.down ? "from high to low, or from Z to A" : "from low to high, or from A to Z";
  at("only").hidden = !view.only;
  at("only").textContent = view.only ? `${view.onlyName} ✕` : "";
  at("count").textContent =
    view.rows.length === learners.length
      ? plural(learners.length, "learner")
      : `${view.rows.length} of ${plural(learners.length, "learner")}`;
  for (const tile of document.querySelectorAll(".tile"))
    tile.setAttribute("aria-pressed", tile.dataset.filter === view.filter);
}
