// Marking: every asked step, first as it should be, then on the student's own earlier values.
// As in `checking/judging/marking.py`, `checking/judging/comparing.py` and `checking/judging/accidents.py`.

const MOST_HALVES = 3;
const WORKED_FOR = 0.02;
const OFTEN = 0.1;
const [MOST_RIGHT, RARELY] = [0.25, 1e-3];

// One step's answer held against the right value, and against what follows from the student's own earlier ones.
class Compared {
  constructor(answer, digits, right, following, written, habit) {
    Object.assign(this, { answer, digits, right, following, written, habit });
    this.cells = answer.given.map((_, cell) => this.cell(cell));
  }

  near(cell, low, high) {
    const { value, half, tolerance } = this.answer;
    const room = MOST_HALVES * (half[cell] + tolerance) * ROOM;
    return value[cell] >= low - room && value[cell] <= high + room;
  }

  cell(cell) {
    const { answer, digits, right, following, written, habit } = this;
    const [value, half] = [answer.value[cell], answer.half[cell]];
    const [typedLow, typedHigh] = [answer.typedLow[cell], answer.typedHigh[cell]];
    const enough = isEnough(digits, value, half, habit);
    const tellRight = tells(digits, value, half, right.low[cell], habit);
    const meetsRight = roundsTo(typedLow, typedHigh, right.low[cell], right.high[cell]);
    const meetsWritten = written.some(({ data }) => Number.isFinite(data[cell]) && roundsTo(typedLow, typedHigh, data[cell], data[cell])
      && tells(digits, value, half, data[cell], habit));
    const nearWritten = written.some(({ data }) => this.near(cell, data[cell], data[cell]));
    const [low, high] = [following.low[cell], following.high[cell]];
    const explained = typedLow <= high && low <= typedHigh && enough;
    return {
      enough, meetsRight, tellRight, meetsWritten,
      correct: meetsRight && tellRight,
      rounded: meetsWritten || (explained && (nearWritten || this.near(cell, right.low[cell], right.high[cell]))),
      follows: meetsWritten || (explained && (nearWritten || isTelling(low, high, typedLow, typedHigh))),
    };
  }

  // What the student goes on with: digits that say too little stand for no more than themselves.
  own() {
    const { answer } = this;
    const few = answer.given.map((given, cell) => given && !this.cells[cell].enough);
    return {
      low: answer.typedLow.map((low, cell) => (few[cell] ? answer.value[cell] : low)),
      high: answer.typedHigh.map((high, cell) => (few[cell] ? answer.value[cell] : high)),
    };
  }

  // Where a parameter from before its update was written with fewer digits than would show the update.
  unmoved(work, equation) {
    const { answer } = this;
    if (!equation.old || !work.isCopied(equation.name, answer)) return answer.given.map(() => false);
    return answer.given.map((given, cell) => given
      && tellsApart(this.digits, answer.value[cell], answer.half[cell], this.right.low[cell], this.habit));
  }

  // Whether the cells that follow can hardly be an accident.
  isWorkedFor(follows, work) {
    const { answer } = this;
    if (2 * follows.filter(Boolean).length <= answer.given.filter(Boolean).length) return false;
    let chances = 1;
    follows.forEach((one, cell) => {
      const value = Math.abs(answer.value[cell]);
      if (!one || isPlain(value)) return;
      const open = this.cells[cell].meetsWritten ? 0 : nextUp(this.following.high[cell] - this.following.low[cell]);
      const width = open + 2 * answer.half[cell];
      const chance = Math.max(width / (2 * value + width), work.howOften(value));
      if (Number.isFinite(chance)) chances *= chance;
    });
    return chances < WORKED_FOR;
  }

  remark(verdicts) {
    const { answer } = this;
    const bad = verdicts.map((one) => one === WRONG);
    const few = bad.map((one, cell) => one && answer.given[cell] && this.cells[cell].meetsRight && !this.cells[cell].tellRight);
    let found = some(few) && every(bad.map((one, cell) => !one || few[cell])) ? "few digits" : null;
    if (some(answer.impossible) && every(bad.map((one, cell) => !one || answer.impossible[cell]))) found = "impossible";
    return found;
  }
}

class Marking {
  constructor(task, values, answers, explain) {
    this.explain = explain;
    this.work = new Work(task, values, answers);
    this.search = new Search(this.work);
    this.asked = new Set(task.asked);
    this.marked = new Map();
    this.withheld = new Map();
    this.accepted = new Map();
    this.accidental = this.isAccidental();
  }

