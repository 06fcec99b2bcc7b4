import { Alert, Button, Code, CopyButton, Group, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/api";
import { tellProblem } from "../../ui/notify";
import type { EmbedToken } from "./EmbedPage";
import { isAllowed } from "./origin";
import { SharedSecret } from "./SharedSecret";

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
