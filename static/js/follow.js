// Keeps the end of the conversation in sight, but only while the reader is there.

const NEAR_PX = 56;

export class Follow {
  #following = true;
  #lastTop = 0;

  /** `jump`: the button that leads back to the end; it shows while there is something below. */
  constructor(scroller, content, jump, bar) {
    this.scroller = scroller;
    this.content = content;
    this.jump = jump;
    // What the reader opens is to be read from its beginning.
    content.addEventListener('unfold', () => { this.#following = false; });
    scroller.addEventListener('scroll', () => {
      bar.toggleAttribute('data-scrolled', scroller.scrollTop > 4);
      this.#read();
    }, { passive: true });
    jump.addEventListener('click', () => this.toEnd({ smooth: true }));
    const watch = new ResizeObserver(() => this.#keep());
    watch.observe(content);
    watch.observe(scroller);
  }

  /** Goes to the end and stays there. */
  toEnd({ smooth = false } = {}) {
    this.#following = true;
    this.jump.hidden = true;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.scroller.scrollTo({ top: this.#end, behavior: smooth && !still ? 'smooth' : 'instant' });
  }

  /** Scrolls by screens, for a reader whose focus is elsewhere. */
  scroll(pages) {
    this.scroller.scrollBy({ top: pages * this.scroller.clientHeight * 0.9, behavior: 'instant' });
  }

  /** Where there is no conversation yet, the page begins at its beginning. */
  get #end() {
    return this.content.querySelector('.turn') ? this.scroller.scrollHeight : 0;
  }

  #distance() {
    if (this.#end === 0) return 0;
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  #read() {
    const upwards = this.scroller.scrollTop < this.#lastTop;
    this.#lastTop = this.scroller.scrollTop;
    const atEnd = this.#distance() < NEAR_PX;
    if (atEnd) this.#following = true;
    else if (upwards) this.#following = false;
    this.jump.hidden = atEnd || this.#following;
  }

  #keep() {
    if (this.#following) this.scroller.scrollTop = this.#end;
    else this.jump.hidden = this.#distance() < NEAR_PX;
  }
}
