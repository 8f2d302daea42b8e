// What one student goes on from while the steps are marked in order. As in `checking/judging/work.py` and `checking/reading/digits.py`.

const VERDICTS = ["correct", "rounding", "follows", "blank", "unreadable", "mistake", "wrong"];
const [CORRECT, ROUNDING, FOLLOWS, BLANK_CELL, UNREADABLE, MISTAKE, WRONG] = VERDICTS.keys();
const ROOM = 1 + 1e-9;
const FINE = 0.005;

// --- the digits that an exercise asks: {decimals, significant, stated, exact} ----------------------------------------

function halfUnit(digits, value) {
  if (digits.decimals !== null) return 0.5 * 10 ** -digits.decimals;
  if (!Number.isFinite(value) || value === 0) return 0;
  return 0.5 * 10 ** (Math.floor(Math.log10(Math.abs(value))) - (digits.significant || 6) + 1);
}

const coarsestHabit = (digits) => (digits.decimals === null ? Infinity : Math.max(FINE, 0.5 * 10 ** -digits.decimals));

// Whether a number known to `half` is as fine as asked, or fine enough for its size.
function isEnough(digits, value, half, habit) {
  const few = half < (digits.stated ? 0.05 : 0.1) * Math.abs(value);
  const asked = half <= halfUnit(digits, value) * ROOM;
  const usual = half <= FINE * ROOM && (!digits.stated || half <= habit * ROOM);
  return few || asked || (usual && (!digits.stated || digits.decimals !== null));
}

// Whether an answer says that this number is meant.
function tells(digits, value, half, meant, habit) {
  const same = Math.abs(value - meant) <= halfUnit(digits, meant) * ROOM + 1e-12 * Math.abs(meant);
  return isEnough(digits, value, half, habit) || (same && half <= Math.max(0.5, 0.5 * Math.abs(value)) * ROOM);
}

// Whether the digits asked tell this number from the answer, whose fewer digits are no habit.
function tellsApart(digits, value, half, meant, habit) {
  const asked = halfUnit(digits, meant) * ROOM;
  const least = digits.stated ? asked : Math.max(asked, FINE * ROOM);
  return half > least && half > habit * ROOM && Math.abs(value - meant) > asked;
}

// --- values ---------------------------------------------------------------------------------------------------------

const namesKnown = new Map();
function namesIn(at) {
  if (!namesKnown.has(at)) {
    const node = NODES[at];
    const found = new Set(node.name !== undefined ? [node.name] : []);
    if (isApplication(node)) for (const one of node.args) for (const name of namesIn(one)) found.add(name);
    namesKnown.set(at, [...found]);
  }
  return namesKnown.get(at);
}

const every = (flags) => flags.every(Boolean);
const some = (flags) => flags.some(Boolean);
const roundHalfEven = (x) => {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
};
const roundHalfAway = (x) => Math.trunc(x + (x < 0 ? -1 : 1) * (0.5 + TIE));
const isPlain = (value) => Math.abs(value) === 0 || Math.abs(value) === 1;

// Half a power of ten where it is one but for the room that an interval has for rounding errors.
function decimalHalf(half) {
  if (!Number.isFinite(half) || half <= 0) return half;
  const near = 0.5 * 10 ** Math.round(Math.log10(2 * half));
  return Math.abs(half / near - 1) < 1e-3 ? near : half;
}

class Work {
  // `task` is {equations, givens, constants, digits}, `values` the right arrays by name, `answers` what was typed.
  constructor(task, values, answers) {
    this.task = task;
    this.digits = task.digits;
    this.answers = answers;
    this.equations = new Map(task.equations.map((one) => [one.name, one]));
    this.right = new Map(Object.entries(values).map(([name, value]) => [name, point(value)]));
    this.constants = new Map(Object.entries(task.constants).map(([name, { shape, data }]) =>
      [name, point(arrayOf(shape, Float64Array.from(data)))]));
    const givens = task.givens.map((name) => [name, this.right.get(name)]);
    this.own = new Map(givens);
    this.noted = new Map(givens);
    this.written = [0, 1, 2].map(() => new Map(givens.map(([name, one]) => [name, lowOf(one)])));
    for (const [name] of givens) for (const way of this.written) way.set(name, this.written[0].get(name));
    this.sound = new Map(task.givens.map((name) => [name, true]));
    this.trivial = new Map(task.givens.map((name) => [name, false]));
    this.unproven = new Map(task.givens.map((name) => [name, false]));
    const [usual, finest] = this.halfUnits();
    this.habit = Math.min(usual, coarsestHabit(this.digits));
    this.finest = finest;
  }

