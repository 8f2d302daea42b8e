// One number as people type it, and the interval that its digits stand for. As in `checking/reading/numerals.py`.

const SIGNS = {
  "−": "-", "–": "-", "‐": "-", "‑": "-", "⁻": "-", "—": "-", "·": "*", "×": "*", "⋅": "*", "∗": "*", "⁄": "/", "∕": "/",
  "’": "'", "′": "'",
};
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const DECIMAL = "(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)";
const NUMBER = new RegExp(`^([-+]?)(${DECIMAL})(?:[eE]([-+]?[0-9]{1,3})|\\*10(?:\\^|\\*\\*)([-+]?[0-9]{1,3}))?$`);
const POWER_ALONE = /^([-+]?)10(?:\^|\*\*)([-+]?[0-9]{1,3})$/;
const FRACTION = new RegExp(`^([-+]?${DECIMAL})/([-+]?${DECIMAL})$`);
const SIMPLE = /^-?[0-9]+[.,]([0-9]+)$/;
const BLANK = /^[\s_?.…-]*$/;
const MAX_MAGNITUDE = 1e100;

const power10 = (exponent) => Number(`1e${exponent}`);
const ulpOf = (x) => Math.max(2 ** (Math.floor(Math.log2(Math.abs(x) || TINY)) - 52), TINY);

function plainText(text) {
  return text
    .replace(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, " ")
    .replace(/[\u200b-\u200f\u2060\ufeff]/g, "")
    .replace(/10([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})/g, (_, raised) =>
      `10^${[...raised].map((one) => (one === "⁻" ? "-" : one === "⁺" ? "+" : RAISED.indexOf(one))).join("")}`)
    .replace(/./gu, (sign) => SIGNS[sign] ?? sign)
    .replace(/^\s*(?:≈|~|=)\s*/, "")
    .trim()
    .replace(/\s*([*/^])\s*/g, "$1")
    .replace(/\^[({]([-+]?[0-9]{1,3})[)}]/g, "^$1")
    .replace(/^([-+])\s+/, "$1");
}

// The value and half a unit of its last digit.
function decimalOf(digits, power, scaled, decimals) {
  const [whole, places = ""] = digits.replace(",", ".").split(".");
  const value = Number(`${whole || "0"}.${places || "0"}e${power}`);
  if (places || scaled) return [value, 0.5 * power10(power - places.length)];
  return [value, decimals === null ? 0 : 0.5 * power10(-decimals)];
}

function boundedNumber(value, half, ulps = 2) {
  if (Math.abs(value) > MAX_MAGNITUDE || half > MAX_MAGNITUDE) return { unreadable: true, impossible: true };
  if (value === 0 && half === 0 && ulps === 2) return { value: 0, low: 0, high: 0 };
  if (half === 0 && Number.isInteger(value) && Math.abs(value) < 2 ** 53 && ulps === 2) return { value, low: value, high: value };
  const slack = ulps * ulpOf(Math.abs(value) + half);
  return { value, low: value - half - slack, high: value + half + slack };
}

const signed = (sign, digits) => (sign === "-" ? `-${digits}` : digits);

// What stands in one cell: {value, low, high}, {blank}, or {unreadable} and whether it is {impossible}.
const cellsKnown = new Map();
function readCell(text, decimals) {
  const key = `${decimals} ${text}`;
  if (!cellsKnown.has(key)) cellsKnown.set(key, readText(text, decimals));
  return { ...cellsKnown.get(key) };
}

function readText(text, decimals) {
  if (BLANK.test(text) && !/[0-9]/.test(text)) return { blank: true };
  const bare = plainText(text);
  if (bare.length > 200) return { unreadable: true };
  let found = NUMBER.exec(bare);
  if (found) {
    const power = Number(found[3] || found[4] || 0);
    return boundedNumber(...decimalOf(signed(found[1], found[2]), power, Boolean(found[3] || found[4]), decimals));
  }
  found = POWER_ALONE.exec(bare);
  if (found) return boundedNumber(...decimalOf(signed(found[1], "1"), Number(found[2]), false, null));
  found = FRACTION.exec(bare);
  if (found) return readQuotient(found[1], found[2]);
  if (/^[-+]?(?:inf|infinity|infty|nan|∞|true|false)$/i.test(bare)) return { unreadable: true, impossible: true };
  return calculatedNumber(bare) || { unreadable: true };
}

function readQuotient(above, below) {
  const [top, bottom] = [above, below].map((part) => boundedNumber(...decimalOf(part.replace("+", ""), 0, false, null)));
  if (bottom.low <= 0 && bottom.high >= 0) return { unreadable: true };
  const ends = [top.low, top.high].flatMap((one) => [bottom.low, bottom.high].map((other) => one / other));
  const middle = boundedNumber(top.value / bottom.value, 0, 1);
  return {
    value: top.value / bottom.value,
    low: Math.min(middle.low, nextDown(Math.min(...ends))), high: Math.max(middle.high, nextUp(Math.max(...ends))),
  };
}

// --- a calculation in the place of its result, as `-ln(0.4525)`: read by descent, never run ------------------------

const CALCULATION = /^(?:[0-9.,\s+*/^()-]|\b(?:ln|log|exp|sqrt|tanh|sigmoid|e|pi)\b)+$/;
const UNCLEAR = /[0-9.,]\s*[(a-z]|\)\s*[0-9.]|[-+]{2}|[0-9)]\s+-(?=\S)|[0-9.]\s+[0-9.,]|\*\*.*\*\*|\^\s*[0-9]{3}/;
const TOKEN = /\s*([0-9]+(?:[.,][0-9]*)?|[.,][0-9]+|[a-z]+|\*\*|[-+*/^()])/y;
const FUNCTIONS = {
  ln: logBounds, log: logBounds, exp: expBounds,
  sqrt: (low, high) => outwards(Math.sqrt(Math.max(low, 0)), Math.sqrt(high), 1, 0),
  tanh: (low, high) => outwards(Math.tanh(low), Math.tanh(high), 4, 4),
  sigmoid: (low, high) => outwards(1 / (1 + Math.exp(-low)), 1 / (1 + Math.exp(-high)), 8, 4),
};

