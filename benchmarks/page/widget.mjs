// The page as a widget in JupyterLab, in headless Chromium: worked with keys, read and set by the kernel, shown twice.
//
//   npm install --no-save playwright-core axe-core
//   node widget.mjs PYTHON
//
// PYTHON has chalkwork, jupyterlab and anywidget. JupyterLab is started on the loopback with a notebook of its own, and ended.

import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(`${process.cwd()}/`);
const { chromium } = require("playwright-core");
const axe = require("axe-core");
const [python] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "widget-"));
const cells = [
  "from chalkwork.classroom.page import sheet_page\nfrom chalkwork.classroom.variants import vary\n"
  + "from chalkwork.sheets.library import find_sheet\nsheet = find_sheet('relu-softmax-3-2-2-forward')\n"
  + "page = sheet_page(sheet, vary(sheet, 1, seed=7))\nwidget = page.widget()\nwidget",
  "print('KERNEL', widget.score, widget.first_wrong, widget.verdicts['a'], widget.answers)",
  "widget.answers = {'a': {'z1': [['77'], ['78']]}}",
  "print('KERNEL', widget.score, widget.first_wrong, widget.messages['a']['z1'])",
  "from chalkwork import Graph\nGraph('c = a + b; d = b + 1; e = c * d').solve(a=2, b=1).page('A graph')",
];
const notebook = {
  cells: cells.map((source, place) => ({ cell_type: "code", id: `cell${place}`, source, metadata: {}, outputs: [], execution_count: null })),
  metadata: { kernelspec: { name: "python3", display_name: "Python 3", language: "python" } }, nbformat: 4, nbformat_minor: 5,
};
writeFileSync(join(folder, "n.ipynb"), JSON.stringify(notebook));
const port = 20000 + Math.floor(Math.random() * 20000);
const options = ["--no-browser", "--allow-root", `--port=${port}`, "--ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.password="];
const lab = spawn(python, ["-m", "jupyterlab", ...options, `--ServerApp.root_dir=${folder}`], { stdio: "ignore", env: { ...process.env, JUPYTER_CONFIG_DIR: folder } });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
const complaints = [];

async function driven() {
  const page = await browser.newPage({ viewport: { width: 1280, height: 6000 } }); // cells out of sight are taken out of the document
  page.on("pageerror", (error) => complaints.push(error.stack));
  for (let tries = 0; ; tries += 1) {
    try {
      await page.goto(`http://127.0.0.1:${port}/lab/tree/n.ipynb`);
      break;
    } catch (error) {
      if (tries > 60) throw error;
      await page.waitForTimeout(1000);
    }
  }
  const code = page.locator(".jp-Notebook .jp-CodeCell");
  await code.first().waitFor({ timeout: 60000 });
  await page.getByText("Python 3", { exact: false }).first().waitFor();
  const run = async (place) => {
    await code.nth(place).locator(".cm-content").click();
    await page.keyboard.press("Control+Enter");
  };
  const said = async (place, pattern) => {
    await run(place);
    const output = code.nth(place).locator(".jp-OutputArea-output").first();
    await output.getByText("KERNEL").waitFor();
    for (let tries = 0; tries < 20 && !pattern.test(await output.innerText()); tries += 1) {
      await page.waitForTimeout(300);
      await run(place);
    }
    assert.match(await output.innerText(), pattern);
    return output.innerText();
  };
  await page.waitForTimeout(3000); // the kernel begins
  await run(0);
  const widget = code.first().locator(".chalkwork");
  await widget.locator(".field input").first().waitFor({ timeout: 60000 });
  assert.equal(await page.locator("iframe").count(), 0);
  const count = await code.count();

  await widget.locator(".field input").first().focus();
  await page.keyboard.type("1.5");
  await page.keyboard.press("Enter");
  await page.keyboard.type("dd"); // deletes a cell where the notebook takes the keys
  await page.keyboard.press("Enter");
  await widget.locator("button.show").first().focus();
  await page.keyboard.press("d");
  await page.keyboard.press("d");
  assert.equal(await code.count(), count);
  console.log("read by the kernel:", (await said(1, /'1\.5'/)).slice(0, 150));
  await run(2);
  await page.waitForFunction(() => document.querySelector(".chalkwork .field input").value === "77");
  console.log("set by the kernel, and marked:", (await said(3, /a z1/)).slice(0, 150));
  const colours = await page.evaluate(() => [getComputedStyle(document.body).marginTop, getComputedStyle(document.querySelector(".jp-Toolbar")).fontFamily]);
  assert.equal(colours[0], "0px");
  assert.doesNotMatch(colours[1], /STIX/);
  const border = await widget.locator(".field input").first().evaluate((one) => getComputedStyle(one).borderTopWidth);
  assert.equal(border, "1px"); // the page's own style holds inside

  await run(4);
  const walk = code.nth(4).locator(".chalkwork .walk");
  await walk.locator("input[type=range]").focus();
  await page.keyboard.press("ArrowRight");
  assert.match(await walk.locator(".stage").innerText(), /2/);
  console.log("a worked solution is walked through:", await walk.locator(".stage").innerText());
  const found = await page.evaluate(`${axe.source}; axe.run(".chalkwork", { resultTypes: ["violations"] })`);
  assert.deepEqual(found.violations.map((one) => `${one.id} ${one.nodes[0].html.slice(0, 200)}`), []);
  console.log("axe-core: no violation in the widgets");
  if (process.env.PICTURE) {
    await widget.scrollIntoViewIfNeeded();
    await page.screenshot({ path: process.env.PICTURE });
  }
  assert.deepEqual(complaints.filter((one) => /chalkwork|blob:/.test(one)), []);
}

try {
  await driven();
} finally {
  lab.kill();
  await browser.close();
}
