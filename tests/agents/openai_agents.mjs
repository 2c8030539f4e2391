// The task of the agents, by OpenAI's Agents SDK: a file is read, changed and copied by tools.
// Reads GATEWAY, TOKEN, MODEL and ASK; prints one JSON object. `stream` as an argument: streamed.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, OpenAIProvider, Runner, tool } from '@openai/agents';
import { z } from 'zod';

const { GATEWAY, TOKEN, MODEL, ASK } = process.env;
const modelProvider = new OpenAIProvider({ baseURL: `${GATEWAY}/v1`, apiKey: TOKEN });
const runner = new Runner({ modelProvider, tracingDisabled: true });

const path = z.string();
const agent = new Agent({
  name: 'Owl',
  instructions: 'Do what is asked, by the tools.',
  model: MODEL,
  tools: [
    tool({
      name: 'read_file',
      description: 'Reads a file',
      parameters: z.object({ path }),
      execute: ({ path }) => readFileSync(path, 'utf8'),
    }),
    tool({
      name: 'write_file',
      description: 'Writes a file',
      parameters: z.object({ path, text: z.string() }),
      execute: ({ path, text }) => {
        writeFileSync(path, text);
        return 'written';
      },
    }),
    tool({
      name: 'run_command',
      description: 'Runs a command',
      parameters: z.object({ command: z.string() }),
      execute: ({ command }) => execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8' }),
    }),
  ],
});

const stream = process.argv[2] === 'stream';
const result = await runner.run(agent, ASK, { stream });
let streamed = '';
if (stream) {
  for await (const piece of result.toTextStream()) streamed += piece;
  await result.completed;
}
const { usage } = result.state;
console.log(
  JSON.stringify({ answer: result.finalOutput, streamed, tokens: usage?.totalTokens ?? 0 }),
);
