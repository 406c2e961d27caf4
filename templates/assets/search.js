/* The box to search in; what searches comes when somebody is at it, or comes with words. */
(() => {
  "use strict";
  const box = document.getElementById("search");
  box.classList.add("up");
  const input = box.querySelector("input"), said = box.querySelector(".said");
  const bring = () => {
    const script = document.createElement("script");
    script.src = box.dataset.script;
    script.onerror = () => {
      said.textContent = box.dataset.failed;
      box.addEventListener("focusin", bring, { once: true });
    };
    document.head.append(script);
  };
  box.addEventListener("focusin", bring, { once: true });
  box.addEventListener("submit", (event) => event.preventDefault());
  input.value = new URLSearchParams(location.search).get("q") || "";
  if (input.value) bring();
})();