function calculatedNumber(text) {
  if (!CALCULATION.test(text) || UNCLEAR.test(text) || !/[0-9]/.test(text)) return null;
  const tokens = [];
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(text); found; found = TOKEN.exec(text)) tokens.push(found[1]);
  let at = 0;
  const next = () => tokens[at];
  const take = (...signs) => (signs.includes(tokens[at]) ? tokens[at++] : null);
  const both = (one, other, bounds, value) => one && other && {
    value: value(one.value, other.value), bounds: bounds(...one.bounds, ...other.bounds),
  };
  const sum = (depth) => {
    let found = product(depth);
    for (let sign = take("+", "-"); sign && found; sign = take("+", "-")) {
      found = both(found, product(depth), sign === "+" ? addBounds : subtractBounds,
        sign === "+" ? (a, b) => a + b : (a, b) => a - b);
    }
    return found;
  };
  const product = (depth) => {
    let found = negated(depth);
    for (let sign = take("*", "/"); sign && found; sign = take("*", "/")) {
      found = both(found, negated(depth), sign === "*" ? multiplyBounds : divideBounds,
        sign === "*" ? (a, b) => a * b : (a, b) => a / b);
    }
    return found;
  };
  const negated = (depth) => {
    const sign = take("+", "-");
    const found = raised(depth);
    return found && sign === "-" ? { value: -found.value, bounds: [-found.bounds[1], -found.bounds[0]] } : found;
  };
  const raised = (depth) => {
    const base = single(depth);
    if (!base || !take("^", "**")) return base;
    return both(base, negated(depth + 1), powerBounds, (a, b) => a ** b);
  };
  const single = (depth) => {
    if (depth > 20 || next() === undefined) return null;
    if (take("(")) {
      const inside = sum(depth + 1);
      return take(")") ? inside : null;
    }
    const word = tokens[at++];
    if (/^[0-9.,]/.test(word)) {
      const one = boundedNumber(...decimalOf(word, 0, false, null));
      return one.unreadable ? null : { value: one.value, bounds: [one.low, one.high] };
    }
    if (word === "e" || word === "pi") {
      const value = word === "e" ? Math.E : Math.PI;
      return { value, bounds: [nextDown(value), nextUp(value)] };
    }
    if (!FUNCTIONS[word] || !take("(")) return null;
    const inside = sum(depth + 1);
    if (!inside || !take(")")) return null;
    const middle = FUNCTIONS[word](inside.value, inside.value);
    return { value: middle[0] / 2 + middle[1] / 2, bounds: FUNCTIONS[word](...inside.bounds) };
  };
  const found = sum(0);
  if (!found || at < tokens.length || !Number.isFinite(found.value)) return null;
  const [low, high] = found.bounds;
  if (!(Math.abs(low) <= MAX_MAGNITUDE && Math.abs(high) <= MAX_MAGNITUDE)) return { unreadable: true, impossible: true };
  return { value: found.value, low: Math.min(low, found.value), high: Math.max(high, found.value) };
}

// --- the cells of one answer ----------------------------------------------------------------------------------------

const THOUSANDS = /(?<![0-9.,])[-+]?[1-9][0-9]{0,2},[0-9]{3}(?![0-9.,])/;
const DECIMAL_COMMA = /(?<![0-9.,])0,[0-9]{2,}(?![0-9,])|(?<![0-9.,])[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})\s*$/;

// Whether `1,234` can stand for thousands: no other number has a decimal comma.
const isDoubtful = (answers) => {
  const cells = Object.values(answers).flat();
  return cells.some((cell) => THOUSANDS.test(cell)) && !cells.some((cell) => DECIMAL_COMMA.test(cell));
};

function readAnswer(texts, decimals, tolerance, doubtful) {
  const size = texts.length;
  const refused = doubtful && texts.some((text) => THOUSANDS.test(text));
  const read = texts.map((text) => (refused ? { unreadable: true } : readCell(text, decimals)));
  const places = texts.map((text) => SIMPLE.exec(text.trim())).filter(Boolean).map((found) => found[1].length);
  const finest = places.length ? 0.5 * power10(-Math.min(Math.max(...places), 23)) : 0;
  read.forEach((one, cell) => {
    if (size > 1 && /^[-+]?0$/.test(texts[cell].trim()) && one.high < finest) [one.low, one.high] = [-finest, finest];
  });
  const numbers = (key) => Float64Array.from(read, (one) => one[key] ?? NaN);
  const flags = (key) => read.map((one) => Boolean(one[key]));
  const [low, high] = [numbers("low"), numbers("high")];
  return {
    low, high,
    value: low.map((one, cell) => one / 2 + high[cell] / 2),
    half: low.map((one, cell) => high[cell] / 2 - one / 2),
    typedLow: low.map((one) => settledLow(one - tolerance)), typedHigh: high.map((one) => settledHigh(one + tolerance)),
    blank: flags("blank"), unreadable: flags("unreadable"), impossible: flags("impossible"),
    given: read.map((one) => !one.blank && !one.unreadable), tolerance,
  };
}

const noAnswer = (size) => readAnswer(new Array(size).fill(""), null, 0, false);
