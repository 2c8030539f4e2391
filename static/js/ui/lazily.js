// Parts of the page that are fetched when they are first needed, so that the page itself opens sooner.

/** A function that gives what `load()` gives, which is asked once; null where the server could not be
    reached: the next call tries again.
    @template T
    @param {() => Promise<T>} load */
export function lazily(load) {
  /** @type {Promise<T | null> | null} */
  let loading = null;
  return () => {
    loading ??= load().catch(() => {
      loading = null;
      return null;
    });
    return loading;
  };
}
