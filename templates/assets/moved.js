/* What a link meant, such as `#t=73` or `#embed`, goes along; the refresh that follows on this would drop it. */
if (location.hash) {
  const { to } = document.currentScript.dataset;
  stop();
  location.replace(to + location.hash);
}
