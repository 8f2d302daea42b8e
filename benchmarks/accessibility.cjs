// Runs axe-core over HTML files in headless Chromium, light and dark, wide and narrow; prints JSON, a line a violation.
// NODE_PATH holds axe-core and puppeteer-core; arguments: Chromium, a folder for screenshots ("" for none), the files.
const puppeteer = require("puppeteer-core");
const { readFileSync } = require("node:fs");
const { basename, join } = require("node:path");
const { pathToFileURL } = require("node:url");

const source = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [chromium, shots, ...files] = process.argv.slice(2);

async function run() {
  const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox"] });
  const page = await browser.newPage();
  for (const file of files) {
    for (const scheme of ["light", "dark"]) {
      for (const width of [390, 1280]) {
        await page.setViewport({ width, height: 900 });
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        await page.goto(file.includes("://") ? file : pathToFileURL(file).href);
        if (shots) await page.screenshot({ path: join(shots, `${basename(file, ".html")}-${scheme}-${width}.png`), fullPage: true });
        await page.evaluate(source);
        const found = await page.evaluate(async () => {
          const overflow = document.documentElement.scrollWidth > document.documentElement.clientWidth + 1;
          const result = await axe.run(document, { resultTypes: ["violations", "incomplete"] });
          const short = (kind) => (one) => ({
            kind, id: one.id, help: one.help, places: one.nodes.length,
            first: one.nodes[0].html.slice(0, 160), why: (one.nodes[0].any[0] || {}).message || "",
          });
          const more = overflow ? [{ kind: "violation", id: "wider-than-the-window", help: "", places: 1, first: "" }] : [];
          return [...more, ...result.violations.map(short("violation")), ...result.incomplete.map(short("incomplete"))];
        });
        for (const one of found) console.log(JSON.stringify({ file: basename(file), scheme, width, ...one }));
      }
    }
  }
  await browser.close();
}

run().catch((error) => { console.error(error); process.exit(1); });
