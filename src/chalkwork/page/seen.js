// What is seen of a wrong answer that no entry of the table explains: some of `checking/seeing/seen.py`, in its order.
// What is found is [id of a sentence, what is put into it]; a value in it that is a list is such a sentence itself.

const [BY_CHANCE, LARGEST_BELOW, MOST_OTHERS] = [1e-3, 64, 60];

function meets(own, value) {
  let chance = 1;
  const met = value.length === own.value.length && own.given.every((given, cell) => {
    const width = own.high[cell] - own.low[cell];
    const room = 1e-9 * Math.abs(value[cell]) + 1e-14;
    if (given && own.value[cell] !== 0) chance *= width / (2 * Math.abs(own.value[cell]) + width);
    return !given || (own.low[cell] <= value[cell] + room && own.high[cell] >= value[cell] - room);
  });
  return met && some(own.given) && chance < BY_CHANCE;
}

function asFraction(raw) {
  let best = [Math.round(raw), 1];
  for (let below = 2; below <= LARGEST_BELOW; below += 1) {
    const above = Math.round(raw * below);
    if (Math.abs(above / below - raw) < Math.abs(best[0] / best[1] - raw)) best = [above, below];
  }
  return best;
}

// The factor between an answer and a value, if it is one, where the answer has several numbers.
function factorOf(own, value) {
  if (value.length < 2) return null;
  const sizes = [...value].map((one, cell) => (own.given[cell] ? Math.abs(one) : -1));
  const place = sizes.indexOf(Math.max(...sizes));
  if (value[place] === 0 || !own.given[place]) return null;
  const raw = own.value[place] / value[place];
  const [above, below] = asFraction(raw);
  const nice = Math.abs(raw) < 1e6 ? above / below : raw;
  const several = [...value].filter((one, cell) => own.given[cell] && one !== 0).length > 1;
  const found = (several ? [nice, raw] : [nice]).find((one) => one !== 0 && one !== 1 && meets(own, value.map((each) => one * each)));
  return found === undefined ? null : found;
}

const shortly = (number) => String(Number(number.toPrecision(4)));

function timesOf(factor) {
  const [above, below] = asFraction(factor);
  const exact = Math.abs(above / below - factor) <= 1e-9 * Math.abs(factor);
  if (factor === -1) return ["seen.minus", {}];
  if (exact && below > 1 && Math.abs(above) === 1) return [above < 0 ? "seen.minus_part" : "seen.part", { n: below }];
  return ["seen.times", { number: shortly(factor) }];
}

const MADE_OF = {
  square: (one) => one ** 2, root: Math.sqrt, inverse: (one) => 1 / one, logarithm: Math.log, exponential: Math.exp,
  one_minus: (one) => 1 - one,
};

// `exact` reads an answer with whole numbers as they are; `values` are the right arrays.
function seenIn({ name, node }, values, exact) {
  const own = exact(name);
  if (!own || !some(own.given)) return null;
  if (own.value.length > 1 && every(own.given) && own.value.every((one) => one === own.value[0])) {
    return ["seen.same", { number: shortly(own.value[0]) }];
  }
  const typed = (one) => {
    const answer = exact(one);
    return answer ? arrayOf(values[one].shape, values[one].data.map((right, cell) => (answer.given[cell] ? answer.value[cell] : right))) : values[one];
  };
  const right = values[name].data;
  const following = spreadOver(evaluate(node, typed), values[name].shape).data;
  const same = following.every((one, cell) => Math.abs(one - right[cell]) <= 1e-12 + 1e-9 * Math.abs(right[cell]));
  const rights = [...(!same && following.every(Number.isFinite) ? [["following", following]] : []), ["right", right]];
  for (const [word, value] of rights) {
    const factor = factorOf(own, value);
    const of = [`seen.of_${word}`, {}];
    if (factor !== null) return ["seen.factor", { times: timesOf(factor), of }];
    const made = Object.keys(MADE_OF).find((one) => meets(own, value.map(MADE_OF[one])));
    if (made) return [`seen.${made}`, { of }];
  }
  const shape = values[name].shape.slice(-2);
  const others = Object.entries(values).slice(0, MOST_OTHERS).filter(([one, value]) => one !== name && sameShape(value.shape.slice(-2), shape) && value.data.length === right.length);
  for (const [other, value] of others) if (meets(own, value.data)) return ["seen.another", { name: other }];
  for (const [other, value] of others) {
    const factor = factorOf(own, value.data);
    if (factor !== null) return ["seen.times_another", { times: timesOf(factor), name: other }];
  }
  return null;
}
