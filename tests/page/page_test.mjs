// Opens the page in a headless Chromium as a user would: from the file system, without a network.
//   node page_test.mjs TEXTSEMISEG MAKE_PAGES CHROMIUM PLAYWRIGHT_FOLDER
// TSS_PAGE_PICTURES=FOLDER keeps screenshots for people to look at.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [program, makePages, chromiumPath, playwrightFolder] = process.argv.slice(2);
for (const [what, path] of [["chromium", chromiumPath], ["playwright-core", join(playwrightFolder ?? "", "index.mjs")]]) {
  if (!path || !existsSync(path)) {
    console.log(`skipped: no ${what} (tools/setup.sh --tests installs it)`);
    process.exit(0);
  }
}
const { chromium } = await import(pathToFileURL(join(playwrightFolder, "index.mjs")).href);

let failed = 0;
function expect(what, good, found = "") {
  console.log(`${good ? "ok  " : "FAIL"} ${what}${good ? "" : ": " + JSON.stringify(found)}`);
  if (!good) ++failed;
}

const folder = mkdtempSync(join(tmpdir(), "tss-page-"));
const flags = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"];

// A page that notes what must not happen.
async function open(browser, file, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type()) && !/GPU stall|GL Driver Message/.test(message.text())) page.faults.push(message.text()); });
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("request", (request) => { if (!/^(file|data|blob):/.test(request.url())) page.faults.push("request " + request.url()); });
  await page.goto(pathToFileURL(file).href);
  return page;
}

async function picture(page, name, options = {}) {
  if (process.env.TSS_PAGE_PICTURES) await page.screenshot({ path: join(process.env.TSS_PAGE_PICTURES, name + ".png"), ...options });
}

const shown = (page, id) => page.waitForFunction((wanted) => {
  const holder = document.querySelector(".views");
  return holder && (wanted ? holder.dataset.shown === wanted : Boolean(holder.dataset.shown));
}, id ?? null, { timeout: 60000 });

// Colours in a screenshot of an element: how many differ, counted in the browser itself.
async function colours(page, locator) {
  const bytes = (await locator.screenshot()).toString("base64");
  return page.evaluate(async (text) => {
    const image = new Image();
    image.src = "data:image/png;base64," + text;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.width;
    canvas.height = image.height;
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    const seen = new Set();
    let coloured = 0;
    for (let i = 0; i < pixels.length; i += 4) {
      seen.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]);
      if (Math.max(pixels[i], pixels[i + 1], pixels[i + 2]) - Math.min(pixels[i], pixels[i + 1], pixels[i + 2]) > 60) ++coloured;
    }
    return { distinct: seen.size, coloured };
  }, bytes);
}

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
const heading = (page) => page.locator("#case-panel h3").first().textContent();

