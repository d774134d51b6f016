// What was found: faults of ours first, then the commonest failures, and cases that ask for a human's eye.

/** Faults of ours, each with the learners who wait for it to be mended. */
function graderErrors() {
  const rows = learners.filter((who) => who.errors.length);
  if (!rows.length) return null;
  const faults = new Map();
  for (const who of rows) for (const text of who.errors) faults.set(text, [...(faults.get(text) ?? []), who]);
  const ranked = [...faults].sort(([, left], [, right]) => right.length - left.length);
  return el(
    "section",
    { class: "panel alarm", id: "errors", "aria-labelledby": "errors-title" },
    el("h2", { id: "errors-title" }, `Grader errors: ${plural(rows.length, "grade is", "grades are")} not final`),
    el(
      "p",
      { class: "hint" },
      "These are faults of the grader or of a check, never of a learner. Mend them and grade again before you publish.",
    ),
    longList(
      ranked,
      ([text, people]) =>
        el(
          "li",
          {},
          el("strong", { dir: "auto" }, text),
          el("span", { class: "hint" }, ` · ${plural(people.length, "learner")}`),
          longList(people, (who) => el("li", {}, link(who)), { first: 12, className: "people" }),
        ),
      { first: 5 },
    ),
  );
}

/** The commonest failures, with the number of learners whom each stopped. */
function failures() {
  const section = panel(
    "failures",
    "Commonest failures",
    el("p", { class: "hint" }, "Messages that say the same, values apart, and how many learners each stopped."),
  );
  if (!raw.groups.length) section.append(el("p", {}, "No exercise failed."));
  const top = raw.groups[0]?.learners.length || 1;
  section.append(
    longList(
      raw.groups,
      (group) => {
        const where = group.exercise || `Lesson ${group.lesson}`;
        const bar = el("span", { class: "bar", "aria-hidden": "true" }, el("span"));
        bar.firstChild.style.width = `${(group.learners.length / top) * 100}%`;
        const details = el(
          "details",
          { class: "failure" },
          el(
            "summary",
            {},
            el(
              "span",
              { class: "how-many" },
              el("strong", {}, String(group.learners.length)),
              el("span", { class: "unseen" }, " learners"),
              bar,
            ),
            el("span", { class: "id" }, where),
            el(
              "span",
              { class: "telling" },
              el("span", { dir: "auto" }, ticked(str(group.telling))),
              group.hidden ? el("span", { class: "badge" }, "hidden check") : null,
              str(group.expected) ? el("small", { dir: "auto" }, "Expected ", ticked(str(group.expected))) : null,
            ),
            el("span", { class: "kind" }, group.kind.replaceAll("_", " ")),
          ),
        );
        details.addEventListener("toggle", () => {
          if (details.open && details.children.length === 1) details.append(failureBody(group, where));
        });
        return el("li", {}, details);
      },
      { first: 10 },
    ),
  );
  return section;
}

function failureBody(group, where) {
  const people = group.learners.map((place) => learners[place]);
  return el(
    "div",
    { class: "failure-body" },
    el("p", { class: "hint" }, "One example:"),
    messageTable(message(group.example)),
    el(
      "button",
      {
        type: "button",
        class: "more",
        onclick: () => {
          change({ only: new Set(group.learners), onlyName: `stopped in ${where}`, filter: "all", text: "" });
          document.getElementById("class-map").scrollIntoView();
        },
      },
      "Show these learners in the map",
    ),
    longList(people, (who) => el("li", {}, link(who)), { first: 30, className: "people" }),
  );
}

/** Everything that asks for a human's eye, each kind in a list of its own. */
function cases() {
  const many = (title, rows, text) =>
    rows.length
      ? [
          el("h3", {}, `${title} (${rows.length})`),
          longList(rows, (who) => el("li", {}, link(who), text(who).length ? [": ", text(who).join(" ")] : null)),
        ]
      : [];
  const timeouts = (who) => [
    exercises
      .filter((_, at) => who.states[at] === "t")
      .map((entry) => entry.id)
      .join(", "),
  ];
  const parts = [
    many("Invalid uploads", learners.filter(FILTERS.invalid.test), (who) => [who.problem]),
    many("Timed out", learners.filter(FILTERS.timedOut.test), timeouts),
    many("Unstable", learners.filter(FILTERS.unstable.test), (who) => [
      `${who.unstable.join(", ")}: a second try ended in another way; the better one counts.`,
    ]),
    many(
      "Not in the roster",
      learners.filter((who) => !who.roster),
      () => [],
    ),
    many(
      "Notes for you",
      learners.filter((who) => who.notes.length),
      (who) => [
        who.notes[0],
        who.notes.length > 1 ? `(and ${plural(who.notes.length + who.moreNotes - 1, "more note")})` : "",
      ],
    ),
    many("Nothing handed in", learners.filter(FILTERS.missing.test), () => []),
  ].filter((part) => part.length);
  return panel(
    "cases",
    "Cases to look at",
    parts.length
      ? el(
          "div",
          { class: "cases" },
          parts.map((part) => el("div", {}, part)),
        )
      : el("p", {}, "None."),
  );
}

/** How this report came about. */
function about() {
  const facts = [
    ["Made", when(raw.made)],
    ["Tool", `fastapi-workbook ${raw.version}`],
    ["Random seed", raw.seed === null ? "a new one for each hand-in; grades.json has them" : String(raw.seed)],
    ["Isolation", raw.isolation],
  ];
  return panel(
    "about",
    "About this run",
    el(
      "dl",
      {},
      facts.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)]),
    ),
    el(
      "p",
      { class: "hint" },
      "The seed and hidden checks are for you alone: give learners their feedback files, not this page.",
    ),
  );
}

/** A time as it was written, with its own time zone. */
function when(text) {
  const [, date, time, zone] = /^(\S+)T(\d\d:\d\d)(.*)$/.exec(text) ?? [];
  return date ? `${date} ${time} ${zone === "+00:00" || zone === "Z" ? "UTC" : zone}` : text;
}
