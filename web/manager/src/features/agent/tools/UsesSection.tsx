import { Stack, Switch, Text } from "@mantine/core";
import { Section } from "../../../ui/Section";
import { TextLink } from "../../../ui/TextLink";
import { useDraft } from "../draft/DraftProvider";
import { offeredIn, preloaded, usesOf } from "./draftTools";

interface UsesSectionProps {
  name: string;
  isReadOnly: boolean;
  canPreload: boolean;
}

/** Which stages offer the tool, where it leads, and whether it runs during the greeting. */
export function UsesSection({ name, isReadOnly, canPreload }: UsesSectionProps) {
  const { draft, patch } = useDraft();
  const uses = usesOf(draft, name);
  const stages = draft.stages ?? [];
  return (
    <Section title="Where it is used" description="Only the tools of the current stage are offered to the model.">
      <Stack gap="sm">
        {stages.length === 0 && (
          <Text>
            {uses.isSimple ? "The agent has one stage, and offers this tool in it." : "The agent has no stages; this tool is not offered."}
          </Text>
        )}
        {stages.map((stage) => {
          const use = uses.stages.find((item) => item.stage === stage.name);
          const isOffered = (stage.tools ?? []).includes(name);
          return (
            <div key={stage.name}>
              <Switch
                label={stage.name}
                checked={isOffered}
                disabled={isReadOnly}
                onChange={(event) => patch(offeredIn(draft, name, stage.name, event.currentTarget.checked))}
              />
              {use?.transition && (
                <Text size="sm" c="dimmed" ml={44}>
                  then on to{" "}
                  <TextLink
                    underline="always"
                    to="/agents/$agentId/stages"
                    params={{ agentId: draft.agent_id }}
                    search={{ stage: use.transition.to }}
                  >
                    {use.transition.to}
                  </TextLink>
                  {use.transition.handover && ` with “${use.transition.handover}”`}
                </Text>
              )}
            </div>
          );
        })}
        {canPreload && (
          <Switch
            label="Run it during the greeting"
            description="Preload: it gets the caller's data as args, has 3 s, and its results become variables. The model never sees it; let it only read."
            checked={uses.isPreload}
            disabled={isReadOnly}
            onChange={(event) => patch(preloaded(draft, name, event.currentTarget.checked))}
          />
        )}
      </Stack>
    </Section>
  );
}
