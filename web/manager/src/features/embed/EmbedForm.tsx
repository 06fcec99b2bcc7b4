import { Button, Group, Switch, TagsInput, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { $api, api } from "../../api/api";
import { AgentSelect } from "../../ui/AgentSelect";
import { Form } from "../../ui/Form";
import { Problem } from "../../ui/Problem";
import { useSubmit } from "../../ui/useSubmit";
import type { EmbedToken } from "./EmbedPage";
import { endedBy } from "./ended";
import { originOf } from "./origin";

/** A new embed token, or the changes to one. */
export function EmbedForm({ stored, onDone }: { stored: EmbedToken | null; onDone: (id: string) => void }) {
  const [label, setLabel] = useState(stored?.label ?? "");
  const [agentId, setAgentId] = useState(stored?.agent_id ?? "");
  const [origins, setOrigins] = useState(stored?.allowed_origins ?? []);
  const [isSigned, setSigned] = useState(stored?.require_authentication ?? false);
  const queries = useQueryClient();
  const chosen = $api.useQuery("get", "/v1/agents/{agent_id}", { params: { path: { agent_id: agentId } } }, { enabled: agentId !== "" })
    .data?.agent;

  const body = { label, agent_id: agentId, allowed_origins: origins, require_authentication: isSigned };
  const ended = stored ? endedBy(stored, body) : [];

  const { submit, isBusy, problem, fieldError } = useSubmit(async () => {
    const { data } = stored
      ? await api.PATCH("/v1/embed-tokens/{token_id}", { params: { path: { token_id: stored.id } }, body })
      : await api.POST("/v1/embed-tokens", { body });
    await queries.invalidateQueries({ queryKey: ["get", "/v1/embed-tokens"] });
    onDone(data?.id ?? "");
  });

  return (
    <Form onSubmit={submit}>
      <TextInput
        label="Name"
        description="For you: the site or the page."
        placeholder="Web shop"
        required
        value={label}
        onChange={(event) => setLabel(event.currentTarget.value)}
        error={fieldError("label")}
      />
      <AgentSelect
        label="Agent"
        required
        value={agentId || null}
        onChange={(value) => setAgentId(value ?? "")}
        description={chosen && !chosen.deployed ? "It is not deployed yet: visitors cannot reach it before it is." : undefined}
        error={fieldError("agent_id")}
      />
      <TagsInput
        label="Sites that may use it"
        description="Such as https://shop.example.com; Enter adds one. Empty: every site."
        placeholder={origins.length === 0 ? "https://" : ""}
        value={origins}
        onChange={(values) => setOrigins([...new Set(values.map(originOf))])}
        error={fieldError("allowed_origins")}
      />
      <Switch
        label="Only visitors that the site vouches for"
        description="Your server signs each visitor's e-mail with the shared secret. Others see no button."
        checked={isSigned}
        onChange={(event) => setSigned(event.currentTarget.checked)}
      />
      {ended.length > 0 && (
        <Text size="sm" role="status">
          Saving ends, within seconds, running {ended.join(" and ")}.
        </Text>
      )}
      <Problem text={problem} />
      <Group justify="flex-end">
        <Button type="submit" loading={isBusy} disabled={!label || !agentId}>
          {stored ? "Save changes" : `Add ${label || "the site"}`}
        </Button>
      </Group>
    </Form>
  );
}
