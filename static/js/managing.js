// Whether this reader may manage the models on the server, and the way to them. What it takes is
// fetched when it is opened first: most readers never may.

import { requestEmpty } from './http.js';

// A blob that cannot exist. Asking for it tells whether the token may manage, and changes nothing.
const NO_BLOB = `/api/blobs/sha256:${'0'.repeat(64)}`;

export class Managing {
  /** Whether they may; see `look`. */
  offered = false;
  #view = null;

  /** `line`: the way to the gateway. */
  constructor(models, line) {
    Object.assign(this, { models, line });
  }

  /** Finds it out. `manageable`: whether it is a server where anybody may. */
  async look(manageable) {
    const status = manageable && await requestEmpty(NO_BLOB, { method: 'HEAD' }).catch((failure) => failure.status);
    this.offered = status === 200 || status === 404;
  }

  /** Opens the view. `name`: a model to fetch, for its field; the reader still decides. */
  async open(name) {
    this.#view ??= import('./models_view.js')
      .then(({ ModelsView }) => new ModelsView(this.models, this.line))
      .catch(() => { this.#view = null; });  // the next press may find the server again
    (await this.#view)?.open(name);
  }
}
