// The range of an expression when every name lies in an interval, as in `bounds/ranges.py` and `bounds/slopes.py`.
//
// A node is {name}, {value, low, high}, or {op, args, params, shape, leaves, byEntries}: `leaves` are given where its
// arguments have names in common, and are the largest parts that can vary independently. NODES holds all of them.

let NODES = [];
let SLOPE_RULES = {}; // of f' by each argument, between the nodes a, b and y

// Nodes as they travel: [name, shape], [value, low, high], or [op, shape, args, params, rule, leaves, byEntries].
function unpacked([first, second, ...rest], shapes) {
  if (typeof first === "number") return { value: first, low: second ?? first, high: rest[0] ?? first, shape: [] };
  if (!rest.length) return { name: first, shape: shapes[second] };
  const [args, params, rule, leaves, byEntries] = rest;
  return { op: first, shape: shapes[second], args, params: params || [], rule, leaves, byEntries: Boolean(byEntries) };
}

// Go on with another derivation's nodes; several pages may take turns.
function loadNodes(data) {
  const { nodes, shapes, rules } = data;
  data.unpacked ??= nodes.map((node) => unpacked(node, shapes));
  [NODES, SLOPE_RULES] = [data.unpacked, rules];
  namesKnown.clear();
}

const use = (data) => NODES === data.unpacked || loadNodes(data);

const isApplication = (node) => node.op !== undefined;
const valueCall = (node, given) => {
  const { entrywise, value } = OPERATIONS[node.op];
  return entrywise ? each((...numbers) => value(...numbers, ...node.params), ...given) : value(...given, ...node.params);
};

// The value of a node, names taken from `values`; `known` is added to.
function evaluate(at, values, known = new Map()) {
  let found = known.get(at);
  if (found === undefined) {
    const node = NODES[at];
    if (node.name !== undefined) found = values(node.name);
    else if (!isApplication(node)) found = arrayOf([1, 1], Float64Array.of(node.value));
    else found = valueCall(node, node.args.map((one) => evaluate(one, values, known)));
    known.set(at, found);
  }
  return found;
}

// By the operation: what its value can be.
const ENCLOSURES = {};
for (const [name, entry] of Object.entries(OPERATIONS)) {
  if (RULES[name]) ENCLOSURES[name] = RULES[name];
  else if (entry.turns) ENCLOSURES[name] = monotone(entry);
  else if (entry.jumps) ENCLOSURES[name] = jump(entry);
}

const enclosed = (node, parts) => ENCLOSURES[node.op](...parts, ...node.params);

// The natural extension: every operation on the enclosures of its arguments.
function natural(at, known) {
  let found = known.get(at);
  if (found === undefined) {
    const node = NODES[at];
    if (node.name !== undefined) found = known.values(node.name);
    else if (!isApplication(node)) found = interval([1, 1], Float64Array.of(node.low), Float64Array.of(node.high));
    else found = enclosed(node, node.args.map((one) => natural(one, known)));
    known.set(at, found);
  }
  return found;
}

function knowing(values, pairs = []) {
  const known = new Map(pairs);
  known.values = values;
  return known;
}

const noName = (name) => { throw new Error(`nothing is known of ${name}`); };

// --- slopes: forward mode over intervals ----------------------------------------------------------------------------

const LINEAR = new Set(["transpose", "broadcast", "reshape", "sum", "mean", "diag", "diagonal", "entry", "part", "padded",
  "moment", "at_moment", "identity", "negative", "turned", "split_heads", "join_heads", "average_pool", "average_pool_back"]);
const zeroLike = (x) => point(filled(x.shape, 0));
const bothSlopes = (left, right) => (left && right ? intervalSum(left, right) : left || right);

// Of what is linear in both arguments; others that know better are added to it.
const slopeOfProduct = (node, parts, values) =>
  bothSlopes(parts[0] && enclosed(node, [parts[0], values[1]]), parts[1] && enclosed(node, [values[0], parts[1]]));
