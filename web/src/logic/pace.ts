// When to ask next: often while something happens, seldom while nothing does, never while hidden.

const SECOND = 1000;
const BUSY = 1 * SECOND;
const QUIET = 5 * SECOND;
const IDLE = 15 * SECOND;
const QUIET_AFTER = 15 * SECOND;
const IDLE_AFTER = 120 * SECOND;
const AT_MOST = 30 * SECOND;
const GROWS = 1.3; // so a page is back within a third of the time for which the API was gone

export interface Pace {
  readonly lastHappened: number; // milliseconds, of the page's own clock
  readonly failures: number; // in a row
}

export function begin(now: number): Pace {
  return { lastHappened: now, failures: 0 };
}

/** The API answered; `happened` says whether it told anything new. */
export function answered(pace: Pace, now: number, happened: boolean): Pace {
  return { lastHappened: happened ? now : pace.lastHappened, failures: 0 };
}

export function failed(pace: Pace): Pace {
  return { ...pace, failures: pace.failures + 1 };
}

/** The operator came back or did something: what follows is worth a close look. */
export function woken(pace: Pace, now: number): Pace {
  return { ...pace, lastHappened: now };
}

/** Milliseconds until the next question; null while the page is hidden. */
export function wait(pace: Pace, now: number, hidden: boolean): number | null {
  if (hidden) return null;
  if (pace.failures > 0) return Math.min(AT_MOST, Math.round(SECOND * GROWS ** (pace.failures - 1)));
  const quiet = now - pace.lastHappened;
  if (quiet < QUIET_AFTER) return BUSY;
  return quiet < IDLE_AFTER ? QUIET : IDLE;
}
