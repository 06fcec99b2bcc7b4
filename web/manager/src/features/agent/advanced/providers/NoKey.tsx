import { Text } from "@mantine/core";
import { TextLink } from "../../../../ui/TextLink";
import { providerLabel } from "./catalogue";

/** Chosen, and not usable yet. */
export function NoKey({ provider }: { provider: string }) {
  return (
    <Text size="sm" c="var(--callstage-warn-ink)" role="status">
      {providerLabel(provider)} has no key, so calls would fall back.{" "}
      <TextLink to="/settings/$section" params={{ section: "providers" }} underline="always" size="sm">
        Store one
      </TextLink>
    </Text>
  );
}
