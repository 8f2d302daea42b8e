// For every operation the set of its values when its arguments lie in intervals. As in `bounds/enclosures.py`.

// A function of one number that is monotone between its turns.
function monotone(entry) {
  const { value, start = -Infinity, turns, rounding: [ulps, tiny], range: [least, most] = [-Infinity, Infinity] } = entry;
  return (x, ...parameters) => overBounds((from, to) => {
    const left = value(Math.max(from, start), ...parameters);
    const right = to < start ? NaN : value(to, ...parameters);
    let [low, high] = [Math.min(left, right), Math.max(left, right)];
    if (Number.isNaN(low)) {
      low = Math.min(Number.isNaN(left) ? -Infinity : left, Number.isNaN(right) ? -Infinity : right);
      high = Math.max(Number.isNaN(left) ? Infinity : left, Number.isNaN(right) ? Infinity : right);
    }
    for (const [place, turned] of turns) {
      const room = 4 * EPSILON * Math.abs(place);
      if (from <= place + room && to >= place - room) [low, high] = [Math.min(low, turned), Math.max(high, turned)];
    }
    [low, high] = ulps || tiny ? outwards(low, high, ulps, tiny) : [settledLow(low), settledHigh(high)];
    return [Math.max(low, least), Math.min(high, most)];
  }, x);
}

// Of three values those that belong to a sign that x can have.
function hullBySign(from, to, below, at, above) {
  const there = [];
  if (from < 0) there.push(below);
  if (from <= 0 && to >= 0) there.push(at);
  if (to > 0) there.push(above);
  return [Math.min(...there), Math.max(...there)];
}

function jump({ value }) {
  return (x, ...parameters) => {
    const values = [-1, 0, 1].map((at) => value(at, ...parameters));
    return overBounds((from, to) => hullBySign(from, to, ...values), x);
  };
}

// The sine or the cosine: 1 at the turns `peak + k`, -1 half a turn later.
function wave(name, peak) {
  const ends = monotone({ ...OPERATIONS[name], turns: [], rounding: [4, 4] });
  const passes = (from, to, at) => {
    const [first, last] = [from / (2 * Math.PI) - at, to / (2 * Math.PI) - at];
    const room = 4 * EPSILON * (Math.max(Math.abs(first), Math.abs(last)) + 1);
    const crossed = Math.floor(last + room) > Math.floor(first - room);
    return from < to && (crossed || !Number.isFinite(first) || !Number.isFinite(last));
  };
  return (x) => overBounds((from, to, low, high) => [
    passes(from, to, peak + 0.5) ? -1 : low, passes(from, to, peak) ? 1 : high,
  ], x, ends(x));
}

function magnitudeBounds(low, high) {
  const [left, right] = [Math.abs(low), Math.abs(high)];
  return [low < 0 && high > 0 ? 0 : Math.min(left, right), Math.max(left, right)];
}

function squareBounds(low, high) {
  const [least, most] = magnitudeBounds(low, high);
  const [below, above] = multiplyBounds(least, most, least, most);
  return [Math.max(below, 0), above];
}

function wholePowerBounds(low, high, exponent) {
  const count = Math.abs(exponent);
  const even = count % 2 === 0;
  let found;
  if (even) {
    const [least, most] = magnitudeBounds(low, high);
    found = outwards(least ** count, most ** count, 4, 4);
    found[0] = Math.max(found[0], 0);
  } else found = outwards(Math.sign(low) * Math.abs(low) ** count, Math.sign(high) * Math.abs(high) ** count, 4, 4);
  if (exponent >= 0) return found;
  return !even && low < 0 && high > 0 ? [-Infinity, Infinity] : divideBounds(1, 1, ...found);
}

