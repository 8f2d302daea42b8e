// The SCORM packages in a platform (scorm-again) in headless Chromium: mark, leave, resume.
//
//   npm install --no-save playwright-core scorm-again
//   node scorm.mjs PACKAGE.zip 1.2        (or 2004)
//
// PACKAGE is `chalkwork export leaky-relu-softmax-2-3-2 --to scorm12 -o PACKAGE.zip`, unzipped here by Python. The
// platform is a page on the loopback with the API, which shows the package in a frame two levels below.

import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const require = createRequire(`${process.cwd()}/`);
const { chromium } = require("playwright-core");
const [zip, version] = process.argv.slice(2);
const is12 = version === "1.2";
const folder = mkdtempSync(join(tmpdir(), "scorm-"));
execFileSync("python3", ["-m", "zipfile", "-e", resolve(zip), folder]);
const manifest = readFileSync(join(folder, "imsmanifest.xml"), "utf8");
assert.match(manifest, is12 ? /<schemaversion>1.2</ : /<schemaversion>2004 4th Edition</);
const start = /<resource [^>]*href="([^"]+)"/.exec(manifest)[1];
const main = dirname(require.resolve("scorm-again"));
const library = readFileSync(join(main.replace(/dist.*$/, ""), "dist", is12 ? "scorm12.min.js" : "scorm2004.min.js"));
const host = `<!DOCTYPE html><script src="/library.js"></script><script>
const kept = sessionStorage.getItem("cmi");
window.${is12 ? "API = new Scorm12API" : "API_1484_11 = new Scorm2004API"}({ autocommit: false, logLevel: 5 });
const api = window.${is12 ? "API" : "API_1484_11"};
if (kept) api.loadFromJSON(JSON.parse(kept));
window.keep = () => sessionStorage.setItem("cmi", JSON.stringify(api.cmi));
window.ended = false;
api.on("${is12 ? "LMSFinish" : "Terminate"}", () => { window.ended = true; });
</script><iframe src="/middle" width="900" height="700"></iframe>`;
const answers = {
  "/": host, "/library.js": library, "/middle": '<iframe src="/page" width="880" height="680"></iframe>',
  "/page": readFileSync(join(folder, start)),
};
const server = createServer(({ url }, response) => {
  response.setHeader("Content-Type", url === "/library.js" ? "text/javascript" : "text/html; charset=utf-8");
  response.end(answers[url] ?? "");
});
await new Promise((ready) => { server.listen(0, "127.0.0.1", ready); });
const address = `http://127.0.0.1:${server.address().port}/`;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage();
const complaints = [];
page.on("pageerror", (error) => complaints.push(error.message));
const keys = is12
  ? { score: "cmi.core.score.raw", status: "cmi.core.lesson_status", state: "cmi.suspend_data" }
  : { score: "cmi.score.raw", scaled: "cmi.score.scaled", status: "cmi.completion_status", state: "cmi.suspend_data" };
const told = (key) => page.evaluate(([name, is]) => (is ? window.API.LMSGetValue(name) : window.API_1484_11.GetValue(name)), [key, is12]);
const shown = async () => {
  await page.goto(address);
  const frame = page.frameLocator("iframe").frameLocator("iframe");
  await frame.locator(".field").first().waitFor();
  return [frame, page.frames().find((one) => one.url().endsWith("/page"))];
};

let [frame, inside] = await shown();
assert.equal(await inside.evaluate(() => window.chalkwork.keeper.found !== undefined), true);
const right = await inside.evaluate(() => [...window.chalkwork.fields.values()].map((field) =>
  [...window.chalkwork.values[field.task.work][field.name].data].map((value) => value.toFixed(6))));
await frame.locator(".field input").first().focus();
for (const field of right.slice(0, 5)) {
  for (const number of field) {
    await page.keyboard.type(number);
    await page.keyboard.press("Enter");
  }
}
assert.equal(await told(keys.score), "17"); // task (a): 0.5 of 3 points
assert.equal(await told(keys.status), "incomplete");
if (!is12) assert.equal(await told(keys.scaled), "0.17");
console.log(`marked: score ${await told(keys.score)}, ${await told(keys.status)}, ${(await told(keys.state)).length} characters of state`);

await page.waitForTimeout(2100);
await page.evaluate(() => { window.keep(); document.querySelector("iframe").src = "about:blank"; });
await page.waitForFunction(() => window.ended);
const time = await page.evaluate((is) => {
  window.keep();
  const cmi = JSON.parse(sessionStorage.getItem("cmi"));
  return is ? cmi.core.session_time : cmi.session_time;
}, is12);
console.log(`left: session time ${time}, the session is ended`);
assert.match(time, is12 ? /^(?:00)?00:00:0[2-9]/ : /^PT[2-9]/);

[frame, inside] = await shown();
const again = await inside.evaluate(() => [...window.chalkwork.fields.values()].slice(0, 5).map((field) => field.inputs.map((cell) => cell.value)));
assert.deepEqual(again, right.slice(0, 5));
assert.match(await frame.locator(".state").innerText(), /0.5 of 3 points/);
console.log("resumed: every number is back, 0.5 of 3 points");
await inside.evaluate(() => [...window.chalkwork.fields.values()][5].inputs[0].focus());
for (const field of right.slice(5)) {
  for (const number of field) {
    await page.keyboard.type(number);
    await page.keyboard.press("Enter");
  }
}
assert.equal(await told(keys.score), "100");
assert.equal(await told(keys.status), "completed");
console.log(`done: score ${await told(keys.score)}, ${await told(keys.status)}, ${(await told(keys.state)).length} characters of state`);

// More than there is room for: it is said, the score still goes, and what had room is back with a score that has not fallen.
const most = is12 ? 4096 : 64000;
const long = "1/3+".repeat(Math.ceil(most / 80)) + "1";
for (const place of [...right.keys()].slice(8)) {
  await inside.evaluate(([at, text]) => {
    const field = [...window.chalkwork.fields.values()][at];
    for (const cell of field.inputs) cell.value = text;
    field.inputs[0].dispatchEvent(new Event("change"));
  }, [place, long]);
}
const [score, kept] = [await told(keys.score), await told(keys.state)];
assert.ok(kept.length <= most && kept.endsWith("~"));
assert.match(await frame.locator(".state").innerText(), /There is no room here/);
await page.waitForTimeout(300);
await page.evaluate(() => { window.keep(); document.querySelector("iframe").src = "about:blank"; });
await page.waitForFunction(() => window.ended);
[frame, inside] = await shown();
await inside.evaluate(() => [...window.chalkwork.fields.values()][0].inputs[0].dispatchEvent(new Event("change")));
const back = await inside.evaluate(() => [...window.chalkwork.fields.values()].slice(0, 8).map((field) => field.inputs.map((cell) => cell.value)));
assert.deepEqual(back, right.slice(0, 8));
assert.ok(Number(await told(keys.score)) >= Number(score));
console.log(`too much: ${kept.length} of ${most} characters of state, said, score ${score} sent; the first answers are back`);
assert.deepEqual(complaints, []);
await browser.close();
server.close();
