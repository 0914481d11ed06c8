// What the other parts share: elements, memory of the browser, light and dark.

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

// A link to a part that is folded opens it.
function folds() {
  const open = () => {
    const part = location.hash.length > 1 ? byId(decodeURIComponent(location.hash.slice(1)))?.querySelector(":scope > details") : null;
    if (part) part.open = true;
  };
  addEventListener("hashchange", open);
  document.querySelectorAll("nav a").forEach((link) => link.addEventListener("click", () => setTimeout(open)));
  open();
}
