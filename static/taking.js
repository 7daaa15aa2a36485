/*
 * Taking a test. The page works without this file: its form keeps everything and hands in. With it, what is changed is
 * kept on this device at once and sent by itself, through a lost connection and a reload; the time left is the
 * server's. Each answer carries the millisecond of the attempt at which it was given, by the server's clock: of two
 * pages that are open at once the newer answer stands.
 */
(() => {
  "use strict";

  const EVERY = 20000, SOON = 2000, AGAIN = [5000, 10000, 20000];
  const store = (deed) => { try { return deed(localStorage); } catch { return null; } };
  const keyOf = (attempt, item) => `taking:${attempt}:${item}`;
  const keptOf = (attempt) => store((kept) => Object.keys(kept)
    .filter((key) => key.startsWith(`taking:${attempt}:`))
    .map((key) => [Number(key.split(":")[2]), JSON.parse(kept.getItem(key))])) || [];
  const post = (url, token, attempt, answers) => fetch(url, {
    method: "POST", keepalive: JSON.stringify(answers).length < 50000, redirect: "manual",
    signal: AbortSignal.timeout(30000),
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify({ attempt, answers: answers.map(([item, one]) => [item, one.value, one.sequence]) }),
  });

  /* After the end: what this device could not send any more is handed over once; it is kept and does not count. */
  async function sendLeftOver(note) {
    const attempt = Number(note.dataset.leftOver);
    const left = keptOf(attempt);
    if (!left.length) return;
    const response = await post(note.dataset.url, note.dataset.token, attempt, left);
    const told = response.status === 409 ? await response.json() : null;
    if (!told) return;
    left.forEach(([item]) => store((kept) => kept.removeItem(keyOf(attempt, item))));
    if (told.late) note.textContent = note.dataset.told.replace("#", told.late);
  }

  function take(form) {
    const text = form.dataset;
    const attempt = Number(text.taking);
    const token = form.elements.csrf_token.value;
    const items = new Map([...form.querySelectorAll("[data-item]")].map((part) => [Number(part.dataset.item), part]));
    const pending = new Map();
    const state = form.querySelector("[data-state]"), clock = form.querySelector("[data-clock]");
    const note = document.querySelector("[data-note]");
    let begun, ends;  // when the attempt began and ends, on this page's own steady clock
    let timer = 0, sending = null, lastSent = -Infinity, failures = 0, locked = false, over = false, warned = Infinity;

    /* `at` is when the server's word arrived, not when it was read: a page that was slow to load is not behind. */
    function setClock(elapsed, left, at) {
      begun = at - elapsed;
      ends = at + left;
    }
    function arrived() {
      const [visit] = performance.getEntriesByType("navigation");
      return visit?.finalResponseHeadersStart || visit?.responseStart || performance.now();
    }

    /* --- answers --- */

    function valueOf(part) {
      const fields = [...part.querySelectorAll("input:not([type=hidden]), textarea")];
      const ticked = fields.filter((field) => field.checked).map((field) => field.value);
      switch (part.dataset.kind) {
        case "single": case "multiple": return ticked.length ? ticked.map(Number).sort((a, b) => a - b) : null;
        case "true_false": return ticked.length ? ticked[0] === "true" : null;
        default: return fields[0].value.trim() ? fields[0].value : null;
      }
    }
    function show(part, value) {
      part.querySelectorAll("input:not([type=hidden]), textarea").forEach((field) => {
        if (field.type === "radio" || field.type === "checkbox") {
          field.checked = part.dataset.kind === "true_false"
            ? value !== null && field.value === String(value) : (value || []).includes(Number(field.value));
        } else field.value = value ?? "";
      });
    }
    function count() {
      const done = [...items.values()].filter((part) => valueOf(part) !== null).length;
      const meter = form.querySelector("[data-meter]");
      meter.value = done;
      form.querySelector("[data-tally]").textContent = `${done} / ${meter.max}`;
    }
    function note_down(item, value) {
      const sequence = Math.max(Math.round(performance.now() - begun), (pending.get(item)?.sequence || 0) + 1);
      pending.set(item, { value, sequence });
      store((kept) => kept.setItem(keyOf(attempt, item), JSON.stringify({ value, sequence })));
    }
    /* What was answered before this file ran, while the page was still coming in, is an answer like any other. */
    function takeEarly() {
      items.forEach((part, item) => {
        const fields = [...part.querySelectorAll("input:not([type=hidden]), textarea")];
        const early = fields.some((field) => field.checked !== field.defaultChecked || field.value !== field.defaultValue);
        if (early) note_down(item, valueOf(part));
      });
    }
    function bringBack() {
      keptOf(attempt).forEach(([item, one]) => {
        const part = items.get(item);
        if (part && one.sequence > Number(part.dataset.sequence)) {
          show(part, one.value);
          pending.set(item, one);
        } else store((kept) => kept.removeItem(keyOf(attempt, item)));
      });
    }

    /* --- sending --- */

    function plan(delay) {
      clearTimeout(timer);
      timer = setTimeout(send, delay);
    }
    function planSoon() {
      plan(Math.max(SOON, lastSent + EVERY - performance.now()));
    }
    function say(words, bad) {
      state.textContent = words;
      state.classList.toggle("say-bad", bad);
    }
    function tell(words, leadsOn) {
      note.hidden = false;
      note.querySelector("[data-note-text]").textContent = words;
      note.querySelector("[data-note-link]").hidden = !leadsOn;
    }
    function send() {
      clearTimeout(timer);
      sending ??= sendNow().finally(() => { sending = null; });
      return sending;
    }
    async function sendNow() {
      if (over) return;
      const batch = [...pending].slice(0, 200);
      if (batch.length) {
        lastSent = performance.now();  // asking only for the time left makes no answer wait
        say(text.saving, false);
      }
      let response, heard, told;
      try {
        response = await post(text.save, token, attempt, batch);
        heard = performance.now();
        if ([200, 409].includes(response.status)) told = await response.json();
      } catch { response = undefined; /* lost before or in the middle of the answer: told below */ }
      if (response?.status === 200) await settle(batch, told, heard);
      else if (response?.status === 409) await end(batch, told);
      else if (response && (response.type === "opaqueredirect" || [401, 403].includes(response.status))) hold(text.signedOut);
      else if (response?.status === 400) hold(text.expired);
      else hold(text.unsaved);
    }
    async function settle(batch, answer, heard) {
      failures = 0;
      note.hidden = true;
      setClock(answer.elapsed, answer.left, heard);
      batch.forEach(([item, sent]) => {
        if (answer.refused.includes(item)) complain(items.get(item));
        forget(item, sent);
      });
      if (batch.length) say(text.saved.replace("#", answer.saved_at), false);
      tick();
      if (pending.size) planSoon();
    }
    function forget(item, sent) {
      if (pending.get(item)?.sequence !== sent.sequence) return;  // changed while it was under way
      pending.delete(item);
      const part = items.get(item);
      part.dataset.sequence = sent.sequence;
      part.querySelector("input[type=hidden]").value = JSON.stringify(sent.value);
      store((kept) => {
        const here = JSON.parse(kept.getItem(keyOf(attempt, item)));
        if (here && here.sequence <= sent.sequence) kept.removeItem(keyOf(attempt, item));
      });
    }
    function complain(part) {
      let words = part.querySelector("[data-complaint]");
      if (!words) {
        words = document.createElement("p");
        words.className = "say-bad";
        words.dataset.complaint = "";
        part.append(words);
      }
      words.textContent = text.refused;
    }
    async function end(batch, answer) {
      over = true;
      lock(true);
      if (answer.state === "over") batch.forEach(([item, sent]) => forget(item, sent));
      tell(answer.message, true);
      say("", false);
    }
    function hold(words) {
      say(words, true);
      if (words !== text.unsaved) tell(words, words === text.expired);
      plan(AGAIN[Math.min(failures, AGAIN.length - 1)] * (0.8 + 0.4 * Math.random()));
      failures += 1;
    }

    /* --- the time --- */

    function lock(on) {
      locked = on;
      items.forEach((part) => { part.disabled = on; });
      form.querySelectorAll("button").forEach((button) => { button.disabled = on; });
    }
    function tick() {
      const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
      const parts = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
      clock.textContent = (parts[0] ? parts : parts.slice(1)).map((part) => String(part).padStart(2, "0")).join(":");
      clock.classList.toggle("say-bad", left <= 60);
      const minutes = Math.ceil(left / 60);
      if ([10, 5, 1].includes(minutes) && minutes < warned) {
        form.querySelector("[data-warning]").textContent = minutes === 1 ? text.minute : text.minutes.replace("#", minutes);
      }
      warned = Math.min(warned, minutes);
      if (over) return;
      if (left === 0 && !locked) {
        lock(true);
        tell(text.time, true);
        send();  // what was typed until now is still taken for a few seconds; and the end may have moved
      } else if (left > 0 && locked) {
        lock(false);
        note.hidden = true;
        warned = minutes;
      }
    }

    /* --- what happens --- */

    function changed(event) {
      const part = event.target.closest("[data-item]");
      if (!part || locked) return;
      const value = valueOf(part);
      note_down(Number(part.dataset.item), value);
      part.querySelector("[data-complaint]")?.remove();
      count();
      if (!sending && !failures) planSoon();
    }
    form.addEventListener("input", changed);
    form.addEventListener("change", (event) => {
      if (event.target.matches("[type=radio], [type=checkbox]")) return;  // told by input already
      changed(event);
    });
    form.addEventListener("submit", async (event) => {
      const button = event.submitter;
      event.preventDefault();
      await sending;
      if (pending.size || button?.value !== "hand-in") await send();
      if (button?.value !== "hand-in" || pending.size || over) return;
      const then = document.createElement("input");
      then.type = "hidden";
      then.name = "then";
      then.value = "hand-in";
      form.append(then);
      form.submit();
    });
    window.addEventListener("online", () => { failures = 0; send(); });
    document.addEventListener("visibilitychange", () => {
      if (pending.size || document.visibilityState === "visible") send();  // sleeping stops this page's clock
    });
    window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

    setClock(Number(text.elapsed), Number(text.left), arrived());
    form.querySelector("[data-stay]").hidden = true;
    takeEarly();
    bringBack();
    count();
    tick();
    setInterval(tick, 1000);
    if (pending.size) plan(0);
  }

  const form = document.querySelector("form[data-taking]");
  if (form) take(form);
  const leftOver = document.querySelector("[data-left-over]");
  if (leftOver) sendLeftOver(leftOver).catch(() => { /* the next visit tries again */ });
})();
