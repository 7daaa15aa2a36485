/*
 * Logs that wait on this device until the server has them: kept in the browser's own database with their photos, sent
 * one after the other, each under its key, so that sending twice makes one log. Used by pages and by the worker.
 */
(() => {
  "use strict";

  const NAME = "trainmgr", WAITING = "waiting", USED = "used";
  const USED_FOR = 90 * 24 * 3600 * 1000;
  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  let opened = null;
  function open() {
    opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(WAITING, { keyPath: "key" });
        request.result.createObjectStore(USED, { keyPath: "key" });
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => { opened = null; reject(request.error); };
    });
    return opened;
  }
  async function within(store, deed, mode = "readonly") {
    const transaction = (await open()).transaction(store, mode);
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
    const answer = await asked(deed(transaction.objectStore(store)));
    await done;
    return answer;
  }

  const find = (key) => within(WAITING, (store) => store.get(key));
  const put = (entry) => within(WAITING, (store) => store.put(entry), "readwrite");
  const forget = (key) => within(WAITING, (store) => store.delete(key), "readwrite");
  const wasUsed = async (key) => Boolean(await within(USED, (store) => store.get(key)));
  async function list() {
    const found = await within(WAITING, (store) => store.getAll());
    return found.sort((one, other) => one.at - other.at);
  }

  /* The server has it: nothing waits any more, and the key makes no second log from this device. */
  async function settle(key) {
    await forget(key);
    await within(USED, (store) => store.put({ key, at: Date.now() }), "readwrite");
    const old = (await within(USED, (store) => store.getAll())).filter((one) => one.at < Date.now() - USED_FOR);
    for (const one of old) await within(USED, (store) => store.delete(one.key), "readwrite");
  }

  /* Keep what a form says. The page's own token does not wait: it would be stale. */
  async function keep(form, url) {
    const entries = [...form.entries()].filter(([name]) => name !== "csrf_token");
    const isFile = ([, value]) => typeof value !== "string";
    await put({
      key: form.get("client_key"), owner: form.get("owner") || "", url, at: Date.now(), state: "waiting", answer: null,
      fields: entries.filter((entry) => !isFile(entry)),
      files: entries.filter((entry) => isFile(entry) && entry[1].size)
        .map(([field, file]) => ({ field, name: file.name, type: file.type, blob: new Blob([file], { type: file.type }) })),
    });
  }

  function bodyOf(entry, token) {
    const body = new FormData();
    entry.fields.forEach(([name, value]) => body.append(name, value));
    entry.files.forEach(({ field, name, type, blob }) => body.append(field, new File([blob], name, { type })));
    body.append("csrf_token", token);
    return body;
  }
  const jsonOf = async (answer) => {
    try { return await answer.json(); } catch { return null; }
  };

  /* One log: "sent", "held" (somebody has to look at it), or "later" (the server cannot take anything now). */
  async function send(entry, token) {
    let answer;
    try {
      answer = await fetch(entry.url, {
        method: "POST", body: bodyOf(entry, token), redirect: "manual", headers: { Accept: "application/json" },
      });
    } catch { return "later"; }
    if (answer.ok) {
      await settle(entry.key);
      return "sent";
    }
    if (![404, 409, 413, 422].includes(answer.status)) return "later";
    const now = await find(entry.key);
    if (now) await put({ ...now, state: answer.status === 409 ? "conflict" : "refused", answer: await jsonOf(answer) });
    return "held";
  }

  /* Send what waits of the person who is signed in; only one page or worker does so at a time. */
  function flush(tokenUrl) {
    return navigator.locks.request("trainmgr-queue", async () => {
      const told = { sent: 0, held: 0, signedOut: false };
      if (!(await list()).some((entry) => entry.state === "waiting")) return told;
      let who;
      try {
        who = await fetch(tokenUrl, { redirect: "manual", cache: "no-store", headers: { Accept: "application/json" } });
      } catch { return told; }
      if (!who.ok) return { ...told, signedOut: true };
      const { token, owner } = await who.json();
      for (const entry of (await list()).filter((one) => one.state === "waiting" && one.owner === owner)) {
        const end = await send(entry, token);
        if (end === "later") break;
        told[end] += 1;
      }
      return told;
    });
  }

  self.logQueue = { find, put, forget, list, keep, settle, wasUsed, flush };
})();
