// What a rollout of configuration says in words, and how far it is along its bar.

import type { ConfiguredProfile, Rollout } from "../api.ts";
import type { Tone } from "./status.ts";

/** How versions differ between git's description, AppConfig and readers, the worst first. */
export function agreement({ kept, served, rollout }: ConfiguredProfile): { word: string; tone: Tone } {
  if (served !== null && served.refused.length > 0) {
    return { word: "The deployed code refuses what is served: running processes keep the value before, new ones take defaults.", tone: "bad" };
  }
  if (served !== null && served.as_described === false) {
    return { word: "What is served is not what its description says: it was changed by hand.", tone: "bad" };
  }
  if (served !== null && served.commit === null) {
    return { word: "What is served does not come from git: make config-drift shows how it differs.", tone: "warn" };
  }
  if (rollout?.under_way) return { word: `Version ${rollout.version} is on its way.`, tone: "busy" };
  if (kept !== null && kept.version !== served?.version) {
    return { word: `Version ${kept.version} is kept and not served.`, tone: "warn" };
  }
  return served === null
    ? { word: "Readers use their packaged defaults.", tone: "plain" }
    : { word: "What was deployed from git is what is served.", tone: "good" };
}

/** A rollout's strategy in words. */
export function pace(rollout: Rollout): string {
  const name = rollout.strategy === null ? "A strategy that is none of the service's" : `Strategy ${rollout.strategy}`;
  const steps =
    rollout.minutes === 0 ? "everybody at once" : `${count(rollout.minutes)} in steps of ${rollout.step_percent} %`;
  const bake = rollout.bake_minutes === 0 ? "alarms are not waited for" : `alarms can take it back for ${count(rollout.bake_minutes)} more`;
  return `${name}: ${steps}, and then ${bake}.`;
}

function count(minutes: number): string {
  return minutes === 1 ? "a minute" : `${minutes} minutes`;
}

/** Where steps end on the bar, in percent; none where there is a single one or too many to see. */
export function steps(rollout: Rollout): number[] {
  const size = rollout.step_percent;
  if (!(size >= 5 && size < 100) || rollout.minutes === 0) return [];
  return Array.from({ length: Math.ceil(100 / size) - 1 }, (_, index) => (index + 1) * size);
}

/** A percentage within its bounds, whatever was told. */
export function bounded(percent: number): number {
  return Number.isFinite(percent) ? Math.min(100, Math.max(0, percent)) : 0;
}
