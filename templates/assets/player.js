/* The player: takes over from the browser's own controls, which stay where this does not run.
   What it says comes translated from the page (the templates of parts.html); it stores where each episode was left. */
(() => {
  "use strict";
  const BACK_S = 15, FORWARD_S = 30, ARROW_S = 5, PAGE_S = 60, LOUDER = 0.05;
  const RESTART_S = 10; // so near its beginning or its end an episode starts anew
  const HANDS_OFF_MS = 4000; // who has just scrolled is not scrolled for

  const box = document.querySelector(".player");
  if (!box) return;
  const audio = box.querySelector("audio");
  const told = box.dataset;
  const controls = box.querySelector("template").content.cloneNode(true);
  const part = (name) => controls.querySelector(name);
  const [seek, times, now, nowChapter] = [".seek", ".times", ".now", ".now-chapter"].map(part);
  const [play, back, forward, mute] = [".play", ".back", ".forward", ".mute"].map(part);
  const [speed, volume, trouble] = [".speed select", ".volume", ".trouble"].map(part);
  const scrub = box.querySelector(".scrub");

  const all = (selector) => [...document.querySelectorAll(selector)];
  const fill = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name]);
  const clamp = (value, most) => Math.min(Math.max(value, 0), most);

  /* A private window may have no storage, and a full one takes nothing: then nothing is remembered. */
  const recall = (name) => { try { return localStorage.getItem(`omroep:${name}`); } catch { return null; } };
  const remember = (name, value) => { try { localStorage.setItem(`omroep:${name}`, value); } catch { /* see above */ } };

  const clock = (time_s) => {
    const [hours, minutes, seconds] = [time_s / 3600, (time_s / 60) % 60, time_s % 60].map(Math.floor);
    const two = (number) => String(number).padStart(2, "0");
    return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
  };

  /* Normal play time: `83.5`, `1:23.5`, `1:02:03` (W3C Media Fragments URI 1.0, section 4.2.1); NaN for anything else. */
  const seconds = (text) => /^(\d+:){0,2}\d+(\.\d*)?$/.test(text)
    ? text.split(":").reduce((sum, digits) => sum * 60 + Number(digits), 0) : NaN;
  const fragment = (hash) => {
    const said = new URLSearchParams(hash.slice(1)).get("t") ?? "";
    const [from, until] = said.replace(/^npt:/, "").split(",");
    const [from_s, until_s] = [seconds(from || (until ? "0" : "")), until === undefined ? Infinity : seconds(until)];
    return from_s < until_s ? { from_s, until_s } : null;
  };

  let wanted_s = null; // where to begin, while nothing is loaded yet
  let until_s = Infinity;
  const length = () => audio.duration || Number(told.length);
  const place = () => wanted_s ?? audio.currentTime;
  const go = (to_s) => {
    until_s = Infinity;
    if (audio.readyState) audio.currentTime = clamp(to_s, length());
    else wanted_s = clamp(to_s, length());
    show();
  };
  const start = () => {
    trouble.textContent = "";
    if (audio.error || audio.networkState === audio.NETWORK_NO_SOURCE) audio.load();
    audio.play().catch((error) => { if (error.name !== "AbortError") failed(); });
  };
  const failed = () => { trouble.textContent = trouble.dataset.failed; };
  const toggle = () => (audio.paused ? start() : audio.pause());
  const jump = (hash) => {
    const asked = fragment(hash);
    if (!asked) return;
    go(asked.from_s);
    until_s = asked.until_s;
    start();
  };

  /* Chapters and lines are where the page links to a moment of this sound. */
  const sounds = new Set([...audio.querySelectorAll("source")].map((source) => source.src));
  const here = (link) => link && sounds.has(link.href.split("#")[0]) && fragment(link.hash);
  const marked = (selector, moment) => all(selector)
    .map((element) => ({ element, from_s: (here(moment(element)) || {}).from_s }))
    .filter((mark) => mark.from_s !== undefined);
  const chapters = marked(".chapters a[href*='#t=']", (link) => link);
  const lines = marked(".turn", (line) => line.querySelector("a.when"));
  const current = (marks) => marks.findLast((mark) => mark.from_s <= place() + 0.01);
  const hold = (list, mark) => {
    if (list.held === mark) return false;
    if (list.held) list.held.element.removeAttribute("aria-current");
    if (mark) mark.element.setAttribute("aria-current", "true");
    list.held = mark;
    return true;
  };

  const step = (by) => {
    const at = chapters.indexOf(current(chapters)) + by;
    if (chapters[at]) go(chapters[at].from_s);
  };

  /* Scrolls along only with who is reading along: the line before is in sight, and no hand is at the page. */
  let touched = -Infinity;
  const inSight = (element) => {
    const { top, bottom, height } = element.getBoundingClientRect();
    return height > 0 && bottom > 0 && top < innerHeight;
  };
  const follow = () => {
    const before = lines.held;
    if (!hold(lines, current(lines)) || !lines.held || !before || audio.paused) return;
    if (inSight(before.element) && performance.now() - touched > HANDS_OFF_MS)
      lines.held.element.scrollIntoView({ block: "center" });
  };

  let begun = false;
  const show = () => {
    const at_s = place();
    seek.value = at_s;
    seek.setAttribute("aria-valuetext", fill(seek.dataset.text, { now: clock(at_s), length: clock(length()) }));
    now.textContent = clock(at_s);
    scrub.style.setProperty("--heard", `${(100 * at_s) / length()}%`);
    if (!begun) return;
    if (hold(chapters, current(chapters))) nowChapter.textContent = chapters.held?.element.lastElementChild.textContent ?? "";
    follow();
    shares.forEach((share) => share());
  };

  const louder = (by) => { audio.muted = false; audio.volume = clamp(Math.round((audio.volume + by) * 100) / 100, 1); };
  const faster = (by) => { speed.selectedIndex = clamp(speed.selectedIndex + by, speed.length - 1); quicken(); };
  const quicken = () => { audio.playbackRate = audio.defaultPlaybackRate = Number(speed.value); };
  const KEYS = {
    " ": toggle, k: toggle,
    j: () => go(place() - BACK_S), l: () => go(place() + FORWARD_S),
    ArrowLeft: () => go(place() - ARROW_S), ArrowRight: () => go(place() + ARROW_S),
    PageDown: () => go(place() - PAGE_S), PageUp: () => go(place() + PAGE_S),
    Home: () => go(0), End: () => go(length()),
    ArrowUp: () => louder(LOUDER), ArrowDown: () => louder(-LOUDER),
    m: () => { audio.muted = !audio.muted; },
    "<": () => faster(-1), ">": () => faster(1),
  };

  const on = (target, events, does) => events.split(" ").forEach((event) => target.addEventListener(event, does));
  on(play, "click", toggle);
  on(back, "click", KEYS.j);
  on(forward, "click", KEYS.l);
  on(mute, "click", KEYS.m);
  on(seek, "input", () => go(Number(seek.value)));
  on(speed, "change", quicken);
  on(volume, "input", () => { audio.muted = false; audio.volume = volume.value; });
  /* Only while the player has the focus: letters on the page belong to whoever reads it (WCAG 2.2, 2.1.4). */
  on(box, "keydown", (event) => {
    const does = KEYS[event.key.length > 1 ? event.key : event.key.toLowerCase()];
    if (!does || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("select, .volume")) return;
    if (event.key === " " && event.target.matches("button")) return;
    event.preventDefault();
    does();
  });

  on(document, "click", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("a");
    const line = link ? null : event.target.closest(".turn");
    if (line && !getSelection().isCollapsed) return;
    const moment = line ? line.querySelector("a.when") : link;
    if (!here(moment)) return;
    event.preventDefault();
    jump(moment.hash);
  });
  on(window, "hashchange", () => jump(location.hash));
  on(window, "wheel touchmove", () => { touched = performance.now(); });

  const swap = () => {
    box.classList.toggle("playing", !audio.paused);
    [play.ariaLabel, play.dataset.other] = audio.paused === (play.dataset.state !== "on") ? [play.ariaLabel, play.dataset.other] : [play.dataset.other, play.ariaLabel];
    play.dataset.state = audio.paused ? "off" : "on";
  };
  const leave = () => {
    const at_s = place();
    remember(`position:${told.guid}`, at_s > RESTART_S && at_s < length() - RESTART_S ? at_s.toFixed(1) : "0");
  };
  let left_s = 0;
  on(audio, "play pause", swap);
  on(audio, "play", () => { begun = true; });
  on(audio, "loadedmetadata", () => {
    if (wanted_s !== null) audio.currentTime = wanted_s;
    wanted_s = null;
  });
  on(audio, "timeupdate", () => {
    if (audio.currentTime >= until_s) { audio.pause(); until_s = Infinity; }
    if (Math.abs(audio.currentTime - left_s) > 5) { left_s = audio.currentTime; leave(); }
  });
  on(audio, "timeupdate seeking durationchange", show);
  on(audio, "pause seeked ended", leave);
  on(window, "pagehide", () => { if (begun) leave(); });
  on(audio, "error", failed);
  on(audio, "volumechange", () => {
    volume.value = audio.muted ? 0 : audio.volume;
    mute.setAttribute("aria-pressed", audio.muted);
    remember("volume", audio.volume);
    remember("muted", audio.muted ? "yes" : "");
  });
  on(audio, "ratechange", () => remember("speed", audio.playbackRate));

  /* Keys of headsets, lock screens and keyboards with a play key (W3C Media Session). */
  const session = navigator.mediaSession;
  if (session && window.MediaMetadata) {
    const artwork = told.art ? [{ src: new URL(told.art, location).href, sizes: told.artSize, type: told.artType }] : [];
    const handlers = {
      play: start, pause: () => audio.pause(),
      seekbackward: (asked) => go(place() - (asked.seekOffset || BACK_S)),
      seekforward: (asked) => go(place() + (asked.seekOffset || FORWARD_S)),
      seekto: (asked) => go(asked.seekTime),
      ...(chapters.length && { previoustrack: () => step(-1), nexttrack: () => step(1) }),
    };
    for (const [action, does] of Object.entries(handlers))
      try { session.setActionHandler(action, does); } catch { /* not known to this browser */ }
    on(audio, "play", () => {
      session.metadata = new MediaMetadata({ title: told.title, artist: told.artist, album: told.show, artwork });
    });
    on(audio, "play seeked ratechange loadedmetadata", () => {
      if (audio.duration) session.setPositionState({
        duration: audio.duration, playbackRate: audio.playbackRate, position: audio.currentTime,
      });
    });
  }

  /* Links and code to copy, from the moment that is heard where that is asked for. */
  const shares = all(".share").map((share) => {
    const [from, copy, done] = share.querySelector("template").content.children;
    const tick = from.querySelector("input"), at = from.querySelector("span"), link = share.querySelector("input");
    const plain = link.value;
    const update = () => {
      at.textContent = fill(at.dataset.text, { now: clock(place()) });
      link.value = tick.checked ? `${plain}#t=${Math.floor(place())}` : plain;
    };
    for (const field of share.querySelectorAll(".copied")) {
      const button = copy.cloneNode(true), text = field.firstElementChild;
      on(button, "click", async () => {
        text.select();
        try { await navigator.clipboard.writeText(text.value); } catch { document.execCommand("copy"); }
        done.textContent = "";
        done.textContent = copy.dataset.done;
      });
      field.append(button);
    }
    link.closest("label").after(from);
    share.append(done);
    on(tick, "change", update);
    return update;
  });

  const asked = fragment(location.hash);
  const stored = { speed: recall("speed"), volume: recall("volume"), muted: recall("muted"), at: recall(`position:${told.guid}`) };
  if (stored.volume !== null) audio.volume = clamp(Number(stored.volume) || 0, 1);
  audio.muted = Boolean(stored.muted);
  if ([...speed.options].some((option) => option.value === stored.speed)) speed.value = stored.speed;
  quicken();
  for (const chapter of chapters) {
    const tick = document.createElement("i");
    tick.style.insetInlineStart = `${(100 * chapter.from_s) / length()}%`;
    scrub.append(tick);
  }
  const drawn = scrub.querySelector("img");
  if (drawn) scrub.append(Object.assign(drawn.cloneNode(), { className: "waveform heard" }));
  scrub.append(seek);
  box.append(controls);
  audio.controls = false;
  box.classList.add("up");
  begun = Boolean(asked || Number(stored.at));
  until_s = asked?.until_s ?? Infinity;
  wanted_s = asked?.from_s ?? (Number(stored.at) || null);
  show();
})();
