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
const placesKnown = new Map();
function placesIn(shape, larger) {
  const key = `${shape}/${larger}`;
  if (!placesKnown.has(key)) placesKnown.set(key, findPlaces(shape, larger));
  return placesKnown.get(key);
}

function findPlaces(shape, larger) {
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
