import { Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { Page } from "../../../ui/Page";
import { useDraft } from "../draft/DraftProvider";
import styles from "./AdvancedTab.module.css";
import { ProvidersSection } from "./providers/ProvidersSection";
import { ActivationSection } from "./sections/ActivationSection";
import { BackendSection } from "./sections/BackendSection";
import { DangerSection } from "./sections/DangerSection";
import { IntegrationsSection } from "./sections/IntegrationsSection";
import { PersonaSection } from "./sections/PersonaSection";
import { RecordingSection } from "./sections/RecordingSection";
import { TestCallerSection } from "./sections/TestCallerSection";
import { WebhookSection } from "./sections/WebhookSection";
import { TurnTakingSection } from "./turns/TurnTakingSection";
import { VoiceSection } from "./voice/VoiceSection";

interface Part {
  anchor: string;
  label: string;
  content: ComponentType;
  isVoiceOnly?: boolean;
}

const PARTS: Part[] = [
  { anchor: "persona", label: "Persona", content: PersonaSection },
  { anchor: "voice", label: "Voice and language", content: VoiceSection },
  { anchor: "turn-taking", label: "Turn-taking", content: TurnTakingSection, isVoiceOnly: true },
  { anchor: "providers", label: "AI providers", content: ProvidersSection },
  { anchor: "backend", label: "Backend", content: BackendSection },
  { anchor: "integrations", label: "Integrations", content: IntegrationsSection },
  { anchor: "webhook", label: "Tools webhook", content: WebhookSection },
  { anchor: "activation", label: "Activation", content: ActivationSection },
  { anchor: "test-caller", label: "Test caller", content: TestCallerSection },
  { anchor: "recording", label: "Recording and disclosure", content: RecordingSection },
  { anchor: "danger", label: "Delete", content: DangerSection },
];

/** Everything about an agent that is neither a stage nor a tool. */
export function AdvancedTab() {
  const { draft, isReadOnly } = useDraft();
  const parts = PARTS.filter((part) => draft.channel !== "chat" || !part.isVoiceOnly);
  return (
    <Page title="Advanced">
      <div className={styles.frame}>
        <nav aria-label="Advanced settings" className={styles.nav}>
          {parts.map(({ anchor, label }) => (
            <Link
              key={anchor}
              className={styles.link}
              to="/agents/$agentId/advanced"
              params={{ agentId: draft.agent_id }}
              hash={anchor}
              replace
              activeOptions={{ includeHash: true }}
            >
              {label}
            </Link>
          ))}
        </nav>
        <div className={styles.sections}>
          {isReadOnly && <Text c="dimmed">You may look at these settings. Changing them needs the role editor; ask an owner.</Text>}
          {parts.map(({ anchor, content: Content }) => (
            <Content key={anchor} />
          ))}
        </div>
      </div>
    </Page>
  );
}
