import { Group, Select, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { Copyable } from "../../ui/Copyable";
import { tellProblem } from "../../ui/notify";
import { RelativeTime } from "../../ui/RelativeTime";
import { RoleButton } from "../../ui/RoleButton";
import type { EmbedToken } from "./EmbedPage";

/** Seconds that the secret before stays valid, as the API allows them. */
const OVERLAPS = [
  { value: "0", label: "Not at all: it ends at once" },
  { value: "900", label: "15 minutes" },
  { value: "3600", label: "1 hour" },
  { value: "14400", label: "4 hours" },
  { value: "86400", label: "24 hours" },
];

/** The key with which the site's server vouches for its visitors: shown on demand, replaced with an overlap. */
export function SharedSecret({ token }: { token: EmbedToken }) {
  const [secret, setSecret] = useState("");
  const [asked, setAsked] = useState<"replace" | "end" | null>(null);
  const [overlap, setOverlap] = useState("3600");
  const queries = useQueryClient();
  const path = { params: { path: { token_id: token.id } } };
  const reload = () => queries.invalidateQueries({ queryKey: ["get", "/v1/embed-tokens"] });
  const hasPrevious = token.previous_expires_at !== null && Date.parse(token.previous_expires_at) > Date.now();

  async function reveal() {
    try {
      const { data } = await api.POST("/v1/embed-tokens/{token_id}/reveal-secret", path);
      setSecret(data?.shared_secret ?? "");
    } catch (error) {
      tellProblem(error, "The secret was not shown");
    }
  }

  return (
    <div>
      <Text size="sm" fw={500}>
        Shared secret
      </Text>
      <Text size="sm" c="dimmed" mb={4}>
        Your server signs “e-mail|unix time” with it (HMAC-SHA256, hex), so that the agent knows who is there. It never belongs into a page.
      </Text>
      <Group gap="xs">
        {secret ? (
          <Copyable value={secret} label="the shared secret" />
        ) : (
          <RoleButton needs="editor" variant="default" onClick={() => void reveal()}>
            Show the secret
          </RoleButton>
        )}
        <RoleButton needs="editor" variant="default" onClick={() => setAsked("replace")}>
          Replace it
        </RoleButton>
      </Group>
      {hasPrevious && (
        <Group gap="xs" mt={4}>
          <Text size="sm">
            The secret before this one works, too, and ends <RelativeTime at={token.previous_expires_at} />.
          </Text>
          <RoleButton needs="editor" size="compact-sm" variant="default" onClick={() => setAsked("end")}>
            End now
          </RoleButton>
        </Group>
      )}
      <ConfirmDanger
        isOpen={asked === "replace"}
        title="Replace the shared secret?"
        action="Replace the secret"
        onClose={() => setAsked(null)}
        onConfirm={async () => {
          const { data } = await api.POST("/v1/embed-tokens/{token_id}/rotate-secret", { ...path, body: { overlap_s: Number(overlap) } });
          setSecret(data?.shared_secret ?? "");
          await reload();
        }}
      >
        <Stack gap="sm">
          <Select
            label="The present secret works on for"
            description="Long enough to give your server the new one. “Not at all” is for when a stranger may have it."
            data={OVERLAPS}
            value={overlap}
            onChange={(value) => setOverlap(value ?? overlap)}
            allowDeselect={false}
          />
          <Text>
            {overlap === "0"
              ? "Identities that your server signs with it are refused from now on, until it has the new one."
              : "After that, identities that your server signs with it are refused."}
            {hasPrevious && " The secret before it, which is still valid, ends at once."}
          </Text>
        </Stack>
      </ConfirmDanger>
      <ConfirmDanger
        isOpen={asked === "end"}
        title="End the secret before now?"
        action="End it now"
        onClose={() => setAsked(null)}
        onConfirm={async () => {
          await api.DELETE("/v1/embed-tokens/{token_id}/previous-secret", path);
          await reload();
        }}
      >
        Identities that your server still signs with it are refused from now on. Conversations that run go on.
      </ConfirmDanger>
    </div>
  );
}
