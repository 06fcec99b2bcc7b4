import { useLocalStorage } from "@mantine/hooks";
import type { CallsSearch } from "../../app/router";

export interface SavedView {
  name: string;
  search: CallsSearch;
}

/** Named filters, kept in this browser. */
export function useSavedViews() {
  const [views, setViews] = useLocalStorage<SavedView[]>({ key: "callstage.call-views", defaultValue: [] });
  return {
    views,
    save: (view: SavedView) => setViews((before) => [...before.filter((other) => other.name !== view.name), view]),
    remove: (name: string) => setViews((before) => before.filter((view) => view.name !== name)),
  };
}