function powerBounds(low, high, from, to) {
  if (from === to && from === 1) return [low, high];
  if (from === to && from === 2) return squareBounds(low, high);
  if (from === to && from === Math.floor(from)) return wholePowerBounds(low, high, from);
  if (high < 0 || (low < 0 && from < to)) return [-Infinity, Infinity];
  const corners = [Math.max(low, 0), high].flatMap((base) => [from, to].map((exponent) => base ** exponent));
  const found = outwards(Math.min(...corners), Math.max(...corners), 4, 4);
  return [Math.max(found[0], 0), found[1]];
}

const expBounds = (low, high) => {
  const [below, above] = outwards(Math.exp(low), Math.exp(high), 4, 4);
  return [Math.max(below, 0), above];
};
const logBounds = (low, high) => outwards(Math.log(Math.max(low, 0)), high < 0 ? NaN : Math.log(high), 4, 4);

// A function of all entries along an axis together that gives bounds for each of them.
function alongBounds(x, axis, bounds) {
  const { members } = groups(x.shape, axis);
  const [low, high] = [new Float64Array(x.low.length), new Float64Array(x.low.length)];
  for (const places of members) {
    const found = bounds(places.map((at) => x.low[at]), places.map((at) => x.high[at]));
    places.forEach((at, entry) => { [low[at], high[at]] = found[entry]; });
  }
  return interval(x.shape, low, high);
}

// For every entry i the function of all z_j - z_i.
const againstOthers = (x, axis, bounds) => alongBounds(x, axis, (lows, highs) => lows.map((_, mine) => {
  const apart = lows.map((__, other) =>
    (other === mine ? [0, 0] : subtractBounds(lows[other], highs[other], lows[mine], highs[mine])));
  return bounds(apart);
}));

function shareBounds(apart) {
  const powers = apart.map(([low, high]) => expBounds(low, high));
  const [low, high] = divideBounds(1, 1, ...totalBounds(powers.map((one) => one[0]), powers.map((one) => one[1])));
  return [Math.max(low, 0), Math.min(high, 1)];
}

function logOfPowersAt(numbers) {
  const shift = largestOf(numbers);
  const powers = numbers.map((one) => expBounds(...subtractBounds(one, one, shift, shift)));
  const total = totalBounds(powers.map((one) => one[0]), powers.map((one) => one[1]));
  return addBounds(shift, shift, ...logBounds(...total));
}

const logOfPowersBounds = (lows, highs) => [logOfPowersAt(lows)[0], logOfPowersAt(highs)[1]];

function argmaxBounds(tie) {
  return (lows, highs) => {
    const floor = largestOf(lows);
    let before = -Infinity;
    let [low, high] = [Infinity, -Infinity];
    lows.forEach((_, entry) => {
      if (highs[entry] >= floor && (highs[entry] > before || before === -Infinity)) {
        [low, high] = [Math.min(low, entry + 1), Math.max(high, entry + 1)];
      }
      before = Math.max(before, lows[entry]);
    });
    const several = highs.filter((one) => one >= floor - 2e-12 * Math.abs(floor)).length > 1;
    return tie !== null && several ? [Math.min(low, tie), Math.max(high, tie)] : [low, high];
  };
}

function causalSoftmaxEnclosure(x, keys) {
  const seen = isSeen(x.shape, keys);
  const masked = interval(x.shape, x.low.map((one, at) => (seen(at) ? one : -Infinity)),
    x.high.map((one, at) => (seen(at) ? one : -1e300)));
  const found = againstOthers(masked, keys, shareBounds);
  return interval(x.shape, found.low.map((one, at) => (seen(at) ? one : 0)),
    found.high.map((one, at) => (seen(at) ? one : 0)));
}

