// One learner's page: the feedback as the learner reads it, and what only the instructor should know.

function learnerPage(who, wanted) {
  const order = view.rows.includes(who) ? view.rows : learners;
  const at = order.indexOf(who);
  const step = (by, name, sign) => {
    const other = order[at + by];
    return el(
      "a",
      other
        ? { href: learnerLink(other), class: "button step", rel: by < 0 ? "prev" : "next", title: other.title }
        : { class: "button step", "aria-disabled": "true" },
      by < 0 ? `${sign} ${name}` : `${name} ${sign}`,
    );
  };
  return el(
    "div",
    { class: "page learner" },
    el(
      "nav",
      { class: "crumbs", "aria-label": "Learners" },
      el("a", { href: "#class", class: "button" }, "← Class"),
      el("span", { class: "place" }, `${at + 1} of ${order.length}`),
      step(-1, "Previous", "‹"),
      step(1, "Next", "›"),
    ),
    el(
      "div",
      { class: "who-head" },
      el("div", {}, el("h1", { tabindex: -1 }, own(who.title)), el("p", { class: "hint" }, identity(who))),
      el(
        "p",
        { class: "total" },
        el("strong", {}, who.scored ? num(who.points) : "–"),
        `${who.final ? "" : " so far,"} of ${who.max} points`,
      ),
    ),
    standing(who),
    forYou(who),
    lessons.map((lesson) => lessonCard(who, lesson, wanted)),
  );
}

function identity(who) {
  const parts = [own(who.id)];
  if (who.email) parts.push(own(who.email));
  if (who.at) parts.push(`handed in ${when(who.at)}`);
  return parts.flatMap((part, at) => (at ? [" · ", part] : [part]));
}

/** What was taken off, and why nothing is graded where nothing is. */
function standing(who) {
  const lines = [who.about, who.mark, who.late].filter(Boolean);
  if (who.percent > 0) lines.push(`Points: ${num(who.raw)} earned − ${num(who.percent)} % = ${num(who.points)}.`);
  if (who.extension > 0) lines.push(`The due date is ${plural(num(who.extension), "day")} later by an extension.`);
  return lines.length
    ? el(
        "div",
        { class: "standing" },
        lines.map((line) => el("p", { dir: "auto" }, line)),
      )
    : null;
}

/** Flags and notes. They are not printed, so that the printed page can be handed to the learner. */
function forYou(who) {
  const lines = [
    ...who.errors.map((text) => ["Grader error", text]),
    ...who.unstable.map((id) => ["Unstable", `${id} ended in another way on a second try; the better one counts.`]),
    ...(who.roster ? [] : [["Roster", "This id is not in the roster."]]),
    ...who.notes.map((text) => ["Note", text]),
    ...(who.moreNotes ? [["Note", `and ${who.moreNotes} more`]] : []),
    ...raw.pairs.list.flatMap((pair, at) => (pair.who.includes(who.key) ? [["Similar", pairLink(pair, at)]] : [])),
  ];
  if (who.source) lines.push(["Upload", who.source]);
  if (!lines.length) return null;
  return el(
    "section",
    { class: `for-you${who.errors.length ? " alarm" : ""}` },
    el("h2", {}, "For you, not for the learner"),
    el(
      "dl",
      {},
      lines.flatMap(([name, text]) => [el("dt", {}, name), el("dd", { dir: "auto" }, text)]),
    ),
  );
}

function lessonCard(who, lesson, wanted) {
  const grade = who.lessons[lesson.place];
  const columns = exercises.filter((entry) => entry.lesson === lesson);
  const results = columns.map((entry) => outcome(who, entry));
  const points = results.reduce((sum, result) => sum + (result?.points ?? 0), 0);
  const card = el(
    "section",
    { class: "lesson", "aria-labelledby": `lesson-${lesson.number}` },
    el(
      "header",
      {},
      el("h2", { id: `lesson-${lesson.number}` }, `Lesson ${lesson.number} · ${lesson.title}`),
      el(
        "span",
        {},
        grade.outcomes.length || (who.scored && !grade.unknown)
          ? `${grade.unknown ? "so far " : ""}${num(points)} of ${lesson.max} points`
          : `${lesson.max} points`,
      ),
    ),
  );
  if (grade.late) card.append(el("p", { class: "hint" }, grade.late));
  if (grade.about) card.append(el("p", { class: grade.unknown ? "fault" : "hint" }, grade.about));
  if (!grade.outcomes.length) return card;
  const bar = el("div", { class: "bar", "aria-hidden": "true" }, el("div"));
  bar.firstChild.style.width = `${lesson.max ? (points / lesson.max) * 100 : 0}%`;
  // Open is what the learner is told: all but what passed or was not begun, and what stopped the whole lesson once.
  const stops = new Set();
  const opened = (entry, result) => {
    const stop = "ct".includes(result.verdict) && sameStop(message(result.messageAt));
    const again = stop && stops.has(stop);
    stops.add(stop);
    return wanted === entry.id || (!"pn".includes(result.verdict) && !again);
  };
  card.append(
    bar,
    ...columns.map((entry, at) =>
      results[at] ? exerciseRow(who, entry, results[at], opened(entry, results[at])) : "",
    ),
  );
  return card;
}

