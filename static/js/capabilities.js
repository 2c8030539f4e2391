// What a model can do, as Ollama names it and in the reader's words.

import { el } from './dom.js';
import { knows } from './i18n.js';

/** The words for a capability; one that the page does not know keeps Ollama's own. */
export function capabilityWords(name) {
  const key = `capability.${name}`;
  return knows(key) ? el('span', { t: key }) : el('span', { text: name });
}

export const canSee = (model) => model?.capabilities.includes('vision') ?? false;
export const canUseTools = (model) => model?.capabilities.includes('tools') ?? false;
export const canThink = (model) => model?.capabilities.includes('thinking') ?? false;