  // Whether no more cells are right than in any other order of the numbers, or few are.
  isAccidental() {
    const { work } = this;
    const all = [];
    let [given, hits] = [0, 0];
    for (const [name, one] of work.answers) {
      const right = work.rightCells(name);
      one.given.forEach((is, cell) => {
        if (!is) return;
        given += 1;
        hits += right[cell] ? 1 : 0;
        all.push([one.value[cell], one.half[cell], work.right.get(name).low[cell]]);
      });
    }
    if (hits > MOST_RIGHT * given || given <= 1) return false;
    const rooms = all.map(([value, half]) => (isEnough(work.digits, value, half, work.habit)
      ? half : Math.min(half, halfUnit(work.digits, value))) + 1e-12 * Math.abs(value));
    let met = 0;
    all.forEach(([, , meant], place) => all.forEach(([value], other) => {
      if (place !== other && value - rooms[other] <= meant && meant <= value + rooms[other]) met += 1;
    }));
    const expected = met / (given - 1);
    if (hits <= expected || !hits) return true;
    return !(expected === 0 || hits * (Math.log(hits / expected) - 1) + expected > -Math.log(RARELY));
  }

  step(equation) {
    const { work } = this;
    const { name, node } = equation;
    const right = work.right.get(name);
    const following = enclose(node, work.values());
    const same = namesIn(node).every((one) => work.noted.get(one) === work.own.get(one));
    const loosely = same ? following : enclose(node, work.values(false, true));
    const written = work.onPaper(node);
    const answer = work.answers.get(name) || noAnswer(right.low.length);
    const compared = new Compared(answer, work.digits, right, loosely, written, work.habit);
    const [sound, trivial] = [work.isSound(node), work.isTrivial(node)];
    const barred = trivial && !sound;
    const still = compared.unmoved(work, equation);
    let verdicts = compared.cells.map((cell, at) => {
      if (answer.impossible[at]) return WRONG;
      if (answer.unreadable[at]) return UNREADABLE;
      if (answer.blank[at]) return BLANK_CELL;
      if (still[at]) return WRONG;
      if (cell.correct) return CORRECT;
      if (cell.follows && !sound && !barred) return FOLLOWS;
      return cell.rounded && sound ? ROUNDING : WRONG;
    });
    const otherwise = this.followsOtherwise(equation, answer, verdicts.map((one, at) => one === WRONG && answer.given[at] && !still[at]));
    verdicts = verdicts.map((one, at) => (otherwise[at] ? FOLLOWS : one));
    const held = this.isWithheld(equation, compared, verdicts.map((one) => one === FOLLOWS));
    const wrong = verdicts.map((one, at) => one === WRONG && answer.given[at]);
    let why = null;
    if (this.asked.has(name)) {
      const suspect = some(wrong.map((one, at) => one && (compared.cells[at].enough || work.digits.exact))) && !barred;
      if (some(still)) why = { ids: ["not-updated"] };
      else if (suspect && this.explain) why = this.search.explained(equation, answer);
      if (why) verdicts = verdicts.map((one, at) => (wrong[at] ? MISTAKE : one));
    }
    work.remember(equation, answer, compared.own(), following, written, verdicts.map((one) => one <= ROUNDING));
    work.unproven.set(name, this.isUnproven(equation, answer, verdicts));
    this.withheld.set(name, held);
    this.accepted.set(name, verdicts.map((one) => one <= FOLLOWS));
    if (this.asked.has(name)) {
      this.marked.set(name, { verdicts, why, trivial: trivial && !sound, remark: compared.remark(verdicts) });
    }
  }

  // The marks, once it is known which wrong values were calculated with, and how much is right.
  settled() {
    const { work } = this;
    for (const [name, held] of this.withheld) {
      if (some(held) && work.isUnproven(work.equations.get(name).node)) this.refuse(name, held, "no work");
    }
    if (this.accidental) {
      const count = (all) => all.flat().filter(Boolean).length;
      const accepted = count([...this.accepted.values()]);
      if (accepted <= MOST_RIGHT * count([...work.answers.values()].map((one) => one.given))) {
        for (const [name, cells] of this.accepted) this.refuse(name, cells, "accident");
      }
    }
    return this.marked;
  }

  refuse(name, cells, remark) {
    this.accepted.set(name, this.accepted.get(name).map((one, cell) => one && !cells[cell]));
    const marked = this.marked.get(name);
    if (!marked || !some(cells)) return;
    marked.verdicts = marked.verdicts.map((one, cell) => (cells[cell] ? WRONG : one));
    marked.remark = remark;
  }

