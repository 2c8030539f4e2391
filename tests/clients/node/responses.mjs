// Users of the Responses API: the OpenAI package, and the AI SDK with its `openai` provider.
// Reads GATEWAY, TOKEN and MODEL; prints one JSON object.
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, stepCountIs, streamText, tool } from 'ai';
import OpenAI from 'openai';
import { z } from 'zod';

const { GATEWAY, TOKEN, MODEL } = process.env;
const client = new OpenAI({ baseURL: `${GATEWAY}/v1`, apiKey: TOKEN, maxRetries: 0 });
const ask = { model: MODEL, input: 'Say hello.', temperature: 0, max_output_tokens: 6 };

const whole = await client.responses.create(ask);
const stream = client.responses.stream(ask);
let streamed = '';
for await (const event of stream) {
  if (event.type === 'response.output_text.delta') streamed += event.delta;
}
// A stream that the limit has cut has no final response for this SDK.
const final = await stream.finalResponse().catch(() => null);

const second = await client.responses.create({
  ...ask,
  input: 'Again.',
  previous_response_id: whole.id,
});
const items = [];
for await (const item of client.responses.inputItems.list(second.id)) items.push(item.type);
const kept = await client.responses.retrieve(whole.id);
await client.responses.delete(whole.id);
const missing = await client.responses
  .retrieve(whole.id)
  .then(() => null)
  .catch((error) => error.status);

const provider = createOpenAI({ baseURL: `${GATEWAY}/v1`, apiKey: TOKEN });
const model = provider(MODEL);
const ai = { model, prompt: 'Say hello.', temperature: 0, maxOutputTokens: 6, maxRetries: 0 };
const generated = await generateText(ai);
let flowing = '';
for await (const piece of streamText(ai).textStream) flowing += piece;

const looped = await generateText({
  model,
  prompt: 'tide?',
  maxOutputTokens: 60,
  maxRetries: 0,
  stopWhen: stepCountIs(3),
  toolChoice: process.env.TOOLS === 'required' ? 'required' : 'auto',
  tools: {
    get_tide: tool({
      description: 'Tide of a port',
      inputSchema: z.object({ port: z.enum(['Oban']) }),
      execute: async ({ port }) => `06:12 in ${port}`,
    }),
  },
});

console.log(
  JSON.stringify({
    whole: whole.output_text,
    streamed,
    final: final?.output_text ?? null,
    status: whole.status,
    items,
    kept: kept.output_text,
    missing,
    generated: generated.text,
    tokens: generated.usage.totalTokens,
    flowing,
    steps: looped.steps.map((step) => step.toolResults.map((result) => result.output)),
    answer: looped.text,
  }),
);
