// Users of Anthropic's API: its own package, and the AI SDK with its `anthropic` provider.
// Reads GATEWAY, TOKEN and MODEL; prints one JSON object.
import { createAnthropic } from '@ai-sdk/anthropic';
import Anthropic from '@anthropic-ai/sdk';
import { generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

const { GATEWAY, TOKEN, MODEL } = process.env;
const client = new Anthropic({ baseURL: GATEWAY, apiKey: TOKEN, maxRetries: 0 });
const messages = [{ role: 'user', content: 'Say hello.' }];
const ask = { model: MODEL, max_tokens: 6, messages };
const text = (message) => message.content.map((block) => block.text ?? '').join('');

const whole = await client.messages.create(ask);
const stream = client.messages.stream(ask);
let streamed = '';
stream.on('text', (piece) => {
  streamed += piece;
});
const final = await stream.finalMessage();
const counted = await client.messages.countTokens({ model: MODEL, messages });
const models = [];
for await (const model of client.models.list({ limit: 1 })) models.push(model.id);
const refused = await new Anthropic({ baseURL: GATEWAY, apiKey: 'wrong', maxRetries: 2 }).messages
  .create(ask)
  .then(() => null)
  .catch((error) => ({ status: error.status, type: error.error.error.type }));

const provider = createAnthropic({ baseURL: `${GATEWAY}/v1`, apiKey: TOKEN });
const model = provider(MODEL);
const ai = { model, prompt: 'Say hello.', maxOutputTokens: 6, maxRetries: 0 };
const generated = await generateText(ai);
let flowing = '';
for await (const piece of streamText(ai).textStream) flowing += piece;

const looped = await generateText({
  model,
  prompt: 'tide?',
  maxOutputTokens: 2000,
  maxRetries: 0,
  stopWhen: stepCountIs(3),
  providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 1024 } } },
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
    whole: text(whole),
    streamed,
    final: text(final),
    stop: whole.stop_reason,
    counted: counted.input_tokens,
    models,
    refused,
    generated: generated.text,
    tokens: generated.usage.totalTokens,
    flowing,
    steps: looped.steps.map((step) => step.toolResults.map((result) => result.output)),
    reasoning: looped.steps.map((step) => step.reasoningText ?? ''),
    answer: looped.text,
  }),
);
