import { useHotkeys } from "@mantine/hooks";
import { lazy, Suspense, useState, useSyncExternalStore } from "react";
import { withStyles } from "../lazyStyles";

const Palette = lazy(withStyles(() => import("./Palette")));

let wanted = 0;
const listeners = new Set<() => void>();

/** Opens it from anywhere; its code is loaded with the first use. */
export function openCommandPalette(): void {
  wanted += 1;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Ctrl-K or ⌘K, also from inside fields and editors. */
export function CommandPalette() {
  const asked = useSyncExternalStore(subscribe, () => wanted);
  const [closedAt, setClosedAt] = useState(0);
  const isOpen = asked > closedAt;
  useHotkeys([["mod+K", () => (isOpen ? setClosedAt(asked) : openCommandPalette())]], [], true);
  if (asked === 0) return null;
  return (
    <Suspense fallback={null}>
      <Palette isOpen={isOpen} onClose={() => setClosedAt(asked)} />
    </Suspense>
  );
}
