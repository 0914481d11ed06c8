// A page that reloads itself while a run trains.

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
