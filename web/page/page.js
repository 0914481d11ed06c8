// The page of textsemiseg report: curves, cases, viewer, live reload. Data stand in script elements of the page; nothing is fetched.
(() => {
"use strict";

const byId = (id) => document.getElementById(id);
const data = (id) => { const element = byId(id); return element ? JSON.parse(element.textContent) : null; };

function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "line", "text", "rect", "circle", "path", "title"].includes(tag) && attributes.html !== true;
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "html" || value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== null) element.append(child);
  return element;
}

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const remember = (store, key, value) => { try { store.setItem("textsemiseg-" + key, value); } catch { /* private windows */ } };
const recall = (store, key) => { try { return store.getItem("textsemiseg-" + key); } catch { return null; } };

// ---------------------------------------------------------------- theme

const redraws = [];  // what has colours of the theme in a canvas
const redraw = () => redraws.forEach((draw) => draw());

function theme() {
  const names = { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };
  const signs = { auto: "◐", light: "☀", dark: "☾" };
  const order = Object.keys(names);
  let chosen = recall(localStorage, "theme");
  if (!order.includes(chosen)) chosen = "auto";
  const button = make("button", { id: "theme", type: "button" });
  const apply = () => {
    if (chosen === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.dataset.theme = chosen;
    button.textContent = signs[chosen];
    button.title = names[chosen];
    button.setAttribute("aria-label", names[chosen] + "; press to change");
    redraw();
  };
  button.addEventListener("click", () => {
    chosen = order[(order.indexOf(chosen) + 1) % order.length];
    remember(localStorage, "theme", chosen);
    apply();
  });
  document.querySelector("header").append(button);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  apply();
}

// ---------------------------------------------------------------- curves (uPlot)

// Exponential moving average over about ten points.
function smoothed(values) {
  let mean = null;
  return values.map((value) => (value === null ? null : (mean = mean === null ? value : 0.82 * mean + 0.18 * value)));
}

const short = (value) => value === null || value === undefined ? "–"
  : Math.abs(value) >= 1000 || value === 0 ? value.toLocaleString("en") : Number(value.toPrecision(4)).toString();

function describe(chart) {
  const parts = chart.series.map((series) => {
    const values = series.y.filter((value) => value !== null);
    return values.length === 0 ? `${series.name}: nothing`
      : `${series.name}: ${short(values[0])} at first, ${short(values.at(-1))} at last, from ${short(Math.min(...values))} to ${short(Math.max(...values))}`;
  });
  return `${chart.title}. Line chart over iterations. ${parts.join("; ")}.`;
}

function drawCurve(figure, chart, how) {
  figure.querySelector(".holder")?.remove();
  const holder = make("div", { class: "holder", role: "img", "aria-label": describe(chart) });
  figure.append(holder);
  const bounded = "high" in chart;
  const curves = chart.series.map((series) => [series.x, how.smooth && !bounded ? smoothed(series.y) : series.y]);
  const positive = curves.every(([, y]) => y.every((value) => value === null || value > 0));
  const logarithmic = how.log && !bounded && positive;
  const joined = curves.length > 1 ? uPlot.join(curves) : curves[0];
  const axis = { stroke: css("--soft"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") } };
  const few = curves.every(([x]) => x.length <= 40);
  const values = [].concat(...curves.map(([, y]) => y)).filter((value) => value !== null);
  const low = Math.min(...values), high = Math.max(...values), room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  const range = logarithmic ? undefined
    : bounded ? [Math.max(chart.low, Math.floor((low - 0.02) * 10) / 10), chart.high]
    : [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
  const plot = new uPlot({
    width: Math.max(180, holder.clientWidth), height: 220,
    cursor: { sync: { key: "curves" }, drag: { x: true, y: false } },
    scales: { x: { time: false }, y: logarithmic ? { distr: 3 } : { range } },
    axes: [{ ...axis, size: 34 }, { ...axis, size: 56, values: (_, ticks) => ticks.map((tick) => tick === null ? "" : short(tick)) }],
    series: [{ label: chart.x_label, value: (_, value) => short(value) },
      ...chart.series.map((series) => ({
        label: series.name, stroke: series.colour, width: 2, spanGaps: true, points: { show: few, size: 6, fill: series.colour },
        value: (_, value) => short(value) }))],
  }, joined, holder);
  figure.plot = plot;
}

// Left and right move the cursor of a focused chart, so that values can be read without a mouse.
function keysOfCurve(figure, event) {
  const plot = figure.plot;
  const count = plot.data[0].length;
  const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  figure.at = Math.min(count - 1, Math.max(0, (figure.at ?? (step > 0 ? -1 : count)) + step));
  plot.setCursor({ left: plot.valToPos(plot.data[0][figure.at], "x"), top: 20 });
}

function curves() {
  const figures = [...document.querySelectorAll("figure.curve")];
  if (figures.length === 0 || typeof uPlot === "undefined") return;
  const how = { smooth: recall(sessionStorage, "smooth") === "1", log: recall(sessionStorage, "log") === "1" };
  const charts = new Map();
  for (const figure of figures) {
    const section = figure.dataset.section;
    if (!charts.has(section)) charts.set(section, data("charts-" + section));
    figure.tabIndex = 0;
    figure.setAttribute("role", "group");
    figure.setAttribute("aria-label", charts.get(section)[figure.dataset.chart].title + "; left and right move the cursor");
    figure.addEventListener("keydown", (event) => keysOfCurve(figure, event));
  }
  const drawAll = () => figures.forEach((figure) => drawCurve(figure, charts.get(figure.dataset.section)[figure.dataset.chart], how));
  const toggle = (key, text) => make("button", { type: "button", "aria-pressed": String(how[key]), onclick: (event) => {
    how[key] = !how[key];
    event.currentTarget.setAttribute("aria-pressed", String(how[key]));
    remember(sessionStorage, key, how[key] ? "1" : "0");
    drawAll();
  } }, text);
  document.querySelectorAll(".charts:has(figure.curve)").forEach((holder) =>
    holder.before(make("div", { class: "tools" }, toggle("smooth", "Smooth losses"), toggle("log", "Logarithmic losses"),
      make("span", { class: "hint" }, "Drag to zoom in, double click to zoom out."))));
  drawAll();
  redraws.push(drawAll);
  const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    const holder = target.querySelector(".holder");
    if (holder && target.plot && Math.abs(holder.clientWidth - target.plot.width) > 2)
      target.plot.setSize({ width: Math.max(180, holder.clientWidth), height: 220 });
  }));
  figures.forEach((figure) => observer.observe(figure));
}

// ---------------------------------------------------------------- cases: scores

const marks = ["circle", "square", "triangle", "diamond"];

function mark(kind, x, y, r, attributes) {
  if (kind === "circle") return make("circle", { cx: x, cy: y, r, ...attributes });
  const path = {
    square: `M${x - r * .9} ${y - r * .9}h${r * 1.8}v${r * 1.8}h${-r * 1.8}z`,
    triangle: `M${x} ${y - r * 1.15}L${x + r * 1.1} ${y + r * .85}H${x - r * 1.1}z`,
    diamond: `M${x} ${y - r * 1.25}L${x + r * 1.25} ${y}L${x} ${y + r * 1.25}L${x - r * 1.25} ${y}z`,
  }[kind];
  return make("path", { d: path, ...attributes });
}

function niceTicks(low, high, count = 5) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= rough * 0.999);
  const out = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-6; ++at) out.push(at * step);
  return out;
}

