// Whether this reader may manage the models on the server, and the way to them. What it takes is
// fetched when it is opened first: most readers never may.

import { requestEmpty } from '../net/http.js';
import { lazily } from '../ui/lazily.js';

/** @import { Models } from './models.js'
    @import { Transport } from '../net/transport.js' */

// A blob that cannot exist. Asking for it tells whether the token may manage, and changes nothing.
const NO_BLOB = `/api/blobs/sha256:${'0'.repeat(64)}`;

export class Managing {
  /** Whether they may; see `look`. */
  offered = false;
  #view;

  /** `transport`: the way to the gateway.
      @param {Models} models
      @param {Transport} transport */
  constructor(models, transport) {
    this.#view = lazily(
      async () => new (await import('./models_view.js')).ModelsView(models, transport),
    );
  }

  /** Finds it out. `manageable`: whether it is a server where anybody may.
      @param {boolean} manageable */
  async look(manageable) {
    const status =
      manageable &&
      (await requestEmpty(NO_BLOB, { method: 'HEAD' }).catch((failure) => failure.status));
    this.offered = status === 200 || status === 404;
  }

  /** Opens the view. `name`: a model to fetch, for its field; the reader still decides.
      @param {string} [name] */
  async open(name) {
    (await this.#view())?.open(name);
  }
}
