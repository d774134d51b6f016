// Similar pairs: texts to read side by side. They accuse nobody.

const pairName = (key) => own(byKey.get(key)?.title ?? key);
const pairLink = (pair, at) =>
  el(
    "a",
    { href: `#pair=${at}` },
    "lesson ",
    String(pair.lesson),
    ": ",
    pairName(pair.who[0]),
    " and ",
    pairName(pair.who[1]),
  );

function pairList() {
  const pairs = raw.pairs.list;
  if (!pairs.length) return null;
  const make = (pair, at) =>
    el(
      "tr",
      {},
      el("td", { class: "id" }, String(pair.lesson)),
      el(
        "td",
        {},
        el("a", { href: `#pair=${pairs.indexOf(pair)}` }, pairName(pair.who[0]), " and ", pairName(pair.who[1])),
      ),
      el("td", { class: "number" }, percent(pair.shares[0])),
      el("td", { class: "number" }, percent(pair.shares[1])),
      el("td", { class: "number" }, String(pair.fragments.length)),
    );
  const body = longList(pairs, make, { first: 15, tag: "tbody", className: "" });
  const rows = body.matches("tbody") ? body : body.firstChild;
  const more = body.matches("tbody") ? null : body.lastChild;
  return panel(
    "pairs",
    "Similar pairs to read",
    el(
      "p",
      { class: "hint" },
      "Much of these texts is alike beyond what everybody was handed. That has many innocent causes, such as a shared example; read both before you think anything of it.",
    ),
    el(
      "table",
      { class: "pairs" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, "Lesson"),
          el("th", { scope: "col" }, "Learners"),
          el("th", { scope: "col", class: "number" }, "Of the first"),
          el("th", { scope: "col", class: "number" }, "Of the second"),
          el("th", { scope: "col", class: "number" }, "Passages"),
        ),
      ),
      rows,
    ),
    more,
  );
}

function pairPage(at) {
  const pair = raw.pairs.list[at];
  const panes = [0, 1].map((side) => sidePane(pair, side));
  const jump = (place) =>
    panes.forEach((pane) => {
      const line = pane.querySelector(`[data-passage~='${place}']`);
      if (line) pane.scrollTop = line.offsetTop - 40;
      for (const other of pane.querySelectorAll(".current")) other.classList.remove("current");
      for (const own of pane.querySelectorAll(`[data-passage~='${place}']`)) own.classList.add("current");
    });
  const passages = el(
    "p",
    { class: "passages" },
    "Passages: ",
    pair.fragments.map((_, place) =>
      el(
        "button",
        { type: "button", class: "square", "aria-label": `Show passage ${place + 1}`, onclick: () => jump(place) },
        String(place + 1),
      ),
    ),
  );
  return el(
    "div",
    { class: "page pair" },
    el(
      "nav",
      { class: "crumbs", "aria-label": "Pairs" },
      el("a", { href: "#pairs", class: "button" }, "← Class"),
      el("span", { class: "place" }, `pair ${at + 1} of ${raw.pairs.list.length}`),
    ),
    el("h1", { tabindex: -1 }, `Lesson ${pair.lesson}: `, pairName(pair.who[0]), " and ", pairName(pair.who[1])),
    el(
      "p",
      { class: "hint" },
      "Passages that both texts have are marked. This says nothing about where they come from.",
    ),
    passages,
    el(
      "div",
      { class: "sides" },
      panes.map((pane, side) =>
        el(
          "section",
          {},
          el(
            "h2",
            {},
            byKey.has(pair.who[side]) ? link(byKey.get(pair.who[side])) : pairName(pair.who[side]),
            el("small", {}, `${percent(pair.shares[side])} alike`),
          ),
          pane,
        ),
      ),
    ),
  );
}

/** All files of one side, line by line, with the passages marked by their numbers. */
function sidePane(pair, side) {
  const pane = el("div", {
    class: "pane",
    tabindex: 0,
    role: "region",
    "aria-label": side ? "second text" : "first text",
  });
  const files = pair.works[side] < 0 ? null : raw.pairs.works[pair.works[side]];
  if (!files)
    pane.append(
      el("p", { class: "hint" }, "This text was left out to keep the page small: open the submission itself."),
    );
  files?.forEach(([name, text], file) => {
    const marks = new Map();
    pair.fragments.forEach((part, place) => {
      const [at, start, end] = part.slice(side * 3, side * 3 + 3);
      if (at === file)
        for (let line = start; line <= Math.min(end, start + 20000); line += 1)
          marks.set(line, [...(marks.get(line) ?? []), place]);
    });
    const lines = text.split("\n");
    if (lines.at(-1) === "") lines.pop();
    pane.append(
      el("h3", {}, name),
      el(
        "ol",
        { class: "code" },
        lines.map((line, number) => {
          const own = marks.get(number + 1);
          return el(
            "li",
            own ? { class: "alike", "data-passage": own.join(" ") } : {},
            el("span", { class: "gutter", "aria-hidden": "true" }, own ? String(own[0] + 1) : ""),
            el("code", {}, own ? el("mark", {}, line || " ") : line || " "),
          );
        }),
      ),
    );
  });
  return pane;
}