/** What stopped an exercise, without the rows that speak of the exercise itself (see same_stop in shown.py). */
function sameStop(said) {
  return said && JSON.stringify([said.kind, said.rows.filter(([label]) => !OWN_ROWS.has(label))]);
}
const OWN_ROWS = new Set(["Expected", "Look at", "Stuck?"]);

function exerciseRow(who, entry, result, opened) {
  const state = stateOf(who, entry);
  const row = el(
    "details",
    { class: "exercise", "data-exercise": entry.id },
    el(
      "summary",
      {},
      el("span", { class: `swatch v-${state}`, "aria-hidden": "true" }, STATES[state].sign),
      el("span", { class: "id" }, entry.id),
      el("span", { class: "title" }, entry.title),
      el("span", { class: "word" }, raw.words[result.verdict]),
      el("span", { class: "number" }, `${result.verdict === "e" ? "–" : num(result.points)}/${entry.max}`),
    ),
  );
  const fill = () => {
    if (row.children.length === 1) row.append(exerciseBody(result, who.lessons[entry.lesson.place].code?.[entry.id]));
  };
  row.addEventListener("toggle", () => {
    if (row.open) fill();
  });
  if (opened) {
    fill();
    row.open = true;
  }
  return row;
}

/** The learner's code, at the line that the message names. */
function codeAt([file, first, meant, text]) {
  return el(
    "figure",
    { class: "excerpt" },
    el("figcaption", { class: "hint" }, `${file}, line ${meant}`),
    el(
      "pre",
      { tabindex: 0 },
      text.split("\n").map((line, at) =>
        el(
          "span",
          { class: first + at === meant ? "line here" : "line" },
          el("span", { class: "line-number" }, `${first + at} `),
          `${line}\n`,
        ),
      ),
    ),
  );
}

function exerciseBody(result, code) {
  const checks = checksOf(result);
  const said = message(result.messageAt);
  const list = el(
    "ul",
    { class: "plain" },
    checks.map((check) =>
      el(
        "li",
        { class: check.hidden ? "hidden-check" : "" },
        el("span", { class: check.passed ? "mark good" : "mark bad" }, check.passed ? "✓" : "✗"),
        el("span", { class: "unseen" }, check.passed ? "passed: " : "not passed: "),
        el("span", { dir: "auto" }, ticked(check.expects || check.name)),
        check.hidden ? el("span", { class: "badge" }, "hidden") : null,
        check.message ? messageTable(check.message) : null,
      ),
    ),
  );
  const passed = (own) => {
    const some = checks.filter((check) => check.hidden === own);
    return `${some.filter((check) => check.passed).length} of ${some.length}`;
  };
  const fault = result.verdict === "e";
  const silent = !said && checks.some((check) => check.hidden && !check.passed);
  return el(
    "div",
    { class: "exercise-body" },
    fault ? el("p", { class: "fault" }, raw.says.notGraded) : messageTable(said),
    code ? codeAt(code) : null,
    !fault && silent ? el("p", {}, raw.says.hidden) : null,
    el(
      "details",
      { class: "checks", open: fault || silent },
      el(
        "summary",
        { class: "hint" },
        `${passed(false)} checks passed`,
        checks.some((check) => check.hidden)
          ? el("span", { class: "hidden-check" }, `, and ${passed(true)} hidden`)
          : null,
      ),
      fault && said ? messageTable(said) : null,
      list,
    ),
  );
}
