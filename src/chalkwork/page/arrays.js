// Arrays, row by row, and what the operations of the table are made of. A scalar has the shape [1, 1].

const sizeOf = (shape) => shape.reduce((product, size) => product * size, 1);
const arrayOf = (shape, data) => ({ shape, data });
const filled = (shape, value) => arrayOf(shape, new Float64Array(sizeOf(shape)).fill(value));
const sameShape = (a, b) => a.length === b.length && a.every((size, axis) => size === b[axis]);
const atLeastTwo = (shape) => (shape.length ? shape : [1, 1]);

// Where along each axis one goes on by so many entries; none along an axis of one entry.
function strides(shape) {
  const found = new Array(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    found[axis] = shape[axis] === 1 ? 0 : step;
    step *= shape[axis];
  }
  return found;
}

function commonShape(shapes) {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const found = new Array(rank).fill(1);
  for (const shape of shapes) {
    shape.forEach((size, axis) => {
      const place = axis + rank - shape.length;
      if (size !== 1) found[place] = size;
    });
  }
  return found;
}

// For every entry of the larger shape the place of the entry of the smaller one that is spread over it.
function placesIn(shape, larger) {
  const own = strides(shape);
  const found = new Int32Array(sizeOf(larger));
  const at = new Array(larger.length).fill(0);
  const before = larger.length - shape.length;
  let place = 0;
  for (let entry = 0; entry < found.length; entry += 1) {
    found[entry] = place;
    for (let axis = larger.length - 1; axis >= 0; axis -= 1) {
      const step = axis >= before ? own[axis - before] : 0;
      at[axis] += 1;
      place += step;
      if (at[axis] < larger[axis]) break;
      place -= step * larger[axis];
      at[axis] = 0;
    }
  }
  return found;
}

function spreadOver(x, shape) {
  const larger = commonShape([x.shape, atLeastTwo(shape)]);
  if (sameShape(x.shape, larger)) return x;
  const places = placesIn(x.shape, larger);
  return arrayOf(larger, Float64Array.from(places, (place) => x.data[place]));
}

// A function of numbers, entry by entry, arrays spread over each other as NumPy does.
function each(value, ...arrays) {
  const [x, y] = arrays;
  if (arrays.length === 1) return arrayOf(x.shape, Float64Array.from(x.data, (one) => value(one)));
  if (arrays.length === 2 && sameShape(x.shape, y.shape)) {
    const data = new Float64Array(x.data.length);
    for (let entry = 0; entry < data.length; entry += 1) data[entry] = value(x.data[entry], y.data[entry]);
    return arrayOf(x.shape, data);
  }
  const shape = commonShape(arrays.map((array) => array.shape));
  const spread = arrays.map((array) => spreadOver(array, shape).data);
  const data = new Float64Array(sizeOf(shape));
  for (let entry = 0; entry < data.length; entry += 1) data[entry] = value(...spread.map((one) => one[entry]));
  return arrayOf(shape, data);
}

// --- what is collapsed ----------------------------------------------------------------------------------------------

function axesOf(axis, shape) {
  const axes = axis === null || axis === undefined ? [-2, -1] : Array.isArray(axis) ? axis : [axis];
  return axes.map((one) => shape.length + one);
}

// For every entry of what is left the places of those that are combined, and the shape with one entry along the axes.
const groupsKnown = new Map();
function groups(shape, axis) {
  const key = `${shape}/${axis}`;
  if (!groupsKnown.has(key)) groupsKnown.set(key, groupsOf(shape, axis));
  return groupsKnown.get(key);
}

function groupsOf(shape, axis) {
  const axes = axesOf(axis, shape);
  const kept = shape.map((size, at) => (axes.includes(at) ? 1 : size));
  const places = placesIn(kept, shape);
  const members = Array.from({ length: sizeOf(kept) }, () => []);
  places.forEach((group, entry) => members[group].push(entry));
  return { kept, members, places };
}

// Axes before those of the matrices go.
function without(shape, axis) {
  const gone = axesOf(axis, shape).filter((one) => one < shape.length - 2);
  return shape.filter((_, at) => !gone.includes(at));
}

function collapse(x, axis, value) {
  const { kept, members } = groups(x.shape, axis);
  const data = Float64Array.from(members, (places) => value(places.map((place) => x.data[place])));
  return arrayOf(without(kept, axis), data);
}

const added = (numbers) => numbers.reduce((total, one) => total + one, 0);
const largestOf = (numbers) => numbers.reduce((most, one) => Math.max(most, one), -Infinity);
const sumOf = (x, axis) => collapse(x, axis, added);
const meanOf = (x, axis) => collapse(x, axis, (numbers) => added(numbers) / numbers.length);
const maxOf = (x, axis) => collapse(x, axis, largestOf);

