// The search for the mistakes that explain a wrong step: in it, before it, one, and two at once.
// As in `checking/judging/explaining.py`, `checking/judging/suspecting.py` and `checking/judging/coincidence.py`.

const BY_ACCIDENT = 0.1;
const [MOST_WIDTHS, SHARE] = [20, 1e-6];
const [MOST_BY_ACCIDENT, MOST_PAIRS_TOLD, MOST_APART, MOST_EXCHANGED] = [0.05, 8, 3, 16];
const EARLY_DECIMALS = [3, 2, 1];

const isTelling = (low, high, typedLow, typedHigh) => {
  const width = high - low;
  const most = MOST_WIDTHS * (typedHigh - typedLow) + SHARE * Math.max(Math.abs(low), Math.abs(high)) + 1e-14;
  return Number.isFinite(width) && width <= most;
};

// Whether a reading explains every cell of the answer; what could be anything explains nothing.
function explains(reading, asked) {
  let unlikely = 1;
  for (let cell = 0; cell < asked.given.length; cell += 1) {
    if (asked.given[cell]) {
      const [low, high] = [reading.low[cell], reading.high[cell]];
      const [least, most] = [asked.typedLow[cell], asked.typedHigh[cell]];
      if (!Number.isFinite(low) || !Number.isFinite(high) || !roundsTo(least, most, low, high)) return false;
      const width = high - low + (most - least);
      const chance = width / (2 * asked.size[cell] + width);
      if (chance < 1) unlikely *= chance;
    }
  }
  return unlikely <= BY_ACCIDENT;
}

const isNear = (reading, asked) => every(asked.given.map((given, cell) => !given
  || roundsTo(asked.typedLow[cell], asked.typedHigh[cell], reading.low[cell], reading.high[cell])));

const middleInterval = (x) => point(arrayOf(x.shape, x.low.map((low, cell) => low / 2 + x.high[cell] / 2)));

// The readings that explain the answer, those nearest to the digits first.
function matching(asked, readings) {
  const found = [];
  for (const [ids, reading] of readings) {
    if (explains(reading, asked)) found.push({ ids, central: explains(middleInterval(reading), asked) });
  }
  return [...found.filter((one) => one.central), ...found.filter((one) => !one.central)];
}

// Every exchange of two rows, two columns or two entries.
const exchangesKnown = new Map();
function exchangesOf(shape) {
  const key = shape.join();
  if (!exchangesKnown.has(key)) {
    const columns = shape[shape.length - 1];
    const rows = sizeOf(shape) / columns;
    const count = (size, value) => Array.from({ length: size }, (_, at) => value(at));
    const lines = [
      count(rows, (row) => count(columns, (column) => row * columns + column)),
      count(columns, (column) => count(rows, (row) => row * columns + column)),
      count(rows * columns, (entry) => [entry]),
    ];
    const found = new Map();
    for (const all of lines) {
      const few = all.slice(0, MOST_EXCHANGED);
      few.forEach((first, at) => few.slice(at + 1).forEach((second) => {
        const pair = `${first}/${second}`;
        if (!found.has(pair)) found.set(pair, [first, second]);
      }));
    }
    exchangesKnown.set(key, [...found.values()]);
  }
  return exchangesKnown.get(key);
}

const exchanged = (x, [first, second]) => overBoth(x, (bound) => {
  const data = Float64Array.from(bound.data);
  first.forEach((one, at) => { [data[one], data[second[at]]] = [bound.data[second[at]], bound.data[one]]; });
  return arrayOf(bound.shape, data);
});

function roundedTo(x, decimals) {
  const scale = 10 ** decimals;
  const rounded = (value) => roundHalfEven(value * scale) / scale;
  return overBounds((low, high) => (high - low < 0.5 / scale
    ? [settledLow(rounded(low)), settledHigh(rounded(high))] : [low, high]), x);
}

// Values with so many decimals, each rounded once.
function roundedValues(values, decimals) {
  const known = new Map();
  return (name) => {
    if (!known.has(name)) known.set(name, roundedTo(values(name), decimals));
    return known.get(name);
  };
}

// Readings that are held against the answer, with how many there were and how far they lie apart.
class Crowd {
  constructor(asked, right) {
    this.asked = asked;
    this.wrong = asked.given.map((given, cell) => given
      && !roundsTo(asked.typedLow[cell], asked.typedHigh[cell], right.low[cell], right.high[cell]));
    this.readings = [right];
    this.count = 0;
  }

