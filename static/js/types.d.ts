// What the page's modules hand to each other. For editors and `make types`; it is not served.

// -- what is kept on the device ------------------------------------------------------------------

export interface ChatRecord {
  id: string;
  title: string;
  createdAt: number;
  updatedAt: number;
  pinned: boolean;
  /** The id of the first message that is shown; each message names the next. */
  shown: string | null;
  /** Words by which the reader finds it. */
  tags?: string[];
  /** The model that answers besides the chosen one, where two are compared. */
  second?: string;
  /** It is kept nowhere. */
  temporary?: boolean;
  /** Its own settings, where they differ from those of all chats; see chat_settings.js. */
  settings?: Record<string, string>;
}

export interface TextFile {
  name: string;
  text: string;
}

/** A file that is attached and not sent yet. */
export interface AttachedFile extends TextFile {
  /** In bytes, before it was decoded. */
  size: number;
  /** How many a PDF has. */
  pages?: number;
}

/** A call of a tool, as Ollama gives it. */
export interface ToolCall {
  function: { name: string; arguments?: unknown };
}

export type MessageState =
  | 'running'
  | 'done'
  | 'stopped'
  | 'failed'
  | 'interrupted'
  /** Another tab follows it. */
  | 'elsewhere';

/** A question of the reader's, or an answer. */
export interface Message {
  id: string;
  /** The id of its chat. */
  chat: string;
  /** The id of the message above it; null for a first one. */
  parent: string | null;
  /** The id of the message below it that is shown. */
  shown: string | null;
  /** When it was written, as Date.now() tells. */
  at: number;
  role: 'user' | 'assistant';
  content: string;
  /** The ids of the answers to it that are shown side by side; see beside.js. */
  beside?: string[];
  /** The reader changed it afterwards. */
  edited?: boolean;
  /** What models are given instead of this message and those before it. */
  summary?: string;
  // Of a question:
  /** Base64 each. */
  images?: string[];
  files?: TextFile[];
  // Of an answer:
  model?: string;
  state?: MessageState;
  thinking?: string;
  thinkingMs?: number;
  toolCalls?: ToolCall[];
  /** What the reader wrote in, one for each call. */
  toolResults?: string[];
  failure?: Failure;
  facts?: Facts;
  /** While it is written: where another page can go on. */
  resume?: ResumePlace;
}

export type NewMessage = Partial<Message> & Pick<Message, 'role'>;

/** A chat as chat_store.js keeps it. */
export interface StoredChat {
  chat: ChatRecord;
  messages: Message[];
}

/** What a chat can be saved as. */
export type FileForm = 'markdown' | 'html' | 'json' | 'print';

/** What is to be stored of a chat. */
export interface ChatChanges {
  id: string;
  chat: ChatRecord;
  put: Message[];
  remove: string[];
}

// -- what an answer cost, and how it failed ------------------------------------------------------

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export interface Timings {
  total_ms?: number;
  load_ms?: number;
  tokens_per_second?: number;
}

export type Way = 'socket' | 'http';

export interface Facts {
  reason?: string;
  usage?: Partial<Usage>;
  timings?: Timings;
  /** From the question to the first word. */
  firstMs?: number | null;
  /** In tokens: what the model ran with. */
  context?: number | null;
  way?: Way;
}

export type FailureAction =
  | 'token'
  | 'model'
  | 'pull'
  | 'retry'
  | 'reload'
  | 'save'
  | 'window'
  | 'compact'
  | 'summary'
  | 'stop';

/** What runs for each of a failure's actions; null where it is not offered. */
export type FailureActions = { [name in FailureAction]?: (() => unknown) | null };

/** A failure as the page shows it; see failure.js. */
export interface Failure {
  what: string;
  next: string;
  actions: FailureAction[];
  params: Params;
  said: string;
  retryAt?: number | null;
}

/** What a failure is made of: an HTTP status, or an `error` frame. */
export interface Refusal {
  /** 0: not reached at all. */
  status: number;
  message: string;
  code?: string;
  retryAfter?: number | null;
  retry_after?: number | null;
}

// -- what is said to the gateway, and what it answers --------------------------------------------

export interface OllamaMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
  images?: string[];
  tool_calls?: ToolCall[];
  tool_name?: string;
}

export interface ChatOptions {
  options?: Record<string, number | boolean | string[]>;
  truncate?: boolean;
  shift?: boolean;
  keep_alive?: number | string;
  format?: unknown;
  tools?: ToolCall[];
  think?: boolean | string;
}

/** The fields of a chat frame. */
export interface ChatRequest extends ChatOptions {
  model: string;
  messages: OllamaMessage[];
}

/** The fields of a request frame. */
export interface RouteRequest {
  method: string;
  path: string;
  body?: unknown;
}

export interface Closed {
  code: number;
  reason: string;
}

export interface DeltaFrame {
  type: 'delta';
  content?: string;
  thinking?: string;
  tool_calls?: ToolCall[];
}

export interface DoneFrame {
  type: 'done';
  reason: string;
  usage?: Usage;
  timings?: Timings;
}

