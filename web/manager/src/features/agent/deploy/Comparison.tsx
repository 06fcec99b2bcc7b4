import { Group, Select, Text, Title } from "@mantine/core";
import { $api } from "../../../api/api";
import { ErrorState } from "../../../ui/ErrorState";
import { Loading } from "../../../ui/Loading";
import { ChangeList } from "../diff/ChangeList";
import { useDraft } from "../draft/DraftProvider";

interface ComparisonProps {
  numbers: readonly number[];
  pair: readonly [number, number];
  onChange: (pair: [number, number]) => void;
}

/** What changed from one deployment to another: prompts and code line by line, settings as before and after (rule D2). */
export function Comparison({ numbers, pair: [before, after], onChange }: ComparisonProps) {
  const { draft } = useDraft();
  const { data, error, isPending, refetch } = $api.useQuery("get", "/v1/agents/{agent_id}/deployments/{before}/diff/{after}", {
    params: { path: { agent_id: draft.agent_id, before, after } },
  });
  const choices = numbers.map(String);
  return (
    <>
      <Group gap="sm" mb="lg" align="center">
        <Title order={2}>What changed from</Title>
        <Select
          w={88}
          aria-label="Compare from deployment"
          data={choices}
          value={String(before)}
          onChange={(to) => to && onChange([Number(to), after])}
        />
        <Text fw={600}>to</Text>
        <Select
          w={88}
          aria-label="Compare to deployment"
          data={choices}
          value={String(after)}
          onChange={(to) => to && onChange([before, Number(to)])}
        />
      </Group>
      <div aria-live="polite">
        {error && <ErrorState error={error} what="The comparison" onRetry={refetch} />}
        {isPending && !error && <Loading lines={2} />}
        {data?.changes.length === 0 && <Text c="dimmed">Both are the same.</Text>}
        {data && <ChangeList changes={data.changes} />}
      </div>
    </>
  );
}
