/* The player, in place of the browser's own controls, which stay where this does not run. */
(() => {
  "use strict";
  const BACK_S = 15, FORWARD_S = 30, ARROW_S = 5;
  const EDGE_S = 10; // left so near an end, it begins anew
  const HANDS_OFF_MS = 4000; // after a scroll by hand

  const all = (selector) => [...document.querySelectorAll(selector)];
  const on = (target, events, does) => events.split(" ").forEach((event) => target.addEventListener(event, does));
  const within = (value, most) => Math.min(Math.max(value, 0), most);
  const modified = (event) => event.ctrlKey || event.altKey || event.metaKey;

  /* A private window may have no storage. */
  const recall = (name) => { try { return localStorage.getItem("omroep:" + name); } catch { return null; } };
  const remember = (name, value) => { try { localStorage.setItem("omroep:" + name, value); } catch {} };

  const clock = (time_s) => {
    const at = [time_s / 3600, (time_s / 60) % 60, time_s % 60].map((part) => String(Math.floor(part)).padStart(2, "0"));
    return at.join(":").replace(/^00:/, "").replace(/^0/, "");
  };
  /* `#t=83.5`, `#t=npt:1:23.5,1:02:03` (W3C Media Fragments URI 1.0, section 4.2.1). */
  const seconds = (text) => /^(\d+:){0,2}\d+(\.\d*)?$/.test(text)
    ? text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0) : NaN;
  const fragment = (hash) => {
    const [from, until] = (new URLSearchParams(hash.slice(1)).get("t") || "").replace(/^npt:/, "").split(",");
    const [from_s, until_s] = [seconds(from || until && "0"), until ? seconds(until) : Infinity];
    return from_s < until_s ? { from_s, until_s } : null;
  };

  const [[box], [scrub], [audio], [share]] = [".player", ".scrub", ".player audio", ".share"].map(all);
  const told = box.dataset, controls = box.querySelector("template").content.cloneNode(true);
  const [seek, now, title, back, play, forward, speed, mute, volume, trouble] =
    [".seek", ".now", ".now-chapter", ".back", ".play", ".forward", "select", ".mute", ".volume", ".trouble"]
      .map((name) => controls.querySelector(name));

  let wanted_s = null; // where to begin, while nothing is loaded
  let until_s = Infinity;
  let begun = false;
  const length = () => audio.duration || Number(told.length);
  const place = () => wanted_s ?? audio.currentTime;
  const go = (to_s, end_s = Infinity) => {
    wanted_s = within(to_s, length());
    until_s = end_s;
    begun = true;
    arrive();
    show();
  };
  const arrive = () => {
    if (!audio.readyState || wanted_s === null) return;
    audio.currentTime = wanted_s;
    wanted_s = null;
  };
  const start = () => {
    trouble.textContent = "";
    if (audio.error || audio.networkState === audio.NETWORK_NO_SOURCE) audio.load();
    audio.play().catch(() => {});
  };
  const jump = (span) => {
    if (!span) return;
    go(span.from_s, span.until_s);
    start();
  };

  /* Chapters and lines: where the page links to a moment of this sound. */
  const sounds = [...audio.querySelectorAll("source")].map((source) => source.src);
  const moment = (link) => link && sounds.includes(link.href.split("#")[0]) && fragment(link.hash);
  const when = (element) => moment(element.querySelector("a.when") || element);
  const marked = (selector) => all(selector).filter(when).map((element) => ({ element, ...when(element) }));
  const chapters = marked(".chapters a");
  let lines = marked(".turn");
  const current = (marks) => marks.findLast((mark) => mark.from_s <= place() + 0.01);
  const hold = (marks) => {
    const before = marks.held;
    marks.held = current(marks);
    if (before === marks.held) return null;
    if (before) before.element.ariaCurrent = null;
    if (marks.held) marks.held.element.ariaCurrent = "true";
    return before;
  };
  const step = (by) => () => {
    const there = chapters[chapters.indexOf(chapters.held) + by];
    if (there) go(there.from_s);
  };

  /* Scrolls along with who reads along: the line before is in sight, and no hand is at the page. */
  let touched_ms = 0;
  const follow = () => {
    const seen = hold(lines)?.element.getBoundingClientRect();
    if (audio.paused || !seen?.height || seen.bottom < 0 || seen.top > innerHeight || !lines.held) return;
    if (Date.now() - touched_ms > HANDS_OFF_MS) lines.held.element.scrollIntoView({ block: "center" });
  };

  /* The rest of a long transcript, from the pages that it has of its own; where they do not come, a link is left. */
  const [[details], [rest]] = [".transcript", ".rest a"].map(all);
  const part = async (address) => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return [...page.querySelectorAll(".transcript > .turn, .transcript > h3:not(.goes-on)")];
  };
  const read_on = async () => {
    if (!details?.open || !rest?.isConnected || rest.ariaBusy) return;
    rest.ariaBusy = "true";
    try {
      const said = (await Promise.all(rest.dataset.parts.trim().split(" ").map(part))).flat();
      const next = said.findIndex(({ id }) => id && id === rest.hash.slice(1));
      if (next < 0) return;
      for (const one of said) for (const link of one.querySelectorAll("a.when")) link.href = sounds[0] + link.hash;
      all(".turn").at(-1).after(...said.slice(said[next - 1]?.matches("h3") ? next - 1 : next));
      rest.parentElement.remove();
      const held = lines.held?.element;
      lines = marked(".turn");
      lines.held = lines.find(({ element }) => element === held);
      show();
    } catch {} finally { rest.ariaBusy = null; }
  };

  const show = () => {
    seek.value = place();
    now.textContent = clock(place());
    seek.ariaValueText = seek.dataset.text.replace("{now}", now.textContent).replace("{length}", clock(length()));
    scrub.style.setProperty("--heard", `${(100 * place()) / length()}%`);
    share?.dispatchEvent(new Event("change"));
    if (!begun) return;
    hold(chapters);
    title.textContent = chapters.held?.element.lastElementChild.textContent || "";
    follow();
  };

  const toggle = () => (audio.paused ? start() : audio.pause());
  const pace = () => { audio.playbackRate = audio.defaultPlaybackRate = Number(speed.value); };
  const skip = (by_s) => () => go(place() + by_s);
  const keys = {
    " ": toggle, k: toggle, j: skip(-BACK_S), l: skip(FORWARD_S), m: () => { audio.muted = !audio.muted; },
    ArrowLeft: skip(-ARROW_S), ArrowRight: skip(ARROW_S),
  };
  on(play, "click", toggle);
  on(back, "click", keys.j);
  on(forward, "click", keys.l);
  on(mute, "click", keys.m);
  on(seek, "input", () => go(Number(seek.value)));
  on(speed, "change", pace);
  on(volume, "input", () => {
    audio.volume = volume.value;
    audio.muted = false;
  });
  /* Only while the player has the focus (WCAG 2.2, 2.1.4). */
  on(box, "keydown", (event) => {
    const does = keys[event.key], theirs = event.key === " " ? "button, select" : "select, .volume";
    if (!does || modified(event) || event.target.matches(theirs)) return;
    event.preventDefault();
    does();
  });
  on(document, "click", (event) => {
    const link = event.target.closest("a"), line = event.target.closest(".turn");
    const span = link ? moment(link) : line && getSelection().isCollapsed && when(line);
    if (!span || event.shiftKey || modified(event)) return;
    event.preventDefault();
    jump(span);
  });
  on(window, "hashchange", () => jump(fragment(location.hash)));
  on(window, "wheel touchmove", () => { touched_ms = Date.now(); });

  const leave = () => {
    const kept = place() > EDGE_S && place() < length() - EDGE_S;
    if (begun) remember("at:" + told.guid, kept ? place().toFixed(1) : "");
  };
  const names = [play.ariaLabel, play.dataset.pause];
  on(audio, "play pause", () => {
    begun = true;
    play.ariaLabel = names[Number(!audio.paused)];
    box.classList.toggle("playing", !audio.paused);
  });
  on(audio, "loadedmetadata", arrive);
  on(audio, "timeupdate", () => {
    if (audio.currentTime < until_s) return;
    audio.pause();
    until_s = Infinity;
  });
  on(audio, "timeupdate seeking durationchange", show);
  on(audio, "pause seeked", leave);
  on(window, "pagehide", leave);
  audio.addEventListener("error", ({ target }) => {
    if (target.localName === "track" || target.nextElementSibling?.localName === "source") return;
    audio.pause();
    trouble.textContent = trouble.dataset.failed;
  }, true);
  on(audio, "volumechange", () => {
    volume.value = audio.muted ? 0 : audio.volume;
    mute.ariaPressed = audio.muted;
    remember("volume", audio.volume);
    remember("muted", audio.muted || "");
  });
  on(audio, "ratechange", () => remember("speed", audio.playbackRate));

  /* The keys of headsets, lock screens and keyboards. */
  const session = navigator.mediaSession;
  if (session) {
    const does = {
      play: start, pause: () => audio.pause(), seekbackward: keys.j, seekforward: keys.l,
      seekto: ({ seekTime }) => go(seekTime),
      ...(chapters.length && { previoustrack: step(-1), nexttrack: step(1) }),
    };
    for (const action in does)
      try { session.setActionHandler(action, does[action]); } catch { /* this browser has no such key */ }
    const { title, artist, album, art } = told;
    on(audio, "playing seeked ratechange", () => {
      const { duration, playbackRate } = audio;
      if (!duration) return;
      session.metadata = new MediaMetadata({ title, artist, album, artwork: art ? [{ src: art }] : [] });
      session.setPositionState({ duration, playbackRate, position: place() });
    });
  }

  /* A link to copy, from the moment that is heard where that is asked for, and code. */
  if (share) {
    const [from, copy, done] = share.querySelector("template").content.children, [tick, label] = from.children;
    const link = share.querySelector("input"), whole = link.value;
    for (const text of share.querySelectorAll("[readonly]")) {
      const button = copy.cloneNode(true);
      text.closest("p").append(button);
      on(button, "click", async () => {
        text.select();
        try { await navigator.clipboard.writeText(text.value); } catch { document.execCommand("copy"); }
        done.textContent = copy.dataset.done;
      });
    }
    link.closest("p").after(from);
    share.append(done);
    on(share, "change", () => {
      label.textContent = label.dataset.text.replace("{now}", clock(place()));
      link.value = tick.checked ? `${whole}#t=${Math.floor(place())}` : whole;
    });
  }

  if (details) on(details, "toggle", read_on);

  /* As it was left, and up. */
  audio.volume = within(Number(recall("volume") ?? 1), 1);
  audio.muted = Boolean(recall("muted"));
  speed.value = recall("speed") || 1;
  if (speed.selectedIndex < 0) speed.value = 1;
  pace();
  const asked = fragment(location.hash), left_s = Number(recall("at:" + told.guid));
  for (const { from_s } of chapters)
    scrub.appendChild(document.createElement("i")).style.left = `${(100 * from_s) / length()}%`;
  const drawing = scrub.querySelector("img");
  if (drawing) scrub.appendChild(drawing.cloneNode()).classList.add("heard");
  scrub.append(seek);
  box.append(controls);
  box.classList.add("up");
  audio.controls = false;
  if (asked || left_s) go(asked?.from_s ?? left_s, asked?.until_s);
  else show();
  read_on();
})();
