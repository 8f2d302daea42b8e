// Intervals of real numbers, rounded outwards; what is undefined makes an interval wider. As in `bounds/intervals.py`.

const EPSILON = 2 ** -52;
const TINY = 2 ** -1074;
const LARGEST = Number.MAX_VALUE;

const interval = (shape, low, high) => ({ shape, low, high });
const point = (array) => interval(array.shape, array.data, array.data);
const pointOf = (value) => interval([1, 1], Float64Array.of(value), Float64Array.of(value));
const lowOf = (x) => arrayOf(x.shape, x.low);
const highOf = (x) => arrayOf(x.shape, x.high);
const between = (low, high) => interval(low.shape, low.data, high.data);

const settledLow = (low) => (Number.isNaN(low) ? -Infinity : Math.min(low, LARGEST));
const settledHigh = (high) => (Number.isNaN(high) ? Infinity : Math.max(high, -LARGEST));

// Two bounds moved outwards by so many units in the last place and `tiny` of the smallest number.
function outwards(low, high, ulps = 1, tiny = 0) {
  const below = low - (Math.abs(low) * (ulps * EPSILON) + tiny * TINY);
  const above = high + (Math.abs(high) * (ulps * EPSILON) + tiny * TINY);
  return [
    settledLow(Math.abs(low) === Infinity ? low : below), settledHigh(Math.abs(high) === Infinity ? high : above),
  ];
}

const nextUp = (x) => (Number.isFinite(x) ? x + Math.max(Math.abs(x) * EPSILON * 0.75, TINY) : x);
const nextDown = (x) => -nextUp(-x);

// A function of bounds, entry by entry, that gives two bounds.
function overBounds(bounds, ...intervals) {
  const [x] = intervals;
  if (intervals.length === 2) return overTwo(bounds, ...intervals);
  const plain = intervals.every((one) => sameShape(one.shape, x.shape));
  const shape = plain ? x.shape : commonShape(intervals.map((one) => one.shape));
  const size = sizeOf(shape);
  const places = plain ? null : intervals.map((one) => placesIn(one.shape, shape));
  const [low, high] = [new Float64Array(size), new Float64Array(size)];
  const given = new Array(2 * intervals.length);
  for (let entry = 0; entry < size; entry += 1) {
    intervals.forEach((one, number) => {
      const place = plain ? entry : places[number][entry];
      given[2 * number] = one.low[place];
      given[2 * number + 1] = one.high[place];
    });
    [low[entry], high[entry]] = bounds(...given);
  }
  return interval(shape, low, high);
}

const overTwo = (bounds, x, y) => overPairs((found, entry, a, b, c, d) => {
  const pair = bounds(a, b, c, d);
  found.low[entry] = pair[0];
  found.high[entry] = pair[1];
}, x, y);

// Both bounds put through something that only moves or picks entries.
const overBoth = (x, move) => between(move(lowOf(x)), move(highOf(x)));

const spreadInterval = (x, shape) =>
  (sameShape(x.shape, shape) ? x : overBoth(x, (bound) => spreadOver(bound, shape)));

const notNumber = (x) => (Number.isNaN(x) ? 0 : x);

function productBounds(a, b, c, d) {
  const [p, q, r, s] = [notNumber(a * c), notNumber(a * d), notNumber(b * c), notNumber(b * d)];
  return [Math.min(p, q, r, s), Math.max(p, q, r, s)];
}

const isNonzero = (low, high) => (low !== 0 || high !== 0 ? 1 : 0);

function multiplyBounds(a, b, c, d) {
  const [low, high] = outwards(...productBounds(a, b, c, d));
  const room = TINY * isNonzero(a, b) * isNonzero(c, d);
  return [low - room, high + room];
}

function divideBounds(a, b, c, d) {
  if ((c < 0 && d > 0) || (c === 0 && d === 0)) return [-Infinity, Infinity];
  const above = c === 0 ? 0 : c;
  const below = d === 0 ? -0 : d;
  const [p, q, r, s] = [notNumber(a / above), notNumber(a / below), notNumber(b / above), notNumber(b / below)];
  const [low, high] = outwards(Math.min(p, q, r, s), Math.max(p, q, r, s));
  const room = TINY * isNonzero(a, b);
  return [low - room, high + room];
}