class Cases {
  constructor(about) {
    this.about = about;
    this.metric = 0;
    this.column = about.columns.length - 1;
    this.sort = 0;  // row by whose score the cases stand in order; -1: by name
    this.chosen = null;
    this.listeners = [];
    this.build();
  }

  values(row) { return this.about.metrics[this.metric].values[this.column][row]; }

  text(value, metric = this.about.metrics[this.metric]) {
    return value === null ? "undefined" : (metric.scale * value).toFixed(metric.digits) + (metric.unit === "%" ? " %" : " " + metric.unit);
  }

  build() {
    const { about } = this;
    const select = (label, options, value, change) => make("label", { class: "choice" }, label,
      make("select", { onchange: (event) => { change(Number(event.target.value)); this.draw(); } },
        options.map(([key, text]) => { const option = make("option", { value: key }, text); option.selected = key === value; return option; })));
    const several = about.rows.length > 1;
    this.pickRow = 0;
    const pickButtons = ["worst", "median", "best"].map((what) =>
      make("button", { type: "button", "data-pick": what, onclick: () => this.pick(what) }, what[0].toUpperCase() + what.slice(1)));
    const tools = make("div", { class: "tools" },
      select("Score", about.metrics.map((metric, i) => [i, `${metric.title} (${metric.unit})`]), 0, (i) => { this.metric = i; }),
      about.columns.length > 1 ? select("of", about.columns.map((name, i) => [i, name]), this.column, (i) => { this.column = i; }) : null,
      several ? select("Order", [...about.rows.map((row, i) => [i, "by " + row.name]), [-1, "by name"]], 0,
        (i) => { this.sort = i; if (i >= 0) this.pickRow = i; })
        : select("Order", [[0, "by score"], [-1, "by name"]], 0, (i) => { this.sort = i; }),
      make("span", { class: "group", role: "group", "aria-label": "Choose a case" }, pickButtons));
    this.plot = make("div", { class: "plot", role: "listbox", tabindex: "0", "aria-orientation": "horizontal",
      "aria-label": `Scores of ${about.ids.length} ${about.role} cases; left and right choose a case`,
      onkeydown: (event) => this.keys(event) });
    const legend = several ? make("p", { class: "legend" }, about.rows.map((row, i) => {
      const icon = make("svg", { width: 14, height: 14, "aria-hidden": "true", style: "vertical-align:-.12em;margin-right:.35rem" },
        mark(marks[i % marks.length], 7, 7, 5, { fill: row.colour }));
      return make("span", {}, icon, row.name);
    })) : "";
    byId("cases-plot").append(tools, this.plot, legend,
      make("p", { class: "hint" }, "Choose a case with a click, or with the arrow keys when the plot has the focus. Hollow marks at the foot: the score is undefined, a mask is empty."));
    this.order = this.sorted();
    new ResizeObserver(() => { if (this.plot.clientWidth !== this.width) this.draw(); }).observe(this.plot);
    this.draw();
    redraws.push(() => this.draw());
  }

