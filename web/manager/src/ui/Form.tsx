import { Stack, type StackProps } from "@mantine/core";
import type { FormEvent } from "react";

interface FormProps extends Omit<StackProps, "onSubmit"> {
  onSubmit: () => unknown;
  /** The browser's own messages stay away; the form has its own. */
  noValidate?: boolean;
}

/** Fields under each other and a button that submits; the page stays. Goes with `useSubmit`. */
export function Form({ onSubmit, ...props }: FormProps) {
  return (
    <Stack
      component="form"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        onSubmit();
      }}
      {...props}
    />
  );
}