async function testReport(browser, file) {
  const size = statSync(file).size;
  expect("the page is below 30 MB", size < 30e6, size);
  const page = await open(browser, file);
  await shown(page);
  expect("title", (await page.title()).includes("Organs <test>"), await page.title());
  expect("parts", (await page.locator("nav a").allTextContents()).join() ===
    "Cases,Scores and costs,Training curves,Does text do anything?,Confusion of classes,Costs,Protocol,Runs and environment", await page.locator("nav a").allTextContents());
  expect("scores with interval", /\d\d\.\d\d\[\d\d\.\d\d, \d\d\.\d\d\]/.test(await page.locator("#summary td").first().textContent()), await page.locator("#summary td").first().textContent());

  const sentence = await page.locator("header .result").textContent();
  expect("the result in a sentence", /^text_semiseg segments liver & bile and spleen_2 with a mean Dice of 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\] on 8 test cases; supervised reaches 0\.\d{3}; the difference is/.test(sentence), sentence);
  const beside = await page.evaluate(() => {
    const plot = document.querySelector("#cases-plot").getBoundingClientRect(), panel = document.querySelector("#case-panel").getBoundingClientRect();
    return { beside: panel.left >= plot.right, top: panel.top < innerHeight };
  });
  expect("the viewer stands beside the plot, on the first screen", beside.beside && beside.top, beside);
  const seen = await page.locator("figure.curve:visible figcaption").allTextContents();
  expect("loss and Dice are shown, other curves on request", seen.length === 2 && /^Training loss/.test(seen[0]) && /^Mean foreground Dice/.test(seen[1]), seen);
  expect("costs stand beside the scores", /s \/ step/.test(await page.locator("#summary thead").first().textContent()), await page.locator("#summary thead").first().textContent());
  expect("the rest is folded", await page.evaluate(() => ["text", "confusion", "costs", "protocol"].every((id) => document.querySelector(`#${id} > details`).open === false)));
  await page.locator("nav a", { hasText: "Costs" }).last().click();
  await page.waitForFunction(() => document.querySelector("#costs > details").open);
  await page.evaluate(() => { document.querySelector("#costs > details").open = false; scrollTo(0, 0); });
  // The wheel over a slice scrolls the page, until the slice has the focus.
  await page.locator(".view canvas").first().hover();
  await page.mouse.wheel(0, 120);
  await page.waitForFunction(() => scrollY > 0);
  await page.evaluate(() => scrollTo(0, 0));

  const views = page.locator(".view canvas");
  expect("a viewer per run", (await views.count()) === 2, await views.count());
  const first = await colours(page, views.first());
  expect("the viewer shows a scan with coloured labels", first.distinct > 100 && first.coloured > 500, first);
  await picture(page, "light", { fullPage: true });
  await page.locator("#cases").scrollIntoViewIfNeeded();
  await picture(page, "light_cases");
  for (const layer of ["reference", "prediction"]) await page.locator(`[data-layer=${layer}]`).click();
  const bare = await colours(page, views.first());
  expect("labels can be hidden", bare.coloured < first.coloured / 20, { first, bare });
  for (const layer of ["reference", "prediction"]) await page.locator(`[data-layer=${layer}]`).click();
  await page.selectOption("#case-panel select", "errors");
  await page.waitForFunction(() => /missed/.test(document.querySelector("#case-panel .legend").textContent));
  await page.waitForTimeout(500);
  const errors = await colours(page, views.first());
  expect("errors are shown", errors.coloured > 100, errors);
  await picture(page, "errors");
  await page.selectOption("#case-panel select", "fill");

  // Keyboard: the plot is a list box, arrows go through the cases in the order shown.
  await page.locator("button[data-pick=best]").focus();
  await page.keyboard.press("Tab");
  expect("the focus is visible", await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none"));
  await page.keyboard.press("Home");
  await shown(page, "case_3");
  const worst = await heading(page);
  await page.keyboard.press("ArrowRight");
  await shown(page, "case_7");
  const next = await heading(page);
  expect("arrow keys choose cases", worst === "Case case_3" && next === "Case case_7", [worst, next]);
  expect("the list box tells which", (await page.locator(".plot").getAttribute("aria-activedescendant")) === "case-7");
  await page.locator("button[data-pick=best]").click();
  await shown(page, "case_0");
  expect("best case by a button", (await heading(page)) === "Case case_0", await heading(page));
  await page.locator("#case-4 rect").click();
  expect("a click chooses a case", (await heading(page)) === "Case case_4", await heading(page));
  await shown(page, "case_4");
  const before = (await views.first().screenshot()).toString("base64");
  await views.first().focus();
  for (let i = 0; i < 6; ++i) await page.keyboard.press("PageUp");
  await page.waitForTimeout(300);
  expect("keys move the crosshair", (await views.first().screenshot()).toString("base64") !== before);
  await page.selectOption("#cases-plot select >> nth=0", { label: "HD95 (mm)" });
  await page.selectOption("#cases-plot select >> nth=1", { label: "spleen_2" });
  expect("an undefined score is marked", (await page.locator(".plot .hollow").count()) > 0);

  const curve = page.locator("figure.curve canvas").first();
  await page.locator("#curves details summary").click();
  await page.waitForTimeout(300);
  expect("a curve that was folded has the width of its place", await page.evaluate(() => {
    const folded = document.querySelector("#curves details figure.curve");
    return Math.abs(folded.querySelector(".uplot").offsetWidth - folded.querySelector(".holder").clientWidth) <= 4;
  }));
  expect("curves are drawn", (await page.locator("figure.curve canvas").count()) >= 5 && (await colours(page, curve)).distinct > 5);
  await page.locator("figure.curve").first().focus();
  await page.keyboard.press("ArrowRight");
  expect("keys read a curve", /10/.test(await page.locator("figure.curve .u-legend").first().textContent()));
  expect("every picture has a text", (await page.locator("img:not([alt]), img[alt='']").count()) === 0);
  expect("every control has a name", await page.evaluate(() => [...document.querySelectorAll("button, select, input, canvas[tabindex]")].every((one) =>
    one.getAttribute("aria-label") || one.textContent.trim() || one.closest("label")?.textContent.trim())));

  // Themes: the system's, and one's own choice.
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await ground();
  expect("dark where the system is dark", light === "rgb(255, 255, 255)" && dark !== light, { light, dark });
  await page.waitForTimeout(300);
  await picture(page, "dark", { fullPage: true });
  await page.locator("#theme").click();
  expect("light by choice", (await ground()) === light, await ground());
  expect("no errors, no requests", page.faults.length === 0, page.faults);
  await page.context().close();
}