  // Half a unit of the last digit that the student usually writes, and of the finest.
  halfUnits() {
    const halves = [];
    let names = 0;
    for (const [name, one] of this.answers) {
      const shown = this.isCopied(name, one) ? [] : [...one.half].filter((_, cell) => one.given[cell]);
      names += shown.length ? 1 : 0;
      halves.push(...shown.filter((half) => half > 0));
    }
    halves.sort((one, other) => one - other);
    const usual = halves.length && names > 1 ? halves[Math.floor((halves.length - 1) / 2)] : 0;
    return [decimalHalf(usual), decimalHalf(halves.length ? halves[0] : Infinity)];
  }

  // Whether a parameter was written as it was before its update.
  isCopied(name, answer) {
    const { old } = this.equations.get(name);
    return Boolean(old) && every(answer.given.map((given, cell) => !given || this.isSame(old, answer.value[cell], cell)));
  }

  isSame(old, value, cell) {
    const before = this.right.get(old).low;
    const number = before[before.length === 1 ? 0 : cell];
    return Math.abs(value - number) <= 1e-12 * Math.abs(number);
  }

  // What a name stands for: the student's own value, or the right one.
  values(right = false, noted = false) {
    const own = noted ? this.noted : this.own;
    return (name) => this.constants.get(name) || (!right && own.get(name)) || this.right.get(name);
  }

  // The expression on the digits that were written, with all digits, and those rounded in two ways.
  onPaper(at) {
    const names = namesIn(at);
    const ways = [];
    for (const written of this.written) {
      if (!ways.some((other) => names.every((name) => written.get(name) === other.get(name)))) ways.push(written);
    }
    const found = ways.map((way) => spreadOver(evaluate(at, (name) => way.get(name)), atLeastTwo(NODES[at].shape)));
    return found.length === 1 || found.length === 3 ? found : [found[0], found[1], found[1]];
  }

  all(flags, at) {
    return namesIn(at).some((name) => flags.get(name));
  }

  // The digits written, and the numbers that these round, with all their digits.
  exactValues(own) {
    const written = (name) => middleInterval(own(name));
    return [written, (name) => (this.sound.get(name) === true ? this.right.get(name) : written(name))];
  }

  isSound(at) {
    return namesIn(at).every((name) => this.sound.get(name) !== false);
  }

  isTrivial(at) {
    return this.all(this.trivial, at);
  }

  isUnproven(at) {
    return this.all(this.unproven, at);
  }

  // Somebody calculated with what the expression is made of: these values were worked for, all the way back.
  prove(at) {
    for (const name of namesIn(at)) {
      if (this.unproven.get(name)) {
        this.unproven.set(name, false);
        this.prove(this.equations.get(name).node);
      }
    }
  }

  // The part of all that the student wrote that is this number again, more than twice.
  howOften(value) {
    const written = [];
    for (const one of this.answers.values()) one.given.forEach((given, cell) => given && written.push(Math.abs(one.value[cell])));
    const size = Math.abs(value);
    const same = written.filter((one) => one >= size * (1 - 1e-12) && one <= size * (1 + 1e-12)).length;
    return Math.max(same - 2, 0) / Math.max(1, written.length);
  }

  isAnswered(name) {
    const answer = this.answers.get(name);
    return Boolean(answer) && some(answer.given);
  }