// All solutions of A x = b, up to second order in the width of A; everything where A may be singular.
function solveEnclosure(a, b) {
  const size = a.shape[0];
  const unit = arrayOf([size, size], Float64Array.from({ length: size * size }, (_, at) => (at % (size + 1) ? 0 : 1)));
  const middle = each((low, high) => low / 2 + high / 2, lowOf(a), highOf(a));
  const inverse = solveOf(middle, unit);
  const everything = interval(b.shape, b.low.map(() => -Infinity), b.high.map(() => Infinity));
  if (!inverse.data.every(Number.isFinite)) return everything;
  const near = point(inverse);
  const guess = point(matmulOf(inverse, each((low, high) => low / 2 + high / 2, lowOf(b), highOf(b))));
  const away = intervalMatmul(near, intervalDifference(b, intervalMatmul(a, guess)));
  const rest = overBounds(magnitudeBounds, intervalDifference(point(unit), intervalMatmul(near, a)));
  const rows = intervalTotal(rest, -1).high;
  const norm = Math.max(...rows);
  if (!(norm < 1)) return everything;
  const farthest = overBounds(magnitudeBounds, away);
  const columns = b.shape[1];
  const wide = intervalSum(guess, away);
  const radius = (column) => {
    const most = Math.max(...farthest.high.filter((_, at) => at % columns === column));
    return (most / (1 - norm)) * (1 + 4 * EPSILON);
  };
  const error = wide.low.map((_, at) => rows[Math.floor(at / columns)] * radius(at % columns) * (1 + 4 * EPSILON) + TINY);
  return intervalSum(wide, interval(b.shape, error.map((one) => -one), error));
}

const movedEnclosure = (name) => (x, ...parameters) => overBoth(x, (bound) => OPERATIONS[name].value(bound, ...parameters));
const joinedEnclosure = (name) => (a, b, ...parameters) => between(
  OPERATIONS[name].value(lowOf(a), lowOf(b), ...parameters), OPERATIONS[name].value(highOf(a), highOf(b), ...parameters));

const RULES = {
  add: intervalSum,
  subtract: intervalDifference,
  negative: intervalNegative,
  identity: (x) => x,
  multiply: intervalProduct,
  divide: intervalQuotient,
  power: (a, b) => overBounds(powerBounds, a, b),
  sin: (x) => wave("sin", 0.25)(x),
  cos: (x) => wave("cos", 0)(x),
  maximum: (a, b) => overBounds((low, high, from, to) => [Math.max(low, from), Math.max(high, to)], a, b),
  minimum: (a, b) => overBounds((low, high, from, to) => [Math.min(low, from), Math.min(high, to)], a, b),
  equal: (a, b) => overBounds((low, high, from, to) => [
    low === high && from === to && low === from ? 1 : 0, low <= to && from <= high ? 1 : 0,
  ], a, b),
  xlogy: (a, b) => intervalProduct(a, overBounds(logBounds, b)),
  softmax: (x, axis) => againstOthers(x, axis, shareBounds),
  causal_softmax: causalSoftmaxEnclosure,
  log_softmax: (x, axis) => againstOthers(x, axis, (apart) => {
    const [low, high] = logOfPowersBounds(apart.map((one) => one[0]), apart.map((one) => one[1]));
    return [-high, Math.min(-low, 0)];
  }),
  logsumexp: (x, axis) => collapseBounds(x, axis, logOfPowersBounds),
  matmul: intervalMatmul,
  broadcast: (x, shape) => spreadInterval(x, commonShape([x.shape, atLeastTwo(shape)])),
  sum: intervalTotal,
  mean: (x, axis) => {
    const { members } = groups(x.shape, axis);
    return intervalQuotient(intervalTotal(x, axis), pointOf(members[0].length));
  },
  max: (x, axis) => collapseBounds(x, axis, (lows, highs) => [largestOf(lows), largestOf(highs)]),
  argmax: (x, axis, tie) => collapseBounds(x, axis, argmaxBounds(tie)),
  squared_norm: (x) => intervalTotal(overBounds(squareBounds, x), null),
  solve: solveEnclosure,
};
for (const name of ["transpose", "reshape", "diag", "diagonal", "entry", "part", "padded", "moment", "at_moment", "turned",
]) RULES[name] = movedEnclosure(name);
for (const name of ["placed", "concat", "beside"]) RULES[name] = joinedEnclosure(name);
