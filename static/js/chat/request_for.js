// The request with which a model is asked for an answer.

import { canSee } from '../models/capabilities.js';
import { afterSummary, asRequest } from '../net/chat_request.js';
import { requestOf, settingsOf } from '../settings/options.js';
import { t } from '../ui/i18n.js';

/** @import { ChatRequest, Message } from '../types.js'
    @import { Conversation } from '../history/conversation.js'
    @import { Models } from '../models/models.js'
    @import { Settings } from '../settings/settings.js' */

/** What the model `name` is sent after what was `said`, with the settings of the chat.
    @param {{ models: Models, settings: Settings }} parts
    @param {Conversation} conversation
    @param {Message[]} said
    @param {string} name
    @returns {ChatRequest} */
export function requestFor({ models, settings }, conversation, said, name) {
  const model = models.find(name);
  const setting = settingsOf(conversation.chat.settings, settings);
  const { summary, messages } = afterSummary(said);
  const system = [setting('system'), summary && t('summary.before', { text: summary })].filter(
    Boolean,
  );
  return {
    model: name,
    messages: asRequest(messages, { system: system.join('\n\n'), sees: canSee(model) }),
    ...requestOf(setting, model),
  };
}
