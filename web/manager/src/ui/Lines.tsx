import { Title } from "@mantine/core";
import { useId } from "react";
import classes from "./Lines.module.css";

/** A value to read. */
export function Json({ title, value }: { title: string; value: unknown }) {
  return <Lines title={title} lines={[JSON.stringify(value, null, 2)]} />;
}

/** Text as it came, with its own scroll. */
export function Lines({ title, lines }: { title: string; lines: string[] }) {
  const id = useId();
  return (
    <div>
      {title && (
        <Title order={3} id={id} mb={4}>
          {title}
        </Title>
      )}
      <pre
        className={classes.lines}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        {...(title ? { "aria-labelledby": id, role: "region" } : { "aria-label": "Value", role: "region" })}
      >
        {lines.join("\n")}
      </pre>
    </div>
  );
}
