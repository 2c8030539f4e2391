// Images that are kept as Ollama takes them, base64 alone.

/** The address of such an image: its kind is told by its first bytes.
    @param {string} base64 */
export function dataUrl(base64) {
  const kind = base64.startsWith('iVBOR')
    ? 'png'
    : base64.startsWith('R0lGOD')
      ? 'gif'
      : base64.startsWith('UklGR')
        ? 'webp'
        : 'jpeg';
  return `data:image/${kind};base64,${base64}`;
}