export interface ErrorFrame extends Refusal {
  type: 'error';
}

export interface LostFrame extends Closed {
  type: 'lost';
}

/** What runs and what waits on the server, as `GET /queue` tells it too. */
export interface QueueState {
  running: number;
  waiting: number;
  max_parallel: number;
  requests: QueueRow[];
}

export interface QueueRow {
  id: number;
  /** Null for callers without one. */
  credential: string | null;
  model: string | null;
  /** 0: it has a slot. */
  position: number;
  waited_s: number;
  running_s: number | null;
  output_tokens: number;
  /** Of the client; for those who may manage. */
  client?: string;
}

export interface ActivityFrame extends QueueState {
  type: 'activity';
}

/** A frame from the gateway (docs/websocket.md), or of a transport's own: `waiting`, `back`, `lost`. */
export type Frame = { id?: string; seq?: number } & (
  | { type: 'start'; stream?: string }
  | { type: 'queued'; position: number }
  | DeltaFrame
  | DoneFrame
  | ErrorFrame
  | { type: 'response'; status: number }
  | { type: 'chunk'; data: PullProgress }
  | { type: 'end' }
  | ActivityFrame
  | { type: 'waiting' }
  | { type: 'back' }
  | LostFrame
);

export type FrameListener = (frame: Frame) => void;

/** A line of Ollama's reply to a pull. */
export interface PullProgress {
  error?: unknown;
  status?: string;
  completed?: number;
  total?: number;
}

/** A line of Ollama's reply to a chat. */
export interface ChatLine {
  error?: unknown;
  message?: { content?: string; thinking?: string; tool_calls?: ToolCall[] };
  done?: boolean;
  done_reason?: string;
  prompt_eval_count?: number;
  eval_count?: number;
  eval_duration?: number;
  total_duration?: number;
  load_duration?: number;
}

/** Where in the stream of a chat another page can go on. */
export interface ResumePlace {
  /** Of the chat, in its frames. */
  id: string;
  stream: string;
  seq?: number;
  /** In the gateway's queue. */
  place?: number;
  tags?: ThinkPlace;
}

/** How far the thoughts in an answer were read. */
export interface ThinkPlace {
  state?: 'before' | 'opened' | 'inside' | 'gap' | 'after';
  held?: string;
}

/** A model, as Ollama's list has it. */
export interface Model {
  name: string;
  size?: number;
  capabilities: string[];
  details?: ModelFamily;
  context_length?: number;
}

export interface ModelFamily {
  family?: string;
  families?: string[] | null;
  parameter_size?: string;
  quantization_level?: string;
}

/** What Ollama shows of a model. */
export interface ModelDetails {
  capabilities?: string[];
  parameters?: string;
  system?: string;
  license?: string;
  template?: string;
  model_info?: Record<string, unknown>;
}

/** A model on its way to the server. */
export interface Pull {
  id: string;
  name: string;
  status: string;
  completed: number;
  total: number;
  failure: Failure | null;
  tries: number;
  /** The status with which the route answered, where it refused. */
  refused?: number;
  stop: () => void;
}

/** A token, as those who may manage are shown it. */
export interface StoredToken {
  name: string;
  source: 'store' | 'configuration';
  status: 'valid' | 'expired' | 'revoked' | 'replaced' | 'being replaced';
  fingerprint: string;
  scopes: string[];
  models?: string[];
  expires?: number;
  created?: number;
}

/** What somebody has used, as `/usage` tells it: the sums of what `by` names. */
export interface UsageRow {
  day?: string;
  credential?: string;
  model?: string;
  requests: number;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  load_seconds: number;
  prompt_seconds: number;
  completion_seconds: number;
}

export interface RecentError {
  time: number;
  kind: string;
  status: number;
  method: string;
  path: string;
  credential: string;
  client: string;
  model: string | null;
  request_id: string;
}

/** A message in which something was found. */
export interface Hit {
  message: string;
  /** In lower case. */
  words: string;
}

// -- what is on the screen -----------------------------------------------------------------------

export type Params = Record<string, unknown>;

export type Child = Node | string | null | undefined;

/** See `el` in dom.js. */
export interface Properties {
  class?: string;
  text?: string;
  t?: string;
  label?: string;
  placeholder?: string;
  params?: Params;
  icon?: string;
  on?: { [type in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[type]) => unknown };
  data?: Record<string, string>;
  [attribute: string]: unknown;
}

