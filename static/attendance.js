/*
 * Attendance. Without this file the marks are drop-downs and a scanned code waits for its button. With it a tap goes on to
 * the next mark, keys 1 to 4 set one, arrows go to the next person, and a scanned code is sent at once.
 */
(() => {
  "use strict";

  const ORDER = ["present", "late", "absent", "excused"];

  function paint(select, button) {
    const option = select.selectedOptions[0];
    button.textContent = option.text;
    button.dataset.tone = option.dataset.tone || "";
    button.setAttribute("aria-label", `${select.labels[0].querySelector("b").textContent}: ${option.text}`);
  }

  function set(select, button, value) {
    select.value = value;
    paint(select, button);
  }

  function cycle(select) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet roll-mark";
    select.hidden = true;
    select.after(button);
    paint(select, button);
    button.addEventListener("click", () =>
      set(select, button, ORDER[(ORDER.indexOf(select.value) + 1) % ORDER.length]));
    button.addEventListener("keydown", (event) => {
      const number = Number(event.key);
      if (number >= 1 && number <= 4) set(select, button, ORDER[number - 1]);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const all = [...document.querySelectorAll(".roll-mark")];
      all[all.indexOf(button) + step]?.focus();
    });
  }

  document.querySelectorAll("select[data-cycle]").forEach(cycle);
  document.querySelectorAll("form[data-at-once]").forEach((form) => form.requestSubmit());
})();
