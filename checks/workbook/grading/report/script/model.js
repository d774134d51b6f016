// The data of the page, decoded: the one place that knows what stands where in it (see data.py).

const raw = JSON.parse(document.getElementById("data").textContent);
const str = (place) => raw.strings[place];

/** What a cell of the class map can say: its letter, its words, and its rank when sorted (best first). */
const STATES = {
  p: { sign: "✓", word: raw.words.p, rank: 0 },
  h: { sign: "½", word: "failed, with a part of the points", rank: 1 },
  f: { sign: "✗", word: raw.words.f, rank: 2 },
  t: { sign: "T", word: raw.words.t, rank: 3 },
  c: { sign: "C", word: raw.words.c, rank: 4 },
  n: { sign: "·", word: raw.words.n, rank: 5 },
  m: { sign: "–", word: "nothing handed in", rank: 6 },
  i: { sign: "/", word: "invalid upload", rank: 7 },
  e: { sign: "!", word: "grader error", rank: 8 },
};

const lessons = raw.lessons.map((lesson, place) => ({ ...lesson, place }));
const exercises = lessons.flatMap((lesson) =>
  lesson.exercises.map(([id, title, max, stretch], at) => ({ id, title, max, stretch, lesson, at })),
);

function message(place) {
  if (place < 0) return null;
  const [kind, ...parts] = raw.messages[place];
  const rows = [];
  for (let at = 0; at < parts.length; at += 2) rows.push([str(parts[at]), str(parts[at + 1])]);
  return { kind: str(kind), rows };
}

/** What became of one exercise of a learner, or null where it was not graded. */
function outcome(learner, exercise) {
  const place = learner.lessons[exercise.lesson.place].outcomes[exercise.at] ?? -1;
  if (place < 0) return null;
  const [verdict, points, messageAt, checkset, passed, hidden] = raw.outcomes[place];
  return { verdict, points, messageAt, checkset, passed, hidden };
}

/** The checks of an outcome: what each expects, whether it passed, and a hidden one's own message. */
function checksOf(result) {
  return raw.checksets[result.checkset].map(([name, expects, hidden], at) => ({
    name: str(name),
    expects: str(expects),
    hidden: Boolean(hidden),
    passed: result.passed[at] === "1",
    message: message((result.hidden.find(([check]) => check === at) ?? [0, -1])[1]),
  }));
}

/** The letter of STATES for a cell. */
function stateOf(learner, exercise) {
  const result = outcome(learner, exercise);
  if (result) return result.verdict === "f" && result.points > 0 ? "h" : result.verdict;
  if (learner.standing === "invalid") return "i";
  return learner.lessons[exercise.lesson.place].unknown ? "e" : "m";
}

const learners = raw.learners.map((learner, place) => {
  const full = { ...learner, place, title: learner.name || learner.id };
  full.states = exercises.map((exercise) => stateOf(full, exercise));
  full.unstable = learner.lessons.flatMap((lesson) => lesson.unstable ?? []);
  full.handedIn = learner.standing === "handed_in";
  full.scored = learner.standing !== "missing"; // an invalid upload earns 0 points, as in the exports
  full.flagged = learner.notes.length > 0 || !learner.roster;
  full.plain = `${learner.name}\n${learner.id}\n${learner.email}`.toLocaleLowerCase();
  full.remarks = [learner.source, learner.problem, ...learner.notes, ...learner.errors].join("\n").toLocaleLowerCase();
  return full;
});
const byKey = new Map(learners.map((learner) => [learner.key, learner]));

/** By which the map can be filtered; the counts at the top are these too. */
const FILTERS = {
  all: { name: "everyone", test: () => true },
  errors: { name: "grader errors", test: (who) => who.errors.length > 0 },
  graded: { name: "graded", test: (who) => who.handedIn && who.errors.length === 0 },
  missing: { name: "nothing handed in", test: (who) => who.standing === "missing" },
  invalid: { name: "invalid uploads", test: (who) => who.standing === "invalid" },
  timedOut: { name: "timed out", test: (who) => who.states.includes("t") },
  crashed: { name: "crashed", test: (who) => who.states.includes("c") },
  failed: { name: "failed an exercise", test: (who) => who.states.includes("f") || who.states.includes("h") },
  open: { name: "has exercises not started", test: (who) => who.states.includes("n") },
  full: {
    name: "passed everything",
    test: (who) => who.states.length > 0 && who.states.every((state) => state === "p"),
  },
  unstable: { name: "unstable", test: (who) => who.unstable.length > 0 },
  late: { name: "late", test: (who) => who.days > 0 || who.percent > 0 },
  flagged: { name: "with notes or not in the roster", test: (who) => who.flagged },
};

/** Whose messages hold a text: found among the texts, each of which is there once. */
function learnersSaying(text) {
  const strings = new Set();
  raw.strings.forEach((entry, place) => {
    if (entry.toLocaleLowerCase().includes(text)) strings.add(place);
  });
  const messages = new Set();
  raw.messages.forEach((entry, place) => {
    if (entry.some((part) => strings.has(part))) messages.add(place);
  });
  const outcomes = new Set();
  raw.outcomes.forEach((entry, place) => {
    if (messages.has(entry[2]) || entry[5].some(([, own]) => messages.has(own))) outcomes.add(place);
  });
  return (learner) => learner.lessons.some((lesson) => lesson.outcomes.some((place) => outcomes.has(place)));
}

/** What the map shows, and in which order. */
const view = { filter: "all", only: null, text: "", sort: "name", down: false, rows: learners };
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

const SORTS = { name: (who) => who.title, id: (who) => who.id, points: (who) => (who.scored ? who.points : -1) };

/** Choose and order the learners anew. */
function refreshView() {
  const text = view.text.trim().toLocaleLowerCase();
  const says = text.length > 1 ? learnersSaying(text) : () => false;
  const key = SORTS[view.sort] ?? exerciseKey(Number(view.sort));
  const compare = (left, right) => (typeof left === "string" ? collator.compare(left, right) : left - right);
  view.rows = learners
    .filter((who) => FILTERS[view.filter].test(who) && (!view.only || view.only.has(who.place)))
    .filter((who) => !text || who.plain.includes(text) || who.remarks.includes(text) || says(who))
    .map((who) => [key(who), who])
    .sort(([left, a], [right, b]) => (view.down ? -1 : 1) * compare(left, right) || a.place - b.place)
    .map(([, who]) => who);
}

function exerciseKey(column) {
  return (who) => STATES[who.states[column]].rank * 100 - (outcome(who, exercises[column])?.points ?? 0);
}

/** The address of a learner's page. */
const learnerLink = (learner, exercise) =>
  `#learner=${encodeURIComponent(learner.key)}${exercise ? `&exercise=${exercise.id}` : ""}`;