  sorted(row = this.sort) {
    const order = this.about.ids.map((_, i) => i);
    if (row < 0) return order.sort((a, b) => this.about.ids[a].localeCompare(this.about.ids[b], "en", { numeric: true }));
    const values = this.values(row), better = this.about.metrics[this.metric].larger_is_better ? 1 : -1;
    const key = (i) => (values[i] === null ? -Infinity : better * values[i]);
    return order.sort((a, b) => key(a) - key(b) || a - b);
  }

  pick(what) {
    const defined = this.sorted(this.pickRow).filter((i) => this.values(this.pickRow)[i] !== null);
    if (defined.length === 0) return;
    this.choose({ worst: defined[0], median: defined[Math.floor(defined.length / 2)], best: defined.at(-1) }[what]);
  }

  keys(event) {
    const at = this.order.indexOf(this.chosen);
    const last = this.order.length - 1;
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last, PageDown: at + 10, PageUp: at - 10 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.choose(this.order[Math.min(last, Math.max(0, to))]);
  }

  choose(index) {
    if (index === this.chosen) return;
    this.chosen = index;
    remember(sessionStorage, "case", this.about.ids[index]);
    this.draw();
    this.listeners.forEach((listener) => listener(index));
  }

  draw() {
    const { about } = this;
    const metric = about.metrics[this.metric];
    this.order = this.sorted();
    this.width = this.plot.clientWidth;
    const width = Math.max(280, this.width - 12), height = 250, left = 46, right = width - 10, top = 12, bottom = height - 34;
    const all = about.rows.flatMap((_, r) => this.values(r)).filter((value) => value !== null).map((value) => value * metric.scale);
    let low = all.length ? Math.min(...all) : 0, high = all.length ? Math.max(...all) : 1;
    const room = (high - low) * 0.08 || 1;
    low = metric.unit === "%" ? Math.max(0, low - room) : 0;
    high = metric.unit === "%" ? Math.min(100, high + room) : high + room;
    const y = (value) => bottom - (value - low) / (high - low) * (bottom - top - 6);
    const step = (right - left) / this.order.length, x = (place) => left + (place + 0.5) * step;
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "presentation" });
    for (const tick of niceTicks(low, high)) {
      svg.append(make("line", { x1: left, x2: right, y1: y(tick), y2: y(tick), class: "grid" }),
        make("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, String(Number(tick.toPrecision(6)))));
    }
    const radius = Math.max(2.5, Math.min(5.5, step * 0.3));
    this.order.forEach((index, place) => {
      const id = about.ids[index];
      const chosen = index === this.chosen;
      const words = about.rows.map((row, r) => `${row.name} ${this.text(this.values(r)[index])}`).join(", ");
      const column = make("g", { role: "option", id: "case-" + index, "aria-selected": String(chosen), "aria-label": `${id}: ${words}` });
      const hit = make("rect", { x: x(place) - step / 2, y: top - 8, width: step, height: bottom - top + 16, rx: Math.min(5, step / 3), class: chosen ? "chosen" : "column" });
      hit.append(make("title", {}, `${id}: ${words}`));
      column.append(hit);
      const shown = about.rows.map((_, r) => this.values(r)[index]).filter((value) => value !== null).map((value) => y(value * metric.scale));
      if (shown.length > 1) column.append(make("line", { x1: x(place), x2: x(place), y1: Math.min(...shown), y2: Math.max(...shown), class: "link", "pointer-events": "none" }));
      about.rows.forEach((row, r) => {
        const value = this.values(r)[index];
        column.append(value === null
          ? mark(marks[r % marks.length], x(place), bottom, radius, { class: "hollow", stroke: row.colour, "stroke-width": 1.6, "pointer-events": "none" })
          : mark(marks[r % marks.length], x(place), y(value * metric.scale), radius, { fill: row.colour, "pointer-events": "none" }));
      });
      column.addEventListener("click", () => { this.choose(index); });
      svg.append(column);
      if (chosen) {
        const half = Math.min(width / 2, id.length * 3.6 + 4);
        svg.append(make("text", { x: Math.min(right - half, Math.max(left + half, x(place))), y: height - 10, "text-anchor": "middle", class: "chosen-id" }, id));
      }
    });
    this.plot.replaceChildren(svg);
    if (this.chosen !== null) this.plot.setAttribute("aria-activedescendant", "case-" + this.chosen);
  }
}