  * met(pairs, at, ways, isNew = true) {
    const wide = enclose(at, ways[0], false);
    this.readings.push(wide);
    this.count += isNew ? 1 : 0;
    if (isNear(wide, this.asked)) {
      yield { pairs, range: enclose(at, ways[0]), points: ways.slice(1).map((way) => enclose(at, way)) };
    }
  }

  * metExchanged(search, pairs, at, ways) {
    this.count += exchangesOf(atLeastTwo(NODES[at].shape)).length;
    let points = null;
    for (const [way, range] of search.exchanges(at, ways[0], this.asked)) {
      points = points || ways.slice(1).map((values) => enclose(at, values));
      yield { pairs, range, points: points.map((one) => exchanged(one, way)) };
    }
  }

  // Whether an explanation among these would hardly be found by accident; on `exact` numbers, of which there are two, or not.
  isTelling(exact) {
    let expected = this.count;
    this.wrong.forEach((wrong, cell) => {
      if (!wrong) return;
      const finite = (x) => (Number.isFinite(x) ? x : 0);
      const middles = this.readings.map((one) => finite(one.low[cell] / 2 + one.high[cell] / 2)).sort((a, b) => a - b);
      const sizes = middles.map(Math.abs).sort((a, b) => a - b);
      const widths = this.readings.map((one) => one.high[cell] - one.low[cell]).sort((a, b) => a - b);
      const apart = Math.max(percentile(middles, 0.9) - percentile(middles, 0.1), percentile(sizes, 0.5));
      const [low, high] = [this.asked.typedLow[cell], this.asked.typedHigh[cell]];
      const slack = 2 * (RELATIVE_SLACK * Math.max(Math.abs(low), Math.abs(high)) + ABSOLUTE_SLACK);
      const digits = high - low + slack;
      const width = Math.min(percentile(widths, 0.5) + digits, exact ? 2 * digits : Infinity);
      const chance = width / (apart + width);
      if (Number.isFinite(chance)) expected *= chance;
    });
    return expected < MOST_BY_ACCIDENT;
  }
}

// Whether two readings are the same numbers.
const isSame = (one, other) => one.points.every((point, at) => every([...point.low].map((low, cell) => {
  const another = other.points[at].low[cell];
  return low === another || Math.abs(low - another) <= 1e-12 + 1e-9 * Math.abs(another);
})));

function percentile(ordered, part) {
  const place = (ordered.length - 1) * part;
  const below = Math.floor(place);
  const above = Math.min(below + 1, ordered.length - 1);
  const share = place - below;
  return share === 0 ? ordered[below] : ordered[below] + (ordered[above] - ordered[below]) * share;
}

// Whether the answer is one number again and again: no two mistakes, and no rounding, give that.
function isConstant({ given, typedLow }) {
  const low = [...typedLow].filter((_, cell) => given[cell]);
  return low.length > 1 && low.every((one) => one === low[0]);
}

class Search {
  constructor(work) {
    this.work = work;
    this.right = work.values(true);
  }

  // What explains all that was answered to the step: {ids, together, madeIn, pairs}, or null.
  explained(equation, answer) {
    const right = this.work.right.get(equation.name).low;
    const size = answer.value.map((value, cell) => Math.max(Math.abs(value), Math.abs(right[cell])));
    const asked = { ...answer, size };
    this.own = this.work.values(false, true);
    this.ways = [this.own, ...this.work.exactValues(this.own)];
    this.coarser = EARLY_DECIMALS.map((decimals) => this.ways.map((way) => roundedValues(way, decimals)));
    let found = this.single(equation, asked);
    const isSwapped = found && found.ids.length === 1 && found.ids[0] === "entries-swapped";
    if (!found || isSwapped) {
      const before = this.before(equation, asked); // a sign can look like an exchange
      if (before) found = { ...before, ids: [...new Set([...before.ids, ...(found ? found.ids : [])])] };
    }
    if (found || isConstant(answer)) return found;
    return this.early(equation, asked) || this.earlyBefore(equation, asked) || this.double(equation, asked);
  }

  // One mistake, on the student's own earlier values; else, or if one of those is wrong, on the right ones.
  single(equation, asked) {
    const found = matching(asked, this.mistaken(equation, asked, this.own));
    if (!found.length || !this.work.isSound(equation.node)) {
      found.push(...matching(asked, this.mistaken(equation, asked, this.right)));
    }
    return found.length ? { ids: this.togetherIds(found) } : null;
  }

