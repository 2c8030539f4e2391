// Has the browser keep the page's files for the time without a server: registers the service worker
// (../worker.js), once the page is up and nothing else is to be done.

const WORKER = '/static/js/worker.js';

const SETTLED_MS = 3_000;

/** A browser that is never idle, such as one that draws without a pause, does it all the same. */
const BUSY_MS = 10_000;

/** @typedef {{ createPolicy: (name: string, rules: { createScriptURL: () => string }) =>
    { createScriptURL: (text: string) => unknown } }} TrustedTypes */

// The page's one policy of trusted types gives this address alone. It is made before anything else could
// make one of that name.
const policy = newPolicy();

function newPolicy() {
  const types = /** @type {{ trustedTypes?: TrustedTypes }} */ (globalThis).trustedTypes;
  try {
    return types?.createPolicy('service-worker', { createScriptURL: () => WORKER });
  } catch {
    return null; // a policy of a proxy's allows none: then there is no worker
  }
}

/** Registers the worker after the page has loaded. Pages without TLS have none. */
export function registerWorker() {
  if (!('serviceWorker' in navigator)) return;
  const soon = () => setTimeout(() => whenIdle(register), SETTLED_MS);
  if (document.readyState === 'complete') soon();
  else addEventListener('load', soon, { once: true });
}

async function register() {
  // The worker of this page is registered, or on its way out because the server has none any more: to
  // register it would keep it.
  if (navigator.serviceWorker.controller) return;
  try {
    const address = policy?.createScriptURL('') ?? WORKER;
    await navigator.serviceWorker.register(/** @type {string} */ (address), { scope: '/' });
  } catch {
    // The browser keeps nothing for this site, or the server has gone: the page works without it.
  }
}

/** @param {() => void} run */
function whenIdle(run) {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(run, { timeout: BUSY_MS });
  else run();
}