const addBounds = (a, b, c, d) => outwards(a + c, b + d);
const subtractBounds = (a, b, c, d) => outwards(a - d, b - c);

// The shape of two together, and the places of the entries of each where it is spread.
function together(x, y) {
  if (sameShape(x.shape, y.shape)) return { shape: x.shape, ours: null, theirs: null };
  if (y.low.length === 1 && y.shape.length <= x.shape.length) return { shape: x.shape, ours: null, theirs: nothingBut(x.low.length) };
  if (x.low.length === 1 && x.shape.length <= y.shape.length) return { shape: y.shape, ours: nothingBut(y.low.length), theirs: null };
  const shape = commonShape([x.shape, y.shape]);
  return { shape, ours: placesIn(x.shape, shape), theirs: placesIn(y.shape, shape) };
}

const zeroPlaces = [];
const nothingBut = (size) => { zeroPlaces[size] ??= new Int32Array(size); return zeroPlaces[size]; };

// The commonest of them once more, without an array for every entry: most of the time is spent here.
function overPairs(combined, x, y) {
  const { shape, ours, theirs } = together(x, y);
  const found = interval(shape, new Float64Array(sizeOf(shape)), new Float64Array(sizeOf(shape)));
  for (let entry = 0; entry < found.low.length; entry += 1) {
    const one = ours === null ? entry : ours[entry];
    const other = theirs === null ? entry : theirs[entry];
    combined(found, entry, x.low[one], x.high[one], y.low[other], y.high[other]);
  }
  return found;
}

function putOutwards(found, entry, low, high) {
  found.low[entry] = settledLow(Math.abs(low) === Infinity ? low : low - Math.abs(low) * EPSILON);
  found.high[entry] = settledHigh(Math.abs(high) === Infinity ? high : high + Math.abs(high) * EPSILON);
}

const intervalSum = (x, y) => overPairs((found, entry, a, b, c, d) => putOutwards(found, entry, a + c, b + d), x, y);
const intervalDifference = (x, y) => overPairs((found, entry, a, b, c, d) => putOutwards(found, entry, a - d, b - c), x, y);
const intervalProduct = (x, y) => overPairs((found, entry, a, b, c, d) => {
  const [p, q, r, s] = [notNumber(a * c), notNumber(a * d), notNumber(b * c), notNumber(b * d)];
  putOutwards(found, entry, Math.min(p, q, r, s), Math.max(p, q, r, s));
  const room = TINY * isNonzero(a, b) * isNonzero(c, d);
  found.low[entry] -= room;
  found.high[entry] += room;
}, x, y);
const intervalQuotient = (a, b) => overBounds(divideBounds, a, b);
const intervalNegative = (x) => interval(x.shape, x.high.map((one) => -one), x.low.map((one) => -one));

// The bounds of a sum of so many terms from their sums and those of their sizes, each term known to so many units.
function sumBounds(count, low, high, below, above, ulps, tiny) {
  const factor = (count + ulps) * EPSILON;
  const room = count * tiny * TINY;
  const [under, over] = [below * factor + room, above * factor + room];
  if (Number.isFinite(under) && Number.isFinite(over)) return outwards(low - under, high + over);
  return [
    settledLow(Math.abs(low) === Infinity ? low : low - under),
    settledHigh(Math.abs(high) === Infinity ? high : high + over),
  ];
}

function totalBounds(lows, highs) {
  if (lows.length === 1) return [lows[0], highs[0]];
  let [low, high, below, above] = [0, 0, 0, 0];
  for (let term = 0; term < lows.length; term += 1) {
    low += lows[term];
    high += highs[term];
    below += Math.abs(lows[term]);
    above += Math.abs(highs[term]);
  }
  return sumBounds(lows.length, low, high, below, above, 0, 0);
}

