// Ids for chats and messages. `crypto.randomUUID` is missing on pages without TLS, so it is not used.

const BYTES = 16;

/** 32 hexadecimal digits, random. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
