/** Texts that were written and have no answer yet: they are sent again after a lost connection, under the same id (answered once). Pure. */

export interface Unanswered {
  id: string;
  text: string;
}

export class Unsent {
  private waiting: Unanswered[];

  constructor(
    waiting: readonly Unanswered[] = [],
    private readonly newId: () => string = randomId,
  ) {
    this.waiting = [...waiting];
  }

  add(text: string): Unanswered {
    const item = { id: this.newId(), text };
    this.waiting.push(item);
    return item;
  }

  /** The oldest has its answer. */
  answered(): void {
    this.waiting.shift();
  }

  all(): readonly Unanswered[] {
    return this.waiting;
  }
}

/** Not `crypto.randomUUID`: pages without HTTPS lack it. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
