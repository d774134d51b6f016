// The two pictures beside the map: how the points are spread, and which exercises are the hardest.

/** A histogram of the points of those who handed in, in tenths of what can be reached. */
function distribution() {
  const graded = learners.filter((who) => who.handedIn && who.errors.length === 0);
  const max = raw.max || 1;
  const bins = Array.from({ length: 10 }, () => 0);
  for (const who of graded) bins[Math.max(0, Math.min(9, Math.floor((who.points / max) * 10)))] += 1;
  const top = Math.max(1, ...bins);
  const [width, height, left, base] = [480, 190, 8, 162];
  const step = (width - 2 * left) / 10;
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    class: "histogram",
    "aria-label": `Distribution of points: ${bins.map((count, at) => `${at * 10} to ${at * 10 + 10} %: ${count}`).join("; ")}`,
  });
  bins.forEach((count, at) => {
    const tall = (count / top) * (base - 26);
    const x = left + at * step;
    picture.append(svg("rect", { x: x + 3, y: base - tall, width: step - 6, height: tall, rx: 2 }));
    if (count) picture.append(svg("text", { x: x + step / 2, y: base - tall - 6, class: "count" }, String(count)));
  });
  picture.append(svg("line", { x1: left, x2: width - left, y1: base + 0.5, y2: base + 0.5 }));
  for (let at = 0; at <= 10; at += 2) {
    picture.append(
      svg(
        "text",
        { x: left + at * step, y: base + 18, class: at === 0 ? "start" : at === 10 ? "end" : "" },
        `${at * 10} %`,
      ),
    );
  }
  const points = graded.map((who) => who.points).sort((a, b) => a - b);
  const middle = points.length ? (points[(points.length - 1) >> 1] + points[points.length >> 1]) / 2 : 0;
  const mean = points.reduce((sum, value) => sum + value, 0) / (points.length || 1);
  return panel(
    "distribution",
    "Distribution of points",
    el(
      "p",
      { class: "hint" },
      points.length
        ? `${plural(graded.length, "graded learner")}: median ${num(middle)}, mean ${num(mean)} of ${raw.max} points.`
        : "Nobody is graded yet.",
    ),
    picture,
  );
}

/** Exercises by the share of learners who passed them, the hardest first. */
function hardest() {
  const rows = exercises
    .map((entry, column) => {
      const states = learners
        .filter((who) => who.handedIn)
        .map((who) => who.states[column])
        .filter((state) => state !== "e" && state !== "n");
      const passed = states.filter((state) => state === "p").length;
      return { entry, passed, total: states.length, share: states.length ? passed / states.length : 1 };
    })
    .filter((row) => row.total)
    .sort((a, b) => a.share - b.share);
  const make = ({ entry, passed, total, share }) => {
    const bar = el("div", { class: "bar", "aria-hidden": "true" }, el("div"));
    bar.firstChild.style.width = `${share * 100}%`;
    return el(
      "tr",
      {},
      el("td", { class: "id" }, entry.id),
      el("td", {}, entry.title, entry.stretch ? el("span", { class: "badge" }, "stretch") : null),
      el("td", { class: "wide" }, bar),
      el("td", { class: "number" }, `${passed} of ${total}`),
    );
  };
  return panel(
    "hardest",
    "Hardest exercises",
    el("p", { class: "hint" }, "Share of those who began the exercise that passed it."),
    el("table", { class: "hardest" }, el("tbody", {}, rows.slice(0, 8).map(make))),
  );
}

/** A section of the class page. */
function panel(id, title, ...children) {
  return el(
    "section",
    { id, class: "panel", "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title` }, title),
    children,
  );
}
