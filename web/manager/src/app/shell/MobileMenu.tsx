import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { Navigation } from "./Navigation";
import classes from "./Shell.module.css";

interface MobileMenuProps {
  isOpen: boolean;
  onClose: () => void;
  brand: ReactNode;
}

/** The rail as a drawer. The browser's own modal dialog keeps the focus inside and closes on Escape. */
export function MobileMenu({ isOpen, onClose, brand }: MobileMenuProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const address = useRouterState({ select: (state) => state.location.href });

  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu
  useEffect(onClose, [address]);

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it; the click is for the backdrop
    <dialog
      ref={dialog}
      className={classes.drawer}
      aria-label="Menu"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      {isOpen && (
        <>
          <div className={classes.top}>
            {brand}
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Close the menu" onClick={onClose}>
              <IconX size={20} />
            </ActionIcon>
          </div>
          <Navigation onSearch={onClose} />
        </>
      )}
    </dialog>
  );
}