  // The ids of all the readings, each once; no special case of one that gives the same numbers.
  togetherIds(found) {
    const ids = [...new Set(found.flatMap((one) => one.ids))];
    return ids.filter((id) => !(this.work.task.unless[id] || []).some((other) => ids.includes(other)));
  }

  * mistaken(equation, asked, values) {
    const shape = atLeastTwo(NODES[equation.node].shape);
    for (const [at, ids] of equation.mistakes) {
      if (sameShape(atLeastTwo(NODES[at].shape), shape)) {
        const reading = this.possible(at, values, asked);
        if (reading) yield [ids, reading];
      }
    }
    for (const [, reading] of this.exchanges(equation.node, values, asked)) yield [["entries-swapped"], reading];
  }

  possible(at, values, asked) {
    return isNear(enclose(at, values, false), asked) ? enclose(at, values) : null;
  }

  // What the expression can be with two rows, columns or entries exchanged, where that is the answer.
  exchanges(at, values, asked) {
    const ways = exchangesOf(atLeastTwo(NODES[at].shape));
    if (!ways.length) return [];
    const wide = enclose(at, values, false);
    const half = Math.max(0, ...asked.half.filter((_, cell) => asked.given[cell]));
    const moved = overBounds((low, high) => movedBounds(low, high, half), wide);
    const meets = (here, there) => asked.typedLow[here] <= moved.high[there] && moved.low[there] <= asked.typedHigh[here];
    const bad = asked.given.map((given, cell) => given && !meets(cell, cell));
    const wrong = bad.filter(Boolean).length;
    const near = ways.filter(([first, second]) => {
      const inside = [...first, ...second].filter((cell) => bad[cell]).length;
      return inside === wrong && every(first.map((one, at_) => (!asked.given[one] || meets(one, second[at_]))
        && (!asked.given[second[at_]] || meets(second[at_], one))));
    });
    if (!near.length) return [];
    const exact = enclose(at, values);
    return near.map((way) => [way, exchanged(exact, way)]);
  }

  early(equation, asked) {
    for (const values of this.rounded(equation.node)) {
      const reading = this.possible(equation.node, values, asked);
      if (reading && explains(reading, asked)) return { ids: ["rounded-early"] };
    }
    return null;
  }

  // The student's own values with fewer and fewer decimals.
  rounded(at) {
    return this.coarserWays(at, at).map(([ways]) => ways[0]);
  }

  // All values with fewer and fewer decimals: what was computed, or used instead of that; and whether that is less.
  coarserWays(node, at) {
    const names = namesIn(at).filter((name) => this.work.equations.has(name) || !namesIn(node).includes(name));
    return (names.length ? this.coarser : []).map((coarser) => {
      const ways = coarser.map((way, place) => (name) => (names.includes(name) ? way(name) : this.ways[place](name)));
      return [ways, names.some((name) => ways[1](name).low.some((low, cell) => low !== this.ways[1](name).low[cell]))];
    });
  }

  // --- one mistake in an earlier step that was not answered ----------------------------------------------------------

  before(equation, asked) {
    return this.inOpenSteps(equation, asked, [(source) => this.allMistaken(source), (source) => this.allExchanged(source)]);
  }

  earlyBefore(equation, asked) {
    return this.inOpenSteps(equation, asked, [(source) => this.allRounded(source)]);
  }

  inOpenSteps(equation, asked, ways) {
    const open = this.work.unanswered(equation.node);
    if (!open.length) return null;
    for (const way of ways) {
      const guesses = open.flatMap((name) =>
        this.guessed(name, way(this.work.equations.get(name)), this.stepsBetween(name, open), equation, asked));
      const found = this.decided(guesses);
      if (found) return found;
    }
    return null;
  }

  * allMistaken(source) {
    const shape = atLeastTwo(NODES[source.node].shape);
    for (const [at, ids] of source.mistakes) {
      if (sameShape(atLeastTwo(NODES[at].shape), shape)) yield [ids, enclose(at, this.own)];
    }
  }

  * allExchanged(source) {
    const right = enclose(source.node, this.own);
    for (const way of exchangesOf(atLeastTwo(NODES[source.node].shape))) yield [["entries-swapped"], exchanged(right, way)];
  }

