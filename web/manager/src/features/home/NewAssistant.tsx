import { Button, Group, Input, Modal, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { api } from "../../api/api";
import { queryClient } from "../../api/queryClient";
import { Form } from "../../ui/Form";
import { languageOptions } from "../../ui/languages";
import { Problem } from "../../ui/Problem";
import { useSubmit } from "../../ui/useSubmit";
import { freeSlug, slugProblem } from "./slug";
import { TemplateChoice } from "./TemplateChoice";
import type { TemplateId } from "./templates";

interface NewAssistantProps {
  template: TemplateId;
  takenIds: ReadonlySet<string>;
  onClose: () => void;
}

/** Makes an agent and opens it (rule A1). The id follows the name until somebody edits it; it cannot change later. */
export default function NewAssistant({ template: first, takenIds, onClose }: NewAssistantProps) {
  const navigate = useNavigate();
  const [template, setTemplate] = useState(first);
  const [name, setName] = useState("");
  const [typedId, setTypedId] = useState<string | null>(null);
  const [channel, setChannel] = useState<"voice" | "chat">("voice");
  const [language, setLanguage] = useState("en");
  const id = typedId ?? (name.trim() ? freeSlug(name, takenIds) : "");

  const create = useCallback(async () => {
    await api.POST("/v1/agents", { body: { agent_id: id, display_name: name.trim(), template, channel, language } });
    await queryClient.invalidateQueries({ queryKey: ["get", "/v1/agents"] });
    await navigate({ to: "/agents/$agentId/stages", params: { agentId: id } });
  }, [id, name, template, channel, language, navigate]);
  const { submit, isBusy, problem, fieldError } = useSubmit(create);
  const idProblem = typedId === null ? null : slugProblem(id, takenIds);

  return (
    <Modal opened onClose={onClose} title="New assistant" size={680}>
      <Form onSubmit={() => slugProblem(id, takenIds) ?? submit()}>
        <TemplateChoice value={template} onChange={setTemplate} />
        <TextInput
          label="Name"
          description="What you call it; callers hear it only if a prompt says so."
          placeholder="Pizzeria Bella"
          data-autofocus
          required
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldError("display_name")}
        />
        <TextInput
          label="Id"
          description="In addresses, the API and the logs. It cannot be changed later."
          placeholder="pizzeria-bella"
          required
          spellCheck={false}
          autoComplete="off"
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          value={id}
          onChange={(event) => setTypedId(event.currentTarget.value)}
          onBlur={() => typedId === "" && setTypedId(null)}
          error={idProblem ?? fieldError("agent_id")}
        />
        <Group grow align="flex-start" preventGrowOverflow={false}>
          <Input.Wrapper
            label="Channel"
            description={channel === "voice" ? "Phone and microphone." : "Chat on a web page, and e-mail."}
            labelElement="div"
          >
            <SegmentedControl
              fullWidth
              aria-label="Channel"
              value={channel}
              onChange={(value) => setChannel(value === "chat" ? "chat" : "voice")}
              data={[
                { value: "voice", label: "Voice" },
                { value: "chat", label: "Chat" },
              ]}
            />
          </Input.Wrapper>
          <Select
            label="Language"
            description="It listens and answers in it."
            searchable
            data={languageOptions(language)}
            value={language}
            onChange={(value) => value && setLanguage(value)}
            error={fieldError("language")}
          />
        </Group>
        <Problem text={problem} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isBusy} disabled={!name.trim() || idProblem !== null}>
            Create {name.trim() || "assistant"}
          </Button>
        </Group>
      </Form>
    </Modal>
  );
}
