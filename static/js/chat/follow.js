// Keeps the end of the conversation in sight, but only while the reader is there.

const NEAR_PX = 56;
const UP_KEYS = new Set(['ArrowUp', 'PageUp', 'Home']);

export class Follow {
  #following = true;
  #held = false;
  #lastTop = 0;
  #touchY = 0;

  /** `jump`: the button that leads back to the end; it shows while there is something below.
      @param {HTMLElement} scroller
      @param {HTMLElement} content
      @param {HTMLElement} jump
      @param {Element} bar */
  constructor(scroller, content, jump, bar) {
    this.scroller = scroller;
    this.content = content;
    this.jump = jump;
    // What the reader opens is to be read from its beginning.
    content.addEventListener('unfold', () => {
      this.#following = false;
    });
    scroller.addEventListener(
      'scroll',
      () => {
        bar.toggleAttribute('data-scrolled', scroller.scrollTop > 4);
        this.#read();
      },
      { passive: true },
    );
    jump.addEventListener('click', () => this.toEnd({ smooth: true }));
    this.#hearReader();
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
    this.#lastTop = this.scroller.scrollTop;
  }

  /** The next answer begins without the reader's doing: who reads elsewhere stays there. */
  hold() {
    this.#held = !this.#following;
  }

  /** Goes to the end for an answer that begins. */
  toEndUnlessHeld() {
    if (!this.#held) this.toEnd();
    this.#held = false;
  }

  /** Scrolls by screens, for a reader whose focus is elsewhere.
      @param {number} pages */
  scroll(pages) {
    if (pages < 0) this.#letGo();
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

  /** The first move upwards lets go, before it has led anywhere: what is written meanwhile would else
      take it back. Other ways to scroll, such as the scroll bar, are seen by where they have led. */
  #hearReader() {
    /** @template {'wheel' | 'touchstart' | 'touchmove' | 'keydown'} Type
        @param {Type} type
        @param {(event: HTMLElementEventMap[Type]) => boolean} isUp */
    const hear = (type, isUp) =>
      this.scroller.addEventListener(
        type,
        (event) => {
          if (isUp(event)) this.#letGo();
        },
        { passive: true },
      );
    hear('wheel', ({ deltaY, ctrlKey }) => deltaY < 0 && !ctrlKey);
    hear('touchstart', ({ touches }) => {
      this.#touchY = touches[0].clientY;
      return false;
    });
    hear('touchmove', ({ touches }) => {
      const before = this.#touchY;
      this.#touchY = touches[0].clientY;
      return touches.length === 1 && this.#touchY > before;
    });
    hear('keydown', ({ key, target }) => UP_KEYS.has(key) && !isField(target));
  }

  #letGo() {
    if (this.scroller.scrollTop > 0) this.#following = false;
  }

  #read() {
    const { scrollTop } = this.scroller;
    const upwards = scrollTop < this.#lastTop;
    this.#lastTop = scrollTop;
    const distance = this.#distance();
    // What became shorter moves upwards too, but to its end.
    if (upwards && distance >= 1) this.#following = false;
    else if (distance < NEAR_PX) this.#following = true;
    this.jump.hidden = distance < NEAR_PX || this.#following;
  }

  #keep() {
    if (this.#following) {
      this.scroller.scrollTop = this.#end;
      this.#lastTop = this.scroller.scrollTop;
    } else {
      this.jump.hidden = this.#distance() < NEAR_PX;
    }
  }
}

/** @param {EventTarget | null} target */
const isField = (target) => target instanceof Element && target.closest('input, textarea, select');
