/*
 * Marking: buttons that give points, and the points of a practical task while its steps are ticked. Without this file
 * points are typed, and the server says how many the steps are worth.
 */
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  function showGiven(group) {
    const field = document.getElementById(group.dataset.give);
    all("button", group).forEach((button) => button.setAttribute("aria-pressed", String(button.value === field.value)));
  }

  /* As bank.marking.mark_checklist counts: by weight, and nothing while a critical step is missing. */
  function addUp(form) {
    const steps = all("[data-weight]", form);
    const weigh = (boxes) => boxes.reduce((sum, box) => sum + Number(box.dataset.weight), 0);
    const missing = steps.some((box) => "critical" in box.dataset && !box.checked);
    const share = missing ? 0 : weigh(steps.filter((box) => box.checked)) / weigh(steps);
    all("[data-step]", form).forEach((line) => line.classList.toggle("is-on", line.querySelector("input").checked));
    all("[data-points]", form).forEach((text) => {
      const most = Number(text.dataset.points);
      text.textContent = String(Math.round(share * most * 100) / 100);
    });
    all("[data-missing]", form).forEach((note) => { note.hidden = !missing; });
  }

  document.addEventListener("DOMContentLoaded", () => {
    all("[data-give]").forEach((group) => {
      group.hidden = false;
      showGiven(group);
    });
    all("form[data-steps]").forEach(addUp);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-give] button");
    if (!button) return;
    const group = button.closest("[data-give]");
    const field = document.getElementById(group.dataset.give);
    field.value = button.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  document.addEventListener("input", (event) => {
    const line = event.target.closest(".script");
    if (line) all("[data-give]", line).forEach(showGiven);
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-steps]");
    if (form) addUp(form);
  });
})();
