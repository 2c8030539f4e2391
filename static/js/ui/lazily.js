// Parts of the page that are fetched when they are first needed, so that the page itself opens sooner.

/** A function that gives what `load()` gives, which is asked once; null where it could not be fetched,
    as from a server that was updated meanwhile: the page is told (`partmissing`), and the next call
    tries again.
    @template T
    @param {() => Promise<T>} load */
export function lazily(load) {
  /** @type {Promise<T | null> | null} */
  let loading = null;
  return () => {
    loading ??= load().catch(() => {
      loading = null;
      document.dispatchEvent(new Event('partmissing'));
      return null;
    });
    return loading;
  };
}
