import { Badge, Button, Group, Modal, Stack, Switch, Text } from "@mantine/core";
import { IconCode } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { $api, api, type Schemas } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { EmptyState } from "../../ui/EmptyState";
import { Loaded } from "../../ui/Loaded";
import { tellProblem } from "../../ui/notify";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { RelativeTime } from "../../ui/RelativeTime";
import { RoleButton } from "../../ui/RoleButton";
import { useMay } from "../../ui/RoleGate";
import { EmbedDetails } from "./EmbedDetails";
import { EmbedForm } from "./EmbedForm";

export type EmbedToken = Schemas["EmbedTokenReply"];

export function EmbedPage() {
  const tokens = $api.useQuery("get", "/v1/embed-tokens", { params: { query: { limit: 200 } } });
  const [edited, setEdited] = useState<EmbedToken | "new" | null>(null);
  const [openId, setOpenId] = useState<string | null>(null);
  return (
    <Page
      title="Embed"
      description="Put an agent on a web page: visitors talk or write to it in their browser. Each site gets a token of its own. The page reaches the deployed agent, never the draft."
      actions={
        <RoleButton needs="editor" onClick={() => setEdited("new")}>
          Add a web site
        </RoleButton>
      }
    >
      <Loaded query={tokens} what="The embed tokens">
        {({ embed_tokens: list }) =>
          list.length === 0 ? (
            <EmptyState icon={<IconCode size={32} stroke={1.5} />} title="On no web site yet">
              Add a web site, paste two lines into its pages, and a button to talk or chat appears there.
            </EmptyState>
          ) : (
            <Stack gap="sm">
              {list.map((token) => (
                <TokenCard
                  key={token.id}
                  token={token}
                  isOpen={openId === token.id}
                  onToggle={() => setOpenId(openId === token.id ? null : token.id)}
                  onEdit={() => setEdited(token)}
                />
              ))}
            </Stack>
          )
        }
      </Loaded>
      <Modal opened={edited !== null} onClose={() => setEdited(null)} title={edited === "new" ? "Add a web site" : edited?.label} size="lg">
        {edited && (
          <EmbedForm
            stored={edited === "new" ? null : edited}
            onDone={(id) => {
              setEdited(null);
              setOpenId(id);
            }}
          />
        )}
      </Modal>
    </Page>
  );
}

interface TokenCardProps {
  token: EmbedToken;
  isOpen: boolean;
  onToggle: () => void;
  onEdit: () => void;
}

function TokenCard({ token, isOpen, onToggle, onEdit }: TokenCardProps) {
  const mayEdit = useMay("editor");
  const queries = useQueryClient();
  const [isRemoving, setRemoving] = useState(false);
  const reload = () => queries.invalidateQueries({ queryKey: ["get", "/v1/embed-tokens"] });

  async function setActive(is_active: boolean) {
    try {
      await api.PATCH("/v1/embed-tokens/{token_id}", { params: { path: { token_id: token.id } }, body: { is_active } });
    } catch (error) {
      tellProblem(error, `${token.label} is unchanged`);
    }
    await reload();
  }

  return (
    <Panel p="md" component="article" aria-label={token.label}>
      <Group justify="space-between">
        <div>
          <Group gap="xs">
            <Text fw={600}>{token.label}</Text>
            {token.require_authentication && <Badge variant="light">signed-in visitors</Badge>}
            {!token.is_active && <Badge variant="default">off</Badge>}
          </Group>
          <Text size="sm" c="dimmed">
            {token.agent_id} · {token.allowed_origins.length > 0 ? token.allowed_origins.join(", ") : "every site"} · last used{" "}
            <RelativeTime at={token.last_used_at} />
          </Text>
        </div>
        <Group gap="sm">
          <Switch
            label="On"
            checked={token.is_active}
            disabled={!mayEdit}
            onChange={(event) => void setActive(event.currentTarget.checked)}
          />
          <Button variant="default" onClick={onToggle} aria-expanded={isOpen}>
            {isOpen ? "Hide the snippet" : "Show the snippet"}
          </Button>
          <Button variant="default" disabled={!mayEdit} onClick={onEdit}>
            Change
          </Button>
          <Button variant="subtle" color="red.8" disabled={!mayEdit} onClick={() => setRemoving(true)}>
            Remove
          </Button>
        </Group>
      </Group>
      {isOpen && <EmbedDetails token={token} />}
      <ConfirmDanger
        isOpen={isRemoving}
        title={`Remove ${token.label}?`}
        action={`Remove ${token.label}`}
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          await api.DELETE("/v1/embed-tokens/{token_id}", { params: { path: { token_id: token.id } } });
          await reload();
        }}
      >
        The button vanishes from every page with this token, and conversations that run there end within seconds.
      </ConfirmDanger>
    </Panel>
  );
}