// ---------------------------------------------------------------- volumes

async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const volumes = new Map();  // id -> promise of the decoded volume

function volumeOf(id) {
  if (!volumes.has(id)) {
    volumes.set(id, (async () => {
      const text = data("volume-" + id);
      const volume = { size: text.size, spacing: text.spacing, affine: text.affine, window: text.window };
      volume.image = await inflated(text.image);
      volume.reference = await inflated(text.reference);
      volume.predictions = [];
      for (const prediction of text.predictions) volume.predictions.push(prediction === null ? null : await inflated(prediction));
      refine(volume);
      volume.at = busiest(volume);
      return volume;
    })());
    if (volumes.size > 4) volumes.delete(volumes.keys().next().value);  // a few stay decoded
  }
  return volumes.get(id);
}

// Outlines are one voxel thick: on small scans they would hide what they surround, so these are shown on a finer grid.
function refine(volume) {
  const count = volume.image.length;
  const f = count < 160000 ? 3 : count < 500000 ? 2 : 1;
  volume.factor = f;
  if (f === 1) return;
  const [nx, ny, nz] = volume.size, [mx, my, mz] = [nx * f, ny * f, nz * f];
  const nearest = (labels) => {
    const out = new Uint8Array(mx * my * mz);
    let at = 0;
    for (let z = 0; z < mz; ++z) for (let y = 0; y < my; ++y) {
      const row = (((z / f) | 0) * ny + ((y / f) | 0)) * nx;
      for (let x = 0; x < mx; ++x) out[at++] = labels[row + ((x / f) | 0)];
    }
    return out;
  };
  const places = (n, m) => Array.from({ length: m }, (_, i) => {
    const at = Math.min(n - 1, Math.max(0, (i + 0.5) / f - 0.5)), lower = Math.min(Math.floor(at), Math.max(0, n - 2));
    return [lower, at - lower];
  });
  const image = new Uint8Array(mx * my * mz);
  const px = places(nx, mx), py = places(ny, my), pz = places(nz, mz);
  const dx = nx > 1 ? 1 : 0, dy = ny > 1 ? nx : 0, dz = nz > 1 ? nx * ny : 0;
  let to = 0;
  for (const [z, tz] of pz) for (const [y, ty] of py) for (const [x, tx] of px) {
    const a = (z * ny + y) * nx + x, v = volume.image;
    const low = (1 - ty) * ((1 - tx) * v[a] + tx * v[a + dx]) + ty * ((1 - tx) * v[a + dy] + tx * v[a + dx + dy]);
    const b = a + dz;
    const high = (1 - ty) * ((1 - tx) * v[b] + tx * v[b + dx]) + ty * ((1 - tx) * v[b + dy] + tx * v[b + dx + dy]);
    image[to++] = (1 - tz) * low + tz * high + 0.5;
  }
  volume.image = image;
  volume.reference = nearest(volume.reference);
  volume.predictions = volume.predictions.map((labels) => labels && nearest(labels));
  volume.affine = volume.affine.map((row) => {
    const columns = row.slice(0, 3).map((value) => value / f);
    const shift = (0.5 / f - 0.5) * f;  // from the old first centre to the new one, in new voxels
    return [...columns, row[3] + shift * (columns[0] + columns[1] + columns[2])];
  });
  volume.spacing = volume.spacing.map((value) => value / f);
  volume.size = [mx, my, mz];
}