const SLOPES = { matmul: slopeOfProduct };

function slopes(at, seeds, known) {
  const found = new Map(seeds);
  const visit = (one) => {
    if (!found.has(one)) {
      const node = NODES[one];
      found.set(one, isApplication(node) ? slopeOf(one, node, node.args.map(visit), known) : null);
    }
    return found.get(one);
  };
  return visit(at);
}

function slopeOf(at, node, parts, known) {
  if (parts.every((part) => part === null)) return null;
  if (LINEAR.has(node.op)) return enclosed(node, [parts[0]]);
  const values = node.args.map((one) => natural(one, known));
  const result = natural(at, known);
  let slope;
  if (SLOPES[node.op]) slope = SLOPES[node.op](node, parts, values, result);
  else if (OPERATIONS[node.op].jumps) slope = flatOrUnknown(node, result, parts);
  else if (COMBINING[node.op]) slope = COMBINING[node.op](parts[0], values[0], result, ...node.params);
  else if (node.op === "solve") {
    const left = parts[0] && intervalNegative(intervalMatmul(parts[0], result));
    slope = ENCLOSURES.solve(values[0], bothSlopes(left, parts[1]));
  } else if (["placed", "concat", "beside"].includes(node.op)) {
    slope = enclosed(node, parts.map((part, place) => part || zeroLike(values[place])));
  } else slope = slopeOfEntries(node, parts, values, result);
  return unknownWhere(node, values, result, slope);
}

// The slope, the whole line where the operation is not defined and continuous on the box.
function unknownWhere(node, values, result, slope) {
  const { start = -Infinity } = OPERATIONS[node.op];
  const extra = node.op === "power" ? values : Number.isFinite(start) ? [values[0]] : [];
  return overBounds((low, high, least, most, from, to, first, last) => {
    let good = Number.isFinite(least) && Number.isFinite(most);
    if (node.op === "power") good = good && (from > 0 || (first === last && first === Math.floor(first)) || (from === 0 && first > 0));
    else if (extra.length) good = good && from >= start;
    return good || (low === 0 && high === 0) ? [low, high] : [-Infinity, Infinity];
  }, slope, result, ...extra);
}

// Zero where the value is one and the same on the whole box.
function flatOrUnknown(node, result, parts) {
  const sizes = parts.filter(Boolean).map((part) => overBounds(magnitudeBounds, part));
  let moves = sizes.reduce((one, other) => overBounds((a, b, c, d) => [b + d, b + d], one, other));
  if (!OPERATIONS[node.op].entrywise) moves = pointOf(Math.max(...moves.high));
  return overBounds((low, high, least, most) => (low === high || most === 0 ? [0, 0] : [-Infinity, Infinity]), result, moves);
}

function slopeOfEntries(node, parts, values, result) {
  const [rules, branches] = SLOPE_RULES.rules[node.rule];
  const known = knowing(noName, [...values.map((value, place) => [[SLOPE_RULES.a, SLOPE_RULES.b][place], value]),
    [SLOPE_RULES.y, result]]);
  let slope = null;
  parts.forEach((part, place) => {
    const rule = rules[place];
    if (part === null || rule === null) return;
    let own = part;
    if (branches) own = intervalProduct(slopeOfBranches(branches, values[0]), part);
    else if (node.op === "power" && place === 0) own = intervalProduct(powerSlope(...values), part);
    else if (NODES[rule].value !== 1) own = intervalProduct(natural(rule, known), part);
    slope = bothSlopes(slope, own);
  });
  return slope;
}

// b a^(b - 1), where a whole number stays whole.
function powerSlope(a, b) {
  const less = overBounds((low, high) => (
    low === high && low === Math.floor(low) ? [low - 1, high - 1] : subtractBounds(low, high, 1, 1)), b);
  return intervalProduct(b, ENCLOSURES.power(a, less));
}

