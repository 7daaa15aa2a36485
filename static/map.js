/*
 * The competency map: larger, smaller, fitted into its window, by button and by key; and as a PNG, drawn from the SVG.
 * Without this file the map stands there in its own size and scrolls.
 */
(() => {
  "use strict";

  const STEP = 1.25, SMALLEST = 0.1, LARGEST = 4;
  const MOST_PIXELS = 16000; // what browsers draw on one side of a canvas

  function bind(map) {
    const view = map.querySelector(".map-window"), svg = map.querySelector("svg"), told = map.querySelector("output");
    const { width, height } = svg.viewBox.baseVal;
    let scale = 1;
    const show = (wanted) => {
      const middle = (view.scrollTop + view.clientHeight / 2) / (height * scale);
      scale = Math.min(LARGEST, Math.max(SMALLEST, wanted));
      svg.setAttribute("width", width * scale);
      svg.setAttribute("height", height * scale);
      view.scrollTop = middle * height * scale - view.clientHeight / 2;
      told.textContent = `${Math.round(scale * 100)} %`;
    };
    const fit = () => Math.min(view.clientWidth / width, Math.max(view.clientHeight, 200) / height);
    const deeds = { in: () => show(scale * STEP), out: () => show(scale / STEP), fit: () => show(fit()) };
    const keys = { "+": "in", "=": "in", "-": "out", "0": "fit" };
    map.querySelectorAll("[data-zoom]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", deeds[button.dataset.zoom]);
    });
    view.addEventListener("keydown", (event) => {
      if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      deeds[keys[event.key]]();
    });
    show(Math.min(1, view.clientWidth / width));
  }

  function offerPicture(button) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const picture = new Image();
      picture.src = button.dataset.mapPng;
      await picture.decode();
      const scale = Math.min(2, MOST_PIXELS / Math.max(picture.naturalWidth, picture.naturalHeight));
      const canvas = document.createElement("canvas");
      canvas.width = Math.floor(picture.naturalWidth * scale);
      canvas.height = Math.floor(picture.naturalHeight * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(blob);
        link.download = button.dataset.name;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1000);
      }, "image/png");
    });
  }

  document.querySelectorAll("[data-map]").forEach(bind);
  document.querySelectorAll("[data-map-png]").forEach(offerPicture);
})();
