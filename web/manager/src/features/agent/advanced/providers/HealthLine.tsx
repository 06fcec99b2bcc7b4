import { Badge, Group } from "@mantine/core";
import type { Schemas } from "../../../../api/api";
import { healthWords } from "../../../settings/providerWords";
import { providerLabel } from "./catalogue";

/** How each provider is at the moment. */
export function HealthLine({ health }: { health: Schemas["ProviderHealth"][] }) {
  if (health.length === 0) return null;
  return (
    <Group gap="xs" role="list" aria-label="Health of the providers">
      {health.map((item) => {
        const state = healthWords(item);
        return (
          <Badge key={item.provider} role="listitem" {...(state.color === "gray" ? { variant: "default" } : { color: state.color })}>
            {providerLabel(item.provider)}: {state.text}
          </Badge>
        );
      })}
    </Group>
  );
}
