import { Button, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";

export function NotFound() {
  return (
    <Stack align="center" p="xl" gap="sm">
      <Title order={1}>Nothing here</Title>
      <Text c="dimmed">The address is wrong, or what it showed was removed.</Text>
      <Button component={Link} to="/" variant="default">
        Back to the agents
      </Button>
    </Stack>
  );
}
