import { Anchor, Button, Code, Group, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useRouter } from "@tanstack/react-router";
import { ApiProblem } from "../api/api";

/** What went wrong in words for people. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiProblem) return error.message;
  return error instanceof Error && error.message ? error.message : "Something went wrong.";
}

/** A part of a page that could not be loaded, with the way out. */
export function ErrorState({ error, onRetry, what }: { error: unknown; onRetry?: () => void; what: string }) {
  const problem = error instanceof ApiProblem ? error : null;
  return (
    <Stack align="center" gap="sm" py="xl" px="md" role="alert">
      <IconAlertTriangle size={28} stroke={1.5} aria-hidden />
      <Title order={2}>{problem?.status === 404 ? `${what} does not exist` : `${what} could not be loaded`}</Title>
      <Text c="dimmed" ta="center" maw={480}>
        {messageOf(error)}
      </Text>
      {problem && problem.code !== "unreachable" && (
        <Text size="xs" c="dimmed">
          Code <Code>{problem.code}</Code>
        </Text>
      )}
      {onRetry && problem?.status !== 404 && (
        <Button variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Stack>
  );
}

/** A page that broke; the navigation beside it goes on working. */
export function ErrorPage({ error, reset }: { error: unknown; reset?: () => void }) {
  const router = useRouter();
  // What failed may be the loading of the route: forgetting the error alone would show it again.
  const retry = () => void router.invalidate().then(() => reset?.());
  return (
    <Stack p="xl" align="center">
      <ErrorState error={error} what="This page" onRetry={retry} />
      <Group>
        <Anchor href="/">Back to the agents</Anchor>
      </Group>
    </Stack>
  );
}