// Along each axis the slice with most of the reference.
function busiest({ size: [nx, ny, nz], reference, predictions }) {
  const labels = reference.some((value) => value > 0) ? reference : predictions.find((one) => one) ?? reference;
  const counts = [new Uint32Array(nx), new Uint32Array(ny), new Uint32Array(nz)];
  let at = 0;
  for (let z = 0; z < nz; ++z) for (let y = 0; y < ny; ++y) for (let x = 0; x < nx; ++x, ++at) {
    if (labels[at] > 0) { ++counts[0][x]; ++counts[1][y]; ++counts[2][z]; }
  }
  // The middle of those near the largest count: a whole voxel of the scan is equal on the finer grid.
  return counts.map((count) => {
    const most = Math.max(...count);
    if (most === 0) return count.length >> 1;
    const best = count.indexOf(most);
    let last = best;
    while (last + 1 < count.length && count[last + 1] === most) ++last;
    return (best + last) >> 1;
  });
}

// Voxels of a class that touch another class by a face.
function outline({ size: [nx, ny, nz] }, labels) {
  const out = new Uint8Array(labels.length), row = nx, plane = nx * ny;
  for (let z = 0; z < nz; ++z) for (let y = 0; y < ny; ++y) for (let x = 0; x < nx; ++x) {
    const at = z * plane + y * row + x, here = labels[at];
    if (here === 0) continue;
    if (x === 0 || x === nx - 1 || y === 0 || y === ny - 1 || z === 0 || z === nz - 1 || labels[at - 1] !== here || labels[at + 1] !== here ||
        labels[at - row] !== here || labels[at + row] !== here || labels[at - plane] !== here || labels[at + plane] !== here) out[at] = here;
  }
  return out;
}

const kMissed = "#ffd23f", kFalse = "#ff4fd8", kOther = "#4fe3ff";

// 1: missed, 2: false, 3: another class than the reference.
function errors(reference, prediction) {
  const out = new Uint8Array(reference.length);
  for (let i = 0; i < out.length; ++i) {
    if (reference[i] === prediction[i]) continue;
    out[i] = prediction[i] === 0 ? 1 : reference[i] === 0 ? 2 : 3;
  }
  return out;
}

const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
const lighter = (colour) => "#" + channels(colour).map((value) => Math.round(value + (255 - value) * 0.55).toString(16).padStart(2, "0")).join("");

function table(colours) {
  const rgb = [[0, 0, 0], ...colours.map(channels)];
  return { R: rgb.map((c) => c[0]), G: rgb.map((c) => c[1]), B: rgb.map((c) => c[2]), A: rgb.map((_, i) => (i === 0 ? 0 : 255)), labels: rgb.map(() => "") };
}

// ---------------------------------------------------------------- viewer (NiiVue)

const modes = {
  fill: "Prediction filled, reference as outline",
  lines: "Both as outlines",
  errors: "Errors only",
};

class View {
  constructor(viewer, row) {
    this.viewer = viewer;
    this.row = row;
    const { about } = viewer;
    this.score = make("span");
    this.canvas = make("canvas", { tabindex: "0", role: "img" });
    const label = make("strong", {}, make("i", { class: "swatch", style: `background:${about.rows[row].colour}` }), about.rows[row].name);
    const shown = about.rows[row].shown ? make("span", {}, about.rows[row].shown) : "";
    this.element = make("div", { class: "view" }, make("div", { class: "bar" }, label, this.score, shown), make("div", { class: "frame" }, this.canvas));
    this.element.addEventListener("keydown", (event) => this.keys(event), true);
  }

  async attach() {
    this.wide = this.element.clientWidth > 620;
    this.nv = new niivue.Niivue({
      logLevel: "error", show3Dcrosshair: false, backColor: [0, 0, 0, 1], crosshairColor: [1, 1, 1, 0.55], 
      crosshairGap: 6, isRadiologicalConvention: true, dragAndDropEnabled: false, scrollRequiresFocus: true, showLegend: false,
      loadingText: "", isResizeCanvas: true, multiplanarShowRender: niivue.SHOW_RENDER?.NEVER ?? 0,
      multiplanarLayout: this.wide ? niivue.MULTIPLANAR_TYPE?.ROW ?? 3 : niivue.MULTIPLANAR_TYPE?.GRID ?? 2, multiplanarPadPixels: 0, tileMargin: 3,
      fontMinPx: 12, fontSizeScaling: 0.3, isAntiAlias: false,
    });
    // While the page is laid out anew a canvas may have no width for a moment: there is nothing to draw then.
    const resize = this.nv.resizeListener.bind(this.nv);
    this.nv.resizeListener = () => { if (this.canvas.offsetWidth > 0) resize(); };
    await this.nv.attachToCanvas(this.canvas, false);
    this.nv.setSliceType(this.nv.sliceTypeMultiplanar);
  }

