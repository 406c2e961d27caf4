/* Loads the page again when `omroep serve --live` has something new; the place on the page stays. */
(() => {
  "use strict";
  const seen = document.currentScript.dataset.seen;
  new EventSource("/.omroep/turns").addEventListener("message", ({ data }) => {
    if (data !== seen) location.reload();
  });
})();
