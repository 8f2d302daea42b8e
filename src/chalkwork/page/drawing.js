// A drawing in which layers and nodes are found by their places, so that a walk can light them up.

const BELOW = 16;
const SVG = "http://www.w3.org/2000/svg";

class Picture {
  constructor(svg) {
    this.svg = svg;
    const [left, top, width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    svg.setAttribute("viewBox", `${left} ${top} ${width} ${height + BELOW}`); // room for the numbers of the last units
    svg.setAttribute("height", height + BELOW);
    const number = (box, name) => Number(box.getAttribute(name));
    this.boxes = [...svg.querySelectorAll("rect[rx]")].map((box) => ({
      box, x: number(box, "x") + number(box, "width") / 2, top: number(box, "y"), bottom: number(box, "y") + number(box, "height"),
      left: number(box, "x"), right: number(box, "x") + number(box, "width"),
    }));
    const xs = [...new Set(this.boxes.map(({ x }) => Math.round(x)))].sort((one, other) => one - other);
    this.columns = xs.map((x) => this.boxes.filter((one) => Math.round(one.x) === x).sort((one, other) => one.top - other.top));
    this.lines = [...svg.querySelectorAll("path")].map((line) => {
      const ends = /^M(\S+) \S+L(\S+) \S+$/.exec(line.getAttribute("d") || "");
      return { line, from: ends ? Number(ends[1]) : NaN, to: ends ? Number(ends[2]) : NaN };
    });
    this.texts = [...svg.querySelectorAll("text")];
  }

  column(layer) {
    return this.columns[layer < 0 ? this.columns.length - 1 : layer] || [];
  }

  // The box in which a label stands.
  labelled(label) {
    const text = this.texts.find((one) => one.textContent.split(/\s*=\s*/)[0].trim() === label);
    if (!text) return [];
    const [x, y] = [Number(text.getAttribute("x")), Number(text.getAttribute("y"))];
    return this.boxes.filter((one) => x >= one.left && x <= one.right && y >= one.top && y <= one.bottom);
  }

  clear() {
    this.svg.querySelectorAll(".lit").forEach((one) => one.classList.remove("lit", "back"));
    this.svg.querySelectorAll(".found").forEach((one) => one.remove());
  }

  // Light up where a step happens, with the numbers of the units where each has one.
  show(step, numbers, isBack) {
    this.clear();
    const boxes = step.label !== undefined ? this.labelled(step.label) : step.layer === undefined ? [] : this.column(step.layer);
    if (step.edges && step.layer > 0) {
      const [from, to] = [this.column(step.layer - 1)[0], this.column(step.layer)[0]];
      for (const { line, from: start, to: end } of this.lines) {
        if (from && to && start >= from.x && end <= to.x) this.light(line, isBack);
      }
      return;
    }
    boxes.forEach(({ box }) => this.light(box, isBack));
    if (boxes.length === numbers.length) boxes.forEach((one, at) => this.write(one, numbers[at], isBack));
  }

  light(one, isBack) {
    one.classList.add("lit");
    one.classList.toggle("back", isBack);
  }

  write(one, number, isBack) {
    const text = document.createElementNS(SVG, "text");
    text.setAttribute("x", one.x);
    text.setAttribute("y", one.bottom + 13);
    text.setAttribute("font-size", 13);
    text.setAttribute("class", isBack ? "found back" : "found");
    text.setAttribute("aria-hidden", "true");
    text.textContent = number;
    this.svg.append(text);
  }
}
