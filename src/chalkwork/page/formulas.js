// Formulas in letters as answers: read as `algebra/reading` reads equations between quantities, in plain maths, and worked
// out at once, with the values of a point that is as good as any. Nothing is executed but the operations of the table.
// A value is {shape, x}: the shape [] of a number, and its array; `literal` is a number as it was typed.

const [LONGEST, DEEPEST] = [200, 60];
const [SUMS, PRODUCTS, BESIDES, MATRIX_PRODUCTS] = [10, 20, 25, 30];
const BINDING = { "+": SUMS, "-": SUMS, "*": PRODUCTS, "·": PRODUCTS, "∘": PRODUCTS, "/": PRODUCTS, "@": MATRIX_PRODUCTS };
const BY_SIGN = { "+": "add", "-": "subtract", "*": "multiply", "∘": "multiply", "/": "divide", "@": "matmul" };
const SAME_SIGN = { "**": "^", "−": "-", "×": "·", "⊙": "∘", "⋅": "·" };
const PIECE = /\s+|(\d+(?:\.(?!T\b)\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([\p{L}](?:[\p{L}\p{N}]|_+(?=[\p{L}\p{N}]))*)|(\.T\b|\*\*|[-+*/^()@=,·×∘⊙⋅−])/uy;
const SLOPE = /(?<![\p{L}\p{N}_])[d∂][\p{L}\p{N}_]+\s*\/\s*[d∂][\p{L}\p{N}_]+/gu;

class Unread extends Error {} // what the language does not have, or what has two readings
class Unfit extends Error {} // shapes that do not go together: read, and wrong

class Formula {
  // `letters` is a map from names to values, `words` what functions are called: {name: [operation, parameters, needs an axis]}.
  constructor(text, letters, words, greek) {
    Object.assign(this, { letters, words, place: 0, depth: 0, tokens: [] });
    PIECE.lastIndex = 0;
    while (PIECE.lastIndex < text.length) {
      const start = PIECE.lastIndex;
      const found = PIECE.exec(text);
      if (!found) throw new Unread(text[start]);
      const [, number, name, sign] = found;
      const kind = number ? "number" : name ? "name" : "sign";
      const plain = name ? Array.from(name, (one) => greek[one] || one).join("") : number || SAME_SIGN[sign] || sign;
      if (plain) this.tokens.push({ kind, text: plain, spaced: start > 0 && /\s/.test(text[start - 1]) });
    }
  }

  get next() {
    return this.tokens[this.place] || { kind: "end", text: "" };
  }

  at(...signs) {
    return this.next.kind === "sign" && signs.includes(this.next.text);
  }

  passed(sign) {
    const is = this.at(sign);
    this.place += is ? 1 : 0;
    return is;
  }

  take(sign) {
    if (!this.passed(sign)) throw new Unread(`${sign} is missing`);
  }

  whole() {
    const found = this.expression();
    if (this.next.kind !== "end") throw new Unread(this.next.text);
    return found;
  }

  // What binds more tightly than `binding`; a product without a sign binds more tightly than one with it.
  expression(binding = 0) {
    this.depth += 1;
    if (this.depth > DEEPEST) throw new Unread("too deep");
    let left = this.signed(Math.max(binding, SUMS));
    for (;;) {
      const sign = this.next.kind === "sign" ? this.next.text : "";
      const strength = BINDING[sign] || 0;
      if (strength > binding) {
        this.place += 1;
        const right = sign === "/" ? this.divisor(left) : this.expression(strength);
        left = sign === "·" ? this.dotted(left, right) : this.applied(BY_SIGN[sign], left, right);
      } else if (!strength && binding < BESIDES && this.startsFactor()) left = this.product(left, this.expression(BESIDES));
      else break;
    }
    this.depth -= 1;
    return left;
  }

  signed(binding) {
    if (this.passed("+")) return this.expression(binding);
    return this.passed("-") ? this.applied("negative", this.expression(binding)) : this.factor();
  }

  // A factor without a sign behind a/b could belong above or below; 1/n x and, with a space, a share in lowest terms are read.
  divisor(top) {
    const bottom = this.expression(BESIDES);
    if (this.startsFactor()) {
      const { spaced } = this.next;
      const common = (one, other) => (other ? common(other, one % other) : one);
      const isWhole = [top, bottom].every(({ literal }) => literal && /^\d{1,9}$/.test(literal));
      const isShare = top.literal && bottom.literal && (spaced || this.at("(")) && (top.literal === "1"
        || (spaced && isWhole && bottom.literal !== "1" && common(Number(top.literal), Number(bottom.literal)) === 1));
      if (!isShare) throw new Unread("two readings");
    }
    return bottom;
  }

  startsFactor() {
    const before = this.tokens[this.place - 1];
    if (this.next.kind === "number" && ["number", "name"].includes(before.kind)) throw new Unread("a sign is missing");
    return this.next.kind === "number" || this.next.kind === "name" || this.at("(");
  }

  factor() {
    let found = this.atom();
    for (;;) {
      if (this.passed("^")) {
        if (this.next.text === "T" && !this.letters.has("T")) {
          this.place += 1;
          found = this.applied("transpose", found);
        } else found = found.euler ? this.applied("exp", this.exponent()) : this.applied("power", found, this.exponent());
      } else if (this.passed(".T")) found = this.applied("transpose", found);
      else return found;
    }
  }

  exponent() {
    return this.passed("-") ? this.applied("negative", this.exponent()) : this.factor();
  }

  atom() {
    const { kind, text } = this.next;
    this.place += 1;
    if (kind === "number") return { ...numberValue(Number(text)), literal: text };
    if (kind === "sign" && text === "(") {
      const inner = this.expression();
      this.take(")");
      return { ...inner, literal: null, euler: false };
    }
    if (kind !== "name") throw new Unread(text);
    if (this.at("(") && text in this.words) return this.call(text);
    if (this.at("(")) throw new Unread("two readings");
    if (this.letters.has(text)) return this.letters.get(text);
    if (text === "e") return { ...numberValue(Math.E), euler: true };
    if (text === "pi") return numberValue(Math.PI);
    throw new Unread(text);
  }

  call(name) {
    const [operation, defaults, needsAxis] = this.words[name];
    const parts = [];
    const given = { ...defaults };
    this.take("(");
    while (!this.at(")")) {
      const key = this.next.text;
      if (this.tokens[this.place + 1]?.text === "=" && key in defaults) {
        this.place += 2;
        const { literal, x } = this.passed("-") ? this.applied("negative", this.atom()) : this.atom();
        given[key] = literal === undefined ? x.data[0] : Number(literal);
      } else parts.push(this.expression());
      if (!this.at(")")) this.take(",");
    }
    this.take(")");
    if (operation === "dot" || operation === "outer") return this.ofVectors(operation, ...parts);
    if ("axis" in given && given.axis !== null) given.axis -= given.axis < 0 ? 0 : 2;
    const { shape } = parts[0] || numberValue(0);
    const along = shape.length + (given.axis ?? 0);
    if (needsAxis && shape.length && (given.axis === null ? !shape.includes(1) : shape[along] === 1)) throw new Unread("which axis");
    if (given.axis !== undefined && given.axis !== null && ![-1, -2].includes(given.axis)) throw new Unread("which axis");
    return this.applied(operation, ...parts, Object.values(given));
  }

  // The operation of the table; a last argument that is a list holds its parameters.
  applied(operation, ...parts) {
    const params = Array.isArray(parts[parts.length - 1]) ? parts.pop() : [];
    const { entrywise, value } = OPERATIONS[operation];
    const shapes = parts.map((one) => one.shape).filter((shape) => shape.length);
    if (parts.length !== value.length - params.length) throw new Unread("arguments");
    if (entrywise) {
      const shape = shapes.length ? commonShape(shapes) : [];
      const fits = shapes.every((one) => one.every((size, axis) => size === 1 || size === shape[axis + shape.length - one.length]));
      if (!fits) throw new Unfit();
      return { shape, x: each((...numbers) => value(...numbers, ...params), ...parts.map((one) => one.x)) };
    }
    if (operation === "matmul" && (shapes.length < 2 || shapes[0].at(-1) !== shapes[1].at(-2))) throw new Unfit();
    const x = value(...parts.map((one) => one.x), ...params);
    const isNumber = !shapes.length || (["sum", "mean", "max", "squared_norm", "logsumexp"].includes(operation) && params.every((one) => one === null));
    return { shape: isNumber ? [] : x.shape, x };
  }

  // Beside each other matrices are multiplied.
  product(left, right) {
    return this.applied(left.shape.length && right.shape.length ? "matmul" : "multiply", left, right);
  }

  // A dot must have only one meaning.
  dotted(left, right) {
    if (left.shape.length && right.shape.length) {
      const [one, other] = [left.shape, right.shape];
      if (one.every((size, axis) => size === 1 || other[axis] === 1 || size === other[axis])) throw new Unread("two readings");
    }
    return this.product(left, right);
  }

  ofVectors(operation, left, right) {
    if (!left.shape.length && !right.shape.length) return this.applied("multiply", left, right);
    if (![left, right].every(({ shape }) => shape.length === 2 && shape.includes(1))) throw new Unread("vectors");
    const turned = (one) => this.applied("transpose", one);
    const standing = [left, right].map((one) => (one.shape[1] === 1 ? one : turned(one)));
    const lying = [left, right].map((one) => (one.shape[1] === 1 ? turned(one) : one));
    return operation === "dot" ? this.applied("matmul", lying[0], standing[1]) : this.applied("matmul", standing[0], lying[1]);
  }
}

const numberValue = (number) => ({ shape: [], x: arrayOf([1, 1], Float64Array.of(number)) });

// Whether what was typed has the values of the step, as `networks/graph_letters.py` says; null where it cannot be read.
function isFormula(name, text, { letters, near, noise, words, greek }, values) {
  if (text.length > LONGEST) return null;
  const known = new Map(Object.entries(letters).map(([one, shape]) => [one, { shape, x: values[one] }]));
  const slopes = new Map();
  const plain = text.replace(/^[^([]*=/, "").replace(SLOPE, (slope) => {
    const own = slope.replace(/\s/g, "").replace(/∂/g, "d");
    if (!known.has(own)) return slope;
    if (!slopes.has(own)) slopes.set(own, `slope_${slopes.size + 1}`);
    return slopes.get(own);
  });
  for (const [own, placed] of slopes) known.set(placed, known.get(own));
  try {
    const { x } = new Formula(plain, known, words, greek).whole();
    const wanted = values[name];
    const room = near * Math.max(...wanted.data.map(Math.abs)) + noise;
    return sameShape(x.shape, wanted.shape) && every([...x.data].map((one, at) => Math.abs(one - wanted.data[at]) <= room));
  } catch (error) {
    if (error instanceof Unfit) return false;
    if (error instanceof Unread) return null;
    throw error;
  }
}