function collapseBounds(x, axis, bounds) {
  const { kept, members } = groups(x.shape, axis);
  const [low, high] = [new Float64Array(members.length), new Float64Array(members.length)];
  members.forEach((places, group) => {
    [low[group], high[group]] = bounds(places.map((at) => x.low[at]), places.map((at) => x.high[at]));
  });
  return interval(without(kept, axis), low, high);
}

const intervalTotal = (x, axis) => collapseBounds(x, axis, (lows, highs) => totalBounds(lows, highs));

// One entry as a sum of products; `pairs` gives the places of the factors one after another.
function productSum(a, b, pairs) {
  let [low, high, below, above, tiny] = [0, 0, 0, 0, 0];
  for (let at = 0; at < pairs.length; at += 2) {
    const [one, other] = [pairs[at], pairs[at + 1]];
    const [al, ah, bl, bh] = [a.low[one], a.high[one], b.low[other], b.high[other]];
    const [p, q, r, s] = [notNumber(al * bl), notNumber(al * bh), notNumber(ah * bl), notNumber(ah * bh)];
    const [least, most] = [Math.min(p, q, r, s), Math.max(p, q, r, s)];
    low += least;
    high += most;
    below += Math.abs(least);
    above += Math.abs(most);
    if (isNonzero(al, ah) && isNonzero(bl, bh)) tiny = 1;
  }
  return pairs.length ? sumBounds(pairs.length / 2, low, high, below, above, 2, tiny) : [0, 0];
}

// Every entry a sum of products; `terms` gives for each entry the places of its factors.
function sumsOfProducts(a, b, shape, terms) {
  const [low, high] = [new Float64Array(terms.length), new Float64Array(terms.length)];
  terms.forEach((pairs, entry) => { [low[entry], high[entry]] = productSum(a, b, pairs); });
  return interval(shape, low, high);
}

const termsKnown = new Map();
function matmulTerms(count, rows, inner, columns) {
  const key = `${count},${rows},${inner},${columns}`;
  if (!termsKnown.has(key)) {
    termsKnown.set(key, Array.from({ length: count * rows * columns }, (_, entry) => {
      const one = Math.floor(entry / (rows * columns));
      const [row, column] = [Math.floor(entry / columns) % rows, entry % columns];
      return Array.from({ length: inner }, (__, term) =>
        [(one * rows + row) * inner + term, (one * inner + term) * columns + column]).flat();
    }));
  }
  return termsKnown.get(key);
}

function intervalMatmul(a, b) {
  const [rows, inner] = a.shape.slice(-2);
  const columns = b.shape[b.shape.length - 1];
  const lead = commonShape([[1, ...a.shape.slice(0, -2)], [1, ...b.shape.slice(0, -2)]]).slice(1);
  const left = spreadInterval(a, [...lead, rows, inner]);
  const right = spreadInterval(b, [...lead, inner, columns]);
  return sumsOfProducts(left, right, [...lead, rows, columns], matmulTerms(sizeOf(lead), rows, inner, columns));
}

// --- digits held against numbers ------------------------------------------------------------------------------------

const [RELATIVE_SLACK, ABSOLUTE_SLACK] = [1e-9, 1e-15];
const [CALCULATOR, TIE] = [1e-12, 1e-6];

// Where the errors of a calculator or a program can have moved numbers that are held against so many half units.
function movedBounds(low, high, half) {
  const size = Math.max(Math.abs(low), Math.abs(high));
  const program = RELATIVE_SLACK * size + ABSOLUTE_SLACK;
  const calculator = Math.min(Math.max(CALCULATOR * size, TIE * half), program);
  const slack = half > CALCULATOR * size ? calculator : program;
  return [settledLow(low - slack), settledHigh(high + slack)];
}

// Whether digits that were typed round numbers that were computed.
function roundsTo(typedLow, typedHigh, low, high) {
  const half = typedHigh / 2 - typedLow / 2;
  const size = Math.max(Math.abs(low), Math.abs(high));
  const program = RELATIVE_SLACK * size + ABSOLUTE_SLACK;
  const slack = half > CALCULATOR * size ? Math.min(Math.max(CALCULATOR * size, TIE * half), program) : program;
  return typedLow <= settledHigh(high + slack) && settledLow(low - slack) <= typedHigh;
}
