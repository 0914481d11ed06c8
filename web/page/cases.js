// The chosen case: its scores, its views.

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
