/** What the deploy bar says, and whether one may deploy. Pure. */
import { phone } from "../../../ui/format";
import type { SaveState } from "../draft/session";

export interface DeployFacts {
  channel: "voice" | "chat";
  /** E.164; null: the agent has none. */
  number: string | null;
  /** Number of the live deployment; null: none. */
  deployment: number | null;
  hasChanges: boolean;
  /** How many places differ from what is live; null: not known. */
  changes: number | null;
  /** Null: not looked yet. */
  errors: number | null;
  warnings: number | null;
  saveState: SaveState;
  isReadOnly: boolean;
}

export interface DeployView {
  tone: "never" | "live" | "changed";
  /** "Deployment 12 is live", "4 changes are not live yet". */
  status: string;
  /** What the button does: "Deploy to +1 202 555 0100". */
  action: string;
  /** Why the button does nothing; empty: it does. */
  obstacle: string;
}

export function deployView(facts: DeployFacts): DeployView {
  return { tone: toneOf(facts), status: statusOf(facts), action: actionOf(facts), obstacle: obstacleOf(facts) };
}

function toneOf({ deployment, hasChanges }: DeployFacts): DeployView["tone"] {
  if (deployment === null) return "never";
  return hasChanges ? "changed" : "live";
}

function statusOf({ deployment, hasChanges, changes }: DeployFacts): string {
  if (deployment === null) return "Not deployed yet";
  if (!hasChanges || changes === 0) return `Deployment ${deployment} is live`;
  if (changes === null) return `Deployment ${deployment} is live, the draft differs`;
  return changes === 1 ? "1 change is not live yet" : `${changes} changes are not live yet`;
}

function actionOf({ number }: DeployFacts): string {
  return number ? `Deploy to ${phone(number)}` : "Deploy";
}

function obstacleOf({ isReadOnly, saveState, errors, deployment, hasChanges }: DeployFacts): string {
  if (isReadOnly) return "This needs the role editor. Ask an owner of your workspace.";
  if (saveState === "conflict") return "Choose first which version stays.";
  if (errors) return errors === 1 ? "One error blocks the deploy." : `${errors} errors block the deploy.`;
  if (deployment !== null && !hasChanges && saveState === "saved") return "Everything is live already.";
  return "";
}

/** "2 errors, 1 warning"; empty when there are none. */
export function findingsInWords(errors: number, warnings: number): string {
  const words = [];
  if (errors > 0) words.push(errors === 1 ? "1 error" : `${errors} errors`);
  if (warnings > 0) words.push(warnings === 1 ? "1 warning" : `${warnings} warnings`);
  return words.join(", ");
}
