/*
 * The board of a plan: cards are dragged with the mouse, and moved with Shift and the arrow keys.
 * Without this file the buttons of the bar do the same.
 */
(() => {
  "use strict";

  const board = () => document.querySelector("[data-board]");
  const arrange = () => document.getElementById("arrange");
  const KEYS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "before", ArrowRight: "next" };
  let dragged = null;
  let focusCard = false;
  let pressed = null;
  let wanted = null;

  const cardsOf = (list) => [...list.querySelectorAll(".tile")].filter((card) => card !== dragged);
  const pick = (card) => { card.querySelector(".tile-pick").checked = true; };

  function send(deed) {
    focusCard = true;
    arrange().querySelector(`[name=do][value=${deed}]`).click();
  }

  /* Where a dragged card would go: behind which card of the list under the pointer. */
  function targetAt(event) {
    const list = event.target.closest(".stretch")?.querySelector(".tiles");
    if (!list) return null;
    const next = cardsOf(list).find((card) => {
      const box = card.getBoundingClientRect();
      return event.clientY < box.top + box.height / 2;
    });
    const cards = cardsOf(list);
    const before = next ? cards[cards.indexOf(next) - 1] : cards[cards.length - 1];
    return { list, next, before };
  }
  function unmark() {
    document.querySelectorAll(".tile.is-before, .tile.is-behind, .tiles.is-target").forEach((each) => {
      each.classList.remove("is-before", "is-behind", "is-target");
    });
  }
  function mark({ list, next, before }) {
    unmark();
    if (next) next.classList.add("is-before");
    else if (before) before.classList.add("is-behind");
    else list.classList.add("is-target");
  }

  document.addEventListener("dragstart", (event) => {
    const card = event.target.closest?.("[data-board] .tile");
    if (!card) return;
    dragged = card;
    pick(card);
    card.classList.add("is-dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.querySelector(".tile-name").textContent);
  });
  document.addEventListener("dragover", (event) => {
    const target = dragged && targetAt(event);
    if (!target) return;
    event.preventDefault();
    mark(target);
  });
  document.addEventListener("drop", (event) => {
    const target = dragged && targetAt(event);
    if (!target) return;
    event.preventDefault();
    const form = arrange();
    form.elements.stage.value = target.list.dataset.stage;
    form.elements.after.value = target.before ? target.before.querySelector(".tile-pick").value : "";
    send("place");
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("is-dragged");
    dragged = null;
    unmark();
  });

  document.addEventListener("keydown", (event) => {
    if (!board()) return;
    const inText = event.target.matches("input:not([type=radio]), textarea, select");
    if (event.shiftKey && KEYS[event.key] && event.target.matches(".tile-pick")) {
      event.preventDefault();
      event.target.checked = true;
      send(KEYS[event.key]);
    } else if ((event.ctrlKey || event.metaKey) && !inText && event.key.toLowerCase() === "z") {
      event.preventDefault();
      document.getElementById(event.shiftKey ? "redo" : "undo")?.click();
    }
  });

  /* The bar and the cards arrive anew after each edit: the focus goes back to where the reader was. */
  document.addEventListener("submit", (event) => {
    if (!board()?.contains(event.target)) return;
    const button = event.submitter;
    pressed = focusCard || !button ? null : button.id ? `#${button.id}` : button.name === "do" ? `[name=do][value=${button.value}]` : null;
    focusCard = false;
  });
  /* Several parts of one answer settle one after the other, and each may take the focus away: it is given back until
     the reader does something else. */
  document.addEventListener("htmx:afterSettle", () => {
    const news = document.getElementById("board-news");
    if (news?.dataset.focus || (news && pressed)) {
      wanted = { pressed, name: news.dataset.focus };
      delete news.dataset.focus;
      pressed = null;
    }
    if (!wanted) return;
    const target = (wanted.pressed && document.querySelector(wanted.pressed)) || document.getElementById(wanted.name);
    if (target !== document.activeElement) target?.focus({ preventScroll: true });
    document.getElementById(wanted.name)?.closest(".tile")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  ["keydown", "pointerdown"].forEach((kind) => document.addEventListener(kind, () => { wanted = null; }, true));
})();
