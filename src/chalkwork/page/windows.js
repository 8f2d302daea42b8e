// Convolution and pooling: their values, the sets of their values, and their slopes. As in
// `algebra/operations/windows.py` and `bounds/windows.py`; needed only where an exercise has them.

function* places(sizes) {
  for (let place = 0; place < sizeOf(sizes); place += 1) {
    let rest = place;
    const found = new Array(sizes.length);
    for (let axis = sizes.length - 1; axis >= 0; axis -= 1) {
      found[axis] = rest % sizes[axis];
      rest = Math.floor(rest / sizes[axis]);
    }
    yield found;
  }
}

const placeIn = (shape, at) => at.reduce((place, one, axis) => place * shape[axis] + one, 0);

// The window with its settings, each one number or one for each axis; of a vector one number is for its length alone.
function sweepOf(sizes, window, stride, padding, dilation = 1) {
  const several = Math.max(...sizes) > 1;
  const every = (value, neutral, held) => sizes.map((size, axis) => {
    if (Array.isArray(value)) return value[axis];
    return several && size === 1 && (held ? held[axis] : size) === 1 ? neutral : value;
  });
  const held = every(window, 1, null);
  const [steps, rim, gaps] = [every(stride, 1, held), every(padding, 0, held), every(dilation, 1, held)];
  const out = sizes.map((size, axis) =>
    Math.floor((size + 2 * rim[axis] - gaps[axis] * (held[axis] - 1) - 1) / steps[axis]) + 1);
  const met = (place, entry) => place.map((at, axis) => at * steps[axis] + entry[axis] * gaps[axis] - rim[axis]);
  const inside = (at) => at.every((one, axis) => one >= 0 && one < sizes[axis]);
  return { sizes, window: held, out, met, inside };
}

// Places in data, kernels and results of every product that a correlation adds up.
const meetingsKnown = new Map();
function meetings(stride, padding, dilation, axis, before, kernel) {
  const key = JSON.stringify([stride, padding, dilation, axis, before, kernel]);
  if (!meetingsKnown.has(key)) meetingsKnown.set(key, met(stride, padding, dilation, axis, before, kernel));
  return meetingsKnown.get(key);
}

function met(stride, padding, dilation, axis, before, kernel) {
  const own = before.slice(kernel.length < 4 ? -2 : -3);
  const lead = before.slice(0, before.length - own.length);
  const one = axis !== null;
  const channels = one ? (axis === -1 ? own[0] : own[1]) : own.length === 3 ? own[0] : 1;
  const sizes = one ? (axis === -1 ? own.slice(1) : own.slice(0, 1)) : own.slice(-2);
  const filters = kernel.length === 2 ? 1 : kernel[0];
  const at = sweepOf(sizes, one ? kernel.slice(2) : kernel.slice(-2), stride, padding, dilation);
  const shape = axis === -2 ? [...at.out, filters] : kernel.length === 2 ? at.out : [filters, ...at.out];
  const inKernel = (filter, channel, entry) => {
    const whole = [filter, channel, ...entry];
    if (kernel.length === whole.length) return whole;
    return kernel.length === 2 ? entry : [filter, ...entry];
  };
  const inData = (channel, place) => (axis === -2 ? [...place, channel]
    : own.length === 2 && !one ? place : [channel, ...place]);
  const inResult = (filter, place) => (axis === -2 ? [...place, filter]
    : kernel.length === 2 ? place : [filter, ...place]);
  const found = [];
  for (let sample = 0; sample < sizeOf(lead); sample += 1) {
    for (let filter = 0; filter < filters; filter += 1) {
      for (const place of places(at.out)) {
        const result = sample * sizeOf(shape) + placeIn(shape, inResult(filter, place));
        for (let channel = 0; channel < channels; channel += 1) {
          for (const entry of places(at.window)) {
            const where = at.met(place, entry);
            if (at.inside(where)) {
              const data = sample * sizeOf(own) + placeIn(own, inData(channel, where));
              const turned = entry.map((k, side) => at.window[side] - 1 - k);
              found.push([data, placeIn(kernel, inKernel(filter, channel, entry)), result,
                placeIn(kernel, inKernel(filter, channel, turned))]);
            }
          }
        }
      }
    }
  }
  return { found, result: [...lead, ...shape] };
}

