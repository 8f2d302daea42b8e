// The two places where a page stands: a file of its own, or the output of a notebook, to which it is an anywidget.

// What a notebook reads and sets: the traits of `page/widget.py`. Answers are rows of texts, as `check` takes them.
class Notebook {
  constructor(model) {
    this.model = model;
  }

  restore(page) {
    const take = () => {
      if (this.telling) return;
      this.take(page);
      page.draw();
      this.keep(page);
    };
    for (const name of ["answers", "shown", "variant"]) this.model.on(`change:${name}`, take);
    this.leave = () => { for (const name of ["answers", "shown", "variant"]) this.model.off(`change:${name}`, take); };
    page.attempts = [...this.model.get("attempts")];
    this.take(page);
  }

  take(page) {
    const code = this.model.get("variant");
    page.go(Math.max(0, page.data.versions.findIndex((one) => one.code === code)));
    page.shown = new Set(this.model.get("shown"));
    page.typed = Object.fromEntries(Object.entries(this.model.get("answers")).map(([task, names]) => [task,
      Object.fromEntries(Object.entries(names).map(([name, rows]) => [name, [rows].flat(9).map((text) => String(text ?? ""))]))]));
  }

  marked(page) {
    this.keep(page);
  }

  keep(page) {
    const first = firstWrong(page.marked);
    const each = (value) => Object.fromEntries(Object.entries(page.marked).map(([task, names]) =>
      [task, Object.fromEntries(Object.keys(names).map((name) => [name, value(task, name)]))]));
    const told = {
      answers: Object.fromEntries(page.tasks.filter(({ id }) => page.typed[id]).map((task) =>
        [task.id, Object.fromEntries(Object.entries(page.typed[task.id]).map(([name, texts]) => [name, page.inRows(task, name, texts)]))])),
      verdicts: each((task, name) => VERDICTS[page.marked[task][name].verdict]),
      messages: each((task, name) => page.fields.get(`${task} ${name}`).message.textContent),
      first_wrong: first ? first.join(" ") : "",
      score: page.result.right, shown: [...page.shown], attempts: page.attempts, variant: page.version.code,
    };
    this.telling = true;
    for (const [name, value] of Object.entries(told)) this.model.set(name, value);
    this.model.save_changes();
    this.telling = false;
  }
}

const standing = document.getElementById("chalkwork-data");
if (standing) {
  inflated(standing.textContent).then((text) => {
    const data = JSON.parse(text);
    const found = findPlatform();
    window.chalkwork = new Page(document.getElementById("page"), data, found ? new Platform(found) : new Browser(data));
    performance.mark("chalkwork drawn");
  });
}

export default {
  async render({ model, el }) {
    const data = JSON.parse(await inflated(model.get("_data")));
    const place = element("section", { class: "chalkwork", lang: data.language, "aria-label": data.title });
    place.addEventListener("focusin", ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", "true")); // keys are the page's own
    el.append(place);
    const keeper = new Notebook(model);
    keeper.keep(new Page(place, data, keeper));
    return () => keeper.leave();
  },
};
