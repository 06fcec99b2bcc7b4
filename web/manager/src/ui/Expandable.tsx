import { Stack, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import classes from "./Expandable.module.css";

/** A list of lines that open to more, each an `Expandable`. */
export function ExpandableList({ children }: { children: ReactNode }) {
  return (
    <Stack gap={0} component="ul" m={0} p={0} style={{ listStyle: "none" }}>
      {children}
    </Stack>
  );
}

/** One line; what it opens to is made when it is opened. */
export function Expandable({ line, children }: { line: ReactNode; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <li className={classes.entry}>
      <UnstyledButton className={classes.line} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <IconChevronRight size={16} aria-hidden className={classes.chevron} data-open={isOpen || undefined} />
        {line}
      </UnstyledButton>
      {isOpen && (
        <Stack gap="sm" py="sm" pl={{ base: 0, sm: 24 }}>
          {children}
        </Stack>
      )}
    </li>
  );
}
