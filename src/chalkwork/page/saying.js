// What the page is made of and says: elements, sentences with what is put into them, numbers, lines of a file.

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const filledIn = (sentence, slots) => sentence.replace(/<\^?(\w+)>/g, (all, slot) => (slot in slots ? String(slots[slot]) : all));

// A number as it is shown where there are no more digits than are asked; one that ends sooner is shown as it is.
function shownNumber(value, digits) {
  const text = digits.decimals !== null ? value.toFixed(digits.decimals) : String(Number(value.toPrecision(digits.significant || 6)));
  if (Math.abs(Number(text) - value) < 1e-12) return String(Number(text)).replace("-", "−");
  return text.replace(/^-(?=0(?:\.0*)?$)/, "").replace("-", "−");
}

// A cell of a CSV file.
function quotedCell(cell) {
  const text = /^[=+\-@\t]/.test(cell) && !/^[-+0-9.,e ]+$/.test(cell) ? `'${cell}` : String(cell); // no spreadsheet's formula
  return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

// A sentence with what is put into it, sentences too; `called` says how a name prints.
const toldOf = ([id, slots], words, called) => filledIn(words[id], Object.fromEntries(Object.entries(slots).map(([slot, value]) =>
  [slot, Array.isArray(value) ? toldOf(value, words, called) : slot === "name" ? called(value) : value])));

// What is said of a step.
function messageOf(one, { task, name, inputs }, { words, mistakes }) {
  const { verdict, why, remark, trivial } = one;
  const where = placesOf(one, inputs);
  if (why && why.ids.length && verdict >= MISTAKE) return `${explainedBy(why, task, words, mistakes)}${where}`;
  let said = words[`step.${VERDICTS[verdict]}`];
  if (task.words[name] && verdict === WRONG) said = filledIn(words["word.wrong"], { given: inputs[0].value.trim() });
  if (one.seen) said = filledIn(words["step.seen"], { words: toldOf(one.seen, words, (other) => task.questions[other]?.[1] ?? other) });
  if (task.letters && verdict === UNREADABLE) said = `${said} ${words["page.formula"]}`;
  if (verdict === BLANK_CELL) said = words["step.some_blank"];
  if (verdict === WRONG && remark && remark !== "impossible") said = words[`step.${remark.replace(" ", "_")}`];
  if (remark === "few digits") said = filledIn(said, { asked: task.digits.words });
  if (one.badRow) said = `${said} ${filledIn(words["page.chosen_wrong"], { row: one.badRow })}`;
  if (one.convention) said = filledIn(words["convention.step"], { said, words: one.convention });
  if (verdict === WRONG && trivial) said = `${said} ${words["step.trivial"]}`;
  return `${said}${where}`;
}

function explainedBy(why, task, words, mistakes) {
  const [first, ...others] = why.ids.slice(0, 3).map((id) => mistakes[id] || [id, ""]);
  const plain = why.madeIn && (task.questions[why.madeIn] ? task.questions[why.madeIn][1] : why.madeIn);
  const slots = { title: first[0], hint: first[1], place: plain ? filledIn(words["mistake.made_in"], { step: plain }) : "" };
  if (why.together) {
    const more = why.pairs.slice(1, 3).map((pair) => pair.map((id) => (mistakes[id] || [id])[0])).reduce(
      (said, [title, second]) => filledIn(words["mistake.two_or"], { others: said, title, second }), "");
    const [second, hint] = others[0];
    return filledIn(words["mistake.two"], { ...slots, second, others: more, second_hint: hint }).trim();
  }
  const rest = others.reduce((said, [title]) => filledIn(words["mistake.or"], { others: said, title }), "");
  return filledIn(words["mistake.one"], { ...slots, others: rest }).trim();
}

// Which cells are wrong, where others are not.
function placesOf(one, inputs) {
  const bad = inputs.filter((_, at) => one.verdicts[at] >= MISTAKE && !inputs[at].disabled);
  if (!bad.length || bad.length === inputs.length || bad.length > 6) return "";
  const named = bad.map((cell) => cell.getAttribute("aria-label").split(", ").slice(1).join(", "));
  return ` (${named.join("; ")})`;
}
