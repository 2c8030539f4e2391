// Streams of JSON lines, as Ollama sends them.

/** The objects of a body, one a line, as they arrive.
    @param {ReadableStream<Uint8Array> | null} body
    @returns {AsyncGenerator<any, void>} */
export async function* objects(body) {
  const decoder = new TextDecoder();
  if (!body) return;
  const reader = body.getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + decoder.decode(value, { stream: !done })).split('\n');
    rest = done ? '' : (lines.pop() ?? '');
    yield* lines.filter((line) => line.trim()).map((line) => JSON.parse(line));
    if (done) return;
  }
}
