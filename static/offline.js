/*
 * The app on a phone without a network, as pages see it: starts the worker, tells how many logs wait on this device,
 * sends them when it can, and shows those that somebody has to look at. Works on what queue.js keeps.
 */
(() => {
  "use strict";

  const { worker, token, write, logs, owner } = document.currentScript.dataset;
  if (!("serviceWorker" in navigator) || !("indexedDB" in window) || !navigator.locks) return;
  const OWNER = "logs-owner", SEEN = "log-form-seen", EVERY = 15 * 60 * 1000;
  const store = (deed) => { try { return deed(localStorage); } catch { return null; } };
  const queue = self.logQueue;

  /* Whose logs this device shows: of who is signed in, or was when the network went. Signing out ends it. */
  if (owner) store((kept) => kept.setItem(OWNER, owner));
  const whose = () => owner || store((kept) => kept.getItem(OWNER));
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[action$='/sign-out']")) store((kept) => kept.removeItem(OWNER));
  });
  const mine = async () => (await queue.list()).filter((entry) => entry.owner === whose());
  const valueOf = (entry, name) => entry.fields.find(([field, value]) => field === name && value)?.[1] || "";

  /* --- every page: how many wait --- */

  const banner = document.querySelector("[data-waiting]");
  async function tell(sent = 0) {
    const entries = await mine();
    if (!banner) return;
    const held = entries.filter((entry) => entry.state !== "waiting").length;
    const words = held ? banner.dataset.held.replace("#", held)
      : entries.length ? banner.dataset.waiting.replace("#", entries.length)
        : sent ? banner.dataset.sent.replace("#", sent) : "";
    banner.hidden = !words;
    banner.classList.toggle("is-ok", !entries.length);
    banner.classList.toggle("is-warn", entries.length > 0);
    banner.querySelector("[data-waiting-text]").textContent = words;
  }

  let told = false;
  async function sendWaiting() {
    const end = await queue.flush(token);
    told ||= end.sent > 0;
    await tell(told ? end.sent : 0);
    if (list) await showList(end);
  }

  /* --- the list of what waits --- */

  const list = document.querySelector("[data-waiting-list]");
  const put = (part, slot, text) => { part.querySelector(`[data-slot=${slot}]`).textContent = text; };
  function facts(where, rows) {
    where.replaceChildren(...rows.filter(([, value]) => value).flatMap(([name, value]) => {
      const term = document.createElement("dt"), text = document.createElement("dd");
      term.textContent = name;
      text.textContent = value;
      return [term, text];
    }));
  }
  const asDay = (text) => (/^\d{4}-\d\d-\d\d$/.test(text)
    ? new Date(`${text}T00:00`).toLocaleDateString(document.documentElement.lang, { dateStyle: "medium" }) : text);
  const daysOf = (entry) => [...new Set(["day", "starts_on", "ends_on"].map((name) => valueOf(entry, name)).filter(Boolean))].map(asDay).join(" – ");
  function compare(part, entry) {
    const theirs = entry.answer?.stored;
    const both = part.querySelector("[data-slot=both]");
    both.hidden = !theirs;
    if (!theirs) return;
    const names = JSON.parse(list.dataset.names);
    const rows = (one) => [[names.day, one.day], [names.hours, one.hours], [names.task, one.task], [names.learned, one.learned]];
    const until = theirs.until && theirs.until !== theirs.day ? ` – ${asDay(theirs.until)}` : "";
    const learned = typeof theirs.learned === "string" ? theirs.learned : Object.values(theirs.learned || {}).join("\n");
    facts(both.querySelector("[data-slot=theirs]"), rows({ ...theirs, day: asDay(theirs.day) + until, learned }));
    facts(both.querySelector("[data-slot=ours]"), rows({
      day: daysOf(entry), hours: hoursOf(entry), task: valueOf(entry, "task"),
      learned: ["learned", ...PARTS].map((name) => valueOf(entry, name)).filter(Boolean).join("\n"),
    }));
  }
  const PARTS = ["facts", "analysis", "plan", "effect", "lessons"];
  const hoursOf = (entry) => {
    const typed = entry.fields.filter(([name]) => /^hours/.test(name)).map(([, value]) => Number(value) || 0);
    const sum = typed.reduce((one, other) => one + other, 0);
    return sum ? String(sum) : "";
  };
  function row(entry) {
    const part = list.querySelector("template").content.cloneNode(true).firstElementChild;
    const words = list.dataset;
    const at = new Date(entry.at).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
    put(part, "title", [daysOf(entry), valueOf(entry, "task")].filter(Boolean).join(" · "));
    put(part, "line", [
      hoursOf(entry) && words.hours.replace("#", hoursOf(entry)),
      entry.files.length && words.photos.replace("#", entry.files.length),
      words.kept.replace("#", at),
    ].filter(Boolean).join(" · "));
    const pill = part.querySelector("[data-slot=state]");
    pill.textContent = { waiting: words.waits, refused: words.refused, conflict: words.conflict }[entry.state];
    pill.classList.toggle("is-bad", entry.state !== "waiting");
    const why = [entry.answer?.message, ...Object.values(entry.answer?.errors || {}).flat()].filter(Boolean);
    put(part, "why", why.join(" ") || (entry.state === "waiting" ? "" : words.unclear));
    compare(part, entry);
    const mend = part.querySelector("[data-slot=mend]");
    mend.href = whereToMend(entry);
    mend.hidden = entry.state === "waiting";
    part.querySelector("[data-slot=drop]").addEventListener("click", (event) => drop(event.currentTarget, entry));
    return part;
  }
  /* The server may have kept it as a draft, with the photos that it could take; else the form is filled from here. */
  const isOther = ({ answer }) => Boolean(answer?.stored) && answer.stored.id === answer.id;
  function whereToMend(entry) {
    const { id, state } = entry.answer || {};
    if (id && !isOther(entry) && ["draft", "conflict"].includes(state)) return `${logs}/${id}/edit`;
    const query = new URLSearchParams({ kept: entry.key });
    ["program", "kind", "day"].forEach((name) => { if (valueOf(entry, name)) query.set(name, valueOf(entry, name)); });
    return `${write}?${query}`;
  }
  async function drop(button, entry) {
    if (!button.dataset.sure) {
      button.dataset.sure = "1";
      button.textContent = list.dataset.sure;
      return;
    }
    await queue.forget(entry.key);
    await showList();
  }
  async function showList(end = {}) {
    const entries = await mine();
    const others = (await queue.list()).length - entries.length;
    // Looking again changes nothing that stands there: who was just asked whether to drop a log is not asked anew.
    const shown = JSON.stringify(entries.map(({ key, state, at, answer }) => [key, state, at, answer]));
    if (list.dataset.shown !== shown) {
      list.querySelectorAll(":scope > li").forEach((item) => item.remove());
      list.append(...entries.map(row));
      list.dataset.shown = shown;
    }
    document.querySelector("[data-waiting-none]").hidden = entries.length > 0;
    const note = document.querySelector("[data-waiting-note]");
    note.textContent = [
      end.signedOut && list.dataset.signedOut, end.sent && list.dataset.sent.replace("#", end.sent),
      others > 0 && list.dataset.others.replace("#", others),
    ].filter(Boolean).join(" ");
  }

  /* --- the log form --- */

  /* A form from an earlier day, or one whose log is with the server already, begins a new log of today. */
  async function refresh(form) {
    const key = form.elements.client_key;
    if (location.pathname !== write || "answered" in form.dataset || !(await queue.wasUsed(key.value) || await queue.find(key.value))) return;
    key.value = newKey();
    [...form.elements].filter((field) => /^(task|learned|hours_\d)$/.test(field.name) || PARTS.includes(field.name))
      .forEach((field) => { field.value = ""; });
  }
  const newKey = () => [...self.crypto.getRandomValues(new Uint8Array(11))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  async function bringBack(form, key) {
    const entry = await queue.find(key);
    if (!entry || entry.owner !== owner) return;
    if (isOther(entry)) {  // under its key another log stands already: it becomes a log of its own
      await queue.forget(key);
      entry.key = newKey();
      entry.fields = entry.fields.map(([name, value]) => [name, name === "client_key" ? entry.key : value]);
      await queue.put({ ...entry, state: "refused", answer: null });
    }
    [...form.elements].filter((field) => field.name && !["csrf_token", "owner"].includes(field.name) && field.type !== "file").forEach((field) => {
      const values = entry.fields.filter(([name]) => name === field.name).map(([, value]) => value);
      if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
      else if (values.length) field.value = values[0];
    });
    const photos = form.querySelector("[data-photos]");
    if (!photos || !entry.files.length) return;
    const basket = new DataTransfer();
    entry.files.forEach(({ name, type, blob }) => basket.items.add(new File([blob], name, { type })));
    photos.files = basket.files;
    photos.dispatchEvent(new Event("change", { bubbles: true }));
  }
  async function prepareForm(form) {
    const key = new URLSearchParams(location.search).get("kept");
    if (key) await bringBack(form, key); else await refresh(form);
    form.dataset.offline = "ready";
  }

  const form = document.querySelector("form[data-offline]");
  if (form) prepareForm(form);

  navigator.serviceWorker.register(worker).then(async () => {
    const ready = await navigator.serviceWorker.ready;
    const seen = Number(store((kept) => kept.getItem(SEEN))) || 0;
    if (!owner || !navigator.onLine || (Date.now() - seen < EVERY && location.pathname !== logs)) return;
    store((kept) => kept.setItem(SEEN, Date.now()));
    ready.active.postMessage("refresh");
  }).catch(() => { /* a private window; the page itself keeps what is typed */ });
  window.addEventListener("online", sendWaiting);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") sendWaiting(); });
  document.querySelector("[data-send-waiting]")?.addEventListener("click", sendWaiting);
  if (list) {
    if (new URLSearchParams(location.search).get("kept") === "1") document.querySelector("[data-kept-notice]").hidden = false;
    showList();
  }
  sendWaiting();
})();
