// The page: fields in the shape of what is asked, a verdict on every cell, what is shown on request, another version.

const PAUSE = 500; // milliseconds after the last key before a field is marked that still has the focus
const SIGN = ["✓", "≈", "↷", "", "?", "✗", "✗"]; // by the verdict

class Page {
  // `keeper` has `restore(page)` and `keep(page)`: a platform, the browser, or a notebook.
  constructor(main, data, keeper) {
    Object.assign(this, { main, keeper, data: load(data), words: data.words });
    this.restore();
    this.draw();
  }

  get version() {
    return this.data.versions[this.at];
  }

  // --- what is kept -------------------------------------------------------------------------------------------------

  restore() {
    Object.assign(this, { typed: {}, shown: new Set(), attempts: [], unkept: 0 });
    this.go(0);
    try {
      this.keeper.restore(this);
    } catch {
      Object.assign(this, { typed: {}, shown: new Set() }); // nothing was kept, or by another page
      this.go(0);
    }
  }

  // Stand at a version, with its right values.
  go(at) {
    if (!this.data.versions[at]) throw new RangeError(`no version ${at}`);
    this.at = at;
    use(this.data);
    this.sheet = { ...this.data, tasks: this.tasks, works: this.version.works };
    this.values = arraysOf(this.sheet, this.version.values);
  }

  get tasks() {
    return this.data.taskSets[this.version.tasks];
  }

  keep() {
    const before = this.unkept;
    this.keeper.keep(this);
    if (this.unkept !== before) this.sum();
  }

  // --- the whole page -----------------------------------------------------------------------------------------------

  html(place) {
    const made = element("div", { class: "text" });
    made.innerHTML = this.data.texts[place];
    return made;
  }

  draw() {
    const { data, version } = this;
    this.fields = new Map();
    this.kept = {};
    const blocks = version.blocks.map(([kind, what]) => {
      if (kind === "html") return this.html(what);
      if (kind === "drawing") return data.walking ? "" : this.figure(what);
      return this.answers(this.tasks.find((task) => task.id === what));
    });
    this.state = element("div", { class: "state", role: "group", "aria-label": this.words["page.state"] });
    this.main.replaceChildren(
      element("h1", {}, data.title),
      ...(version.code ? [element("p", { class: "quiet" }, filledIn(this.words["page.variant"], { code: version.code }))] : []),
      ...(data.walking ? [] : [element("p", { class: "quiet" }, `${this.words["page.entry"]} ${this.words["page.counted"]}`)]),
      ...blocks, this.state, this.buttons(), ...this.more());
    this.mark();
    if (!data.walking) return;
    this.main.insertBefore(this.walking, this.main.querySelector(".answers"));
    this.walking.querySelector("button.open").click();
  }

  figure(place) {
    const figure = element("figure", {});
    figure.innerHTML = this.data.drawings[place];
    return figure;
  }

  buttons() {
    const button = (word, action) => element("button", { type: "button", onclick: action }, this.words[word]);
    return element("p", { class: "buttons" },
      ...(this.data.versions.length > 1 ? [button("page.another", () => this.begin((this.at + 1) % this.data.versions.length))] : []),
      button("page.again", () => this.begin(this.at)), button("page.csv", () => this.save()));
  }

  begin(at) {
    Object.assign(this, { typed: {}, shown: new Set() });
    this.go(at);
    this.draw();
    this.keep();
    this.main.querySelector("h1").scrollIntoView();
    this.fields.values().next().value?.inputs[0].focus();
  }

  // The walk and the whole solution, each behind a button, since they show every step.
  more() {
    const opening = (word, content) => {
      const place = element("div", { class: "more" });
      const open = element("button", { type: "button", class: "open", onclick: () => {
        this.showAll();
        place.replaceChildren(...content());
      } }, this.words[word]);
      place.append(open);
      return place;
    };
    this.walking = opening("page.walk", () => this.walks());
    const solution = opening("page.solution", () => this.version.solution.map(([kind, what]) =>
      (kind === "drawing" ? this.figure(what) : this.html(what))));
    return [this.walking, solution];
  }

