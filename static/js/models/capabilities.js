// What a model can do, as Ollama names it and in the reader's words.

import { el } from '../ui/dom.js';
import { knows } from '../ui/i18n.js';

/** @import { Model, ModelDetails } from '../types.js' */

/** The words for a capability; one that the page does not know keeps Ollama's own.
    @param {string} name */
export function capabilityWords(name) {
  const key = `capability.${name}`;
  return knows(key) ? el('span', { t: key }) : el('span', { text: name });
}

/** @param {Pick<ModelDetails, 'capabilities'> | null} model */
export const canChat = (model) => model?.capabilities?.includes('completion') ?? false;
/** @param {Pick<ModelDetails, 'capabilities'> | null} model */
export const canSee = (model) => model?.capabilities?.includes('vision') ?? false;
/** @param {Pick<ModelDetails, 'capabilities'> | null} model */
export const canUseTools = (model) => model?.capabilities?.includes('tools') ?? false;
/** @param {Pick<ModelDetails, 'capabilities'> | null} model */
export const canThink = (model) => model?.capabilities?.includes('thinking') ?? false;

// Architectures of llama.cpp that read and cannot write: bert, nomic-bert, jina-bert-v2, modern-bert, t5encoder ...
const ENCODERS = /bert|^t5encoder$/;

/** Whether it turns texts into embeddings by its very architecture.
    @param {Model} model */
export const isEncoder = ({ details }) =>
  [details?.family, ...(details?.families ?? [])].some((family) => ENCODERS.test(family ?? ''));
/** @param {Model} model */
export const namesEmbedding = ({ name }) => /embed/i.test(name);