// By the operation: the shape of what comes out, and for each product its place there and those of its factors.
function products(name, settings) {
  const { found, result } = meetings(...settings);
  const [before, kernel] = settings.slice(-2);
  if (name === "convolve") return { shape: result, terms: found.map(([d, k, r]) => [r, d, k]) };
  if (name === "convolve_kernel") return { shape: kernel, terms: found.map(([d, k, r]) => [k, d, r]) };
  if (name === "convolve_transposed") return { shape: before, terms: found.map(([d, k, r]) => [d, r, k]) };
  return { shape: before, terms: found.map(([d, , r, turned]) => [d, r, turned]) };
}

function correlation(name, a, b, ...settings) {
  const { shape, terms } = products(name, settings);
  const found = filled(shape, 0);
  for (const [place, one, other] of terms) found.data[place] += a.data[one] * b.data[other];
  return found;
}

// Maps one after another: the entries of each window, by place, and of the rim none.
function windows(shape, window, stride, padding) {
  const at = sweepOf(shape.slice(-2), window, stride === null ? window : stride, padding);
  const [size, count] = [sizeOf(at.sizes), sizeOf(shape.slice(0, -2))];
  const found = [];
  for (let map = 0; map < count; map += 1) {
    for (const place of places(at.out)) {
      found.push([...places(at.window)].map((entry) => {
        const where = at.met(place, entry);
        return at.inside(where) ? map * size + placeIn(at.sizes, where) : -1;
      }));
    }
  }
  return { found, shape: [...shape.slice(0, -2), ...at.out], count: sizeOf(at.window) };
}

function maxPoolOf(x, window, stride, padding) {
  const { found, shape } = windows(x.shape, window, stride, padding);
  return arrayOf(shape, Float64Array.from(found, (one) => largestOf(one.map((at) => (at < 0 ? -Infinity : x.data[at])))));
}

// The share of each entry in the largest of its window: of equal ones the first has it, or all alike.
function largestShares(numbers, ties) {
  const most = largestOf(numbers);
  const equal = numbers.map((one) => (one === most ? 1 : 0));
  if (ties) return equal.map((one) => one / added(equal));
  return equal.map((one, at) => (at === equal.indexOf(1) ? one : 0));
}

function maxPoolBackOf(g, x, window, stride, padding, ties) {
  const { found } = windows(x.shape, window, stride, padding);
  const result = filled(x.shape, 0);
  found.forEach((one, place) => {
    const parts = largestShares(one.map((at) => (at < 0 ? -Infinity : x.data[at])), ties);
    one.forEach((at, entry) => { if (at >= 0) result.data[at] += parts[entry] * g.data[place]; });
  });
  return result;
}

function maxPoolAtOf(u, x, window, stride, padding, ties) {
  const { found, shape } = windows(x.shape, window, stride, padding);
  return arrayOf(shape, Float64Array.from(found, (one) => {
    const parts = largestShares(one.map((at) => (at < 0 ? -Infinity : x.data[at])), ties);
    return added(one.map((at, entry) => (at < 0 ? 0 : parts[entry] * u.data[at])));
  }));
}

function averagePoolOf(x, window, stride, padding) {
  const { found, shape, count } = windows(x.shape, window, stride, padding);
  return arrayOf(shape, Float64Array.from(found, (one) => added(one.map((at) => (at < 0 ? 0 : x.data[at]))) / count));
}

function averagePoolBackOf(g, window, stride, padding, before) {
  const { found, count } = windows(before, window, stride, padding);
  const result = filled(before, 0);
  found.forEach((one, place) => one.forEach((at) => { if (at >= 0) result.data[at] += g.data[place] / count; }));
  return result;
}

// --- over intervals --------------------------------------------------------------------------------------------------

const correlationEnclosure = (name) => (a, b, ...settings) => {
  const { shape, terms } = products(name, settings);
  const pairs = Array.from({ length: sizeOf(shape) }, () => []);
  for (const [place, one, other] of terms) pairs[place].push(one, other);
  return sumsOfProducts(a, b, shape, pairs);
};

// The share that each entry of a window can have in its largest.
function possibleShares(x, places, ties) {
  const lows = places.map((at) => (at < 0 ? -Infinity : x.low[at]));
  const highs = places.map((at) => (at < 0 ? -Infinity : x.high[at]));
  const floor = largestOf(lows);
  const possible = highs.map((one) => one >= floor);
  const alone = possible.filter(Boolean).length === 1;
  if (lows.every((one, entry) => one === highs[entry])) return largestShares(lows, ties).map((one) => [one, one]);
  return possible.map((can) => [can && alone ? 1 : 0, can ? 1 : 0]);
}

