import { Alert, Button, Code, CopyButton, Group, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/api";
import { ConfirmDanger } from "../../ui/ConfirmDanger";
import { Copyable } from "../../ui/Copyable";
import { tellProblem } from "../../ui/notify";
import { useMay } from "../../ui/RoleGate";
import type { EmbedToken } from "./EmbedPage";
import { isAllowed } from "./origin";

/** What goes into the page, the secret for the site's server, and a page to try it on. */
export function EmbedDetails({ token }: { token: EmbedToken }) {
  return (
    <Stack mt="md" gap="md">
      <div>
        <Group justify="space-between" mb={4}>
          <Text size="sm" fw={500}>
            Paste this before &lt;/body&gt;
          </Text>
          <CopyButton value={token.snippet}>
            {({ copied, copy }) => (
              <Button size="compact-sm" variant="default" onClick={copy}>
                {copied ? "Copied" : "Copy the snippet"}
              </Button>
            )}
          </CopyButton>
        </Group>
        <Code block aria-label="Snippet" tabIndex={0}>
          {token.snippet}
        </Code>
      </div>
      <SharedSecret token={token} />
      <Preview token={token} />
    </Stack>
  );
}

function SharedSecret({ token }: { token: EmbedToken }) {
  const [secret, setSecret] = useState("");
  const [isRotating, setRotating] = useState(false);
  const mayEdit = useMay("editor");

  async function reveal() {
    try {
      const { data } = await api.POST("/v1/embed-tokens/{token_id}/reveal-secret", { params: { path: { token_id: token.id } } });
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
          <Button variant="default" disabled={!mayEdit} onClick={() => void reveal()}>
            Show the secret
          </Button>
        )}
        <Button variant="subtle" color="red.8" disabled={!mayEdit} onClick={() => setRotating(true)}>
          Replace it
        </Button>
      </Group>
      <ConfirmDanger
        isOpen={isRotating}
        title="Replace the shared secret?"
        action="Replace the secret"
        onClose={() => setRotating(false)}
        onConfirm={async () => {
          const { data } = await api.POST("/v1/embed-tokens/{token_id}/rotate-secret", { params: { path: { token_id: token.id } } });
          setSecret(data?.shared_secret ?? "");
        }}
      >
        Identities that your server signs with the old one are refused from now on, until it has the new one.
      </ConfirmDanger>
    </div>
  );
}

function Preview({ token }: { token: EmbedToken }) {
  const queries = useQueryClient();
  const here = window.location.origin;
  const address = `/embed-preview?token=${encodeURIComponent(token.token)}&script=${encodeURIComponent(token.script_url)}`;

  async function allowHere() {
    try {
      await api.PATCH("/v1/embed-tokens/{token_id}", {
        params: { path: { token_id: token.id } },
        body: { allowed_origins: [...token.allowed_origins, here] },
      });
      await queries.invalidateQueries({ queryKey: ["get", "/v1/embed-tokens"] });
    } catch (error) {
      tellProblem(error, "This address was not added");
    }
  }

  if (!isAllowed(here, token.allowed_origins)) {
    return (
      <Alert title="The preview page is not among the sites that may use it">
        <Group justify="space-between">
          <Text size="sm">The preview is a page of {here}.</Text>
          <Button variant="default" onClick={() => void allowHere()}>
            Allow {here}, too
          </Button>
        </Group>
      </Alert>
    );
  }
  return (
    <div>
      <Button component="a" href={address} target="_blank" rel="noopener" variant="default">
        Open the preview page
      </Button>
      {token.require_authentication && (
        <Text size="sm" c="dimmed" mt={4}>
          The preview has no signed-in visitor, so no button appears there while visitors must be vouched for.
        </Text>
      )}
    </div>
  );
}