function slopeOfBranches([below, above], x) {
  const left = overBounds((low, high) => [Math.min(low, 0), Math.min(high, 0)], x);
  const right = overBounds((low, high) => [Math.max(low, 0), Math.max(high, 0)], x);
  const one = natural(below, knowing(noName, [[SLOPE_RULES.a, left]]));
  const other = natural(above, knowing(noName, [[SLOPE_RULES.a, right]]));
  return overBounds((from, to, low, high, least, most) => [
    hullBySign(from, to, low, Math.min(low, least), least)[0],
    hullBySign(from, to, high, Math.max(high, most), most)[1],
  ], x, one, other);
}

const slopeOfSoftmax = (slope, x, y, axis) => {
  const { places } = groups(x.shape, axis);
  const product = intervalProduct(y, slope);
  const total = collapseBounds(product, axis, (lows, highs) => totalBounds(lows, highs));
  const spread = interval(x.shape, Float64Array.from(places, (at) => total.low[at]), Float64Array.from(places, (at) => total.high[at]));
  return intervalProduct(y, intervalDifference(slope, spread));
};

const COMBINING = {
  softmax: slopeOfSoftmax,
  causal_softmax: slopeOfSoftmax,
  log_softmax: (slope, x, y, axis) => {
    const { places } = groups(x.shape, axis);
    const total = intervalTotal(intervalProduct(RULES.softmax(x, axis), slope), axis);
    const spread = interval(x.shape, Float64Array.from(places, (at) => total.low[at]), Float64Array.from(places, (at) => total.high[at]));
    return intervalDifference(slope, spread);
  },
  logsumexp: (slope, x, y, axis) => intervalTotal(intervalProduct(RULES.softmax(x, axis), slope), axis),
  squared_norm: (slope, x) => overBounds((low, high) => [2 * low, 2 * high], intervalTotal(intervalProduct(x, slope), null)),
  max: (slope, x, y, axis) => {
    const spread = spreadInterval(slope, x.shape);
    const { kept, members } = groups(x.shape, axis);
    const hull = members.map((places) => {
      const floor = largestOf(places.map((at) => x.low[at]));
      const possible = places.filter((at) => x.high[at] >= floor);
      return [Math.min(...possible.map((at) => spread.low[at])), Math.max(...possible.map((at) => spread.high[at]))];
    });
    return interval(without(kept, axis), Float64Array.from(hull, (one) => one[0]), Float64Array.from(hull, (one) => one[1]));
  },
};

// --- ranges ---------------------------------------------------------------------------------------------------------

// What the expression can be; `values` gives the interval of a name, and keeps what is known by them. Without `tight`
// the natural extension.
function enclose(at, values, tight = true) {
  const kept = tight ? "ranges" : "wide";
  values[kept] ??= knowing(values);
  const known = values[kept];
  const found = tight ? rangeOf(at, known) : natural(at, known);
  return spreadInterval(found, atLeastTwo(NODES[at].shape));
}

function rangeOf(at, known) {
  let found = known.get(at);
  if (found !== undefined) return found;
  const node = NODES[at];
  if (!isApplication(node)) return natural(at, known);
  found = node.leaves ? tangled(at, node, known) : enclosed(node, node.args.map((one) => rangeOf(one, known)));
  known.set(at, found);
  return found;
}

function tangled(at, node, known) {
  const boxes = new Map(node.leaves.map((leaf) => [leaf, rangeOf(leaf, known)]));
  const shape = atLeastTwo(node.shape);
  const found = node.byEntries ? rangeByEntries(at, shape, boxes) : rangeByVariables(at, shape, boxes);
  const plain = natural(at, knowing(noName, boxes));
  return overBounds((low, high, least, most) => {
    const [from, to] = [Math.max(low, least), Math.min(high, most)];
    return from > to ? [low, high] : [from, to]; // where nothing is defined
  }, spreadInterval(plain, shape), found);
}