function maxPoolBackEnclosure(g, x, window, stride, padding, ties) {
  const { found } = windows(x.shape, window, stride, padding);
  const parts = Array.from({ length: x.low.length }, () => [[], []]);
  found.forEach((places, one) => possibleShares(x, places, ties).forEach(([low, high], entry) => {
    if (places[entry] < 0) return;
    const [least, most] = multiplyBounds(low, high, g.low[one], g.high[one]);
    parts[places[entry]][0].push(least);
    parts[places[entry]][1].push(most);
  }));
  const sums = parts.map(([lows, highs]) => (lows.length ? totalBounds(lows, highs) : [0, 0]));
  return interval(x.shape, Float64Array.from(sums, (one) => one[0]), Float64Array.from(sums, (one) => one[1]));
}

function windowSums(x, window, stride, padding, boundsOf) {
  const { found, shape } = windows(x.shape, window, stride, padding);
  const sums = found.map((places) => {
    const parts = boundsOf(places);
    return totalBounds(parts.map((one) => one[0]), parts.map((one) => one[1]));
  });
  return interval(shape, Float64Array.from(sums, (one) => one[0]), Float64Array.from(sums, (one) => one[1]));
}

const boundsAt = (x, at) => (at < 0 ? [0, 0] : [x.low[at], x.high[at]]);

const maxPoolAtEnclosure = (u, x, window, stride, padding, ties) =>
  windowSums(x, window, stride, padding, (places) => possibleShares(x, places, ties).map(([low, high], entry) =>
    multiplyBounds(low, high, ...boundsAt(u, places[entry]))));

function averagePoolEnclosure(x, window, stride, padding) {
  const sums = windowSums(x, window, stride, padding, (places) => places.map((at) => boundsAt(x, at)));
  return intervalQuotient(sums, pointOf(windows(x.shape, window, stride, padding).count));
}

function averagePoolBackEnclosure(g, window, stride, padding, before) {
  const { found, count } = windows(before, window, stride, padding);
  const parts = Array.from({ length: sizeOf(before) }, () => [[], []]);
  found.forEach((places, one) => places.forEach((at) => {
    if (at < 0) return;
    const [low, high] = divideBounds(g.low[one], g.high[one], count, count);
    parts[at][0].push(low);
    parts[at][1].push(high);
  }));
  const sums = parts.map(([lows, highs]) => (lows.length ? totalBounds(lows, highs) : [0, 0]));
  return interval(before, Float64Array.from(sums, (one) => one[0]), Float64Array.from(sums, (one) => one[1]));
}

Object.assign(ENCLOSURES, {
  max_pool: movedEnclosure("max_pool"),
  max_pool_back: maxPoolBackEnclosure,
  max_pool_at: maxPoolAtEnclosure,
  average_pool: averagePoolEnclosure,
  average_pool_back: averagePoolBackEnclosure,
});
for (const name of ["convolve", "convolve_kernel", "convolve_full", "convolve_transposed"]) {
  ENCLOSURES[name] = correlationEnclosure(name);
  SLOPES[name] = slopeOfProduct;
}

// --- slopes ----------------------------------------------------------------------------------------------------------

function slopeOfLargest(node, parts, values) {
  const slope = enclosed(node, [parts[0] || zeroLike(values[0]), values[1]]);
  if (parts[1] === null) return slope;
  const [window, stride, padding, ties] = node.params;
  const open = filled(node.shape, 0);
  windows(values[1].shape, window, stride, padding).found.forEach((places, one) => {
    if (possibleShares(values[1], places, ties).every(([low, high]) => low === high)) return;
    if (node.op === "max_pool_at") open.data[one] = Infinity;
    else places.forEach((at) => { if (at >= 0) open.data[at] = Infinity; });
  });
  return overBounds((low, high, least, most) => [low - most, high + most], slope, point(open));
}

SLOPES.max_pool_back = slopeOfLargest;
SLOPES.max_pool_at = slopeOfLargest;
COMBINING.max_pool = (slope, x, y, window, stride, padding) => {
    const { found, shape } = windows(x.shape, window, stride, padding);
    const hull = found.map((all) => {
      const places = all.filter((at) => at >= 0);
      const floor = largestOf(places.map((at) => x.low[at]));
      const possible = places.filter((at) => x.high[at] >= floor);
      return [Math.min(...possible.map((at) => slope.low[at])), Math.max(...possible.map((at) => slope.high[at]))];
    });
    return interval(shape, Float64Array.from(hull, (one) => one[0]), Float64Array.from(hull, (one) => one[1]));
  };
