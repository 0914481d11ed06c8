// The plot of cases and their scores.

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
