// A hostile sheet and hostile answers in headless Chromium: does any script run?
//
//   npm install --no-save playwright-core
//   node hostile.mjs PAGE.html
//
// PAGE is `chalkwork page hostile.md -o PAGE.html`, where hostile.md is HOSTILE of tests/test_page.py: titles, prose,
// hints and a link that would call alert.

import { strict as assert } from "node:assert";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.cwd()}/`);
const { chromium } = require("playwright-core");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage();
const ran = [];
page.on("dialog", (dialog) => { ran.push(dialog.message()); dialog.dismiss(); });
page.on("request", (request) => { if (!/^(?:file|data|blob):/.test(request.url())) ran.push(request.url()); });
await page.goto(pathToFileURL(resolve(process.argv[2])).href);
await page.waitForSelector(".field");
const hostile = ["<script>alert(8)</script>", "\"><img src=x onerror=alert(9)>", "__proto__", "${alert(10)}", "1".repeat(5000), "(".repeat(500)];
for (const text of hostile) {
  for (const cell of await page.locator(".field input").all()) {
    await cell.fill(text);
    await cell.press("Enter");
  }
  await page.reload(); // what was typed comes back from the browser's store
  await page.waitForSelector(".field");
}
for (const button of await page.locator("main button:visible").all()) if (await button.isVisible()) await button.click();
const made = await page.evaluate(() => {
  document.querySelector("h1").insertAdjacentHTML("beforeend", "<img src=x onerror='window.broken = true'>");
  const script = document.createElement("script");
  script.textContent = "window.broken = true";
  document.body.append(script);
  setTimeout("window.broken = true"); // text as a program
  return new Promise((done) => { setTimeout(() => done(window.broken === true), 500); });
});
assert.equal(made, false, "the policy lets nothing run that was put in later");
assert.deepEqual(ran, []);
assert.equal(await page.locator("main script, main iframe, main [onclick], main [onload]").count(), 0);
console.log(`no script ran: ${hostile.length} hostile answers, title, prose, hint and link; nor one put into the page later`);
await browser.close();