  walks() {
    const found = this.data.walkSets[this.version.walks].map((walk, work) => {
      if (!walk.length) return null;
      const place = this.version.blocks.find(([kind]) => kind === "drawing");
      const picture = place ? new Picture(this.figure(place[1]).firstElementChild) : null;
      const task = this.tasks.find((one) => one.work === work);
      return walkOver(walk, picture, {
        words: this.words,
        told: (step) => this.worked(work, step.name),
        numbersOf: (step) => task?.letters ? [] : [...this.values[work][step.name].data].map((value) => shownNumber(value, task.digits)),
      }).whole;
    });
    return found.filter(Boolean);
  }

  // One step worked out: the reason, and the formula with its numbers.
  worked(work, name) {
    const [line, reason] = this.version.steps[work][name];
    return [...(reason === null ? [] : [this.html(reason)]), this.html(line)];
  }

  // --- fields -------------------------------------------------------------------------------------------------------

  answers(task) {
    const whole = element("div", { class: "answers" });
    for (const name of task.order) whole.append(this.field(task, name));
    return whole;
  }

  field(task, name) {
    const key = `${task.id} ${name}`;
    const [latex, plain] = task.questions[name];
    const message = element("p", { class: "message", role: "status" });
    const shown = element("div", { class: "shown" });
    const word = task.words[name];
    const texts = this.typed[task.id]?.[name] || [];
    const { cells, rows } = word ? this.wordCell(word, plain, texts, task.letters) : this.numberCells(task, name, plain, texts);
    const label = this.html(latex);
    label.classList.add("name");
    const show = element("button", { type: "button", class: "show", onclick: () => this.show(task, name) }, this.words["page.show_step"]);
    show.setAttribute("aria-label", `${this.words["page.show_step"]}: ${plain}`);
    const whole = element("div", { class: "field", role: "group", "aria-label": plain },
      element("div", { class: "equation" }, label, element("span", {}, "="), rows), ...(word && !task.letters ? [] : [show]), message, shown);
    const field = { task, name, inputs: cells, whole, message, show, shown };
    this.fields.set(key, field);
    cells.forEach((cell, at) => {
      cell.addEventListener("input", () => this.later(field));
      cell.addEventListener("change", () => this.noted(field));
      cell.addEventListener("keydown", (event) => this.move(event, field, at));
    });
    if (this.shown.has(key)) this.reveal(field);
    return whole;
  }

  wordCell({ choices }, plain, [text = ""], letters) {
    const cell = choices.length
      ? element("select", { "aria-label": plain }, element("option", { value: "" }, this.words["page.choose"]),
        ...choices.map((one) => element("option", { value: one }, one)))
      : this.input(plain);
    if (letters) cell.setAttribute("class", "formula");
    cell.value = text;
    return { cells: [cell], rows: element("div", { class: "matrix" }, this.celled(cell)) };
  }

  shapeOf(task, name) {
    const { shapes, equations } = this.sheet.derivations[this.sheet.works[task.work]];
    return shapes[name] || NODES[equations.find((one) => one.name === name).node].shape;
  }

  // Cells as rows, as `check` takes them; one alone, and a word, as it is.
  inRows(task, name, texts) {
    const shape = task.words[name] ? [1] : this.shapeOf(task, name);
    const nested = (parts, [size, ...inner]) => (inner.length
      ? Array.from({ length: size }, (_, at) => nested(parts.slice((at * parts.length) / size, ((at + 1) * parts.length) / size), inner)) : parts);
    return sizeOf(shape) === 1 ? texts[0] || "" : nested(Array.from({ length: sizeOf(shape) }, (_, at) => texts[at] || ""), shape);
  }

