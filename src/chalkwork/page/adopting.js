// Marks by another convention, for those whose work shows that they have it. As in `checking/reviewing/adopting.py`, for the
// conventions that leave shapes as they are, one or two at once.
//
// A way is {forms, place, taken, entering, showing, words}: what names stand for, made of what they stand for in the
// solution, the derivation of who has it, mistakes that it looks like, steps where it comes in, and steps that show it.

const MUCH_NEARER = 0.25;

const wrongSteps = (marked) => {
  const verdicts = Object.values(marked).map((one) => one.verdict);
  return [verdicts.filter((one) => one >= MISTAKE).length, verdicts.filter((one) => one === FOLLOWS).length];
};
const isFewer = ([wrong, following], [most, others]) => wrong < most || (wrong === most && following < others);
const badSteps = (marked) => Object.keys(marked).filter((name) => marked[name].verdict >= MISTAKE);

class Adopting {
  // `markBy(place, values, explain)` marks by a derivation; `read(name)` is an answer in which whole numbers are exact.
  constructor({ ways, equations }, derivations, values, read, markBy) {
    Object.assign(this, { ways, derivations, values, read, markBy });
    this.before = new Map(equations.map((one) => [one.name, one.node]));
  }

  marked(marked) {
    let found = marked;
    let least = wrongSteps(marked);
    for (const way of this.ways) {
      if (!least[0]) break;
      const own = this.valuesBy(way);
      if (this.isLikely(way, marked, own)) {
        const quick = this.markBy(way.place, own, false);
        const wrong = wrongSteps(quick);
        if (isFewer(wrong, least) && this.isShown(way, quick, own)) {
          least = wrong;
          found = this.said(wrong[0] ? this.markBy(way.place, own, true) : quick, way);
        }
      }
    }
    return found;
  }

  valuesBy({ forms }) {
    const own = { ...this.values };
    for (const [name, node] of Object.entries(forms)) {
      own[name] = spreadOver(evaluate(node, (one) => this.values[one]), this.values[name].shape);
    }
    return own;
  }

  // Whether it is worth marking by: wrong steps have its values, or look like it, and something may follow from them.
  isLikely(way, marked, own) {
    const bad = badSteps(marked).filter((name) => name in way.forms);
    const met = bad.some((name) => (marked[name].why && marked[name].why.ids.some((id) => way.taken.includes(id)))
      || this.isNear(name, own[name]));
    return met && this.mayFollow(way, own);
  }

  isNear(name, { data }) {
    const answer = this.read(name);
    const room = 1e-9 * Math.max(0, ...data.map(Math.abs)) + 1e-12;
    return Boolean(answer) && some(answer.given) && every(answer.given.map((given, cell) => !given
      || (answer.low[cell] <= data[cell] + room && answer.high[cell] >= data[cell] - room)));
  }

  // Whether a step that the convention leaves as it is follows from what was typed before it, and else does not.
  mayFollow(way, own) {
    const has = (name) => Boolean(this.read(name)) && some(this.read(name).given);
    const reached = new Set(Object.keys(way.forms).filter(has));
    const values = { ...own };
    const typed = (name, from) => {
      if (!has(name)) return from[name];
      const { given, value } = this.read(name);
      return arrayOf(from[name].shape, Float64Array.from(from[name].data, (one, cell) => (given[cell] ? value[cell] : one)));
    };
    for (const [name, node, kept] of way.showing) {
      if (!(kept && has(name)) && namesIn(node).some((one) => reached.has(one))) {
        const value = spreadOver(evaluate(node, (one) => typed(one, values)), own[name].shape);
        if (!has(name)) {
          reached.add(name);
          values[name] = value;
        } else {
          if (this.isNear(name, value)) return true;
          const plainly = spreadOver(evaluate(this.before.get(name), (one) => typed(one, own)), own[name].shape);
          if (this.distance(name, value) < MUCH_NEARER * this.distance(name, plainly)) return true;
        }
      }
    }
    return false;
  }

  distance(name, { data }) {
    const { low, high, given } = this.read(name);
    const apart = given.map((is, cell) => (is ? Math.max(low[cell] - data[cell], data[cell] - high[cell], 0) : 0));
    return Math.max(0, ...apart.filter(Number.isFinite));
  }

  // Whether what the convention changes is right by it, and something that it leaves as it is follows from that.
  isShown(way, marked, own) {
    const isRight = (name) => name in marked && marked[name].verdict <= FOLLOWS;
    const same = (name) => every([...own[name].data].map((one, cell) => one === this.values[name].data[cell]));
    const concerned = Object.keys(way.forms).filter((name) => isRight(name) && !same(name));
    if (!concerned.length || way.entering.some((name) => name in marked && marked[name].verdict >= MISTAKE)) return false;
    const answered = new Set(Object.keys(marked).filter((name) => marked[name].verdict !== BLANK_CELL));
    const nodes = new Map(this.derivations[way.place].equations.map((one) => [one.name, one.node]));
    return [...answered].some((name) => isRight(name) && !(name in way.forms)
      && this.sources(name, nodes, answered).some((source) => concerned.includes(source)));
  }

  // The answered steps that a step was worked out from, through those left open.
  sources(name, nodes, answered) {
    const found = [];
    const wanted = [...namesIn(nodes.get(name))];
    for (let one = wanted.pop(); one !== undefined; one = wanted.pop()) {
      if (answered.has(one)) found.push(one);
      else if (nodes.has(one)) wanted.push(...namesIn(nodes.get(one)));
    }
    return found;
  }

  said(marked, way) {
    return Object.fromEntries(Object.entries(marked).map(([name, one]) =>
      [name, name in way.forms && one.verdict <= FOLLOWS ? { ...one, convention: way.words } : one]));
  }
}
