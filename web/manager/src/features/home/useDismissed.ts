import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { meQuery } from "../../api/me";

/** Whether the person hid the first steps, in this browser and for this tenant. */
export function useDismissed(): [boolean, () => void] {
  const { data: me } = useQuery(meQuery);
  const name = `callstage-first-steps-hidden-${me?.tenant_id ?? ""}`;
  const [isHidden, setHidden] = useState(() => read(name));
  return [
    isHidden,
    () => {
      setHidden(true);
      try {
        localStorage.setItem(name, "1");
      } catch {
        // Without storage it comes back with the next visit.
      }
    },
  ];
}

function read(name: string): boolean {
  try {
    return localStorage.getItem(name) !== null;
  } catch {
    return false;
  }
}
