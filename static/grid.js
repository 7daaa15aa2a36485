/*
 * The rating grid: arrows move, digits rate and move on, each row is kept as a draft a moment after its last change.
 * Without this file the cells are typed into and the buttons below send them.
 */
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const form = document.querySelector("form[data-grid]");
  if (!form) return;

  const cells = (row) => all("input[data-cell]", row);
  const rows = () => all("tbody tr", form).filter((row) => cells(row).length);

  function go(cell, down, across) {
    const row = cell.closest("tr");
    const place = cells(row).indexOf(cell);
    const around = rows();
    let line = around.indexOf(row) + down;
    let column = place + across;
    const width = cells(row).length;
    if (column >= width) { line += 1; column = 0; }
    if (column < 0) { line -= 1; column = width - 1; }
    const next = around[line] && cells(around[line])[column];
    if (next) { next.focus(); next.select(); }
  }

  function count(row) {
    const own = cells(row);
    const given = own.filter((cell) => /^[0-5]$/.test(cell.value)).length;
    const text = row.querySelector("[data-progress]");
    if (text) text.textContent = `${given} / ${own.length}`;
  }

  const clock = () => {
    const now = new Date();
    return `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
  };

  const waiting = new WeakMap();
  const sending = new WeakMap(); // one after the other: an older draft never arrives after a newer one
  async function keep(row) {
    const data = new FormData();
    data.append("csrf_token", form.elements.csrf_token.value);
    cells(row).forEach((cell) => data.append(cell.name, cell.value));
    let kept = false;
    try {
      kept = (await fetch(form.dataset.grid, { method: "POST", body: data, headers: { "HX-Request": "true" } })).ok;
    } catch { /* told below */ }
    const saved = row.querySelector("[data-row-saved]");
    saved.textContent = kept ? form.dataset.kept.replace("#", clock()) : form.dataset.failed;
    saved.classList.toggle("say-bad", !kept);
  }
  function plan(row) {
    clearTimeout(waiting.get(row));
    waiting.set(row, setTimeout(() => {
      sending.set(row, Promise.resolve(sending.get(row)).then(() => keep(row)));
    }, 800));
  }

  function changed(cell) {
    const row = cell.closest("tr");
    if (/^[0-5]?$/.test(cell.value)) cell.removeAttribute("aria-invalid");
    else cell.setAttribute("aria-invalid", "true");
    count(row);
    plan(row);
  }

  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Enter: [1, 0] };

  form.addEventListener("keydown", (event) => {
    const cell = event.target.closest("input[data-cell]");
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in MOVES) {
      event.preventDefault(); // Enter goes down; only the button hands in
      go(cell, ...MOVES[event.key]);
    } else if (/^[0-5-]$/.test(event.key)) {
      event.preventDefault();
      cell.value = event.key === "-" ? "0" : event.key;
      changed(cell);
      go(cell, 0, 1);
    } else if (event.key.length === 1) {
      event.preventDefault();
    }
  });
  form.addEventListener("input", (event) => {
    const cell = event.target.closest("input[data-cell]");
    if (cell) changed(cell);
  });

  const hint = form.querySelector("[data-grid-hint]");
  form.addEventListener("focusin", (event) => {
    const cell = event.target.closest("input[data-cell]");
    if (!cell) return;
    cell.select();
    const head = all("thead th", form)[cell.closest("td").cellIndex];
    hint.textContent = `${head.textContent.trim()} · ${head.dataset.words}`;
    hint.hidden = false;
  });
})();