  // The steps without an answer that lead to the expression, the nearest first.
  unanswered(at) {
    const wanted = new Set(namesIn(at));
    const found = [];
    for (const earlier of [...this.task.equations].reverse()) {
      if (wanted.has(earlier.name) && !this.isAnswered(earlier.name)) {
        found.push(earlier.name);
        namesIn(earlier.node).forEach((name) => wanted.add(name));
      }
    }
    return found;
  }

  // Which of the cells that were answered to the step round the right values.
  rightCells(name) {
    const [one, right] = [this.answers.get(name), this.right.get(name)];
    return one.given.map((given, cell) => given && roundsTo(one.typedLow[cell], one.typedHigh[cell], right.low[cell], right.high[cell])
      && tells(this.digits, one.value[cell], one.half[cell], right.low[cell], this.habit));
  }

  isRight(name) {
    const { given } = this.answers.get(name);
    return every(this.rightCells(name).map((right, cell) => right || !given[cell]));
  }

  // What a student can have gone on with who did not hand the value in: it may have been rounded, too.
  asNoted(value) {
    return overBounds((low, high) => [settledLow(low - this.habit), settledHigh(high + this.habit)], value);
  }

  // Go on with what was typed, else with what follows; `accepted` is where what was typed is right.
  remember(equation, answer, typed, following, written, accepted) {
    const { name, node } = equation;
    const { given } = answer;
    const shape = following.shape;
    const whole = every(given);
    const pick = (one, other) => Float64Array.from(given, (is, cell) => (is ? one[cell] : other[cell]));
    const [sound, trivial] = [this.isSound(node), this.isTrivial(node)];
    let [low, high] = [typed.low, typed.high];
    if (whole) {
      const value = arrayOf(shape, answer.value);
      for (const way of this.written) way.set(name, value);
      this.own.set(name, interval(shape, low, high));
      this.noted.set(name, this.own.get(name));
    } else {
      [low, high] = [pick(typed.low, following.low), pick(typed.high, following.high)];
      this.own.set(name, interval(shape, low.map(settledLow), high.map(settledHigh)));
      this.noted.set(name, this.own.get(name));
      if (this.habit) {
        const unseen = this.asNoted(following);
        this.noted.set(name, interval(shape, pick(low, unseen.low).map(settledLow), pick(high, unseen.high).map(settledHigh)));
      }
      const [exact, floats, away] = written.length === 3 ? written : [written[0], written[0], written[0]];
      this.written[0].set(name, arrayOf(shape, pick(answer.value, exact.data)));
      this.written[1].set(name, arrayOf(shape, pick(answer.value, this.asWritten(floats.data, roundHalfEven))));
      this.written[2].set(name, arrayOf(shape, pick(answer.value, this.asWritten(away.data, roundHalfAway))));
    }
    this.sound.set(name, every(accepted.map((one, cell) => one || !given[cell])) && (whole || sound));
    const constant = every(given.map((_, cell) =>
      Number.isFinite(low[cell]) && Number.isFinite(high[cell]) && [0, 1].includes(low[cell] / 2 + high[cell] / 2)));
    const right = this.right.get(name).low;
    const sham = constant && some(given) && !every([...right].map((one) => one === 0 || one === 1));
    this.trivial.set(name, sham || (trivial && !whole));
  }

  // The values with the digits that the student usually writes, or that are asked.
  asWritten(values, rounded) {
    return values.map((value) => {
      const unit = 2 * (this.habit > 0 ? this.habit : Math.min(halfUnit(this.digits, value), this.finest));
      const scale = 10 ** -Math.round(Math.log10(unit));
      const noted = rounded(value * scale) / scale;
      return Number.isFinite(noted) ? noted : value;
    });
  }

  // Go on with what a student must have had.
  adopt(name, value) {
    this.own.set(name, value);
    this.noted.set(name, value);
    const middle = arrayOf(value.shape, value.low.map((low, cell) => low / 2 + value.high[cell] / 2));
    for (const way of this.written) way.set(name, middle);
    this.sound.set(name, false);
    this.unproven.set(name, false);
  }
}
