// Has the browser keep the page's files for the time without a server: registers the service worker
// (../worker.js), once the page is up and nothing else is to be done.

const WORKER = '/static/js/worker.js';

const SETTLED_MS = 3_000;

/** @typedef {{ createPolicy: (name: string, rules: { createScriptURL: () => string }) =>
    { createScriptURL: (text: string) => unknown } }} TrustedTypes */

/** @returns {string} what the browser takes for the address of a script, of this one alone */
function address() {
  const types = /** @type {{ trustedTypes?: TrustedTypes }} */ (globalThis).trustedTypes;
  const policy = types?.createPolicy('service-worker', { createScriptURL: () => WORKER });
  return /** @type {string} */ (policy?.createScriptURL('') ?? WORKER);
}

/** Registers the worker after the page has loaded. Pages without TLS have none. */
export function registerWorker() {
  if (!('serviceWorker' in navigator)) return;
  const soon = () => setTimeout(() => whenIdle(register), SETTLED_MS);
  if (document.readyState === 'complete') soon();
  else addEventListener('load', soon, { once: true });
}

async function register() {
  try {
    await navigator.serviceWorker.register(address(), { scope: '/' });
  } catch {
    // The browser keeps nothing for this site, or the server has gone: the page works without it.
  }
}

/** @param {() => void} run */
function whenIdle(run) {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(run);
  else run();
}
