/* How a log's text came in: signs typed and signs pasted, counted in two hidden fields that the form shows and sends.
   No text leaves the page by this; a mentor sees at most one share, as a hint. Without this script nothing is counted. */
(() => {
  "use strict";
  const PASTED = ["insertFromPaste", "insertFromDrop", "insertFromYank"];
  const TYPED = ["insertText", "insertCompositionText", "insertLineBreak", "insertFromComposition"];
  const fieldOf = (form, name) => form.querySelector(`[name=${name}]`);
  const lengths = new WeakMap();
  const counts = (form) => ({ typed: fieldOf(form, "typed_signs"), pasted: fieldOf(form, "pasted_signs") });
  const add = (field, amount) => { field.value = String(Math.max(0, (Number(field.value) || 0) + amount)); };

  document.addEventListener("focusin", (event) => {
    if (event.target.matches("form[data-counted] textarea")) lengths.set(event.target, event.target.value.length);
  });
  document.addEventListener("input", (event) => {
    const box = event.target;
    if (!box.matches("form[data-counted] textarea")) return;
    const before = lengths.get(box) ?? 0;
    const grown = box.value.length - before;
    lengths.set(box, box.value.length);
    if (grown <= 0) return;
    const { typed, pasted } = counts(box.form);
    if (!typed || !pasted) return;
    if (!pasted.value) pasted.value = "0";
    if (!typed.value) typed.value = "0";
    if (PASTED.includes(event.inputType)) add(pasted, grown);
    else if (TYPED.includes(event.inputType)) add(typed, grown);
  });
})();
