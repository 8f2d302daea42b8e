// The page in headless Chromium, with keys alone: marked, first wrong step, help, another version, walk, CSV, kept.
//
//   npm install --no-save playwright-core axe-core      (anywhere; NODE_PATH is not needed if run from there)
//   node drive.mjs PAGE.html [SCREENSHOTS]
//
// PAGE is `chalkwork page leaky-relu-softmax-2-3-2 --variants 3 --seed 7 -o PAGE.html`; CHROMIUM names the browser.
// Ends with an error at the first thing that is not as it should be, else with a line for each thing that was seen.

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.cwd()}/`);
const { chromium } = require("playwright-core");
const axe = require("axe-core");
const [file, pictures] = process.argv.slice(2);
const address = pathToFileURL(resolve(file)).href;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
const said = (line) => console.log(line);
const complaints = [];

async function opened(width, colorScheme, context) {
  const page = await (context || browser).newPage({ viewport: { width, height: 900 }, colorScheme });
  if (context) await page.setViewportSize({ width, height: 900 });
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => { if (!/^(?:file|data|blob):/.test(request.url())) complaints.push(request.url()); });
  await page.goto(address);
  await page.waitForSelector(".field");
  return page;
}

const state = (page) => page.locator(".state").innerText();
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute("aria-label") || document.activeElement.textContent);
// What stands in every cell of the right solution, by the label of the field.
const answers = (page) => page.evaluate(() => [...window.chalkwork.fields.values()].map((field) => {
  const values = window.chalkwork.values[field.task.work][field.name];
  return [...values.data].map((value) => value.toFixed(6));
}));

async function tabTo(page, wanted, most = 400) {
  for (let count = 0; count < most; count += 1) {
    await page.keyboard.press("Tab");
    if ((await focused(page)) === wanted) return;
  }
  assert.fail(`the tabulator does not reach ${wanted}`);
}

async function audit(page, what) {
  const found = await page.evaluate(`${axe.source}; axe.run(document, { resultTypes: ["violations"] })`);
  const told = found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).slice(0, 3).join(" | ")}`);
  assert.deepEqual(told, [], what);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${what}: ${wide} pixels too wide`);
}

// --- keys alone -------------------------------------------------------------------------------------------------------
{
  const context = await browser.newContext({ acceptDownloads: true });
  const page = await opened(1280, "light", context);
  const first = await page.evaluate(() => performance.getEntriesByName("chalkwork drawn")[0].startTime);
  said(`first view after ${Math.round(first)} ms`);
  const right = await answers(page);
  const times = [];
  const typed = async (number) => {
    await page.keyboard.type(number);
    await page.keyboard.press("Enter");
    times.push(await page.evaluate(() => window.chalkwork.took));
  };
  await page.keyboard.press("Tab");
  for (let count = 0; count < 20 && !/row 1, column 1/.test(await focused(page)); count += 1) await page.keyboard.press("Tab");
  assert.match(await focused(page), /row 1, column 1/);
  for (const field of right) for (const number of field) await typed(number);
  assert.match(await state(page), /3 of 3 points[\s\S]*All of it is right/);
  said("right: every cell correct, 3 of 3 points, typed with Enter from cell to cell");
  await page.reload();
  await page.waitForSelector(".field");
  assert.match(await state(page), /3 of 3 points/);
  said("kept: the same after a reload");

  await tabTo(page, "Start again");
  await page.keyboard.press("Enter");
  assert.match(await state(page), /0 of 3 points/);
  const wrong = right.map((field) => [...field]);
  wrong[0] = ["0.15", "0.35", "-0.2"]; // the first weight alone
  for (const field of wrong.slice(0, 2)) for (const number of field) await typed(number);
  assert.match(await state(page), /First wrong step/);
  const verdicts = await page.locator(".field").first().locator(".cell").evaluateAll((cells) => cells.map((cell) => cell.className));
  assert.deepEqual(verdicts, ["cell wrong", "cell correct", "cell correct"].map((one, at) => (at ? one : verdicts[0])));
  assert.match(verdicts[0], /wrong|mistake/);
  said(`wrong: ${(await page.locator(".message").first().innerText()).slice(0, 90)}`);

  await page.evaluate(() => {
    const typed = { "b delta2": ["0.547531", "-0.547531"], "b dW2": ["0.027377", "-0.027377", "0.191636", "-0.191636", "-0.001095", "0.001095"] };
    for (const [key, texts] of Object.entries(typed)) {
      const field = window.chalkwork.fields.get(key);
      field.inputs.forEach((cell, at) => { cell.value = texts[at]; });
      field.inputs[0].dispatchEvent(new Event("change"));
    }
  });
  said(`the other sign throughout: ${(await page.locator(".field .message").allInnerTexts()).filter(Boolean).slice(2, 4).join(" ").slice(0, 150)}`);

  await page.evaluate(() => document.querySelector("h1").setAttribute("tabindex", "-1"));
  await page.locator("h1").focus();
  for (let count = 0; count < 30 && !/^Show this step/.test(await focused(page)); count += 1) await page.keyboard.press("Tab");
  assert.equal(await page.locator(".shown math").count(), 0);
  await page.keyboard.press("Enter");
  assert.ok((await page.locator(".shown math").count()) > 0);
  assert.match(await state(page), /Steps shown: 1/);
  said("help: a step is shown when it is asked for, and counted");

  const before = await page.locator("main").innerText();
  await tabTo(page, "Another one like this");
  await page.keyboard.press("Enter");
  const after = await page.locator("main").innerText();
  assert.notEqual(before, after);
  assert.match(after, /Variant/);
  for (const field of (await answers(page)).slice(0, 2)) for (const number of field) await typed(number);
  assert.match(await state(page), /Nothing is wrong so far/);
  said("another one: other numbers, marked by them");

  const download = page.waitForEvent("download");
  await tabTo(page, "Save my attempts (CSV)");
  await page.keyboard.press("Enter");
  const rows = readFileSync(await (await download).path(), "utf8").trim().split("\n");
  assert.match(rows[0], /^time,variant,task/);
  assert.ok(rows.length > 20);
  said(`CSV: ${rows.length - 1} attempts, the last ${rows.at(-1)}`);

  await tabTo(page, "Walk through it");
  await page.keyboard.press("Enter");
  const stage = page.locator(".stage");
  assert.match(await stage.innerText(), /Step 1 of 16/);
  await page.locator(".walk button").first().focus();
  await tabTo(page, "Walk through it");
  for (let count = 0; count < 7; count += 1) await page.keyboard.press("ArrowRight");
  assert.match(await stage.innerText(), /Step 8 of 16 · Backward pass/);
  assert.ok((await page.locator("svg .lit").count()) > 0);
  await page.keyboard.press("Space");
  await page.waitForTimeout(2200);
  assert.match(await stage.innerText(), /Step 9 of 16/);
  await page.keyboard.press("Space");
  said("walk: the arrows move it, the space bar plays it, units light up");
  times.sort((one, other) => one - other);
  const at = (part) => times[Math.min(times.length - 1, Math.floor(part * times.length))].toFixed(1);
  said(`checks: ${times.length}, median ${at(0.5)} ms, 95 % within ${at(0.95)} ms, at most ${at(1)} ms`);
  await context.close();
}

// --- accessibility, and how it looks ----------------------------------------------------------------------------------
for (const width of [390, 1280]) {
  for (const scheme of ["light", "dark"]) {
    const page = await opened(width, scheme);
    await audit(page, `fresh, ${width}, ${scheme}`);
    await page.evaluate(() => {
      const fields = [...window.chalkwork.fields.values()];
      const fill = (field, texts) => {
        field.inputs.forEach((cell, at) => { cell.value = texts[at]; });
        field.inputs[0].dispatchEvent(new Event("change"));
      };
      fill(fields[0], ["0.15", "0.35", "-0.2"]);
      fill(fields[1], ["0.15", "0.35", "-0.002"]);
      fill(fields[2], ["x", "", "1"]);
      fields[3].show.click();
    });
    await audit(page, `filled in, ${width}, ${scheme}`);
    if (pictures) await page.screenshot({ path: `${pictures}/filled-${width}-${scheme}.png`, fullPage: true });
    while (await page.locator("button.open").count()) await page.locator("button.open").first().click();
    await page.locator(".walk input").focus();
    for (let count = 0; count < 9; count += 1) await page.keyboard.press("ArrowRight");
    await audit(page, `walk and solution, ${width}, ${scheme}`);
    if (pictures) await page.locator(".walk").screenshot({ path: `${pictures}/walk-${width}-${scheme}.png` });
    await page.close();
  }
}
said("axe-core: no violation at 390 and 1280 pixels, light and dark, fresh, filled in, with walk and solution; nothing too wide");
assert.deepEqual(complaints, [], "nothing is asked of anybody, and the policy is kept");
said("no request, no error, no warning");
await browser.close();
