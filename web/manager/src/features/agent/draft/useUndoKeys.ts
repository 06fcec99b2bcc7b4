import { useEffect } from "react";
import { tell } from "../../../ui/notify";
import type { DraftSession } from "./session";

/** Ctrl-Z, Ctrl-Shift-Z and Ctrl-Y outside of text fields, which undo their own typing. */
export function useUndoKeys(session: DraftSession): void {
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented || isTextField(event.target)) return;
      const key = event.key.toLowerCase();
      const isRedo = key === "y" || (key === "z" && event.shiftKey);
      if (!isRedo && key !== "z") return;
      event.preventDefault();
      const place = isRedo ? session.redo() : session.undo();
      if (place) tell(`${isRedo ? "Done again" : "Undone"}: ${place.label}`);
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [session]);
}

function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input, textarea, [contenteditable=true], [role=dialog]") !== null;
}