  // Steps of one voxel of the scan; the keys of the viewer library itself would change modes unseen.
  keys(event) {
    if (event.target !== this.canvas || !this.nv || event.key === "Tab") return;
    event.stopPropagation();
    const step = this.viewer.volume?.factor ?? 1;
    const move = { ArrowLeft: [1, 0, 0], ArrowRight: [-1, 0, 0], ArrowUp: [0, 1, 0], ArrowDown: [0, -1, 0], PageUp: [0, 0, 1], PageDown: [0, 0, -1] }[event.key];
    if (!move) return;
    event.preventDefault();
    this.nv.moveCrosshairInVox(...move.map((value) => value * step));
  }

  // As high as three planes beside each other need it.
  fit(volume) {
    const [x, y, z] = volume.size.map((count, axis) => count * volume.spacing[axis]);
    const frame = this.canvas.parentElement, width = frame.clientWidth;
    const wanted = this.wide ? width * Math.max(y, z) / (2 * x + y) : width * (y + z) / (x + y);
    // A line and a half, whatever the size of the voxels.
    this.nv.opts.crosshairWidth = 1.6 * (this.wide ? 2 * volume.size[0] + volume.size[1] : volume.size[0] + volume.size[1]) / width;
    frame.style.height = `${Math.round(Math.min(wanted, innerHeight * (this.wide ? 0.46 : 0.62)))}px`;
  }

  async show(volume, index) {
    const { viewer } = this, { about } = viewer;
    this.fit(volume);
    const prediction = volume.predictions[this.row];
    const colours = about.colours.slice(1);
    const layers = [{ voxels: volume.image, colormap: "gray", kind: "image" }];
    if (prediction && viewer.mode === "errors") {
      layers.push({ voxels: errors(volume.reference, prediction), table: table([kMissed, kFalse, kOther]), kind: "prediction" });
    } else if (prediction) {
      layers.push({ voxels: viewer.mode === "lines" ? outline(volume, prediction) : prediction, table: table(colours), kind: "prediction" });
    }
    const outlined = viewer.mode === "fill" || viewer.mode === "lines" || viewer.mode === "errors";
    layers.push({ voxels: outlined ? outline(volume, volume.reference) : volume.reference, table: table(colours.map(lighter)), kind: "reference" });
    const images = [];
    for (const layer of layers) {
      const nifti = niivue.NVImage.createNiftiArray(volume.size, volume.spacing, [...volume.affine.flat(), 0, 0, 0, 1], 2, layer.voxels);
      const image = await niivue.NVImage.new(nifti.buffer, layer.kind + ".nii", layer.colormap ?? "gray", 1, null, 0, 255);
      if (layer.table) image.setColormapLabel(layer.table);
      image.kind = layer.kind;
      images.push(image);
    }
    // All at once: every update of the textures takes a while where there is no graphics card.
    this.nv.volumes = images;
    this.opacities();
    this.nv.scene.crosshairPos = viewer.position ?? volume.at.map((at, axis) => (at + 0.5) / volume.size[axis]);
    this.nv.setVolume(images[0], 0);
    const dice = about.metrics[0], column = about.columns.length - 1;
    this.score.textContent = prediction ? `Dice ${viewer.cases.text(dice.values[column][this.row][index], dice)}` : "no prediction";
    this.canvas.setAttribute("aria-label", `Axial, coronal and sagittal slice of ${about.ids[index]} with the prediction of ${about.rows[this.row].name}, ` +
      `${this.score.textContent}. Arrow keys, Page Up and Page Down move the crosshair.`);
  }

  opacities() {
    const { viewer } = this;
    this.nv.volumes.forEach((image) => {
      const on = viewer.shown[image.kind];
      const solid = image.kind === "prediction" && viewer.mode !== "lines" ? viewer.strength : 1;
      image.opacity = on ? solid : 0;
    });
  }

  close() {
    this.nv?.gl?.getExtension("WEBGL_lose_context")?.loseContext();
    this.element.remove();
  }
}