// A case that cannot be shown leaves the viewer as it was for the others.
async function testBrokenVolume(browser, file) {
  const page = await open(browser, file);
  await shown(page);
  await page.evaluate(() => { document.getElementById("volume-case_2").textContent = "{"; });
  await page.locator("#case-2 rect").click();
  await page.waitForSelector(".views .warning");
  expect("a broken volume is named", /could not show this case/.test(await page.locator(".views").textContent()));
  await page.locator("#case-4 rect").click();
  await shown(page, "case_4");
  expect("and the next case is shown", (await page.locator(".view canvas").count()) === 2 && (await page.locator(".views .warning").count()) === 0);
  expect("no folders of the machine in the page", !(await page.content()).includes(folder), "");
  expect("no errors after a broken volume", page.faults.length === 0, page.faults);
  await page.context().close();
}

async function testPhone(browser, file) {
  const page = await open(browser, file, { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
  await shown(page);
  expect("a phone needs no sideways scrolling", (await overflow(page)) <= 0, await overflow(page));
  await picture(page, "phone", { fullPage: true });
  await page.locator("#case-2 rect").tap();
  expect("a tap chooses a case", (await heading(page)) === "Case case_2", await heading(page));
  await page.emulateMedia({ colorScheme: "dark" });
  await page.locator("#case-panel").scrollIntoViewIfNeeded();
  await shown(page, "case_2");
  await picture(page, "phone_dark");
  expect("no errors on a phone", page.faults.length === 0, page.faults);
  await page.context().close();
}

async function testWithoutWebGl(file) {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--disable-webgl", "--disable-webgl2"] });
  const page = await open(browser, file);
  await page.waitForSelector("#stills[open] img");
  expect("without WebGL still pictures are shown", /no WebGL 2/.test(await page.locator("#case-panel").textContent()));
  await page.locator("#stills img").first().scrollIntoViewIfNeeded();
  expect("and they can be seen", (await page.locator("#stills img").first().evaluate(async (image) => { await image.decode(); return image.naturalWidth; })) > 100);
  await picture(page, "no_webgl", { fullPage: true });
  expect("no errors without WebGL", page.faults.length === 0, page.faults);
  await browser.close();
}

// A training's page loads itself again and keeps its place.
async function testLive(browser, file) {
  const page = await open(browser, file, { viewport: { width: 900, height: 500 } });
  await page.locator("#environment details").first().locator("summary").click();
  await page.evaluate(() => scrollTo(0, 400));
  await picture(page, "live");
  const place = await page.evaluate(() => scrollY);
  writeFileSync(file, readFileSync(file, "utf8").replace("iteration 600 of 1000", "iteration 610 of 1000"));
  await page.waitForFunction(() => document.querySelector("#live").textContent.includes("iteration 610 of 1000"), null, { timeout: 20000 });
  await page.waitForTimeout(200);
  const after = await page.evaluate(() => ({ y: scrollY, open: document.querySelector("#environment details").open }));
  expect("a live page reloads and stays where it was", Math.abs(after.y - place) < 3 && after.open, { place, after });
  await page.locator("#pause").click();
  await page.evaluate(() => { window.same = true; });
  await page.waitForTimeout(2600);
  expect("updates can be paused", await page.evaluate(() => window.same === true));
  expect("no errors on a live page", page.faults.length === 0, page.faults);
  await page.context().close();
}

try {
  execFileSync(makePages, [folder], { stdio: "inherit" });
  const file = join(folder, "report page.html");
  execFileSync(program, ["report", join(folder, "supervised"), join(folder, "text_semiseg"), "--output", file], { stdio: "inherit" });
  const browser = await chromium.launch({ executablePath: chromiumPath, args: flags });
  await testReport(browser, file);
  await testBrokenVolume(browser, file);
  await testPhone(browser, file);
  await testLive(browser, join(folder, "live.html"));
  await browser.close();
  await testWithoutWebGl(file);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed > 0 ? 1 : 0);
