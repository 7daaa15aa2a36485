/*
 * The worker behind the installed app: brings the log form and our files when there is no network, and keeps a log that
 * could not be sent. What stands before this text (SHELL) names the addresses; it changes with our files, and so a new
 * version takes over by itself. Everything else goes to the network as if there were no worker.
 */
const FILES = `files-${SHELL.version}`, PAGES = "pages";
importScripts(SHELL.queue);

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const files = await caches.open(FILES);
    await files.addAll(SHELL.files);
    await keepPage(SHELL.offline);
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith("files-") && name !== FILES);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

async function keepPage(url) {
  const answer = await fetch(url, { credentials: "same-origin", cache: "no-store" });
  if (answer.ok && !answer.redirected) await (await caches.open(PAGES)).put(url, answer);
}

const pathOf = (url) => new URL(url).pathname;

/* A page: from the network; without one the log form as it was last seen, or the list of what waits. */
async function visit(request) {
  try {
    const answer = await fetch(request);
    if (pathOf(request.url) === SHELL.write && answer.ok && !answer.redirected) {
      await (await caches.open(PAGES)).put(request.url, answer.clone());
    }
    return answer;
  } catch {
    const pages = await caches.open(PAGES);
    const form = pathOf(request.url) === SHELL.write
      && (await pages.match(request.url) || await pages.match(request.url, { ignoreSearch: true }));
    return form || await pages.match(SHELL.offline, { ignoreSearch: true }) || Response.error();
  }
}

/* One of our files: its address changes with its content, so what is kept is right. */
async function file(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.status === 200) await (await caches.open(FILES)).put(request, answer.clone());
  return answer;
}

/* A log is handed in: where the server does not take it, and does not say what is wrong with it either, it waits here. */
async function handIn(event) {
  // Back to the answer to a log that was sent: nothing is sent again, and nothing waits; the form is the page before it.
  if (event.request.isHistoryNavigation || event.request.cache === "only-if-cached") {
    return Response.redirect(SHELL.write, 303);
  }
  const copy = event.request.clone();
  let answer = null;
  try { answer = await fetch(event.request); } catch { /* it waits */ }
  const keyOf = async () => (await copy.formData()).get("client_key");
  if (answer?.type === "opaqueredirect") {
    event.waitUntil(keyOf().then(logQueue.settle));
    return answer;
  }
  if (answer && [404, 409, 413, 422].includes(answer.status)) return answer;
  await logQueue.keep(await copy.formData(), SHELL.submit);
  await self.registration.sync?.register("logs").catch(() => { /* pages send it, too */ });
  return Response.redirect(`${SHELL.offline}?kept=1`, 303);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === "POST") {
    if (request.mode === "navigate" && url.pathname === SHELL.submit) event.respondWith(handIn(event));
    if (url.pathname === SHELL.signOut) event.waitUntil(caches.delete(PAGES).then(() => keepPage(SHELL.offline)));
  } else if (request.mode === "navigate") event.respondWith(visit(request));
  else if (url.pathname.startsWith(SHELL.folder)) {
    event.respondWith(file(request));
  }
});

self.addEventListener("sync", (event) => {
  if (event.tag === "logs") event.waitUntil(logQueue.flush(SHELL.token));
});

self.addEventListener("message", (event) => {
  if (event.data === "refresh") {
    event.waitUntil(Promise.all([SHELL.offline, SHELL.write].map((url) => keepPage(url).catch(() => { /* next time */ }))));
  }
});