class Viewer {
  constructor(cases) {
    this.cases = cases;
    this.about = cases.about;
    this.mode = "fill";
    this.strength = 0.45;
    this.shown = { image: true, reference: true, prediction: true };
    this.views = [];
    this.rows = this.about.rows.map((_, r) => r).slice(0, 3);
    this.queue = Promise.resolve();
    this.build();
  }

  build() {
    const press = (key, text) => make("button", { type: "button", "aria-pressed": "true", "data-layer": key, onclick: (event) => {
      this.shown[key] = !this.shown[key];
      event.currentTarget.setAttribute("aria-pressed", String(this.shown[key]));
      this.views.forEach((view) => { view.opacities(); view.nv.updateGLVolume(); });
    } }, text);
    const mode = make("select", { "aria-label": "How labels are drawn", onchange: (event) => { this.mode = event.target.value; this.keep(); this.refresh(); } },
      Object.entries(modes).map(([key, text]) => make("option", { value: key }, text)));
    const strength = make("input", { type: "range", min: "0.1", max: "1", step: "0.05", value: String(this.strength), "aria-label": "Strength of the prediction's colour",
      oninput: (event) => { this.strength = Number(event.target.value); this.views.forEach((view) => { view.opacities(); view.nv.updateGLVolume(); }); } });
    this.tools = make("div", { class: "tools" }, press("image", "Scan"), press("reference", "Reference"), press("prediction", "Prediction"), mode,
      make("label", { class: "choice" }, "Colour", strength));
    const { rows } = this.about;
    this.chooser = rows.length > 1 ? make("div", { class: "tools", role: "group", "aria-label": "Predictions shown, at most four" },
      rows.map((row, r) => make("label", { class: "choice" }, (() => {
        const box = make("input", { type: "checkbox", value: String(r), onchange: () => this.chooseRows() });
        box.checked = this.rows.includes(r);
        return box;
      })(), row.name))) : null;
    this.legend = make("p", { class: "legend" });
    this.holder = make("div", { class: "views" });
    this.panel = make("div", {}, this.tools, this.chooser, this.legend, this.holder,
      make("p", { class: "hint" }, "Click into a slice to move the crosshair; with the focus on a viewer the arrow keys, Page Up and Page Down do the same. Patient's right is on the left. Several viewers move together."));
  }

  chooseRows() {
    const boxes = [...this.chooser.querySelectorAll("input")];
    const chosen = boxes.filter((box) => box.checked).map((box) => Number(box.value));
    boxes.forEach((box) => { box.disabled = chosen.length >= 4 && !box.checked; });
    this.rows = chosen;
    this.keep();
    this.refresh();
  }

  drawLegend() {
    const item = (colour, text, line = false) => make("span", {}, make("i", { style: line ? `background:transparent;border:2px solid ${colour}` : `background:${colour}` }), text);
    const { classes, colours } = this.about;
    const items = this.mode === "errors"
      ? [item(kMissed, "missed"), item(kFalse, "false"), classes.length > 2 ? item(kOther, "another class") : null,
         ...classes.slice(1).map((name, k) => item(lighter(colours[k + 1]), `reference: ${name}`, true))]
      : classes.slice(1).flatMap((name, k) => [item(colours[k + 1], name, this.mode === "lines"), item(lighter(colours[k + 1]), `${name}, reference`, true)]);
    this.legend.replaceChildren(...items.filter((one) => one));
  }

  keep() { this.position = this.views.length > 0 ? [...this.views[0].nv.scene.crosshairPos] : null; }

  // One after the other: the case may change while the last one is still being decoded.
  refresh() {
    const index = this.index;
    this.queue = this.queue.then(() => (index === this.index ? this.update(index) : null)).catch((error) => this.failed(error));
    return this.queue;
  }

  async update(index) {
    this.drawLegend();
    const id = this.about.ids[index];
    this.volume = await volumeOf(id);
    if (this.views.map((view) => view.row).join() !== this.rows.join()) {
      this.views.forEach((view) => view.close());
      this.views = this.rows.map((row) => new View(this, row));
      this.holder.replaceChildren(...this.views.map((view) => view.element));
      for (const view of this.views) await view.attach();
      this.views.forEach((view) => view.nv.broadcastTo(this.views.filter((other) => other !== view).map((other) => other.nv), { "2d": true, "3d": false }));
    }
    for (const view of this.views) await view.show(this.volume, index);
    this.holder.dataset.shown = id;
  }

  show(index) {
    this.index = index;
    this.position = null;
    return this.refresh();
  }

  failed(error) {
    this.panel.replaceChildren(make("p", { class: "warning" }, `The viewer could not show this case (${error.message}); the still pictures below do not need it.`));
    const stills = byId("stills");
    if (stills) stills.open = true;
  }
}