  // Which of the cells that follow from a wrong value show no work, so far.
  isWithheld(equation, compared, follows) {
    const { work } = this;
    if (!some(follows) || !work.isUnproven(equation.node)) return follows.map(() => false);
    if (!compared.isWorkedFor(follows, work)) return follows;
    work.prove(equation.node);
    return follows.map(() => false);
  }

  // Whether the value goes on as one that no work shows in.
  isUnproven(equation, answer, verdicts) {
    const { work, accidental } = this;
    const bad = some(verdicts.map((one, cell) => one === WRONG && answer.given[cell]));
    const plain = [...answer.value].map(isPlain);
    const whole = every(answer.given);
    const part = some(verdicts.map((one, cell) => one <= ROUNDING && !plain[cell])) && !accidental;
    let named = verdicts.includes(MISTAKE);
    if (named && accidental) {
      named = some(answer.given.map((given, cell) => given && !plain[cell] && work.howOften(answer.value[cell]) < OFTEN));
    }
    const inherited = work.isUnproven(equation.node);
    const right = some(verdicts.map((one) => one <= ROUNDING)) && !bad && whole;
    return (some(answer.given) && bad && !part && !named) || (inherited && !right && !named && !(part && whole));
  }

  // Which of the wrong cells follow from the student's own values by an equally right form of the equation.
  followsOtherwise(equation, answer, wrong) {
    const found = wrong.map(() => false);
    for (const at of some(wrong) ? equation.equivalents : []) {
      if (!this.work.isSound(at) && !this.work.isTrivial(at)) {
        const reading = enclose(at, this.work.values());
        wrong.forEach((one, cell) => {
          const [low, high] = [answer.typedLow[cell], answer.typedHigh[cell]];
          const meets = low <= reading.high[cell] && reading.low[cell] <= high;
          found[cell] ||= one && meets && isTelling(reading.low[cell], reading.high[cell], low, high);
        });
      }
    }
    return found;
  }
}

// --- a sheet: {derivations, works, tasks, unless, alone, nodes, ...} --------------------------------------------------

function load(sheet) {
  loadNodes(sheet);
  const derivations = [];
  for (const one of sheet.derivations) {
    if (one.equations) derivations.push(one);
    else {
      const plain = derivations[one.like];
      const equations = [...plain.equations];
      for (const [place, equation] of one.changed) equations[place] = equation;
      derivations.push({ ...plain, equations, ways: [] });
    }
  }
  return { ...sheet, derivations };
}

// The right arrays of every work: the givens as they travel, and what follows from them.
const arraysOf = (sheet, values) => sheet.works.map((place, work) => {
  const { shapes, equations } = sheet.derivations[place];
  const found = Object.fromEntries(Object.entries(values[work]).map(([name, data]) =>
    [name, arrayOf(shapes[name], Float64Array.from(data))]));
  for (const { name, node } of equations) found[name] ??= spreadOver(evaluate(node, (one) => found[one]), shapes[name]);
  return found;
});

const plainWord = (word) => word.toLowerCase().replace(/[\s_-]+/g, "").replace(/^\.+|\.+$/g, "");

function markWord({ formulas }, { words, letters }, name, given, values) {
  const same = (text) => (letters ? isFormula(name, text, { letters, ...formulas }, values)
    : words[name].right.map(plainWord).includes(plainWord(text)));
  const verdict = !(given || "").trim() ? BLANK_CELL : { true: CORRECT, false: WRONG, null: UNREADABLE }[same(given)];
  return { verdicts: [verdict], verdict, why: null, remark: null, trivial: false };
}

