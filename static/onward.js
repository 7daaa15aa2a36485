// A page in between that has nothing to ask: its form is sent on as the button would.
(() => {
  "use strict";
  document.querySelector("form[data-onward]")?.requestSubmit();
})();
