// Heads, masks and tokens: their values, the sets of their values, and their slopes. As in
// `algebra/operations/heads.py` and `softmax.py`; needed only where an exercise has them.

// The heads of the units along an axis, one matrix behind the other.
function splitHeads(x, count, axis) {
  const [rows, columns] = x.shape.slice(-2);
  const [height, width] = axis === -1 ? [rows, columns / count] : [rows / count, columns];
  return picked(x, [...x.shape.slice(0, -2), count, height, width], (entry) => {
    const column = entry % width;
    const row = Math.floor(entry / width) % height;
    const head = Math.floor(entry / (width * height)) % count;
    const before = Math.floor(entry / (width * height * count)) * rows * columns;
    return before + (axis === -1 ? row * columns + head * width + column : (head * height + row) * columns + column);
  });
}

function joinHeads(x, count, axis) {
  const [height, width] = x.shape.slice(-2);
  const [rows, columns] = axis === -1 ? [height, width * count] : [height * count, width];
  return picked(x, [...x.shape.slice(0, -3), rows, columns], (entry) => {
    const [row, column] = [Math.floor(entry / columns) % rows, entry % columns];
    const before = Math.floor(entry / (rows * columns)) * count;
    const head = axis === -1 ? Math.floor(column / width) : Math.floor(row / height);
    return ((before + head) * height + (row % height)) * width + (column % width);
  });
}

// For every entry of one-hot vectors along an axis the place of its token, and the number that makes it 1.
function* tokens(shape, count, axis) {
  const [rows, columns] = axis === -1 ? [shape[shape.length - 2], count] : [count, shape[shape.length - 1]];
  const size = (sizeOf(shape) / (axis === -1 ? rows : columns)) * rows * columns;
  for (let entry = 0; entry < size; entry += 1) {
    const [row, column] = [Math.floor(entry / columns) % rows, entry % columns];
    const before = Math.floor(entry / (rows * columns)) * (axis === -1 ? rows : columns);
    yield axis === -1 ? [before + row, column + 1] : [before + column, row + 1];
  }
}

const oneHotShape = (shape, count, axis) =>
  (axis === -1 ? [...shape.slice(0, -1), count] : [...shape.slice(0, -2), count, shape[shape.length - 1]]);
const oneHotOf = (x, count, axis) => arrayOf(oneHotShape(x.shape, count, axis),
  Float64Array.from(tokens(x.shape, count, axis), ([at, number]) => (x.data[at] === number ? 1 : 0) + 0 * x.data[at]));

function maskedSoftmaxOf(x, seen, keys, causal) {
  const mask = spreadOver(seen, x.shape).data;
  const inOrder = causal ? isSeen(x.shape, keys) : () => true;
  const kept = arrayOf(x.shape, x.data.map((one, at) => (mask[at] > 0 && inOrder(at) ? one : -Infinity)));
  const shared = along(kept, keys, (numbers) => {
    const most = largestOf(numbers);
    const powers = numbers.map((one) => Math.exp(one - (Number.isFinite(most) ? most : 0)));
    return powers.map((one) => one / (added(powers) || 1));
  });
  return arrayOf(x.shape, shared.data.map((one, at) => one + 0 * mask[at]));
}

// --- over intervals -------------------------------------------------------------------------------------------------

function oneHotEnclosure(x, count, axis) {
  const all = [...tokens(x.shape, count, axis)];
  return interval(oneHotShape(x.shape, count, axis),
    Float64Array.from(all, ([at, number]) => (x.low[at] === number && x.high[at] === number ? 1 : 0)),
    Float64Array.from(all, ([at, number]) => (x.low[at] <= number && x.high[at] >= number ? 1 : 0)));
}

// Whatever the mask may be, if it is not known: a share between nothing and that of all seen keys alone.
function maskedSoftmaxEnclosure(x, seen, keys, causal) {
  const mask = spreadInterval(seen, x.shape);
  const inOrder = causal ? isSeen(x.shape, keys) : () => true;
  const sure = [...mask.low].map((low, at) => low > 0 && inOrder(at));
  const never = [...mask.high].map((high, at) => high <= 0 || !inOrder(at));
  const shares = againstOthers(interval(x.shape, x.low.map((one, at) => (sure[at] ? one : -Infinity)),
    x.high.map((one, at) => (sure[at] ? one : -1e300))), keys, shareBounds);
  const { members, places } = groups(x.shape, keys);
  const known = members.map((group) => group.every((at) => sure[at] || never[at]));
  return interval(x.shape, shares.low.map((low, at) => (known[places[at]] && sure[at] ? low : 0)),
    shares.high.map((high, at) => (never[at] ? 0 : known[places[at]] ? high : 1)));
}

function slopeOfMaskedSoftmax({ params: [keys] }, [slope, moved], values, y) {
  const found = slope ? slopeOfSoftmax(slope, y, y, keys) : zeroLike(y);
  if (!moved) return found;
  const moves = spreadInterval(overBounds(magnitudeBounds, moved), y.shape).high;
  const { members, places } = groups(y.shape, keys);
  const still = members.map((group) => group.every((at) => moves[at] === 0));
  const size = Float64Array.from(places, (group) => (still[group] ? 0 : Infinity));
  return intervalSum(found, interval(y.shape, size.map((one) => -one), size));
}

Object.assign(ENCLOSURES, {
  split_heads: movedEnclosure("split_heads"),
  join_heads: movedEnclosure("join_heads"),
  one_hot: oneHotEnclosure,
  masked_softmax: maskedSoftmaxEnclosure,
});
SLOPES.masked_softmax = slopeOfMaskedSoftmax;
