import type { MenuProps } from "@mantine/core";
import { type RefObject, useRef, useState } from "react";

/** For a menu whose code is loaded by the press that opens it: open from its first render on, and the focus comes back to its button. */
export function useOpenedMenu(): {
  target: RefObject<HTMLButtonElement | null>;
  menu: Pick<MenuProps, "opened" | "onChange" | "returnFocus">;
} {
  const target = useRef<HTMLButtonElement>(null);
  const [opened, setOpened] = useState(true);
  return {
    target,
    menu: {
      opened,
      // The button that was pressed is gone with the loading; this one stands in its place.
      returnFocus: false,
      onChange: (isOpen) => {
        setOpened(isOpen);
        if (!isOpen) target.current?.focus({ preventScroll: true });
      },
    },
  };
}
