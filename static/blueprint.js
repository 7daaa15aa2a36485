/* The totals of a blueprint while it is being filled in; without this script the server counts on saving. */
(() => {
  const form = document.querySelector("[data-blueprint]");
  const total = form && form.querySelector("[data-blueprint-total]");
  if (!total) return;

  const read = (box) => {
    const value = Number(box.value.normalize("NFKC").trim());
    return Number.isFinite(value) && value > 0 ? value : 0;
  };
  const round = (value) => String(Math.round(value * 10) / 10);

  const tell = () => {
    let items = 0, points = 0;
    form.querySelectorAll("[data-asked]").forEach((box) => {
      const each = form.querySelector(`[data-points="${box.dataset.asked}"]`);
      items += read(box);
      points += read(box) * read(each);
    });
    const figures = [items, points, items ? Number(total.dataset.minutes) / items : 0].map(round);
    total.textContent = total.dataset.blueprintTotal.replace(/#/g, () => figures.shift());
  };

  form.addEventListener("input", tell);
  tell();
})();
