/* Browsers know what `:target` is only when the whole page is there; a frame is drawn before. */
if (location.hash === "#embed") document.documentElement.classList.add("framed");