  * allRounded(source) {
    for (const values of this.rounded(source.node)) yield [["rounded-early"], enclose(source.node, values)];
  }

  // The open steps that the value of this one enters, in order.
  stepsBetween(name, open) {
    const touched = new Set([name]);
    const found = [];
    for (const other of open.slice(0, open.indexOf(name)).reverse()) {
      const step = this.work.equations.get(other);
      if (namesIn(step.node).some((one) => touched.has(one))) {
        found.push(step);
        touched.add(other);
      }
    }
    return found;
  }

  guessed(name, made, steps, equation, asked) {
    const guesses = [];
    for (const [ids, reading] of made) {
      const changed = new Map([[name, this.work.asNoted(reading)]]);
      for (const step of steps) changed.set(step.name, this.work.asNoted(this.onChanged(step.node, changed)));
      const last = this.onChanged(equation.node, changed);
      for (const one of matching(asked, [[ids, last]])) {
        if (!this.isDenied(changed, equation)) guesses.push({ name, ids: one.ids, central: one.central, values: changed });
      }
    }
    return guesses;
  }

  onChanged(at, changed) {
    return enclose(at, (name) => changed.get(name) || this.own(name));
  }

  // The one guess that explains the answer, nearest to the digits; a tie decides nothing.
  decided(guesses) {
    const central = guesses.filter((one) => one.central);
    const best = central.length ? central : guesses;
    if (!best.length) return null;
    const [first] = best;
    const same = (one) => one.ids.length === first.ids.length && one.ids.every((id) => first.ids.includes(id));
    if (!best.every(same)) return null;
    for (const [later, value] of first.values) this.work.adopt(later, value);
    return { ids: first.ids, madeIn: first.name };
  }

  // Whether a right answer elsewhere contradicts the guess: it is made of an open step that would be wrong.
  isDenied(values, equation) {
    const changed = new Map(values);
    for (const other of this.work.task.equations) {
      const entering = namesIn(other.node).some((name) => changed.has(name));
      if (other.name !== equation.name && !changed.has(other.name) && entering) {
        const answered = this.work.isAnswered(other.name);
        if (!answered) changed.set(other.name, this.work.asNoted(this.onChanged(other.node, changed)));
        else if (this.work.isRight(other.name) && !isNear(this.onChanged(other.node, changed), this.work.answers.get(other.name))) {
          return true;
        }
      }
    }
    return false;
  }

  // --- two mistakes at once, where it is no accident that one of so many pairs gives the digits ----------------------

  double(equation, asked) {
    if (!equation.pairs || !this.work.task.pairs) return null;
    const crowd = new Crowd(asked, enclose(equation.node, this.own, false));
    const found = [];
    for (const one of this.pairs(equation, asked, crowd)) {
      const exact = one.points.some((point) => explains(point, asked));
      if (exact || explains(one.range, asked)) found.push({ ...one, exact });
    }
    const exact = found.some((one) => one.exact);
    const best = found.filter((one) => one.exact === exact);
    const apart = best.filter((one, at) => !best.slice(0, at).some((other) => isSame(one, other)));
    if (!best.length || apart.length > MOST_APART || !crowd.isTelling(exact)) return null;
    const pairs = [...new Map(best.flatMap((one) => one.pairs).map((pair) => [pair.join(), pair])).values()];
    return { ids: pairs[0], together: true, pairs: pairs.slice(0, MOST_PAIRS_TOLD) };
  }

  * pairs(equation, asked, crowd) {
    const shape = atLeastTwo(NODES[equation.node].shape);
    const fits = (at) => sameShape(atLeastTwo(NODES[at].shape), shape);
    for (const [at, pairs] of equation.pairs) if (fits(at)) yield* crowd.met(pairs, at, this.ways);
    for (const [at, ids] of equation.mistakes) {
      const able = ids.filter((id) => !this.work.task.alone.includes(id));
      if (able.length && fits(at)) {
        yield* crowd.metExchanged(this, able.map((id) => [id, "entries-swapped"]), at, this.ways);
        for (const [ways, less] of this.coarserWays(equation.node, at)) {
          yield* crowd.met(able.map((id) => [id, "rounded-early"]), at, ways, less);
        }
      }
    }
    for (const [ways] of this.coarserWays(equation.node, equation.node)) {
      yield* crowd.metExchanged(this, [["entries-swapped", "rounded-early"]], equation.node, ways);
    }
  }
}