// Where many answers are right: what was chosen is held against what it has to do, and what follows is marked by it.
function markTask(sheet, task, values, texts, pairs = true) {
  const { choice, order } = task;
  const usual = () => markBy(sheet, task, sheet.works[task.work], values, texts, pairs);
  if (!choice) return usual();
  const read = choice.names.map((name) => [name, texts[name] ? readAnswer(texts[name], null, 0, false) : null]);
  if (read.some(([, one]) => !one || one.blank.some(Boolean) || one.unreadable.some(Boolean))) return usual();
  const chosen = Object.fromEntries(read.map(([name, { value }]) => [name, [...value]]));
  const givens = Object.fromEntries(sheet.derivations[choice.place].givens.map((name) => [name, chosen[name] || [...values[name].data]]));
  const [own] = arraysOf({ ...sheet, works: [choice.place] }, [givens]);
  const bad = choice.holds.findIndex((name) => own[name].data[0] === 0);
  const allOf = (name, verdict) => ({ verdicts: chosen[name].map(() => verdict), verdict, why: null, remark: null, trivial: false });
  if (bad >= 0) {
    const found = usual();
    for (const name of choice.names.filter((one) => found[one])) {
      found[name] = { ...(found[name].verdict === CORRECT ? found[name] : allOf(name, WRONG)), badRow: bad + 1 };
    }
    return found;
  }
  const rest = order.filter((name) => !choice.names.includes(name));
  const follows = markBy(sheet, { ...task, order: rest, asked: task.asked.filter((name) => rest.includes(name)) }, choice.place, own,
    Object.fromEntries(Object.entries(texts).filter(([name]) => !choice.names.includes(name))), pairs);
  return Object.fromEntries(order.map((name) => [name, follows[name] || allOf(name, CORRECT)]));
}

// What is said of every step that a task asks for, by a derivation; `texts` are the cells by name, row by row, as they were typed. Without
// `pairs` two mistakes at once are not looked for, which takes longest.
function markBy(sheet, task, by, values, texts, pairs) {
  const derivation = sheet.derivations[by];
  const doubtful = !task.comma && isDoubtful(texts);
  const answers = new Map();
  for (const { name } of derivation.equations) {
    if (texts[name]) answers.set(name, readAnswer(texts[name], task.digits.decimals, task.tolerance, doubtful));
  }
  const markedBy = (place, own, explain) => {
    const whole = { ...sheet.derivations[place], ...task, unless: sheet.unless, alone: sheet.alone, pairs };
    const marking = new Marking(whole, own, answers, explain);
    for (const equation of whole.equations) marking.step(equation);
    return Object.fromEntries([...marking.settled()].map(([name, one]) => [name, { ...one, verdict: Math.max(...one.verdicts) }]));
  };
  const exact = (name) => (answers.has(name) ? readAnswer(texts[name], null, 0, doubtful) : null);
  const plain = task.asked.length ? markedBy(by, values, true) : {};
  const marked = new Adopting(derivation, sheet.derivations, values, exact, markedBy).marked(plain);
  return Object.fromEntries(task.order.map((name) => {
    if (task.words[name]) return [name, markWord(sheet, task, name, (texts[name] || [""])[0], values)];
    const one = marked[name];
    const cells = task.entries[name] || one.verdicts.map((_, cell) => cell);
    const verdict = Math.max(...cells.map((cell) => one.verdicts[cell]));
    const why = verdict === Math.max(...one.verdicts) ? one.why : null;
    const unexplained = verdict === WRONG && !why && !one.remark && !one.convention;
    const seen = unexplained ? seenIn(derivation.equations.find((each) => each.name === name), values, exact) : null;
    return [name, { ...one, verdict, why, cells, seen }];
  }));
}

// All tasks; what an earlier task of the same work answered counts as the student's own value in the later ones. `kept`
// holds what was said last time, for tasks in which nothing has changed.
function markSheet(sheet, values, texts, pairs = true, kept = {}) {
  const earlier = {};
  const found = {};
  for (const task of sheet.tasks) {
    earlier[task.id] = { ...(task.after ? earlier[task.after] : {}), ...texts[task.id] };
    const key = JSON.stringify(earlier[task.id]);
    const before = kept[task.id];
    const same = before && before.key === key && (before.pairs || !pairs);
    if (!same) kept[task.id] = { key, pairs, marked: markTask(sheet, task, values[task.work], earlier[task.id], pairs) };
    found[task.id] = kept[task.id].marked;
  }
  return found;
}

function firstWrong(marked) {
  for (const [task, names] of Object.entries(marked)) {
    for (const [name, one] of Object.entries(names)) if (one.verdict >= MISTAKE) return [task, name];
  }
  return null;
}

// The part of a task that is earned: every step counts the same, a cell that follows from a wrong value `follows`.
function creditOf(task, marked) {
  const worth = (verdict) => (verdict < FOLLOWS ? 1 : verdict === FOLLOWS ? task.follows : 0);
  const parts = Object.values(marked).map((one) => {
    const cells = one.cells ? one.cells.map((cell) => one.verdicts[cell]) : one.verdicts;
    return cells.reduce((sum, verdict) => sum + worth(verdict), 0) / cells.length;
  });
  return parts.reduce((sum, part) => sum + part, 0) / Math.max(1, parts.length);
}
