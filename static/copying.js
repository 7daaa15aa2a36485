/* Buttons that copy a text: <button data-copy="id of the element with the text" data-copied="what it says then" hidden>. */
(() => {
  "use strict";
  function textOf(element) {
    return "value" in element ? element.value : element.textContent;
  }
  async function copy(text, element) {
    try {
      await navigator.clipboard.writeText(text);
    } catch { /* an old browser, or one without https */
      const range = document.createRange();
      range.selectNodeContents(element);
      const selection = window.getSelection();
      if ("select" in element) element.select();
      else { selection.removeAllRanges(); selection.addRange(range); }
      if (!document.execCommand("copy")) throw new Error("not copied");
    }
  }
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-copy]").forEach((button) => {
      button.hidden = false;
      const label = button.querySelector("span") || button;
      const before = label.textContent;
      button.addEventListener("click", async () => {
        const element = document.getElementById(button.dataset.copy);
        try {
          await copy(textOf(element).trim(), element);
          label.textContent = button.dataset.copied;
          setTimeout(() => { label.textContent = before; }, 3000);
        } catch { element.focus(); }
      });
    });
  });
})();
