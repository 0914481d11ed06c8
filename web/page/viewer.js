// The viewer: a NiiVue canvas per row, moving together.

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
    // The wheel scrolls the page until a slice has the focus.
    this.element.addEventListener("wheel", (event) => { if (document.activeElement !== this.canvas) event.stopPropagation(); }, true);
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
    if (this.views.length === 0 || this.views.map((view) => view.row).join() !== this.rows.join()) {
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

  // The panel stays: other cases may be shown. The views are made anew for the next one.
  failed(error) {
    this.views.forEach((view) => view.close());
    this.views = [];
    delete this.holder.dataset.shown;
    this.holder.replaceChildren(make("p", { class: "warning" }, `The viewer could not show this case (${error.message}); the still pictures below do not need it.`));
    const stills = byId("stills");
    if (stills) stills.open = true;
  }
}
