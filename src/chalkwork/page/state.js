// What was typed and shown, in few letters: signs of four bits, three of them in two letters. An answer that is the right
// value is its number of decimals alone, a word that was chosen its place among the choices; what is blank at the end is left out.

const MARKS = "0123456789.- ";
const [STOP, KNOWN, OTHER] = [13, 14, 15]; // the end of an answer, one that is known, a letter by its code
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CUT = "~"; // stands at the end where not all of it had room

const commasTurned = (text) => text.replace(/[.,]/g, (sign) => (sign === "." ? "," : "."));

// Every cell in order: its name, its place, the text that a known answer stands for by a number, and whether commas are points.
function cellsOf(page) {
  return page.tasks.flatMap((task) => task.order.flatMap((name) => {
    const word = task.words[name];
    const right = word ? null : page.values[task.work][name].data;
    const known = (at) => (number) => (word ? word.choices[number] : right[at].toFixed(number));
    return Array.from({ length: word ? 1 : sizeOf(page.shapeOf(task, name)) }, (_, at) =>
      ({ task: task.id, name, at, known: known(at), comma: task.comma && !word }));
  }));
}

function signsOfText(text) {
  return Array.from({ length: text.length }, (_, at) => {
    const [sign, code] = [MARKS.indexOf(text[at]), text.charCodeAt(at)];
    if (sign >= 0) return [sign];
    return code > 15 && code < 256 ? [OTHER, code >> 4, code & 15] : [OTHER, 0, code >> 12, (code >> 8) & 15, (code >> 4) & 15, code & 15];
  }).flat();
}

function signsOfCell({ known, comma }, typed) {
  const text = comma ? commasTurned(typed) : typed;
  for (let number = 0; text && number < 16; number += 1) if (known(number) === text) return [KNOWN, number];
  return [...signsOfText(text), STOP];
}

// The state, and how many answers had no room in so many letters.
function packedState(page, most = Infinity) {
  const cells = cellsOf(page);
  const keys = page.tasks.flatMap((task) => task.order.map((name) => `${task.id} ${name}`));
  const signs = [...signsOfText(String(page.at)), STOP];
  for (let at = 0; at < keys.length; at += 4) signs.push([0, 1, 2, 3].reduce((sum, bit) => sum + (page.shown.has(keys[at + bit]) ? 1 << bit : 0), 0));
  const typed = cells.map((cell) => page.typed[cell.task]?.[cell.name]?.[cell.at] || "");
  const count = typed.length - [...typed].reverse().findIndex(Boolean);
  const wanted = typed.some(Boolean) ? count : 0;
  const room = Math.floor((most - 1) / 2) * 3;
  let fits = 0;
  for (; fits < wanted; fits += 1) {
    const own = signsOfCell(cells[fits], typed[fits]);
    if (signs.length + own.length > room) break;
    signs.push(...own);
  }
  while (signs.length % 3) signs.push(STOP);
  let text = "";
  for (let at = 0; at < signs.length; at += 3) {
    const bits = (signs[at] << 8) | (signs[at + 1] << 4) | signs[at + 2];
    text += LETTERS[bits >> 6] + LETTERS[bits & 63];
  }
  const unkept = typed.slice(fits).filter(Boolean).length;
  return { text: unkept ? text + CUT : text, unkept };
}

// Give a page a state. Raises RangeError where it is no state of this page.
function unpackState(page, text) {
  const signs = [];
  for (let at = 0; at + 1 < text.length; at += 2) {
    const bits = (LETTERS.indexOf(text[at]) << 6) | LETTERS.indexOf(text[at + 1]);
    if (bits < 0) throw new RangeError("no state");
    signs.push(bits >> 8, (bits >> 4) & 15, bits & 15);
  }
  let place = 0;
  const take = () => signs[place++] ?? STOP; // eslint-disable-line no-plusplus
  const letters = () => {
    let found = "";
    for (let sign = take(); sign !== STOP; sign = take()) {
      if (sign !== OTHER) found += MARKS[sign];
      else {
        const high = take();
        let code = high ? (high << 4) | take() : 0;
        for (let more = 0; !high && more < 4; more += 1) code = (code << 4) | take();
        found += String.fromCharCode(code);
      }
    }
    return found;
  };
  const at = letters();
  if (!at) throw new RangeError("no state");
  page.go(Number(at));
  const keys = page.tasks.flatMap((task) => task.order.map((name) => `${task.id} ${name}`));
  const shown = Array.from({ length: Math.ceil(keys.length / 4) }, take);
  page.shown = new Set(keys.filter((_, bit) => (shown[bit >> 2] >> (bit & 3)) & 1));
  page.typed = {};
  for (const { task, name, at: cell, known, comma } of cellsOf(page)) {
    const isKnown = signs[place] === KNOWN;
    if (isKnown) place += 1;
    const found = isKnown ? known(take()) : letters();
    if (found) {
      page.typed[task] ??= {};
      page.typed[task][name] ??= [];
      page.typed[task][name][cell] = comma ? commasTurned(found) : found;
    }
  }
  for (const names of Object.values(page.typed)) for (const texts of Object.values(names)) for (let cell = 0; cell < texts.length; cell += 1) texts[cell] ??= "";
}
