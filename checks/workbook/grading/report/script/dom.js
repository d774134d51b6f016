// Making elements. Every text goes in as text: nothing here, or anywhere in this page, makes HTML from a string.

/** An element with properties, attributes and children (strings become text nodes; null and false are left out). */
function el(name, props = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** The same for SVG. */
function svg(name, props = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(props)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** A text of a person's own, whose direction does not turn round what stands beside it. */
const own = (text, props = {}) => el("bdi", props, text);

const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** Points without needless decimals. */
const num = (value) => String(Math.round(value * 100) / 100);

const percent = (share) => `${Math.round(share * 100)} %`;

/** A list of which the first entries are shown, and the others on request. */
function longList(entries, make, { first = 12, tag = "ul", className = "plain" } = {}) {
  const list = el(tag, { class: className }, entries.slice(0, first).map(make));
  if (entries.length <= first) return list;
  const more = el(
    "button",
    {
      type: "button",
      class: "more",
      onclick: () => {
        list.append(...entries.slice(first).map(make));
        more.remove();
        list.children[first].querySelector("a, button, summary")?.focus();
      },
    },
    `Show all ${entries.length}`,
  );
  return el("div", {}, list, more);
}

/** Text in which `code` between backticks is set as code. */
function ticked(text) {
  return text.split(/(`[^`\n]+`)/).map((part) => (/^`[^`\n]+`$/.test(part) ? el("code", {}, part.slice(1, -1)) : part));
}

const CODE_LABELS = new Set(["We sent", "You answered", "Look at", "Stuck?"]);

/** A message, as the learner reads it: labels and texts. */
function messageTable(message) {
  if (!message) return null;
  const rows = message.rows.map(([label, text]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, label),
      el("td", { dir: "auto" }, CODE_LABELS.has(label) || text.includes("\n") ? el("pre", {}, text) : ticked(text)),
    ),
  );
  return el("table", { class: "message" }, el("tbody", {}, rows));
}