// Counted from 1; where several are the largest, up to rounding, the first of them, or `tie` if that is given.
function argmaxOf(x, axis, tie) {
  return collapse(x, axis, (numbers) => {
    const most = largestOf(numbers);
    const near = most - 1e-12 * Math.abs(most);
    if (tie !== null && numbers.filter((one) => one >= near).length > 1) return tie;
    return numbers.indexOf(most) + 1;
  });
}

// A function of the entries along an axis together that gives as many.
function along(x, axis, value) {
  const { members } = groups(x.shape, axis);
  const data = new Float64Array(x.data.length);
  for (const places of members) {
    const found = value(places.map((place) => x.data[place]));
    places.forEach((place, entry) => { data[place] = found[entry]; });
  }
  return arrayOf(x.shape, data);
}

function shares(numbers) {
  const most = largestOf(numbers);
  const powers = numbers.map((one) => Math.exp(one - most));
  const total = added(powers);
  return powers.map((one) => one / total);
}

function logOfPowers(numbers) {
  const most = largestOf(numbers);
  const shift = Number.isFinite(most) ? most : 0;
  return shift + Math.log(added(numbers.map((one) => Math.exp(one - shift))));
}

const softmaxOf = (x, axis) => along(x, axis, shares);
const logsumexpOf = (x, axis) => collapse(x, axis, logOfPowers);
const logSoftmaxOf = (x, axis) => along(x, axis, (numbers) => {
  const most = largestOf(numbers);
  const below = numbers.map((one) => one - (Number.isFinite(most) ? most : 0));
  const total = Math.log(added(below.map(Math.exp)));
  return below.map((one) => one - total);
});

// A position sees the keys up to its own place.
function isSeen(shape, keys) {
  const [rows, columns] = shape.slice(-2);
  return (entry) => {
    const column = entry % columns;
    const row = Math.floor(entry / columns) % rows;
    return keys === -1 ? column <= row : row <= column;
  };
}

function causalSoftmaxOf(x, keys) {
  const seen = isSeen(x.shape, keys);
  return softmaxOf(arrayOf(x.shape, x.data.map((one, entry) => (seen(entry) ? one : -Infinity))), keys);
}

// --- matrices -------------------------------------------------------------------------------------------------------

function matmulOf(a, b) {
  const [rows, inner] = a.shape.slice(-2);
  const columns = b.shape[b.shape.length - 1];
  const free = commonShape([[1, ...a.shape.slice(0, -2)], [1, ...b.shape.slice(0, -2)]]).slice(1);
  const lead = free.length || a.shape.length > 2 || b.shape.length > 2 ? free : [];
  const left = spreadOver(a, [...lead, rows, inner]).data;
  const right = spreadOver(b, [...lead, inner, columns]).data;
  const data = new Float64Array(sizeOf(lead) * rows * columns);
  for (let one = 0; one < sizeOf(lead); one += 1) {
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        let total = 0;
        for (let term = 0; term < inner; term += 1) {
          total += left[(one * rows + row) * inner + term] * right[(one * inner + term) * columns + column];
        }
        data[(one * rows + row) * columns + column] = total;
      }
    }
  }
  return arrayOf([...lead, rows, columns], data);
}

// An array of which every entry is one of another; -1 is a zero.
function picked(x, shape, placeOf) {
  const data = new Float64Array(sizeOf(shape));
  for (let entry = 0; entry < data.length; entry += 1) {
    const place = placeOf(entry);
    data[entry] = place < 0 ? 0 : x.data[place];
  }
  return arrayOf(shape, data);
}

function transposeOf(x) {
  const [rows, columns] = x.shape.slice(-2);
  return picked(x, [...x.shape.slice(0, -2), columns, rows], (entry) => {
    const inside = entry % (rows * columns);
    return entry - inside + (inside % rows) * columns + Math.floor(inside / rows);
  });
}

