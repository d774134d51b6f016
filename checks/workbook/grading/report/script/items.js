// What the class says of each exercise: how many began it, how many passed, and whether it tells learners apart.

const items = exercises.map((entry, place) => {
  const [count, began, passed, share, discrimination] = raw.items[place];
  return { entry, count, began, passed, share, discrimination };
});
/** Below this an exercise does not tell who can do the rest. */
const LOW = 0.2;

/** The table of all exercises, and the picture of those that enough learners did. */
function itemStatistics() {
  const known = items.filter((item) => item.count);
  if (!known.length) return null;
  const odd = known.filter((item) => item.discrimination !== null && item.discrimination < LOW);
  const rows = known.map((item) =>
    el(
      "tr",
      {},
      el("td", { class: "id" }, item.entry.id),
      el("td", {}, item.entry.title, odd.includes(item) ? el("span", { class: "badge" }, "look at it") : null),
      el("td", { class: "number" }, `${item.began} of ${item.count}`),
      el("td", { class: "number" }, percent(item.passed / item.count)),
      el("td", { class: "number" }, percent(item.share)),
      el("td", { class: "number" }, item.discrimination === null ? "–" : item.discrimination.toFixed(2)),
    ),
  );
  const head = ["", "Exercise", "Began", "Passed", "Points", "Discrimination"];
  const table = el(
    "table",
    { class: "items" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        head.map((title, at) => el("th", { scope: "col", class: at > 1 ? "number" : "" }, title)),
      ),
    ),
    el("tbody", {}, rows),
  );
  return panel(
    "items",
    "Exercises",
    el(
      "p",
      { class: "hint" },
      "Discrimination is how far the points for an exercise go with the points for all the others, from −1 to 1. ",
      `Below ${LOW}, look at its text and its checks: who passes it has little to do with who passes the rest. `,
      "It takes ten learners to say anything.",
    ),
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Picture" }, scatter(known)),
    el(
      "details",
      {},
      el("summary", {}, `All ${plural(known.length, "exercise")}`),
      el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "All exercises" }, table),
    ),
  );
}

/** Each exercise by how many passed it, and how well it tells learners apart. */
function scatter(known) {
  const shown = known.filter((item) => item.discrimination !== null);
  if (!shown.length) return el("p", {}, "There are too few learners for a picture.");
  const [width, height, left, right, top, base] = [720, 280, 44, 12, 14, 236];
  const lowest = Math.min(0, ...shown.map((item) => item.discrimination));
  const x = (share) => left + share * (width - left - right);
  const y = (value) => base - ((value - lowest) / (1 - lowest)) * (base - top);
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    class: "scatter",
    "aria-label": `Exercises by share of learners who passed, and discrimination: ${shown
      .map((item) => `${item.entry.id}: ${percent(item.passed / item.count)}, ${item.discrimination}`)
      .join("; ")}`,
  });
  for (const value of [0, LOW, 0.5, 1]) {
    const place = { x1: left, x2: width - right, y1: y(value), y2: y(value) };
    picture.append(svg("line", { ...place, class: value === LOW ? "low" : "" }));
    picture.append(svg("text", { x: left - 8, y: y(value) + 4, class: "end" }, String(value)));
  }
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const turned = share === 1 ? "end" : share ? "" : "start";
    picture.append(svg("text", { x: x(share), y: base + 20, class: turned }, percent(share)));
  }
  picture.append(svg("text", { x: x(0.5), y: base + 40 }, "share of learners who passed"));
  picture.append(svg("text", { x: left + 4, y: y(1) + 16, class: "start" }, "discrimination"));
  for (const item of shown) {
    const [cx, cy] = [x(item.passed / item.count), y(item.discrimination)];
    const atEnd = cx > width - 60;
    const dot = svg("circle", { cx, cy, r: 4 }, svg("title", {}, `${item.entry.id} ${item.entry.title}`));
    const words = { x: cx + (atEnd ? -8 : 8), y: cy + 4, class: atEnd ? "end" : "start" };
    picture.append(dot, svg("text", words, item.entry.id));
  }
  return picture;
}