/** What index.html, or what is built into it, gives an id. */
export interface PageElements {
  announcer: HTMLElement;
  ask: HTMLDialogElement;
  attach: HTMLButtonElement;
  attachments: HTMLElement;
  'backend-chip': HTMLElement;
  bar: HTMLElement;
  broken: HTMLElement;
  chats: HTMLElement;
  composer: HTMLFormElement;
  content: HTMLElement;
  hint: HTMLElement;
  context: HTMLElement;
  help: HTMLDialogElement;
  jump: HTMLButtonElement;
  menu: HTMLElement;
  'menu-button': HTMLButtonElement;
  message: HTMLTextAreaElement;
  'model-button': HTMLButtonElement;
  'model-name': HTMLElement;
  'model-panel': HTMLElement;
  'model-size': HTMLElement;
  'models-entry': HTMLButtonElement;
  'models-view': HTMLDialogElement;
  'new-chat': HTMLButtonElement;
  next: HTMLButtonElement;
  notice: HTMLElement;
  'operator-entry': HTMLButtonElement;
  'operator-view': HTMLDialogElement;
  scroller: HTMLElement;
  send: HTMLButtonElement;
  settings: HTMLDialogElement;
  'settings-button': HTMLButtonElement;
  side: HTMLElement;
  'side-shade': HTMLElement;
  'side-toggle': HTMLButtonElement;
  skip: HTMLElement;
  toast: HTMLElement;
  unsaved: HTMLElement;
  'token-dialog': HTMLDialogElement;
  transcript: HTMLElement;
  welcome: HTMLElement;
}

export interface MenuEntry {
  icon: string;
  t: string;
  run: () => unknown;
  id?: string;
}

/** The settings that the drawer shows: of all chats, or of one. */
export interface SettingsScope {
  get: (name: string) => string;
  set: (name: string, value: string | null) => void;
  isOwn: (name: string) => boolean;
  reset: () => void;
  readonly canUndo: boolean;
  undo: () => void;
}

/** What can be done with a message. */
export interface MessageActions extends FailureActions {
  retry: () => void;
  retryWith: (at: HTMLElement) => void;
  /** Has another model answer too, beside this answer. */
  alsoWith: (at: HTMLElement) => void;
  stop: () => void;
  /** Goes on with this answer, of several side by side. */
  choose: () => unknown;
  goOn: () => void;
  edit: (text: string) => boolean;
  /** Keeps it in other words; nothing is asked. */
  keep: (text: string) => boolean;
  remove: () => void;
  branch: (step: number) => void;
  fork: () => void;
  /** Gives the model the messages again that a summary stands for. */
  unsum: () => void;
  results: (results: string[]) => void;
}

/** What the chat on the screen works with. */
export interface ConversationParts {
  answers: import('./chat/answers.js').Answers;
  models: import('./models/models.js').Models;
  settings: import('./settings/settings.js').Settings;
  store: import('./history/chat_store.js').ChatStore;
  follow: import('./chat/follow.js').Follow;
  toast: import('./ui/toast.js').Toast;
  focus: () => unknown;
  openToken: () => void;
  /** `at`: the button it belongs to. Without `choose` the choice holds from now on. */
  pickModel: (at?: HTMLElement, choose?: (name: string) => void, words?: string) => void;
  fetchModel: (name?: string) => void;
  mayFetch: () => boolean;
  /** Goes on from a message in a chat of its own. */
  fork: (message: Message) => void;
}

/** A row of a list whose rows stay; see keyed_rows.js. */
export interface Row<Item> {
  node: HTMLElement;
  update: (item: Item) => void;
}

/** A part of the operator's view. */
export interface Section {
  node: HTMLElement;
  /** The view is opened. */
  open: () => unknown;
  /** It is looked at again, every few seconds. */
  look?: () => unknown;
  /** It is closed: nothing secret stays in the document. */
  close?: () => void;
}

/** What shows the text of a message. */
export interface Body {
  node: HTMLElement;
  isEmpty: boolean;
  show: (content: string) => void;
  finish: () => void;
  leave?: () => void;
}

/** A token of Markdown, as marked makes them; which fields it really has depends on its type. */
export interface Token {
  type: string;
  raw: string;
  text: string;
  tokens: Token[];
  items: Token[];
  rows: Token[][];
  header: Token[];
  // biome-ignore lint/suspicious/noExplicitAny: the others are looked at where the type is known
  [field: string]: any;
}

/** What marked's two classes are made into; see markdown.js. */
export interface MarkdownLibrary {
  Lexer: ReturnType<typeof import('./markdown/markdown_bounds.js').boundedClasses>['BoundedLexer'];
  options: object;
}

export type Links = Record<string, { href: string; title?: string }>;

// -- events --------------------------------------------------------------------------------------

export interface StoreChange {
  id: string;
  gone?: boolean;
  elsewhere: boolean;
}

type AnswerEvent = CustomEvent<{
  id: string;
  message: Message;
  conversation: import('./history/conversation.js').Conversation;
}>;

interface PageEvents {
  begin: AnswerEvent;
  end: AnswerEvent;
  measured: AnswerEvent;
  elsewhere: AnswerEvent;
  released: AnswerEvent;
  failed: CustomEvent<{ id: string }>;
  /** Only that of ChatStore has a detail. */
  change: CustomEvent<StoreChange>;
  busy: Event;
  /** Of Composer: what is sent while an answer is written. */
  next: CustomEvent<string>;
  submit: CustomEvent<string>;
}

declare global {
  /** katex.js leaves it here. */
  var katex: typeof import('katex').default;

  interface EventTarget {
    addEventListener<Type extends keyof PageEvents>(
      type: Type,
      listener: (event: PageEvents[Type]) => unknown,
      options?: AddEventListenerOptions,
    ): void;
  }
}
