// Curves of the training, drawn by uPlot.

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
  document.querySelectorAll("section > .charts:has(figure.curve)").forEach((holder) =>
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