const middleOf = (low, high) => {
  const middle = low / 2 + high / 2;
  const inside = Math.min(Math.max(Number.isFinite(middle) ? middle : 0, low), high);
  return Number.isNaN(inside) ? 0 : inside;
};

// Where the least and the largest value are, and by how much a leaf left in the middle can change them.
function corner(low, high, least, most) {
  const [rises, falls] = [least >= 0, most <= 0];
  const middle = middleOf(low, high);
  const radius = nextUp(Math.max(high - middle, middle - low));
  const size = Math.max(Math.abs(least), Math.abs(most));
  return [
    rises ? low : falls ? high : middle,
    rises ? high : falls ? low : middle,
    rises || falls || low === high ? 0 : size * radius * (1 + 4 * EPSILON) + TINY,
  ];
}

function around(low, high, error) {
  const below = error === 0 ? low : nextDown(low - error);
  const above = error === 0 ? high : nextUp(high + error);
  return [Number.isNaN(below) ? -Infinity : below, Number.isNaN(above) ? Infinity : above];
}

// Every entry depends on one entry of each leaf: one slope for each leaf.
function rangeByEntries(at, shape, boxes) {
  const known = knowing(noName, boxes);
  const [lows, highs] = [knowing(noName), knowing(noName)];
  const error = new Float64Array(sizeOf(shape));
  for (const [leaf, box] of boxes) {
    const seeds = [...boxes.keys()].map((one) => [one, one === leaf ? pointOf(1) : null]);
    const slope = spreadInterval(slopes(at, seeds, known), shape);
    const spread = spreadInterval(box, shape);
    const [low, high] = [new Float64Array(error.length), new Float64Array(error.length)];
    for (let entry = 0; entry < error.length; entry += 1) {
      const [least, most, slack] = corner(spread.low[entry], spread.high[entry], slope.low[entry], slope.high[entry]);
      [low[entry], high[entry]] = [least, most];
      error[entry] += slack;
    }
    lows.set(leaf, point(arrayOf(shape, low)));
    highs.set(leaf, point(arrayOf(shape, high)));
  }
  const room = 1 + (boxes.size + 1) * EPSILON;
  const found = between(lowOf(spreadInterval(natural(at, lows), shape)), highOf(spreadInterval(natural(at, highs), shape)));
  return interval(shape, found.low.map((low, entry) => around(low, 0, error[entry] * room)[0]),
    found.high.map((high, entry) => around(0, high, error[entry] * room)[1]));
}

// Every entry depends on many: the slopes of all of them by every entry of every leaf.
function rangeByVariables(at, shape, boxes) {
  const known = knowing(noName, boxes);
  const size = sizeOf(shape);
  const corners = new Map();
  for (const [leaf, box] of boxes) {
    corners.set(leaf, Array.from(box.low, (low, place) => {
      const unit = filled(box.shape, 0);
      unit.data[place] = 1;
      const seeds = [...boxes.keys()].map((one) => [one, one === leaf ? point(unit) : null]);
      const slope = spreadInterval(slopes(at, seeds, known), shape);
      return Array.from({ length: size }, (_, entry) => corner(low, box.high[place], slope.low[entry], slope.high[entry]));
    }));
  }
  const [low, high] = [new Float64Array(size), new Float64Array(size)];
  for (let entry = 0; entry < size; entry += 1) {
    const ends = [0, 1].map((side) => knowing(noName, [...boxes].map(([leaf, box]) =>
      [leaf, point(arrayOf(box.shape, Float64Array.from(corners.get(leaf), (one) => one[entry][side])))])));
    let error = 0;
    for (const all of corners.values()) {
      error += added(all.map((one) => one[entry][2])) * (1 + all.length * EPSILON);
    }
    error *= 1 + (boxes.size + 1) * EPSILON;
    const least = spreadInterval(natural(at, ends[0]), shape).low[entry];
    const most = spreadInterval(natural(at, ends[1]), shape).high[entry];
    [low[entry], high[entry]] = around(least, most, error);
  }
  return interval(shape, low, high);
}
