// The calls of the OpenAI package's users. Reads GATEWAY, TOKEN and MODEL; prints one JSON object.
import OpenAI from 'openai';

const { GATEWAY, TOKEN, MODEL } = process.env;
const client = new OpenAI({ baseURL: `${GATEWAY}/v1`, apiKey: TOKEN, maxRetries: 0 });
const messages = [{ role: 'user', content: 'Say hello.' }];
const settings = { model: MODEL, max_tokens: 6, temperature: 0 };

const models = [];
for await (const model of client.models.list()) models.push(model.id);

const whole = await client.chat.completions.create({ ...settings, messages });

let streamed = '';
let finish = null;
let usage = null;
for await (const chunk of await client.chat.completions.create({
  ...settings,
  messages,
  stream: true,
  stream_options: { include_usage: true },
})) {
  streamed += chunk.choices[0]?.delta?.content ?? '';
  finish = chunk.choices[0]?.finish_reason ?? finish;
  usage = chunk.usage ?? usage;
}

const completion = await client.completions.create({ ...settings, prompt: 'The sky is' });

let completed = '';
for await (const chunk of await client.completions.create({
  ...settings,
  prompt: 'The sky is',
  stream: true,
})) {
  completed += chunk.choices[0]?.text ?? '';
}

const refused = await new OpenAI({
  baseURL: `${GATEWAY}/v1`,
  apiKey: 'wrong',
  maxRetries: 0,
}).models
  .list()
  .then(() => null)
  .catch((error) => ({ status: error.status, code: error.code, type: error.type }));

const stopped = await client.chat.completions.create({ ...settings, messages, stream: true });
for await (const _ of stopped) break; // leaving the loop aborts the request

console.log(
  JSON.stringify({
    models,
    whole: whole.choices[0].message.content,
    streamed,
    finish,
    usage,
    completion: completion.choices[0].text,
    completed,
    refused,
  }),
);
