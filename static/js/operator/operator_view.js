// The operator's view: what the server does now, what it has done, and who may use it. Readers who
// may not manage see what is their own.

import { byId, el } from '../ui/dom.js';
import { closeFromBeside, drawerHead } from '../ui/drawer.js';
import { bindText } from '../ui/i18n.js';
import { ActivitySection } from './activity_section.js';
import { ErrorsSection } from './errors_section.js';
import { ServerSection } from './server_section.js';
import { TokensSection } from './tokens_section.js';
import { UsageSection } from './usage_section.js';

/** @import { Section } from '../types.js'
    @import { Transport } from '../net/transport.js' */

const LOOK_MS = 5_000;

export class OperatorView {
  #clock = 0;

  /** `mayManage`: whether this reader may manage the server.
      @param {Transport} transport
      @param {() => boolean} mayManage */
  constructor(transport, mayManage) {
    this.mayManage = mayManage;
    /** @type {Section[]} */
    this.everybodys = [new ActivitySection(transport), new UsageSection(mayManage)];
    /** @type {Section[]} */
    this.operators = [new ServerSection(), new ErrorsSection(), new TokensSection()];
    const [now, usage] = this.everybodys;
    const [server, errors, tokens] = this.operators;
    this.title = el('h2', { id: 'operator-title', tabindex: '-1' });
    this.dialog = byId('operator-view');
    this.dialog.append(
      drawerHead(this.dialog, this.title),
      el(
        'div',
        { class: 'drawer-body operator' },
        ...[now, server, usage, tokens, errors].map(({ node }) => node),
      ),
    );
    closeFromBeside(this.dialog);
    this.dialog.addEventListener('close', () => this.#leave());
  }

  open() {
    const manages = this.mayManage();
    bindText(this.title, manages ? 'operator.title' : 'operator.title.own');
    for (const { node } of this.operators) node.hidden = !manages;
    this.dialog.showModal();
    this.title.focus();
    for (const section of this.#sections) section.open();
    this.#clock = setInterval(() => this.#look(), LOOK_MS);
  }

  get #sections() {
    return this.mayManage() ? [...this.everybodys, ...this.operators] : this.everybodys;
  }

  #look() {
    if (document.visibilityState !== 'visible') return;
    for (const section of this.#sections) section.look?.();
  }

  #leave() {
    clearInterval(this.#clock);
    for (const section of [...this.everybodys, ...this.operators]) section.close?.();
  }
}
