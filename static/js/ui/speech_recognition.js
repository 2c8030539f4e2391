// The browser's recognition of speech, where it has one (the Web Speech API).

/** @typedef {object} Recognition
    @property {string} lang
    @property {boolean} continuous
    @property {(event: { results: Iterable<{ isFinal: boolean, 0: { transcript: string } }>,
        resultIndex: number }) => unknown} onresult
    @property {(event: { error: string }) => unknown} onerror
    @property {() => unknown} onend
    @property {() => void} start
    @property {() => void} stop
    @property {() => void} abort */

/** @typedef {{ SpeechRecognition?: new () => Recognition,
    webkitSpeechRecognition?: new () => Recognition }} Browser */

const kind = () => {
  const { SpeechRecognition, webkitSpeechRecognition } = /** @type {Browser} */ (
    /** @type {unknown} */ (globalThis)
  );
  return SpeechRecognition ?? webkitSpeechRecognition;
};

/** Whether speech can be recognized here. Pages without TLS get no microphone. */
export const canRecognize = () => isSecureContext && kind() !== undefined;

/** A new one; null where there is none. */
export function recognizer() {
  const Kind = kind();
  return Kind ? new Kind() : null;
}