  numberCells(task, name, plain, texts) {
    const shape = this.shapeOf(task, name);
    const [height, columns] = [shape[shape.length - 2], shape[shape.length - 1]];
    const count = sizeOf(shape);
    const wanted = task.entries[name];
    const cells = Array.from({ length: count }, (_, at) => {
      const [row, column] = [Math.floor(at / columns), (at % columns) + 1];
      const place = { matrix: Math.floor(row / height) + 1, row: (row % height) + 1, column };
      const said = filledIn(this.words[count > height * columns ? "page.matrix" : "page.cell"], place);
      const cell = this.input(count === 1 ? plain : `${plain}, ${said}`);
      cell.value = texts[at] || "";
      cell.disabled = Boolean(wanted) && !wanted.includes(at);
      return cell;
    });
    const rows = element("div", { class: count === 1 ? "matrix" : "matrix bracketed" }, ...cells.map((cell) => this.celled(cell)));
    rows.style.gridTemplateColumns = `repeat(${columns}, auto)`;
    Object.assign(rows, { columns });
    cells.forEach((cell) => { cell.columns = columns; });
    return { cells, rows };
  }

  input(label) {
    return element("input", {
      type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", size: "7", "aria-label": label,
    });
  }

  celled(cell) {
    return element("span", { class: "cell" }, cell, element("span", { class: "sign", "aria-hidden": "true" }));
  }

  // Enter goes on, the arrows up and down move within a matrix.
  move(event, field, at) {
    const columns = field.inputs[0].columns || 1;
    const steps = { Enter: 1, ArrowUp: -columns, ArrowDown: columns };
    if (!(event.key in steps) || event.target.tagName === "SELECT") return;
    event.preventDefault();
    let to = field.inputs[at + steps[event.key]];
    if (!to && event.key === "Enter") {
      const all = [...this.fields.values()].flatMap((one) => one.inputs).filter((one) => !one.disabled);
      to = all[all.indexOf(field.inputs[at]) + 1];
    }
    if (to && !to.disabled) to.focus();
    else if (event.key === "Enter") this.noted(field);
  }

