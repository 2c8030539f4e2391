// The calls of the ollama package's users. Reads GATEWAY, TOKEN and MODEL; prints one JSON object.
import { Ollama } from 'ollama';

const { GATEWAY, TOKEN, MODEL } = process.env;
const door = (token) =>
  new Ollama({ host: GATEWAY, headers: { Authorization: `Bearer ${token}` } });
const client = door(TOKEN);
const messages = [{ role: 'user', content: 'Say hello.' }];
const settings = { model: MODEL, options: { num_predict: 6, temperature: 0 } };

const models = (await client.list()).models.map((model) => model.name);
const version = (await client.version?.())?.version ?? null;
const family = (await client.show({ model: MODEL })).details.family;

const whole = (await client.chat({ ...settings, messages })).message.content;

let streamed = '';
let done = null;
for await (const part of await client.chat({ ...settings, messages, stream: true })) {
  streamed += part.message.content;
  if (part.done) done = part.done_reason;
}

const generated = (await client.generate({ ...settings, prompt: 'The sky is' })).response;

let continued = '';
for await (const part of await client.generate({
  ...settings,
  prompt: 'The sky is',
  stream: true,
})) {
  continued += part.response;
}

const refused = await door('wrong')
  .list()
  .then(() => null)
  .catch((error) => ({ status: error.status_code, message: error.message }));

let aborted = false;
const stream = await client.chat({ ...settings, messages, stream: true });
try {
  for await (const _ of stream) stream.abort();
} catch (error) {
  aborted = error.name === 'AbortError';
}

console.log(
  JSON.stringify({
    models,
    version,
    family,
    whole,
    streamed,
    done,
    generated,
    continued,
    refused,
    aborted,
  }),
);
