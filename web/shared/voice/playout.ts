/** When chunks of the agent's voice are to be played. Pure: time comes in. */

/** Held back before the first chunk: what a network's jitter may eat up. */
const LEAD_S = 0.06;
const LONGEST_LEAD_S = 0.3;

export class PlayoutSchedule {
  private endsAtS = 0;
  private leadS = LEAD_S;

  /** When a chunk of `durationS` begins, on the clock of `nowS`. A gap in the middle of speech makes the next lead longer. */
  next(nowS: number, durationS: number): number {
    if (this.endsAtS < nowS) {
      if (this.endsAtS > 0 && nowS - this.endsAtS < 1) this.leadS = Math.min(LONGEST_LEAD_S, this.leadS * 1.5);
      this.endsAtS = nowS + this.leadS;
    }
    const startsAtS = this.endsAtS;
    this.endsAtS += durationS;
    return startsAtS;
  }

  /** Nothing is queued any more. */
  clear(): void {
    this.endsAtS = 0;
  }

  /** A reply is complete: the next gap is a pause and no fault of the network. */
  finished(): void {
    this.leadS = LEAD_S;
  }

  /** Seconds that are still to be heard. */
  left(nowS: number): number {
    return Math.max(0, this.endsAtS - nowS);
  }
}
