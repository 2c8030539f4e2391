// The service worker: it opens the page where the server is away. It keeps the files of one version
// of the page, which the gateway lists above this script (RELEASE), and answers for these
// and for the page itself, nothing else: what is asked of the API passes it by.
//
// The page comes from the server whenever that answers, so that it is never an old one. Its files are
// named by their version: those of a page that is open come from its own version, whichever the server
// has by now.

(() => {
  /** @typedef {Event & { waitUntil: (work: Promise<unknown>) => void }} LifeEvent */
  /** @typedef {LifeEvent & { request: Request, respondWith: (answer: Promise<Response>) => void }} AskEvent */
  /** @typedef {{ version: string, page: string, tag: string, files: Record<string, string> }} Release
      a version of the page: its name, which file is the page, how the ETag of that begins, and the
      digest of every file */

  // What a worker has besides, which the types of a document's modules do not know.
  /** @typedef {{ RELEASE: Release, registration: ServiceWorkerRegistration,
      clients: { claim: () => Promise<void> }, skipWaiting: () => Promise<void> }} WorkerParts */
  const worker = /** @type {Window & WorkerParts} */ (/** @type {unknown} */ (self));

  const { version, page, tag, files } = worker.RELEASE;

  const KEPT = 'page@';
  const FILES = '/static/@';

  // A page that is open may be of the version before, and still asks for its files.
  const KEPT_BEFORE = 1;

  // Where a network swallows what is sent, the reader is not to wait for its limits.
  const PATIENCE_MS = 5_000;

  // What a proxy answers while the gateway is away.
  const AWAY = [502, 503, 504];

  /** @param {string} path */
  const address = (path) => `${FILES}${version}/${path}`;

  /** Keeps every file of this version, one after the other: what the reader does goes first. Throws
      where one is not to be had, or is of another version; what has come by then is there at the next
      try. */
  async function keep() {
    const cache = await caches.open(KEPT + version);
    for (const [path, integrity] of Object.entries(files)) {
      const url = address(path);
      if (await cache.match(url, { ignoreVary: true })) continue;
      const answer = await fetch(url, { integrity });
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
      await cache.put(url, answer);
    }
  }

  /** Drops the versions that no page is of any more. The newest stand last. */
  async function dropOld() {
    const names = await caches.keys();
    const others = names.filter((name) => name.startsWith(KEPT) && name !== KEPT + version);
    await drop(others.slice(0, -KEPT_BEFORE));
  }

  /** @param {string[]} names */
  const drop = (names) => Promise.all(names.map((name) => caches.delete(name)));

  /** The page: the server's, and the kept one where there is none in time. A server that has no such
      worker any more is done with this one.
      @param {AskEvent} event */
  async function open(event) {
    const fresh = fetch(event.request).catch(() => null);
    const late = new Promise((resolve) => {
      setTimeout(resolve, PATIENCE_MS, null);
    });
    const answer = await Promise.race([fresh, late]);
    if (answer && !AWAY.includes(answer.status)) {
      if (!answer.headers.get('ETag')?.includes(tag)) event.waitUntil(leaveIfUnknown());
      return answer;
    }
    return (await kept(address(page))) ?? (await fresh) ?? Response.error();
  }

  /** Ends this worker, and forgets what it keeps, where the server has none: it is an older one, or
      another program at the same address. Browsers go on with a worker that is not found. */
  async function leaveIfUnknown() {
    const answer = await fetch(worker.location.href, { method: 'HEAD', cache: 'no-store' });
    const type = answer.headers.get('Content-Type') ?? '';
    const isThere = answer.ok && type.startsWith('text/javascript');
    if (isThere || !(answer.ok || [404, 410].includes(answer.status))) return;
    await worker.registration.unregister();
    await drop((await caches.keys()).filter((name) => name.startsWith(KEPT)));
  }

  /** A file of the page: the kept one, of whichever version is asked for.
      @param {Request} request */
  const file = async (request) => (await kept(request.url)) ?? fetch(request);

  /** What is kept of an address. It is the same for every request. Nothing where the browser cannot
      read what it keeps, as after a crash: then the server is asked.
      @param {string} url */
  const kept = (url) => caches.match(url, { ignoreVary: true }).catch(() => undefined);

  /** @param {string} type
      @param {(event: any) => void} listener */
  const on = (type, listener) => worker.addEventListener(type, listener);

  on('install', (/** @type {LifeEvent} */ event) => {
    event.waitUntil(keep().then(() => worker.skipWaiting()));
  });

  on('activate', (/** @type {LifeEvent} */ event) => {
    event.waitUntil(Promise.all([dropOld(), worker.clients.claim()]));
  });

  on('fetch', (/** @type {AskEvent} */ event) => {
    const { request } = event;
    const { origin, pathname } = new URL(request.url);
    if (origin !== worker.location.origin || request.method !== 'GET') return;
    if (request.mode === 'navigate' && pathname === '/') event.respondWith(open(event));
    else if (pathname.startsWith(FILES)) event.respondWith(file(request));
  });
})();