// ---------------------------------------------------------------- one case

function hasWebGl() {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(gl);
}

function scoresOf(cases, index) {
  const { about } = cases;
  const columns = [];
  const add = (metric, column, title) => columns.push({ metric, column, title });
  const dice = about.metrics[0], last = about.columns.length - 1;
  about.columns.forEach((name, k) => add(dice, k, about.columns.length > 1 ? `${dice.title}, ${name}` : dice.title));
  about.metrics.slice(1).forEach((metric) => add(metric, last, metric.title + (last > 0 ? `, ${about.columns[last]}` : "")));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Scores of this case" }, make("table", {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Method"), columns.map((column) => make("th", { scope: "col" }, column.title)))),
    make("tbody", {}, about.rows.map((row, r) => make("tr", {}, make("th", { scope: "row" }, row.name),
      columns.map(({ metric, column }) => make("td", {}, cases.text(metric.values[column][r][index], metric))))))));
}

function cases() {
  const about = data("cases-data");
  if (!about || about.ids.length === 0) return;
  const list = new Cases(about);
  const panel = byId("case-panel");
  const interactive = typeof niivue !== "undefined" && about.volumes.length > 0;
  const webgl = interactive && hasWebGl();
  const viewer = webgl ? new Viewer(list) : null;
  const heading = make("h3"), scores = make("div"), note = make("p", { class: "note", "aria-live": "polite" });
  panel.append(make("div", { class: "case-head" }, heading), scores, note);
  const still = make("div", { class: "note" });
  panel.append(viewer ? viewer.panel : still);
  if (interactive && !webgl) {
    panel.append(make("p", { class: "warning" }, "This browser offers no WebGL 2, which the viewer needs: still pictures are shown instead."));
    const stills = byId("stills");
    if (stills) stills.open = true;
  }
  list.listeners.push((index) => {
    const id = about.ids[index];
    heading.textContent = `Case ${id}`;
    scores.replaceChildren(scoresOf(list, index));
    const there = about.volumes.includes(id);
    note.textContent = there || !viewer ? "" : "No volume of this case is in the page.";
    if (!viewer) {
      const found = document.querySelector(`.stills[data-case="${CSS.escape(id)}"]`);
      still.replaceChildren(found ? found.cloneNode(true) : "No picture of this case is in the page.");
      still.firstElementChild?.removeAttribute("data-case");
      return;
    }
    viewer.panel.hidden = !there;
    if (there) viewer.show(index);
  });
  const remembered = about.ids.indexOf(recall(sessionStorage, "case"));
  if (remembered >= 0) list.choose(remembered);
  else list.pick("median");
  if (list.chosen === null) list.choose(0);
}

// ---------------------------------------------------------------- live training

function live() {
  const bar = byId("live");
  const back = recall(sessionStorage, "scroll");
  if (!bar) return;
  const seconds = Number(bar.dataset.reload);
  if (back !== null) {
    const kept = JSON.parse(back);
    document.querySelectorAll("details").forEach((one, i) => { one.open = kept.open.includes(i); });
    scrollTo(0, kept.y);
    if (kept.focus) byId(kept.focus)?.focus({ preventScroll: true });
  }
  if (seconds <= 0) return;
  let paused = recall(sessionStorage, "paused") === "1";
  const pause = make("button", { type: "button", id: "pause", "aria-pressed": String(paused) }, "Pause updates");
  const age = make("p", { class: "note" });
  pause.addEventListener("click", () => {
    paused = !paused;
    remember(sessionStorage, "paused", paused ? "1" : "0");
    pause.setAttribute("aria-pressed", String(paused));
  });
  bar.append(age, pause);
  const written = Date.parse(bar.dataset.written);
  const tell = () => {
    const old = Math.max(0, Math.round((Date.now() - written) / 1000));
    age.textContent = `Written ${old < 120 ? old + " s" : Math.round(old / 60) + " min"} ago.` +
      (old > 10 * seconds + 60 ? " Nothing new for a while: the training may have been stopped." : "");
  };
  tell();
  setInterval(tell, 1000);
  setInterval(() => {
    if (paused || document.hidden || String(getSelection()) !== "") return;
    const open = [...document.querySelectorAll("details")].flatMap((one, i) => (one.open ? [i] : []));
    remember(sessionStorage, "scroll", JSON.stringify({ y: scrollY, open, focus: document.activeElement?.id ?? "" }));
    location.reload();
  }, seconds * 1000);
}

theme();
curves();
cases();
live();
})();