const reshapeOf = (x, shape) => arrayOf(atLeastTwo(shape), x.data);
const diagOf = (x) => {
  const size = x.data.length;
  return picked(x, [size, size], (entry) => (entry % (size + 1) === 0 ? entry / (size + 1) : -1));
};
const diagonalOf = (x, shape) => picked(x, shape, (entry) => entry * (x.shape[1] + 1));
const entryOf = (x, [row, column]) => picked(x, [1, 1], () => (row - 1) * x.shape[1] + column - 1);
const partOf = (x, [top, bottom, left, right]) => {
  const width = right - left + 1;
  return picked(x, [bottom - top + 1, width], (entry) =>
    (top - 1 + Math.floor(entry / width)) * x.shape[1] + left - 1 + (entry % width));
};
const paddedOf = (x, [top, bottom, left, right], shape) => picked(x, shape, (entry) => {
  const row = Math.floor(entry / shape[1]) + 1;
  const column = (entry % shape[1]) + 1;
  if (row < top || row > bottom || column < left || column > right) return -1;
  return (row - top) * (right - left + 1) + column - left;
});
const placedOf = (a, b, [row, column]) => {
  const data = Float64Array.from(a.data);
  data[(row - 1) * a.shape[1] + column - 1] = b.data[0];
  return arrayOf(a.shape, data);
};
const belowOf = (a, b) => arrayOf([a.shape[0] + b.shape[0], a.shape[1]], Float64Array.from([...a.data, ...b.data]));
const besideOf = (a, b) => transposeOf(belowOf(transposeOf(a), transposeOf(b)));

function turnedOf(x, axis) {
  const [rows, columns] = x.shape.slice(-2);
  return picked(x, x.shape, (entry) => {
    const inside = entry % (rows * columns);
    const row = Math.floor(inside / columns);
    const turned = columns - 1 - (inside % columns);
    return entry - inside + (axis === null ? rows - 1 - row : row) * columns + turned;
  });
}

// Elimination with pivots; NaN where the matrix is singular.
function solveOf(a, b) {
  const size = a.shape[0];
  const width = b.shape[1];
  const rows = Array.from({ length: size }, (_, row) => [
    ...a.data.slice(row * size, (row + 1) * size), ...b.data.slice(row * width, (row + 1) * width),
  ]);
  for (let at = 0; at < size; at += 1) {
    let best = at;
    for (let row = at; row < size; row += 1) if (Math.abs(rows[row][at]) > Math.abs(rows[best][at])) best = row;
    [rows[at], rows[best]] = [rows[best], rows[at]];
    if (rows[at][at] === 0) return filled(b.shape, NaN);
    for (let row = 0; row < size; row += 1) {
      const factor = row === at ? 0 : rows[row][at] / rows[at][at];
      if (factor !== 0) rows[row] = rows[row].map((one, column) => one - factor * rows[at][column]);
    }
  }
  return arrayOf(b.shape, Float64Array.from(rows.flatMap((row, at) => row.slice(size).map((one) => one / row[at]))));
}

// --- sequences ------------------------------------------------------------------------------------------------------

function momentOf(x, at, axis, before) {
  const [rows, columns] = x.shape.slice(-2);
  if (before.length === 2) {
    return axis === -2
      ? picked(x, [1, columns], (entry) => (at - 1) * columns + entry)
      : picked(x, [rows, 1], (entry) => entry * columns + at - 1);
  }
  const several = x.shape[0];
  return axis === -2
    ? picked(x, [several, columns], (entry) =>
      (Math.floor(entry / columns) * rows + at - 1) * columns + (entry % columns))
    : picked(x, [rows, several], (entry) =>
      ((entry % several) * rows + Math.floor(entry / several)) * columns + at - 1);
}

function atMomentOf(x, at, axis, shape) {
  const [rows, columns] = shape.slice(-2);
  const several = shape.length === 3 ? shape[0] : 1;
  return picked(x, shape, (entry) => {
    const column = entry % columns;
    const row = Math.floor(entry / columns) % rows;
    const sample = Math.floor(entry / (rows * columns));
    if ((axis === -2 ? row : column) !== at - 1) return -1;
    return axis === -2 ? sample * columns + column : row * several + sample;
  });
}

// --- windows --------------------------------------------------------------------------------------------------------

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

// --- the normal distribution: Cody, Rational Chebyshev approximations for the error function (1969) ---------------

const ratio = ([above, below], x) => above.reduce((t, c) => t * x + c) / below.reduce((t, c) => t * x + c);

function bell(size) {
  const head = Math.floor(size * 16) / 16;
  return Math.exp((-head * head) / 2) * Math.exp((-(size - head) * (size + head)) / 2);
}

const normalPdf = (x) => bell(Math.min(Math.abs(x), 40)) / Math.sqrt(2 * Math.PI);

function normalCdf(x) {
  const clipped = Math.min(Math.abs(x), 40);
  const size = clipped / Math.SQRT2;
  let tail;
  if (size < 0.5) tail = 1 - size * ratio(NORMAL.small, size * size);
  else if (size < 4) tail = bell(clipped) * ratio(NORMAL.middle, size);
  else {
    const inverse = 1 / (size * size);
    tail = (bell(clipped) * (1 / Math.sqrt(Math.PI) - inverse * ratio(NORMAL.large, inverse))) / size;
  }
  return x > 0 ? 1 - tail / 2 : tail / 2;
}
