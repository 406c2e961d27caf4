/* Searches the episodes of the show, for the box of `search.js`: blocks of words tell which pages to read, and the pages what stands where. */
(() => {
  "use strict";
  const SHOWN = 10, PASSAGES = 3, WAIT_MS = 250, AROUND = 90; // characters around the first word that is found
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const WORD = /[\p{L}\p{N}]+/gu;

  const box = document.getElementById("search"), told = box.dataset;
  const [form, input, said, list, more] =
    ["form", "input", ".said", ".found", ".further"].map((name) => box.querySelector(name));

  /* Each file once; one that cannot be read now is asked for again the next time. */
  const kept = new Map();
  const read = (address, parse) => {
    if (!kept.has(address)) kept.set(address, fetch(address).then((answer) => {
      if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
      return answer.text();
    }).then((text) => parse(text, address)).catch((error) => { kept.delete(address); throw error; }));
    return kept.get(address);
  };

  /* Words that mean the same: by the stem of the language, and less what hangs on letters. */
  let stem = (word) => word;
  const plain = (word) => word.normalize("NFD").replace(/\p{M}/gu, "");
  const lower = (text) => text.normalize("NFC").toLowerCase();
  const words = (text) => lower(text).match(WORD) || [];
  const asked = (word) => ({ begin: plain(word), stem: plain(stem(word)) });
  const fits = (word, { begin, stem: wanted }) => {
    const own = plain(word);
    if (own === begin || (begin.length > 2 && own.startsWith(begin))) return true;
    return own.slice(0, 2) === begin.slice(0, 2) && plain(stem(word)) === wanted;
  };
  const count = (text, wanted) => {
    const said = words(text);
    return wanted.filter((one) => said.some((word) => fits(word, one))).length;
  };

  /* A block: the pages of it that may have every word. */
  const block = (text) => {
    const [heads, rows] = text.split("\n\n").map((part) => part.split("\n").map((line) => line.split("\t")));
    return { heads, rows };
  };
  const within = ({ heads, rows }, wanted) => {
    const having = wanted.map((one) => new Set(
      rows.filter(([word]) => word && fits(word, one)).flatMap(([, letters]) => [...letters])));
    return heads.map(([key, title], place) => ({ key, title, letter: LETTERS[place] }))
      .filter(({ letter }) => having.every((letters) => letters.has(letter))).reverse();
  };

  /* A page: its texts, and the moments of those that have one; of a long transcript, those of the pages it has. */
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html");
  const page = async (html, address) => {
    const content = parsed(html), rest = content.querySelector(".rest a")?.dataset.parts.trim().split(" ") || [];
    const parts = await Promise.all(rest.map((one) => read(address.replace(/[^/]*$/, one), parsed)));
    const line = (one) => (one?.textContent || "").replace(/\s+/g, " ").trim();
    for (const one of content.querySelectorAll("[aria-hidden]")) one.remove();
    const texts = [...content.querySelectorAll(".chapters a, .notes > *, .opening .lead, .person, .tags a")];
    for (const one of parts.length ? parts : [content]) texts.push(...one.querySelectorAll(".turn"));
    return {
      title: line(content.querySelector("h1")),
      when: line(content.querySelector(".opening time")),
      texts: texts.map((one) => {
        const link = one.matches(".turn") ? one.querySelector("a.when") : one.closest(".chapters a");
        const own = one.matches(".turn, .chapters a") ? one.lastElementChild : one;
        return { text: line(own), hash: link?.hash || "", clock: line(one.querySelector(".when") || null) };
      }),
    };
  };
  const judged = ({ key }, { title, when, texts }, wanted) => {
    const all = count([title, ...texts.map(({ text }) => text)].join("\n"), wanted);
    const rated = texts.map((one) => ({ ...one, rate: count(one.text, wanted) })).filter(({ rate }) => rate);
    const best = rated.sort((one, other) => other.rate - one.rate).slice(0, PASSAGES);
    return all === wanted.length && { key, title, when, best, named: count(title, wanted) };
  };

  /* What is found is put in as text: nothing of it becomes markup. */
  const made = (name, text, of = "") => {
    const one = document.createElement(name);
    one.textContent = text;
    one.className = of;
    return one;
  };
  const link = (text, address, of) => Object.assign(made("a", text, of), { href: address });
  const marked = (text, wanted) => {
    const places = [...text.matchAll(WORD)];
    const first = places.find(([word]) => wanted.some((one) => fits(lower(word), one)));
    const from = first && first.index > AROUND ? text.indexOf(" ", first.index - AROUND) + 1 : 0;
    const cut = text.indexOf(" ", from + 2 * AROUND), until = cut < 0 ? text.length : cut;
    const out = made("span", from ? "…" : "");
    let at = from;
    for (const { 0: word, index } of places) {
      if (index < from || index >= until || !wanted.some((one) => fits(lower(word), one))) continue;
      out.append(text.slice(at, index), made("mark", word));
      at = index + word.length;
    }
    out.append(text.slice(at, until), until < text.length ? "…" : "");
    return out;
  };
  const shown = ({ key, title, when, best }, wanted) => {
    const row = made("li", ""), heading = made("h3", "", "row-title");
    heading.append(link(title, key));
    row.append(made("p", when, "eyebrow"), heading);
    for (const { text, hash, clock } of best) {
      const passage = made("p", "", "passage");
      if (hash) passage.append(link(clock || told.listen, key + hash, "when"), " ");
      passage.append(marked(text, wanted));
      row.append(passage);
    }
    return row;
  };

  let turn = 0, rest = [], wanted = [];
  const ready = () => told.stemmer && (stem === ready.stem ? null :
    import(new URL(told.stemmer, document.baseURI)).then((own) => { stem = ready.stem = own.stem; }));
  const judge = async (one) => one.best ? one : judged(one, await read(one.key, page), wanted);
  const named = (one, other) => (other.named || 0) - (one.named || 0);
  const split = (listed) => (listed || "").split(" ").filter(Boolean);
  const find = async () => {
    const mine = ++turn, query = words(input.value);
    history.replaceState(history.state, "", query.length ? `?q=${encodeURIComponent(input.value)}#search` : "#search");
    more.hidden = true;
    list.replaceChildren();
    said.textContent = "";
    if (!query.length) return;
    said.textContent = told.busy;
    try {
      await ready();
      wanted = query.map(asked);
      const fresh = split(told.fresh).map((key) => ({ key })), blocks = split(told.blocks);
      const [recent, older] = await Promise.all([
        Promise.all(fresh.map(judge)),
        Promise.all(blocks.map((address) => read(address, block).then((one) => within(one, wanted)))),
      ]);
      if (mine !== turn) return;
      const early = older.reverse().flat().map((one) => ({ ...one, named: count(one.title, wanted) }));
      rest = [...recent.filter(Boolean), ...early].sort(named);
      said.textContent = rest.length ? told.some.replace("{count}", rest.length) : told.none;
      await show(mine);
    } catch (error) {
      if (mine === turn) said.textContent = told.failed;
    }
  };
  const show = async (mine) => {
    const next = await Promise.all(rest.slice(0, SHOWN).map(judge));
    if (mine !== turn) return;
    rest = rest.slice(SHOWN);
    list.append(...next.filter(Boolean).map((one) => shown(one, wanted)));
    more.hidden = !rest.length;
  };

  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, WAIT_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    find();
  });
  more.addEventListener("click", async () => {
    const before = list.children.length;
    try { await show(turn); } catch { said.textContent = told.failed; }
    list.children[before]?.querySelector("a").focus();
  });
  if (input.value) find();
})();
