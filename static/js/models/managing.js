// Whether this reader may manage the models on the server, and the way to them. What it takes is
// fetched when it is opened first: most readers never may.

import { lazily } from '../ui/lazily.js';

/** @import { Models } from './models.js'
    @import { Transport } from '../net/transport.js' */

export class Managing {
  /** Whether they may. */
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

  /** Opens the view. `name`: a model to fetch, for its field; the reader still decides.
      @param {string} [name] */
  async open(name) {
    (await this.#view())?.open(name);
  }
}
