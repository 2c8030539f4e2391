// What is used of highlight.js, whose distribution for browsers has no types. Not served.

export interface TokenTreeRenderer {
  addText(text: string): void;
  openNode(node: { scope?: string }): void;
  closeNode(node: { scope?: string }): void;
}

export interface Highlighter {
  registerLanguage(name: string, language: unknown): void;
  highlight(
    text: string,
    options: { language: string; ignoreIllegals: boolean },
  ): { _emitter: { walk(renderer: TokenTreeRenderer): void } };
}

declare const library: Highlighter;
export default library;
