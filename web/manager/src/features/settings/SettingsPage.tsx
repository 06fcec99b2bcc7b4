import { Box, Group, NavLink, Select } from "@mantine/core";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { NotFound } from "../../ui/NotFound";
import { Page } from "../../ui/Page";
import { ApiKeysSection } from "./api-keys/ApiKeysSection";
import { CarriersSection } from "./CarriersSection";
import { EventWebhooksSection } from "./EventWebhooksSection";
import { PlanSection } from "./PlanSection";
import { ProfileSection } from "./ProfileSection";
import { ProvidersSection } from "./ProvidersSection";
import { UsersSection } from "./users/UsersSection";
import { WebhooksSection } from "./WebhooksSection";

interface SettingsSection {
  id: string;
  label: string;
  content: ComponentType;
}

export const SECTIONS: SettingsSection[] = [
  { id: "profile", label: "Profile", content: ProfileSection },
  { id: "users", label: "Users and roles", content: UsersSection },
  { id: "api-keys", label: "API keys", content: ApiKeysSection },
  { id: "plan", label: "Plan and usage", content: PlanSection },
  { id: "carriers", label: "Carriers", content: CarriersSection },
  { id: "providers", label: "AI providers", content: ProvidersSection },
  { id: "webhooks", label: "Webhook keys", content: WebhooksSection },
  { id: "events", label: "Event webhooks", content: EventWebhooksSection },
];

export function SettingsPage() {
  const { section } = useParams({ from: "/shell/settings/$section" });
  const navigate = useNavigate();
  const shown = SECTIONS.find((candidate) => candidate.id === section);
  if (!shown) return <NotFound />;
  return (
    <Page title="Settings">
      <Group align="flex-start" gap="xl" wrap="wrap">
        <Select
          hiddenFrom="md"
          w="100%"
          aria-label="Section of the settings"
          data={SECTIONS.map(({ id, label }) => ({ value: id, label }))}
          value={section}
          onChange={(value) => value && void navigate({ to: "/settings/$section", params: { section: value } })}
        />
        <Box component="nav" aria-label="Settings" w={200} visibleFrom="md">
          {SECTIONS.map(({ id, label }) => (
            <NavLink
              key={id}
              renderRoot={(props) => <Link to="/settings/$section" params={{ section: id }} {...props} />}
              label={label}
              style={{ borderRadius: 8 }}
              active={id === section}
              aria-current={id === section ? "page" : undefined}
            />
          ))}
        </Box>
        <Box flex={1} miw={{ base: "100%", md: 480 }} maw={880}>
          <shown.content />
        </Box>
      </Group>
    </Page>
  );
}
