// Streams of JSON lines, as Ollama sends them.

/** The objects of a body, one a line, as they arrive. */
export async function* objects(body) {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + decoder.decode(value, { stream: !done })).split('\n');
    rest = done ? '' : lines.pop();
    yield* lines.filter((line) => line.trim()).map((line) => JSON.parse(line));
    if (done) return;
  }
}