  later(field) {
    this.take(field);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.mark();
      this.timer = window.setTimeout(() => this.markWhole());
    }, PAUSE);
  }

  take({ task, name, inputs }) {
    this.typed[task.id] ??= {};
    this.typed[task.id][name] = inputs.map((one) => one.value.replace(/\|/g, " "));
    if (this.typed[task.id][name].every((text) => !text.trim())) delete this.typed[task.id][name];
  }

  // A number was typed to its end: it is marked, and the attempt is kept.
  noted(field) {
    window.clearTimeout(this.timer);
    this.take(field);
    this.mark();
    this.timer = window.setTimeout(() => this.markWhole(), PAUSE);
    const one = this.marked[field.task.id][field.name];
    const typed = this.typed[field.task.id]?.[field.name] || [];
    const again = this.attempts[this.attempts.length - 1];
    if (one.verdict !== BLANK_CELL && !(again && again[3] === field.name && again[4] === typed.join(" "))) {
      this.attempts.push([new Date().toISOString(), this.version.code, field.task.id, field.name, typed.join(" "),
        VERDICTS[one.verdict], one.why ? one.why.ids.join(" ") : "", this.shown.size]);
    }
    this.keep();
  }

  // --- marking ------------------------------------------------------------------------------------------------------

  // At once without what takes longest, and with it while nobody types.
  mark(pairs = false) {
    const begin = performance.now();
    use(this.data);
    this.marked = markSheet(this.sheet, this.values, this.typed, pairs, this.kept);
    this.took = performance.now() - begin;
    for (const field of this.fields.values()) this.say(field);
    this.result = this.counted();
    this.sum();
  }

  markWhole() {
    this.mark(true);
    this.keeper.marked?.(this);
  }

  say(field) {
    const one = this.marked[field.task.id][field.name];
    field.inputs.forEach((cell, at) => {
      const verdict = one.verdicts[at];
      cell.parentElement.className = `cell ${VERDICTS[verdict]}`;
      cell.parentElement.lastElementChild.textContent = SIGN[verdict];
      cell.setAttribute("aria-invalid", String(verdict >= UNREADABLE));
      cell.title = verdict === BLANK_CELL ? "" : this.words[`verdict.${VERDICTS[verdict]}`];
    });
    const begun = one.verdicts.some((verdict) => verdict !== BLANK_CELL);
    const said = begun ? messageOf(one, field, this.data) : "";
    if (field.message.textContent !== said) field.message.textContent = said;
    field.message.className = `message ${VERDICTS[one.verdict]}`;
  }

  // The part that is right, over all tasks as their points say; a step that was shown earns nothing.
  counted() {
    const stated = this.tasks.some((task) => task.points !== null);
    let [earned, points, open] = [0, 0, 0];
    for (const task of this.tasks) {
      const worth = stated ? task.points || 0 : 1;
      const own = { ...this.marked[task.id] };
      for (const name of Object.keys(own)) {
        open += own[name].verdict === BLANK_CELL ? 1 : 0;
        if (this.shown.has(`${task.id} ${name}`)) own[name] = { ...own[name], verdicts: own[name].verdicts.map(() => WRONG) };
      }
      earned += worth * creditOf(task, own);
      points += worth;
    }
    return { earned, points, stated, right: points ? earned / points : 0, all: open === 0 };
  }

  sum() {
    const { words, result } = this;
    const first = firstWrong(this.marked);
    const number = (value) => String(Math.round(100 * value) / 100);
    const earned = result.stated
      ? filledIn(words["page.earned"], { earned: number(result.earned), points: number(result.points) })
      : filledIn(words["page.percent"], { percent: Math.round(100 * result.right) });
    const parts = [element("p", { class: "earned" }, earned)];
    if (first) {
      const field = this.fields.get(first.join(" "));
      const named = field.task.questions[field.name][1];
      parts.push(element("p", {}, element("button", { type: "button", class: "first", onclick: () => this.goTo(field) },
        filledIn(words["page.first_wrong"], { step: this.tasks.length > 1 ? `${named} (${field.task.id})` : named }))));
    } else parts.push(element("p", {}, words[result.right === 1 ? "page.all_right" : "page.nothing_wrong"]));
    if (this.shown.size) parts.push(element("p", {}, filledIn(words["page.shown"], { n: this.shown.size })));
    if (this.unkept) parts.push(element("p", { class: "unkept" }, filledIn(words["page.unkept"], { n: this.unkept })));
    this.state.replaceChildren(...parts);
    for (const field of this.fields.values()) field.whole.classList.toggle("first-wrong", Boolean(first) && first.join(" ") === `${field.task.id} ${field.name}`);
  }

  goTo(field) {
    const one = this.marked[field.task.id][field.name];
    field.inputs[one.verdicts.findIndex((verdict) => verdict >= MISTAKE)].focus();
  }

  // --- what is shown on request, and counted ------------------------------------------------------------------------

  show(task, name) {
    this.shown.add(`${task.id} ${name}`);
    this.reveal(this.fields.get(`${task.id} ${name}`));
    this.mark();
    this.keep();
  }

  reveal(field) {
    field.shown.replaceChildren(...this.worked(field.task.work, field.name));
    field.show.hidden = true;
  }

  showAll() {
    if (this.data.walking) return;
    for (const key of this.fields.keys()) this.shown.add(key);
    this.mark();
    this.keep();
  }

  save() {
    const lines = [this.words["page.attempts"], ...this.attempts.map((row) => row.map(quotedCell).join(","))];
    const file = new Blob([`${lines.join("\n")}\n`], { type: "text/csv" });
    const link = element("a", { href: URL.createObjectURL(file), download: "attempts.csv" });
    link.click();
    URL.revokeObjectURL(link.href);
  }
}
