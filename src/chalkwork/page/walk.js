// The walk: forward and backward over the drawing, a step at a time, with buttons, keys and a slider.

const STEP_SECONDS = 1.6;

// `walk` is the list of steps of one work, `told` says what stands below the drawing for a step.
function walkOver(walk, picture, { words, told, numbersOf }) {
  const slider = element("input", { type: "range", min: "1", max: String(walk.length), value: "1" });
  const stage = element("p", { class: "stage" });
  const board = element("div", { class: "board", "aria-live": "polite" });
  const play = element("button", { type: "button" }, words["page.play"]);
  let timer = null;

  const go = (place) => {
    const at = Math.min(walk.length, Math.max(1, place));
    slider.value = String(at);
    const step = walk[at - 1];
    const said = `${filledIn(words["page.step"], { n: at, of: walk.length })} · ${step.stage}`;
    stage.textContent = said;
    slider.setAttribute("aria-valuetext", said);
    board.replaceChildren(...told(step));
    if (picture) picture.show(step, numbersOf(step), step.back === true);
  };
  const stop = () => {
    window.clearInterval(timer);
    timer = null;
    play.textContent = words["page.play"];
  };
  const start = () => {
    if (Number(slider.value) === walk.length) go(1);
    timer = window.setInterval(() => {
      if (Number(slider.value) >= walk.length) stop();
      else go(Number(slider.value) + 1);
    }, 1000 * STEP_SECONDS);
    play.textContent = words["page.pause"];
  };
  const by = (count) => () => {
    stop();
    go(Number(slider.value) + count);
  };
  play.addEventListener("click", () => (timer === null ? start() : stop()));
  slider.addEventListener("input", () => {
    stop();
    go(Number(slider.value));
  });
  slider.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    play.click();
  });
  slider.setAttribute("aria-label", words["page.walk"]);
  const button = (word, action) => element("button", { type: "button", onclick: action }, words[word]);
  const whole = element("div", { class: "walk" },
    ...(picture ? [element("figure", {}, picture.svg)] : []),
    element("div", { class: "controls" }, button("page.back", by(-1)), play, button("page.next", by(1)), slider),
    element("p", { class: "quiet" }, words["page.keys"]), stage, board);
  go(1);
  return { whole, stop };
}
